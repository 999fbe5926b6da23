"""The plan of a review: one class per part of protocol.yaml, and what can be read off it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

PersonRole = Literal["reviewer", "adjudicator", "lead", "reader", "librarian", "guest"]
StageKind = Literal["screening", "eligibility", "quality"]
Allocation = Literal["everyone", "pairs", "shares"]
ModelRule = Literal["worst", "best", "main"]
StudyKind = Literal["deep-learning", "traditional", "hybrid"]
MaybeMeaning = Literal["include", "conflict"]
"""What a reviewer's Maybe counts as at a stage."""
QuestionFrame = Literal["PICO", "PIRD"]
Via = Literal["databases", "registers", "websites", "organisations", "citations"]


@dataclass(frozen=True, slots=True)
class FileImport:
    """A search export that belongs to this review."""

    file: str
    """Path relative to the review's folder."""
    source: str | None = None
    """Name of the source, for example embase; detected from the file if absent."""
    via: Via = "databases"
    """The PRISMA 2020 box these records are identified in."""


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What is searched, where and when."""

    query: str
    """One boolean query for all sources; see the query reference."""
    from_: date
    """First day of the date range (key: from)."""
    to: date | None = None
    """Last day of the date range; absent for a living review."""
    sources: tuple[str, ...] = ()
    """Sources that Funnel searches: pubmed, arxiv, arxiv-oai, medrxiv, biorxiv, europepmc."""
    native: dict[str, str] = field(default_factory=dict)
    """By source: a query in the source's own language, in place of the translated one."""
    imports: tuple[FileImport, ...] = ()
    """Search exports downloaded by hand."""
    key_papers: tuple[str, ...] = ()
    """Papers you know should be found, each by DOI or full title: they check the search, and
    records like them are screened first."""
    contact: str | None = None
    """Email address sent with each request, as NCBI and Crossref ask."""
    base_urls: dict[str, str] = field(default_factory=dict)
    """By source: another address, for example of a mirror or test server."""


@dataclass(frozen=True, slots=True)
class QuestionParts:
    """The question taken apart: PICO (population, intervention, comparison, outcome) or, for
    diagnostic accuracy, PIRD (population, index test, reference standard, diagnosis)."""

    frame: QuestionFrame = "PIRD"
    population: str | None = None
    """Whom the review is about (both frames)."""
    index_test: str | None = None
    """The test or model whose accuracy is measured (PIRD)."""
    reference_standard: str | None = None
    """What establishes the diagnosis (PIRD)."""
    diagnosis: str | None = None
    """The condition that is diagnosed (PIRD)."""
    intervention: str | None = None
    """The model or treatment (PICO)."""
    comparison: str | None = None
    """What it is compared with (PICO)."""
    outcome: str | None = None
    """What is measured or predicted (PICO)."""


QUESTION_FRAMES: dict[QuestionFrame, tuple[str, ...]] = {
    "PICO": ("population", "intervention", "comparison", "outcome"),
    "PIRD": ("population", "index_test", "reference_standard", "diagnosis"),
}
"""Frame -> the parts it asks for, in the order of its letters."""


def list_question_parts(parts: QuestionParts) -> list[tuple[str, str]]:
    """(part, text) of the parts that are stated, those of the frame first."""
    frame = QUESTION_FRAMES[parts.frame]
    names = [*frame, *(n for other in QUESTION_FRAMES.values() for n in other if n not in frame)]
    stated = ((name, getattr(parts, name)) for name in names)
    return [(name, text) for name, text in stated if text]


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the team."""

    name: str
    """The name used to sign in and stored with each decision."""
    roles: tuple[PersonRole, ...] = ("reviewer",)
    email: str | None = None
    """Email address, for invitations and for a sign-in service, if one is used."""
    full_name: str | None = None
    """The name as it is written in full."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the review; stages follow the order of the file."""

    id: str
    kind: StageKind
    """screening (title and abstract), eligibility (full text) or quality (appraisal and gates)."""
    name: str | None = None
    reviewers: int = 2
    """How many reviewers decide each record (1 to 5)."""
    who: tuple[str, ...] = ()
    """Reviewers of this stage; if absent, everybody with the role reviewer."""
    allocation: Allocation = "everyone"
    """everyone: any reviewer may take any record; pairs: random pairs; shares: by 'shares'."""
    shares: dict[str, float] = field(default_factory=dict)
    """Share of the records for each reviewer, for allocation 'shares'."""
    pilot: int = 0
    """Number of first records that everybody screens, for training."""
    reasons: tuple[str, ...] = ()
    """Reasons for exclusion, most important first; keys 1 to 9 choose them."""
    ask_reason: bool = False
    """Whether an exclusion by title and abstract asks for a reason too (0 gives none). At full text
    a reason is always asked for."""
    maybe: MaybeMeaning = "conflict"
    """What Maybe counts as. include: as a vote to include, so that only an exclusion conflicts with
    it; conflict: the adjudicator decides. A new review has include at title and abstract."""


STAGE_NAMES = {"title-abstract": "Title and abstract"}


def format_stage_name(stage: Stage) -> str:
    """A stage's name as people read it: the one in the protocol, else its id in words."""
    default_name = stage.id.replace("-", " ").capitalize()
    return stage.name or STAGE_NAMES.get(stage.id, default_name)


@dataclass(frozen=True, slots=True)
class Criteria:
    """Eligibility criteria, shown beside each record."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Highlight:
    """Words highlighted in titles and abstracts; a trailing * marks every word with that stem."""

    include: tuple[str, ...] = ()
    """Highlighted in green."""
    exclude: tuple[str, ...] = ()
    """Highlighted in red."""


@dataclass(frozen=True, slots=True)
class KeywordRule:
    """A rule that marks records not matching a query as ineligible by automation, reversibly."""

    id: str
    must_match: str
    """A boolean query over title and abstract; records that do not match are excluded."""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order in which records are shown."""

    model: str = "light"
    """light (word counts), random, or the name of another installed model."""
    seed: int = 1
    min_included: int = 1
    min_excluded: int = 1
    """Until both numbers are reached, the question and key papers order the records."""
    random_share: float = 0.05
    """Share of records (0 to 1) drawn at random, for an unbiased estimate of those that remain."""
    target_recall: float = 0.95
    """Target recall (0 to 1) of the stopping evidence."""
    show_words: bool = True
    """Whether reviewers are shown the words that rank a record higher; never on pilot records."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a gate requires of one checklist, and of others under 'also'; all must be met."""

    checklist: str
    """Edition id of the checklist, for example probast-2019."""
    required: tuple[str, ...] = ()
    """Published numbers of items that must be met."""
    at_least: int | None = None
    """How many of the required items must be met; all if absent."""
    minimum: float | None = None
    """Minimum score."""
    score: str | None = None
    """Id of the score the minimum applies to; the checklist's first one if absent."""
    keep_out: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Domain -> judgements that exclude a study, for example {participants: [high]}; 'overall' is
    the overall judgement, 'applicability:participants' a concern about applicability."""
    also: tuple["Condition", ...] = ()
    """Further conditions, all of which must be met."""


@dataclass(frozen=True, slots=True)
class QualityGate:
    """A quality rule that includes or excludes a study, with the reason for exclusion."""

    id: str
    checklist: str
    """Edition id of the checklist, for example claim-2020."""
    reason: str
    kinds: tuple[StudyKind, ...] = ("deep-learning", "traditional", "hybrid")
    """Kinds of study that must pass it; hybrids must pass every gate that names them."""
    required: tuple[str, ...] = ()
    """Published numbers of items that must be met."""
    minimum: float | None = None
    """Minimum total score."""
    any_of: bool = False
    """If several items are required, one of them is enough."""
    at_least: int | None = None
    """How many of the required items must be met; all if absent."""
    score: str | None = None
    """Id of the score the minimum applies to; the checklist's first one if absent."""
    keep_out: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Domain -> judgements that exclude a study, for example {participants: [high]}; 'overall' is
    the overall judgement, 'applicability:participants' a concern about applicability."""
    also: tuple[Condition, ...] = ()
    """Further conditions, of this checklist or others, all of which must be met."""
    either: tuple[Condition, ...] = ()
    """Other ways to pass: a study that meets any one of them passes too."""


@dataclass(frozen=True, slots=True)
class Appraisal:
    """How reports are appraised."""

    tools: tuple[str, ...] = ()
    """Edition ids of the checklists in use."""
    gates: tuple[QualityGate, ...] = ()
    extraction: str | None = None
    """Edition id of the data extraction form."""
    accuracy: str | None = None
    """Edition id of the form for 2×2 tables and AUC, filled in for each model: accuracy-2x2."""
    model_rule: ModelRule = "worst"
    """Which model represents a report that has several: its worst, its best or its main one."""
    model: str | None = None
    """Installed spaCy model for suggested evidence; if absent, rules only."""
    min_events_per_variable: float = 10.0
    """Events per variable below which a sample is flagged. Source: Peduzzi 1996,
    doi 10.1016/S0895-4356(96)00236-3."""
    min_positives_test: int = 100
    """Positives in the test set below which it is flagged. Source: Collins 2016,
    doi 10.1002/sim.6787."""


@dataclass(frozen=True, slots=True)
class Backups:
    """The daily backups that the app makes while it runs."""

    keep: int = 14
    """How many daily backups are kept; 0 makes none."""
    folder: str = "backups"
    """Folder they are kept in, within the review's folder or anywhere else (an absolute path)."""

    def __post_init__(self) -> None:
        if self.keep < 0:
            raise ValueError("backups.keep is a number of days, 0 or more")


@dataclass(frozen=True, slots=True)
class AssistantConsent:
    """The lead's consent that items and sentences of papers are sent to the assistant."""

    by: str
    """The lead who consents, by the name in 'team'."""
    on: date


@dataclass(frozen=True, slots=True)
class AssistantBudget:
    """What the assistant may cost."""

    calls: int = 1000
    """Questions in the whole review, those that failed included."""
    calls_per_day: int = 200
    """Questions in one day (UTC)."""
    characters: int = 12000
    """Characters of one question, instructions included."""
    reply_tokens: int = 500
    """Tokens of one answer."""
    seconds: float = 60.0
    """Time limit of one question."""


@dataclass(frozen=True, slots=True)
class Assistant:
    """A language model that suggests answers to checklist items. It is off without this key, and
    without the lead's consent in it. For each question, one item and a few sentences of the paper
    are sent to the address; its key comes from the variable FUNNEL_ASSISTANT_KEY alone."""

    address: str
    """Base URL of an OpenAI-compatible service, for example http://localhost:11434/v1."""
    model: str
    """Name of the model there."""
    consent: AssistantConsent | None = None
    """Who consents, and since when, for example {by: ada, on: 2026-11-28}; off if absent."""
    after_own_answer: bool = True
    """Whether reviewers are shown a suggestion only after they have answered the item."""
    sentences: int = 5
    """Sentences of the paper sent with each question, at most."""
    budget: AssistantBudget = field(default_factory=AssistantBudget)


@dataclass(frozen=True, slots=True)
class PreviousReview:
    """An earlier version of this review, for the updated-review diagram."""

    studies: int
    reports: int


@dataclass(frozen=True, slots=True)
class Protocol:
    """The plan of a review, as protocol.yaml states it."""

    title: str
    question: str
    search: SearchPlan
    stages: tuple[Stage, ...]
    team: tuple[Person, ...]
    registration: str | None = None
    """Registration id, for example a PROSPERO number."""
    question_parts: QuestionParts | None = None
    criteria: Criteria = field(default_factory=Criteria)
    highlight: Highlight = field(default_factory=Highlight)
    rules: tuple[KeywordRule, ...] = ()
    ranking: Ranking = field(default_factory=Ranking)
    appraisal: Appraisal = field(default_factory=Appraisal)
    previous: PreviousReview | None = None
    backups: Backups = field(default_factory=Backups)
    assistant: Assistant | None = None


def find_stage(protocol: Protocol, kind: StageKind) -> Stage | None:
    """The first stage of a kind; None where the review has none."""
    return next((stage for stage in protocol.stages if stage.kind == kind), None)


def list_stage_reviewers(protocol: Protocol, stage: Stage) -> tuple[str, ...]:
    """Names of those who judge a stage, in the order of the team."""
    return stage.who or tuple(p.name for p in protocol.team if "reviewer" in p.roles)


def has_requirements(requirement: QualityGate | Condition) -> bool:
    """Whether a gate or condition asks anything of its own checklist."""
    return bool(requirement.required or requirement.minimum is not None or requirement.keep_out)


def list_conditions(gate: QualityGate) -> tuple[QualityGate | Condition, ...]:
    """A gate and every condition within it, in the order of the file."""
    requirements: list[QualityGate | Condition] = [gate]
    queue = [*gate.also, *gate.either]
    while queue:
        requirement = queue.pop(0)
        requirements.append(requirement)
        queue = [*requirement.also, *queue]
    return tuple(requirements)


def list_gate_checklists(gate: QualityGate) -> tuple[str, ...]:
    """Ids of the checklists that a gate depends on, each once."""
    return tuple(
        dict.fromkeys(
            requirement.checklist
            for requirement in list_conditions(gate)
            if has_requirements(requirement)
        )
    )
