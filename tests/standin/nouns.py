"""The dataclasses of the stand-in server: preprints with versions, and PubMed articles."""

from dataclasses import dataclass, field
from datetime import date, datetime

from standin.people import Journal, Person

RXIV = ("medrxiv", "biorxiv")


@dataclass(frozen=True, slots=True)
class Version:
    """One posted version of a preprint."""

    number: int
    at: datetime
    title: str
    sections: tuple[tuple[str, str], ...]
    """Labelled parts of the abstract; one part with an empty label for a plain one."""
    withdrawn: bool = False
    raw: str | dict[str, str] | None = None
    """A genuine entry served as it was recorded."""

    @property
    def abstract(self) -> str:
        return "\n\n".join(f"{a}: {b}" if a else b for a, b in self.sections)


@dataclass(slots=True)
class Preprint:
    """A preprint as one server holds it."""

    server: str
    """arxiv, medrxiv or biorxiv."""
    id: str
    """arXiv id without version, or the DOI."""
    work: int
    versions: list[Version]
    authors: tuple[Person, ...]
    categories: tuple[str, ...]
    license: str
    published_doi: str | None = None
    published_on: date | None = None
    """Day from which the server shows the journal's DOI."""
    journal: Journal | None = None
    comment: str | None = None
    posted: datetime | None = None
    """First posting, where the first version itself is not kept."""
    deleted_on: date | None = None
    """Day from which the server no longer holds it; OAI-PMH then tells of the deletion."""

    @property
    def first(self) -> datetime:
        return self.posted or self.versions[0].at


@dataclass(slots=True)
class Article:
    """An article as PubMed holds it."""

    pmid: int
    work: int
    title: str
    sections: tuple[tuple[str, str], ...]
    """Empty for an article without abstract."""
    authors: tuple[Person, ...]
    journal: Journal
    doi: str | None
    pmcid: str | None
    issue_date: date
    epub: date | None
    edat: date
    mdat: date
    types: tuple[str, ...] = ("Journal Article",)
    mesh: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    volume: int = 1
    number: int = 1
    page: int = 1
    language: str = "eng"
    vernacular: str | None = None
    book: bool = False
    retracted_on: date | None = None
    notice: int | None = None
    """PMID of the retraction notice."""
    links: list[tuple[str, str, int | None]] = field(default_factory=list)
    """CommentsCorrections: RefType, RefSource, PMID."""
    open_access: bool = False
    raw: str | None = None

    @property
    def abstract(self) -> str:
        return "\n\n".join(f"{a}: {b}" if a else b for a, b in self.sections)
