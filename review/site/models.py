"""What the public page of a review shows, as plain data."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSearch:
    """One source and its newest search."""

    source: str
    last_day: str | None
    """ISO; None if unknown."""
    is_import_day: bool = False
    """Whether the day is that of the import of a file whose search date nobody gave."""
    records: int
    """Records read from all its searches."""
    query: str | None = None
    """The newest query as run, if Funnel ran it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteJudgement:
    """The judgement of one domain, or the overall one."""

    key: str
    group: str
    """Risk of bias, or Applicability."""
    domain: str
    level: str
    """low, unclear, high, at-risk or not-judged."""
    unclear_name: str = "Unclear"
    """The instrument's own name of the level 'unclear'."""
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteScore:
    """One score of a form."""

    title: str
    value: float
    highest: float | None = None
    band: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteAnswer:
    """One consensus answer."""

    item: str
    """Number and name of the item."""
    answer: str
    quote: str | None = None
    page: int | None = None
    comment: str | None = None
    """Written when the consensus was reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteForm:
    """The settled form of a study, or of one of its models, on one checklist."""

    tool: str
    model: str | None = None
    judgements: tuple[SiteJudgement, ...] = ()
    scores: tuple[SiteScore, ...] = ()
    answers: tuple[SiteAnswer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStudy:
    """One included report."""

    key: str
    """Its record number, R000001: the name of its page."""
    label: str
    reference: str
    title: str | None = None
    kind: str | None = None
    address: str | None = None
    """Where the paper is; http or https."""
    same_study_as: str | None = None
    """Label of the report that represents the study, if that is another one."""
    forms: tuple[SiteForm, ...] = ()
    characteristics: tuple[tuple[str, str], ...] = ()
    """Extracted item and value."""
    data_sets: tuple[str, ...] = ()
    """Names of public data sets it uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDataSet:
    """A public data set that included studies rest on."""

    name: str
    address: str | None
    named: int
    """Studies that name it."""
    included: int
    """Further studies whose data sets include it."""
    possible: int
    """Further studies whose data sets may include it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteAccuracy:
    """The settled accuracy of one model on one data set, with its 2×2 table."""

    label: str
    """Study and model."""
    group: str
    """The data set."""
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    sensitivity: str
    """With its exact 95% confidence interval."""
    specificity: str
    is_exact: bool = True
    """False: the counts were worked back from rounded figures that leave several tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteContent:
    """All that an edition publishes, without its figures: an edition is new if this is."""

    title: str
    question: str
    registration: str | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    query: str
    dates: str
    """The dates that the search covers, in words."""
    is_in_progress: bool
    searches: tuple[SiteSearch, ...]
    boxes: tuple[tuple[str, str | None, int | str], ...]
    """Box of the flow, line within it, number; in the order of the diagram."""
    notes: tuple[str, ...]
    """What a reader of the numbers must know."""
    studies: tuple[SiteStudy, ...]
    unsettled: int
    """Included reports without a settled form."""
    data_set_summary: str | None
    data_sets: tuple[SiteDataSet, ...]
    accuracy: tuple[SiteAccuracy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFigure:
    """A figure, as an SVG file."""

    name: str
    """File stem."""
    section: str
    """Section of the first page it belongs to: flow, bias, accuracy or data-sets."""
    title: str
    alt: str
    svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDownload:
    """A file to download."""

    name: str
    label: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEdition:
    """One edition, in the list of editions and in the feed."""

    number: int
    uid: str
    at: datetime
    day: str
    digest: str
    """SHA-256 (hex) of what it showed."""
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Website:
    """A public page with all its parts."""

    content: SiteContent
    editions: tuple[SiteEdition, ...]
    """Oldest first; the last is the one shown."""
    figures: tuple[SiteFigure, ...] = ()
    downloads: tuple[SiteDownload, ...] = ()
    address: str | None = None
    """Where the page will be, with a slash at its end; None if unknown."""
    version: str = ""
    """Version of Funnel."""
