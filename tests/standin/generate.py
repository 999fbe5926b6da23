"""Generates works with their preprints and articles from a seed and a size."""

import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from standin import words
from standin.nouns import Article, Preprint, Version
from standin.people import JOURNALS, Journal, Person, people
from standin.words import Text

FIRST, LAST = date(2018, 1, 1), date(2026, 6, 30)
NEW_PREFIX = date(2025, 12, 1)  # medRxiv and bioRxiv use 10.64898 from about here
# Where a work is found, and how often (out of 100).
PLACES = (
    (("pubmed",), 38),
    (("arxiv",), 22),
    (("medrxiv",), 15),
    (("biorxiv",), 8),
    (("arxiv", "pubmed"), 5),
    (("medrxiv", "pubmed"), 7),
    (("biorxiv", "pubmed"), 2),
    (("arxiv", "medrxiv"), 1),
    (("arxiv", "medrxiv", "pubmed"), 2),
)
CATEGORIES = {
    "arxiv": (
        ("eess.IV", "cs.CV", "cs.LG"),
        ("cs.CV",),
        ("cs.LG", "stat.ML"),
        ("q-bio.QM", "cs.LG"),
    ),
    "medrxiv": (
        ("radiology and imaging",),
        ("health informatics",),
        ("infectious diseases",),
        ("epidemiology",),
        ("oncology",),
    ),
    "biorxiv": (("bioinformatics",), ("neuroscience",), ("cancer biology",), ("genomics",)),
}
MOST_TRIES = 50
"""Draws of a title before it is told apart by a number."""
LICENSES = ("cc_by", "cc_by_nc", "cc_by_nc_nd", "cc_by_nd", "cc_no", "cc0", "")
KEYWORDS = ("AI", "CT", "COVID-19", "radiograph", "triage")
MESH = {
    "covid-imaging": ("COVID-19", "Deep Learning", "Tomography, X-Ray Computed", "Lung", "Humans"),
    "imaging": ("Machine Learning", "Diagnostic Imaging", "Neural Networks, Computer", "Humans"),
    "other": ("Cohort Studies", "Risk Factors", "Humans", "Adult"),
}


class Maker:
    """Holds the growing lists and counters while a corpus is made."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(f"stand-in {seed}")
        self.preprints: list[Preprint] = []
        self.articles: list[Article] = []
        self.places: dict[int, int] = {}  # id() of an article -> where it stands in the list
        self.titles: set[str] = set()
        self.arxiv_counter: defaultdict[str, int] = defaultdict(int)
        self.serial = 0

    def run(self, size: int) -> tuple[list[Preprint], list[Article]]:
        """Preprints and articles, together `size` of them or a few more."""
        places, weights = zip(*PLACES, strict=True)
        work = 0
        while len(self.preprints) + len(self.articles) < size:
            self._work(work, self.rng.choices(places, weights)[0])
            work += 1
        self._number_articles()
        return self.preprints, self.articles

    def _work(self, work: int, places: tuple[str, ...]) -> None:
        rng = self.rng
        day = _day(rng)
        topic = _topic(rng, day, places)
        text = self._text(topic, work)
        authors = people(rng, text.place)
        journal, article = rng.choice(JOURNALS), None
        if "pubmed" in places:
            later = rng.randint(30, 400) if len(places) > 1 else 0
            article = self._article(work, text, authors, journal, day + timedelta(days=later))
        for place in places:
            if place != "pubmed":
                self._preprint(place, work, text, authors, day, article)

    def _text(self, topic: str, work: int) -> Text:
        """A title no other work has; in a large corpus the words for one may be used up."""
        text = words.make(self.rng, topic)
        tries = 1
        while text.title.casefold() in self.titles:
            text = words.make(self.rng, topic)
            tries += 1
            if tries > MOST_TRIES:
                text = replace(text, title=f"{text.title}, site {work}")
        self.titles.add(text.title.casefold())
        return text

    def _preprint(
        self,
        server: str,
        work: int,
        text: Text,
        authors: tuple[Person, ...],
        day: date,
        article: Article | None,
    ) -> None:
        rng = self.rng
        at = datetime(
            day.year, day.month, day.day, rng.randint(0, 23), rng.randint(0, 59), 7, tzinfo=UTC
        )
        count = rng.choices((1, 2, 3), (75, 20, 5))[0]
        versions = [Version(1, at, _noisy(rng, text.title), text.sections)]
        for number in range(2, count + 1):
            at = versions[-1].at + timedelta(days=rng.randint(5, 120), hours=rng.randint(0, 9))
            title = versions[-1].title if rng.random() < 0.8 else f"{text.title} (revised)"
            versions.append(Version(number, at, title, text.sections))
        if server != "arxiv" and rng.random() < 0.005:
            versions.append(_withdrawal(versions[-1]))
        made = Preprint(
            server,
            self._arxiv_id(day) if server == "arxiv" else self._rxiv_doi(day),
            work,
            versions,
            authors,
            rng.choice(CATEGORIES[server]),
            rng.choice(LICENSES),
            comment=f"{rng.randint(5, 30)} pages, {rng.randint(1, 9)} figures",
        )
        # arXiv knows a journal DOI only when its author adds it.
        if article and article.doi and (server != "arxiv" or rng.random() < 0.6):
            made.published_doi, made.journal = article.doi, article.journal
            made.published_on = article.edat + timedelta(days=rng.randint(0, 60))
        self.preprints.append(made)
        if server != "arxiv" and rng.random() < 0.02:
            self._preprint_in_pubmed(made, text, article)

    def _arxiv_id(self, day: date) -> str:
        month = f"{day:%y%m}"
        self.arxiv_counter[month] += self.rng.randint(1, 9)
        return f"{month}.{10000 + self.arxiv_counter[month]:05d}"

    def _rxiv_doi(self, day: date) -> str:
        self.serial += self.rng.randint(1, 7)
        prefix = "10.64898" if day >= NEW_PREFIX else "10.1101"
        sent = day - timedelta(days=self.rng.randint(1, 6))
        return f"{prefix}/{sent:%Y.%m.%d}.{sent:%y}{self.serial:06d}"

    def _article(
        self, work: int, text: Text, authors: tuple[Person, ...], journal: Journal, day: date
    ) -> Article:
        rng = self.rng
        self.serial += 1
        edat = min(day + timedelta(days=rng.randint(0, 20)), LAST + timedelta(days=60))
        title = f"{_changed(rng, text.title)}."
        foreign = rng.random() < 0.01
        doi = f"{journal.doi_prefix}.{day.year}.{self.serial:06d}"
        made = Article(
            pmid=0,
            work=work,
            title=f"[{title}]" if foreign else title,
            sections=_article_sections(rng, text),
            authors=authors,
            journal=journal,
            doi=doi if rng.random() < 0.95 else None,
            pmcid=f"PMC{7000000 + self.serial}" if rng.random() < 0.4 else None,
            issue_date=day + timedelta(days=rng.choice((0, 0, 30, 90))),
            epub=day if rng.random() < 0.8 else None,
            edat=edat,
            mdat=edat + timedelta(days=rng.randint(1, 200)),
            types=("Journal Article",) if rng.random() < 0.9 else ("Journal Article", "Review"),
            mesh=MESH[text.topic][: rng.randint(0, 5)],
            keywords=tuple(rng.sample(KEYWORDS, rng.randint(0, 3))),
            volume=rng.randint(1, 80),
            number=rng.randint(1, 12),
            page=rng.randint(1, 1900),
            language="fre" if foreign else "eng",
            vernacular=f"Titre inventé numéro {self.serial}" if foreign else None,
            book=rng.random() < 0.003,
        )
        made.open_access = made.pmcid is not None and rng.random() < 0.7
        self._add(made)
        if rng.random() < 0.006 and not made.book:
            self._retract(made)
        return made

    def _add(self, article: Article) -> None:
        self.places[id(article)] = len(self.articles)
        self.articles.append(article)

    def _retract(self, article: Article) -> None:
        day = article.edat + timedelta(days=self.rng.randint(60, 500))
        article.retracted_on = day
        self.serial += 1
        notice = Article(
            0,
            article.work,
            f"Retraction: {article.title}",
            (),
            article.authors,
            article.journal,
            f"{article.journal.doi_prefix}.{day.year}.{self.serial:06d}",
            None,
            day,
            day,
            day,
            day,
            types=("Journal Article", "Retraction of Publication"),
        )
        notice.links.append(("RetractionOf", "", -self.places[id(article)] - 1))
        self._add(notice)

    def _preprint_in_pubmed(self, made: Preprint, text: Text, article: Article | None) -> None:
        day = made.first.date()
        journal = Journal(
            "medRxiv : the preprint server for health sciences"
            if made.server == "medrxiv"
            else "bioRxiv : the preprint server for biology",
            "medRxiv" if made.server == "medrxiv" else "bioRxiv",
            "9990-0074",
            "",
        )
        copy = Article(
            0,
            made.work,
            f"{made.versions[0].title}.",
            (("", " ".join(part for _, part in text.sections)),),
            made.authors,
            journal,
            made.id,
            None,
            day,
            day,
            day + timedelta(days=5),
            day + timedelta(days=40),
            types=("Journal Article", "Preprint"),
        )
        if article is not None:
            copy.links.append(("UpdateIn", "", -self.places[id(article)] - 1))
            article.links.append(("UpdateOf", "", -len(self.articles) - 1))
        self._add(copy)

    def _number_articles(self) -> None:
        """PMIDs rise with the day of entry; links made by position are turned into PMIDs."""
        order = sorted(range(len(self.articles)), key=lambda i: (self.articles[i].edat, i))
        pmid = 29_300_000
        for place in order:
            pmid += self.rng.randint(1, 9)
            self.articles[place].pmid = pmid
        for article in self.articles:
            for n, (kind, _, target) in enumerate(article.links):
                other = self.articles[-(target or 0) - 1]
                source = f"{other.journal.short}. {other.issue_date:%Y %b}"
                article.links[n] = (kind, source, other.pmid)
                if kind == "RetractionOf":
                    other.notice = article.pmid
        self.articles.sort(key=lambda one: one.pmid)


def _day(rng: random.Random) -> date:
    if rng.random() < 0.45:
        return date(2020, 1, 1) + timedelta(days=rng.randint(0, 365))
    return FIRST + timedelta(days=rng.randint(0, (LAST - FIRST).days))


def _topic(rng: random.Random, day: date, places: tuple[str, ...]) -> str:
    other = 70 if "medrxiv" in places or "biorxiv" in places else 25
    covid = 45 if day >= date(2020, 1, 20) else 0
    return rng.choices(("covid-imaging", "imaging", "other"), (covid, 35, other))[0]


def _noisy(rng: random.Random, title: str) -> str:
    """The title, now and then with typographic hyphens or a hard space."""
    roll = rng.random()
    if roll < 0.02:
        return title.replace("-", "\u2011")
    if roll < 0.04:
        return title.replace("-", "\u2010")
    return title.replace(" ", "\u00a0", 1) if roll < 0.05 else title


def _changed(rng: random.Random, title: str) -> str:
    """The title as a journal prints it: mostly alike, sometimes without its tail."""
    if rng.random() < 0.15 and ": " in title:
        return title.rsplit(": ", 1)[0]
    return title


def _article_sections(rng: random.Random, text: Text) -> tuple[tuple[str, str], ...]:
    if rng.random() < 0.05:
        return ()
    if rng.random() < 0.6:
        return tuple((label.upper(), part) for label, part in text.sections)
    return (("", " ".join(part for _, part in text.sections)),)


def _withdrawal(last: Version) -> Version:
    text = (
        "The authors have withdrawn this manuscript. Therefore, they do not wish this work to be "
        "cited as reference. If you have any questions, please contact the corresponding author."
    )
    at = last.at + timedelta(days=30)
    return Version(last.number + 1, at, f"WITHDRAWN: {last.title}", (("", text),), withdrawn=True)
