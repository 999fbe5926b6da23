"""Which database an entry came from, from what the entry itself says."""

import re
from collections import Counter
from collections.abc import Iterable

_NAMES = (
    ("embase", re.compile(r"\bembase\b", re.I)),
    ("medline", re.compile(r"\b(?:ovid )?medline\b", re.I)),
    ("pubmed", re.compile(r"\bpubmed\b|^nlm$", re.I)),
    ("scopus", re.compile(r"\bscopus\b", re.I)),
    ("wos", re.compile(r"web of (?:science|knowledge)|^wos$|clarivate|^wos:", re.I)),
    ("ieee", re.compile(r"\bieee (?:xplore|explore)|^ieee$", re.I)),
    ("europepmc", re.compile(r"europe ?pmc", re.I)),
    ("arxiv", re.compile(r"\barxiv\b", re.I)),
    ("medrxiv", re.compile(r"\bmedrxiv\b", re.I)),
    ("biorxiv", re.compile(r"\bbiorxiv\b", re.I)),
    ("cochrane", re.compile(r"\bcochrane\b|^central$", re.I)),
    ("psycinfo", re.compile(r"psyc ?(?:info|net)", re.I)),
    ("cinahl", re.compile(r"cinahl", re.I)),
    ("proquest", re.compile(r"proquest|ptsdpubs", re.I)),
    ("eric", re.compile(r"^eric$", re.I)),
    ("jstor", re.compile(r"jstor", re.I)),
    ("acm", re.compile(r"\bacm\b|association for computing", re.I)),
)
_HOSTS = (
    ("embase", "embase.com"),
    ("scopus", "scopus.com"),
    ("ieee", "ieeexplore.ieee.org"),
    ("wos", "webofscience.com"),
    ("wos", "webofknowledge.com"),
    ("pubmed", "pubmed.ncbi.nlm.nih.gov"),
    ("pubmed", "ncbi.nlm.nih.gov/pubmed"),
    ("europepmc", "europepmc.org"),
    ("medrxiv", "medrxiv.org"),
    ("biorxiv", "biorxiv.org"),
    ("arxiv", "arxiv.org"),
    ("proquest", "proquest.com"),
    ("jstor", "jstor.org"),
    ("eric", "eric.ed.gov"),
    ("acm", "dl.acm.org"),
    ("cochrane", "cochranelibrary.com"),
    ("ebsco", "ebscohost.com"),
    ("ovid", "ovidsp.ovid.com"),
    ("lens", "lens.org"),
)


def find_by_name(*names: str | None) -> str | None:
    """Our short name for the database named, the first that is known; else None."""
    for name in names:
        if name:
            for short, pattern in _NAMES:
                if pattern.search(name):
                    return short
    return None


def find_by_url(urls: Iterable[str]) -> str | None:
    """Our short name for the database whose site the first telling address is on; else None."""
    for url in urls:
        lower = url.lower()
        for short, host in _HOSTS:
            if host in lower:
                return short
    return None


def choose_for_file(guesses: Iterable[str | None], default: str) -> str:
    """One name for the entries of a file that name none: what most of the others say.

    Where the others name several databases, an entry that names none could be of any: it gets the
    name given.
    """
    counts = Counter(guesses)
    names = [name for name in counts if name]
    if len(names) == 1 and counts[names[0]] * 2 > sum(counts.values()):
        return names[0]
    return default


def normalize_source_name(name: str) -> str | None:
    """A source's name as the user typed it, known ones in our short form; None for nothing.

    'Embase', 'EMBASE' and 'embase' must not become three sources of one review.
    """
    name = " ".join(name.split())
    short_names = {short for short, _ in (*_NAMES, *_HOSTS)}
    spellings = {"web of science": "wos", "ieee xplore": "ieee", "europe pmc": "europepmc"}
    lower = name.lower()
    return lower if lower in short_names else (spellings.get(lower, name) or None)
