"""Detects the database of an entry from its content."""

import re
from collections import Counter
from collections.abc import Iterable

_NAMES = (
    ("embase", re.compile(r"\bembase\b", re.I)),
    ("medline", re.compile(r"\b(?:ovid )?medline\b", re.I)),
    ("pubmed", re.compile(r"\bpubmed\b(?! central)|^nlm$", re.I)),
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
    ("eric", re.compile(r"^eric\b|\bERIC\b")),
    ("eric", re.compile(r"^eric$", re.I)),
    ("proquest", re.compile(r"proquest|ptsdpubs", re.I)),
    ("jstor", re.compile(r"jstor", re.I)),
    ("acm", re.compile(r"\bacm\b|association for computing", re.I)),
    ("clinicaltrials", re.compile(r"clinical ?trials?\.gov|^clinical ?trials$", re.I)),
    ("ictrp", re.compile(r"\bictrp\b|international clinical trials registry platform", re.I)),
    ("lilacs", re.compile(r"\blilacs\b", re.I)),
    ("cnki", re.compile(r"\bcnki\b|china national knowledge|\u4e2d\u56fd\u77e5\u7f51", re.I)),
    ("koreamed", re.compile(r"\bkorea ?med\b", re.I)),
    ("trid", re.compile(r"\bTRID\b|^trid$")),
    ("lens", re.compile(r"^(?:the )?lens(?:\.org)?$", re.I)),
    ("dimensions", re.compile(r"^dimensions(?:\.ai)?$", re.I)),
    ("base", re.compile(r"\bbielefeld academic search|^base$", re.I)),
    ("springer", re.compile(r"\bspringer ?link\b|^springer$", re.I)),
    ("google scholar", re.compile(r"\bgoogle scholar\b", re.I)),
)
_RECORD_PAGES = (
    ("embase", re.compile(r"\bembase\.com/", re.I)),
    ("scopus", re.compile(r"\bscopus\.com/(?:inward|record|pages/publications)", re.I)),
    ("wos", re.compile(r"\bweb(?:ofscience|ofknowledge)\.com/", re.I)),
    ("proquest", re.compile(r"\bsearch\.proquest\.com/|\bproquest\.com/(?:\w+/)?docview", re.I)),
    ("ebsco", re.compile(r"\b(?:search|research)\.ebsco(?:host)?\.com/", re.I)),
    ("ovid", re.compile(r"\bovidsp\.\w*\.?ovid\.com/|\bovidsp\.ovid\.com/", re.I)),
    ("lens", re.compile(r"\blens\.org/(?:lens/)?[\w/]*\d{3}-\d{3}-\d{3}-\d{3}-\w{3}", re.I)),
    ("dimensions", re.compile(r"\bapp\.dimensions\.ai/details/", re.I)),
    ("cochrane", re.compile(r"\bcochranelibrary\.com/central/", re.I)),
    ("eric", re.compile(r"\beric\.ed\.gov/\?id=E[JD]\d", re.I)),
    ("trid", re.compile(r"\btrid\.trb\.org/view/\d", re.I)),
    ("lilacs", re.compile(r"\bbvsalud\.org/.*/(?:lil|biblio)-\d", re.I)),
)
"""Pages on which a database that keeps no full texts shows its own record. An address anybody can
copy into a record (a preprint server, PubMed, a publisher's page) says where the text is, never
which database was searched."""

_RECORD_HOSTS = (
    *("embase.com", "scopus.com", "webofscience.com", "webofknowledge.com", "proquest.com"),
    *("ebscohost.com", "ebsco.com", "ovid.com", "lens.org", "dimensions.ai", "cochranelibrary.com"),
    *("eric.ed.gov", "trid.trb.org", "bvsalud.org"),
)
"""What those addresses hold in any case; the others need no closer look."""

_EBSCO_NAMES = {
    **dict.fromkeys(("ccm", "rzh", "c8h", "c9h", "cin20", "cul"), "cinahl"),
    **dict.fromkeys(("cmedm", "mnh", "mdc", "mdl"), "medline"),
    **dict.fromkeys(("a9h", "aph", "asn", "afh"), "Academic Search"),
    **dict.fromkeys(("s3h", "sph"), "SPORTDiscus"),
    **dict.fromkeys(("bth", "buh", "bsu"), "Business Source"),
    "psyh": "psycinfo",
    "pdh": "APA PsycArticles",
    "pbh": "Psychology and Behavioral Sciences Collection",
    "hch": "Health Source: Nursing/Academic Edition",
    "ehh": "Education Research Complete",
    "eric": "eric",
}
"""What EBSCOhost writes for a database in DB tags and in its links (db=ccm) -> its name."""
_EBSCO_LINK = re.compile(r"\bebsco(?:host)?\.com/.*[?&]db=(\w+)", re.I)

_FILE_NAMES = {
    "embase": "embase",
    "medline": "medline",
    "pubmed": "pubmed",
    "scopus": "scopus",
    "wos": "wos",
    "web of science": "wos",
    "webofscience": "wos",
    "ieee": "ieee",
    "europepmc": "europepmc",
    "europe pmc": "europepmc",
    "arxiv": "arxiv",
    "medrxiv": "medrxiv",
    "biorxiv": "biorxiv",
    "cochrane": "cochrane",
    "psycinfo": "psycinfo",
    "cinahl": "cinahl",
    "proquest": "proquest",
    "acm": "acm",
    "ictrp": "ictrp",
    "clinicaltrials": "clinicaltrials",
    "lilacs": "lilacs",
    "cnki": "cnki",
    "koreamed": "koreamed",
    "trid": "trid",
    "jstor": "jstor",
    "springerlink": "springer",
    "google scholar": "google scholar",
}
"""Words of a file's name that can only mean a database."""


def find_by_name(*names: str | None) -> str | None:
    """Our short name for the database named, the first that is known; else None."""
    for name in names:
        if name:
            for short, pattern in _NAMES:
                if pattern.search(name):
                    return short
    return None


def name_database(cell: str) -> str | None:
    """The database a cell or tag for the database names: our short name, else the name as given.

    A cell that names several ('Scopus; Embase') keeps its own words, as the entry counts for
    neither of them alone; 'PubMed/MEDLINE' is PubMed.
    """
    text = " ".join(cell.split())
    if not text or not any(letter.isalpha() for letter in text) or len(text) > 150:
        return None
    parts = [find_by_name(part.strip()) for part in re.split(r"[;|,+&/]|\band\b", text)]
    names = {name for name in parts if name}
    if names == {"pubmed", "medline"}:
        return "pubmed"
    if len(names) > 1:
        return text
    return find_by_name(text) or text


def find_stated(databases: Iterable[str], providers: Iterable[str] = ()) -> str | None:
    """The database an entry states: by a known name in either, else in its own words."""
    databases, providers = list(databases), list(providers)
    if any("ebsco" in provider.lower() for provider in providers):
        databases = [_EBSCO_NAMES.get(cell.strip().lower(), cell) for cell in databases]
    known = find_by_name(*databases, *providers)
    return known or next((name for cell in databases if (name := name_database(cell))), None)


def find_by_file_name(name: str) -> str | None:
    """The one database a file's name holds ('Embase_2024-03.csv'); None for none or several."""
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    words = f" {' '.join(re.findall(r'[a-z]+', stem.lower()))} "
    databases = {short for label, short in _FILE_NAMES.items() if f" {label} " in words}
    return databases.pop() if len(databases) == 1 else None


def find_by_url(urls: Iterable[str]) -> str | None:
    """The database whose own record page the first telling address is; else None."""
    for url in urls:
        lower = url.lower()
        if "//doi.org/" in lower or not any(host in lower for host in _RECORD_HOSTS):
            continue
        if name := find_ebsco_database((url,)):
            return name
        for short, pattern in _RECORD_PAGES:
            if pattern.search(url):
                return short
    return None


def find_ebsco_database(urls: Iterable[str]) -> str | None:
    """The well-known database that a link of EBSCOhost names (db=ccm); None where none does."""
    for url in urls:
        if match := _EBSCO_LINK.search(url):
            return find_by_name(_EBSCO_NAMES.get(match[1].lower()))
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
    short_names = {short for short, _ in (*_NAMES, *_RECORD_PAGES)}
    spellings = {"web of science": "wos", "ieee xplore": "ieee", "europe pmc": "europepmc"}
    lower = name.lower()
    return lower if lower in short_names else (spellings.get(lower, name) or None)
