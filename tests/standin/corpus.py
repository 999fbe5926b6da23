"""The corpus of all services, what is visible on a day, and the true result of a search."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from standin import boolean, genuine
from standin.boolean import Term
from standin.generate import Maker
from standin.index import Fields
from standin.nouns import RXIV, Article, Preprint, Version

TODAY = date(2026, 11, 20)
SOURCES = ("arxiv", "medrxiv", "biorxiv", "pubmed", "europepmc")


@dataclass(slots=True)
class Corpus:
    """Preprints and articles, and the day on which the services are asked."""

    preprints: list[Preprint]
    articles: list[Article]
    seed: int = 0
    today: date = TODAY
    """Nothing posted, entered, linked or retracted after this day is shown."""
    _fields: dict[str, Fields] = field(default_factory=dict)
    _lists: dict[str, list[Preprint]] = field(default_factory=dict)
    _rows: dict[str, list[tuple[Preprint, Version]]] = field(default_factory=dict)

    def of(self, server: str) -> list[Preprint]:
        """All preprints of arxiv, medrxiv or biorxiv, by first posting."""
        if server not in self._lists:
            found = [one for one in self.preprints if one.server == server]
            self._lists[server] = sorted(found, key=lambda one: (one.first, one.id))
        return self._lists[server]

    def rows(self, server: str) -> list[tuple[Preprint, Version]]:
        """What a server searches or lists: arXiv the newest version of each, the others all."""
        if server not in self._rows:
            first = -1 if server == "arxiv" else 0
            rows = [(one, version) for one in self.of(server) for version in one.versions[first:]]
            self._rows[server] = sorted(rows, key=lambda row: (row[1].at, row[0].id))
        return self._rows[server]

    def insert(self, like: Preprint, at: datetime) -> Preprint:
        """Posts one more preprint, a copy of another with an id of its own, and gives it."""
        number = len(self.preprints)
        ident = f"{like.id}{number}" if like.server != "arxiv" else f"{at:%y%m}.{90000 + number}"
        version = replace(like.versions[0], at=at, number=1, raw=None)
        made = replace(like, id=ident, work=-2, versions=[version], published_doi=None, posted=None)
        self.preprints.append(made)
        self.changed()
        return made

    def changed(self) -> None:
        """Forgets what was indexed; call it after adding or editing preprints or articles."""
        self._fields.clear()
        self._lists.clear()
        self._rows.clear()

    def versions(self, preprint: Preprint) -> list[Version]:
        """The versions posted up to today; none of what was deleted."""
        if self.deleted(preprint):
            return []
        return [one for one in preprint.versions if one.at.date() <= self.today]

    def deleted(self, preprint: Preprint) -> bool:
        """True once the server has deleted it."""
        return preprint.deleted_on is not None and preprint.deleted_on <= self.today

    def published_doi(self, preprint: Preprint) -> str | None:
        """The journal's DOI if the server shows it by today."""
        shown = preprint.published_on is not None and preprint.published_on <= self.today
        return preprint.published_doi if shown else None

    def retracted(self, article: Article) -> bool:
        """True once the retraction is entered."""
        return article.retracted_on is not None and article.retracted_on <= self.today

    def modified(self, article: Article) -> date:
        """The day of the last change up to today."""
        days = (article.edat, article.mdat, article.retracted_on)
        return max(day for day in days if day is not None and day <= self.today)

    def fields(self, source: str) -> Fields:
        """The searchable fields of pubmed's articles or of a server's rows."""
        if source not in self._fields:
            self._fields[source] = (
                _article_fields(self.articles)
                if source == "pubmed"
                else _preprint_fields(self.rows(source))
            )
        return self._fields[source]

    def expected(
        self, query: str, source: str, from_: str | None = None, to: str | None = None
    ) -> set[str]:
        """The ids a source should give for a query of the product's language and a window.

        The window (ISO days, both included) is on first posting (arxiv), on the posting of any
        version (medrxiv, biorxiv), on entry (pubmed, 'edat') or on first publication (europepmc).
        Ids: arXiv ids without version, DOIs, PMIDs; for europepmc 'MED:pmid' or 'PPR:doi'.
        """
        low = date.fromisoformat(from_) if from_ else date.min
        high = date.fromisoformat(to) if to else date.max
        if source == "europepmc":
            return self._expected_europepmc(query, low, high)
        places = self._matching(query, source)
        if source == "pubmed":
            found = (self.articles[place] for place in places)
            return {
                str(one.pmid) for one in found if low <= one.edat <= high and one.edat <= self.today
            }
        rows = [self.rows(source)[place] for place in places]
        return {
            one.id
            for one, version in rows
            if low <= (day := (one.first if source == "arxiv" else version.at).date()) <= high
            and day <= self.today
        }

    def _expected_europepmc(self, query: str, low: date, high: date) -> set[str]:
        found = set[str]()
        for server in RXIV:
            for place in self._matching(query, server):
                one, version = self.rows(server)[place]
                if (
                    version.number == 1
                    and low <= one.first.date() <= high
                    and one.first.date() <= self.today
                ):
                    found.add(f"PPR:{one.id}")
        for place in self._matching(query, "pubmed"):
            article = self.articles[place]
            day = article.epub or article.issue_date
            if (
                low <= day <= high
                and article.edat <= self.today
                and "Preprint" not in article.types
            ):
                found.add(f"MED:{article.pmid}")
        return found

    def _matching(self, query: str, source: str) -> set[int]:
        fields = self.fields(source)

        def find(term: Term) -> set[int]:
            names = TRUTH_FIELDS.get(term.field or "tiab")
            if names is None:
                raise boolean.BadQuery(f"unknown field {term.field}")
            return set().union(*(fields.find(name, term.words, term.stem) for name in names))

        return boolean.evaluate(query, "protocol", find, set(range(fields.count)))


TRUTH_FIELDS = {
    "tiab": ("title", "abstract"),
    "title/abstract": ("title", "abstract"),
    "ti": ("title",),
    "title": ("title",),
    "ab": ("abstract",),
    "abstract": ("abstract",),
    "mh": ("mesh",),
    "mesh": ("mesh",),
}


def make(size: int = 20_000, seed: int = 1, recorded: Path | None = None) -> Corpus:
    """A made-up corpus: `size` preprints and articles together (or a few more), same by seed.

    Args:
        recorded: the folder of recorded answers; their entries are added and served as recorded.
    """
    preprints, articles = Maker(seed).run(size)
    if recorded is not None:
        more = genuine.read(recorded)
        preprints += more[0]
        articles = sorted([*articles, *more[1]], key=lambda one: one.pmid)
    return Corpus(preprints, articles, seed)


def add_version(preprint: Preprint, at: datetime, title: str) -> None:
    """Posts a further version."""
    last = preprint.versions[-1]
    preprint.versions.append(replace(last, number=last.number + 1, at=at, title=title))


def _preprint_fields(rows: list[tuple[Preprint, Version]]) -> Fields:
    readers: dict[str, Callable[[int], str]] = {
        "title": lambda i: rows[i][1].title,
        "abstract": lambda i: rows[i][1].abstract,
        "authors": lambda i: " , ".join(f"{a.given} {a.family}" for a in rows[i][0].authors),
        "category": lambda i: " , ".join(rows[i][0].categories),
        "comment": lambda i: rows[i][0].comment or "",
        "mesh": lambda i: "",
    }
    return Fields(len(rows), readers)


def _article_fields(articles: list[Article]) -> Fields:
    readers: dict[str, Callable[[int], str]] = {
        "title": lambda i: articles[i].title,
        "abstract": lambda i: articles[i].abstract,
        "authors": lambda i: " , ".join(f"{a.family} {a.initials}" for a in articles[i].authors),
        "mesh": lambda i: " , ".join(articles[i].mesh),
        "keywords": lambda i: " , ".join(articles[i].keywords),
        "journal": lambda i: f"{articles[i].journal.title} {articles[i].journal.short}",
        "types": lambda i: " , ".join(articles[i].types),
    }
    return Fields(len(articles), readers)
