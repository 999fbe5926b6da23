"""Loads protocol.yaml, the complete plan of a review, and checks it key by key."""

import difflib
import hashlib
import ipaddress
import re
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints
from urllib.parse import urlsplit

from review.errors import InvalidPlanError, ProtocolError
from review.models import MaybeMeaning
from review.text.wording import PLAIN_EXPECTATIONS
from review.text.yaml_bounds import find_yaml_excess

PersonRole = Literal["reviewer", "adjudicator", "lead", "reader", "librarian", "guest"]
StageKind = Literal["screening", "eligibility", "quality"]
Allocation = Literal["everyone", "pairs", "shares"]
ModelRule = Literal["worst", "best", "main"]
StudyKind = Literal["deep-learning", "traditional", "hybrid"]
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
    """What tells the truth about the diagnosis (PIRD)."""
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
    """Which model stands for a report that has several: its worst, its best or its main one."""
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

    def __post_init__(self) -> None:
        _check_protocol(self)


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
    """Ids of the checklists a gate hangs on, each once."""
    return tuple(
        dict.fromkeys(
            requirement.checklist
            for requirement in list_conditions(gate)
            if has_requirements(requirement)
        )
    )


def fingerprint_text(text: str) -> str:
    """SHA-256 (hex) of the protocol file's text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def load_protocol(path: Path) -> Protocol:
    """The protocol in a file.

    Raises:
        ProtocolError: no such file, not YAML, or a key is wrong; names file, line, key and what
            was expected.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ProtocolError(
            f"{path}: no protocol found. Run the command in the review's folder, or pass it with "
            f"--review FOLDER. To start a new review: review init {path.parent}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ProtocolError(f"{path}: cannot be read as UTF-8 text ({error}).") from error
    return parse_protocol(text, str(path))


def parse_protocol(text: str, name: str = "protocol.yaml") -> Protocol:
    """The protocol in a text; `name` stands in messages. Raises ProtocolError as load does."""
    import yaml
    from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

    data = read_keys(text, name)
    tree = yaml.compose(text)
    data = _restore_keys(data, tree)
    _reject_unknown_keys(data, Protocol, (), name, tree)
    adapter = TypeAdapter(with_config(ConfigDict(extra="forbid"))(Protocol))
    try:
        return adapter.validate_python(_rename_from_key(data))
    except ValidationError as error:
        raise _build_error(error.errors()[0], name, tree) from error


def _restore_keys(value: Any, node: Any) -> Any:
    """The data with keys as they are written: YAML 1.1 reads a key such as 'on' as true."""
    if isinstance(value, list) and node.id == "sequence":
        return [_restore_keys(*pair) for pair in zip(value, node.value, strict=True)]
    if not isinstance(value, dict) or node.id != "mapping":
        return value
    written = {pair[0].value: pair for pair in node.value}
    words = {
        key.value.lower() in ("on", "yes", "true"): key.value
        for key, _ in node.value
        if key.tag.endswith(":bool")
    }
    restored = {}
    for key, inner in value.items():
        word = words.get(key, key) if isinstance(key, bool) else key
        pair = written.get(str(word))
        restored[word] = inner if pair is None else _restore_keys(inner, pair[1])
    return restored


def parse_gates(data: list[Any]) -> list[QualityGate]:
    """Quality gates as a protocol's file lists them."""
    from pydantic import TypeAdapter

    return TypeAdapter(list[QualityGate]).validate_python(data)


def _rename_from_key(data: dict[str, Any]) -> dict[str, Any]:
    search = data.get("search")
    if isinstance(search, dict) and "from" in search:
        data = {**data, "search": {**search, "from_": search["from"]}}
        del data["search"]["from"]
    return data


def _get_key_name(name: str) -> str:
    return "from" if name == "from_" else name


def _reject_unknown_keys(
    value: Any, kind: Any, path: tuple[Any, ...], name: str, tree: Any
) -> None:
    """Raises on the first key that the class does not know, with the nearest known key."""
    for inner in get_args(kind):
        if is_dataclass(inner):
            kind = inner
    if isinstance(value, list):
        for index, element in enumerate(value):
            _reject_unknown_keys(element, kind, (*path, index), name, tree)
    if not is_dataclass(kind) or not isinstance(value, dict):
        return
    hints = get_type_hints(kind)
    known_keys = [_get_key_name(spec.name) for spec in fields(kind)]
    for key, inner in value.items():
        if key not in known_keys:
            matches = difflib.get_close_matches(str(key), known_keys, n=1)
            hint = f" Did you mean '{matches[0]}'?" if matches else ""
            key_path = (*path, key)
            problem = (
                f"unknown key '{_format_path(key_path)}'.{hint} Expected one of: "
                f"{', '.join(known_keys)}."
            )
            raise ProtocolError(
                f"{name}: line {_find_line(tree, key_path)}: {problem}",
                path=key_path,
                problem=problem,
            )
        _reject_unknown_keys(
            inner, hints["from_" if key == "from" else key], (*path, key), name, tree
        )


def _build_error(error: Any, name: str, tree: Any) -> ProtocolError:
    path = tuple("from" if part == "from_" else part for part in error["loc"])
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, InvalidPlanError):
        path = cause.path
    elif cause is not None and (key := re.match(r"'([a-z_]+(?:\.[a-z_]+)*)'", str(cause))):
        path = tuple(key.group(1).split("."))
    problem = _describe_problem(error, path)
    location = f"{name}: line {_find_line(tree, path)}:" if path else f"{name}:"
    return ProtocolError(
        f"{location} {problem}",
        path=path,
        problem=problem,
        is_contradiction=error["type"] == "value_error",
    )


def _describe_problem(error: Any, path: tuple[Any, ...]) -> str:
    if error["type"] == "missing":
        return f"the key '{_format_path(path)}' is missing."
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    value = error.get("input")
    value_text = "" if isinstance(value, dict | list) else f" (got {value!r})"
    hint = ""
    choices = re.findall(r"'([^']+)'", str(error.get("ctx", {}).get("expected", "")))
    matches = difflib.get_close_matches(str(value), choices, n=1)
    if matches:
        hint = f" Did you mean '{matches[0]}'?"
    elif error["type"] == "string_type" and isinstance(value, dict):
        hint = " Text that contains a colon followed by a space must be in quotes."
    expected = PLAIN_EXPECTATIONS.get(error["type"])
    message = expected or str(error["msg"]).replace("Input should be", "expected")
    return f"'{_format_path(path)}': {message}{value_text}.{hint}"


def read_keys(text: str, name: str = "protocol.yaml") -> dict[str, Any]:
    """The keys and values of a protocol's text, whether the plan is sound or not.

    Raises:
        ProtocolError: it is not YAML with keys.
    """
    import yaml

    excess = find_yaml_excess(text)
    if excess is not None:
        raise ProtocolError(f"{name}: {excess}")
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}:" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        if not isinstance(error, yaml.YAMLError):  # PyYAML reads dates itself and names no line
            raise ProtocolError(
                f"{name}: one of its dates is invalid ({problem}); write dates as 2020-10-03."
            ) from error
        raise ProtocolError(f"{name}:{line} this is not YAML: {problem}.") from error
    if not isinstance(data, dict):
        raise ProtocolError(f"{name}: expected keys such as title, question and search.")
    return data


def find_key_line(text: str, path: tuple[str | int, ...]) -> int | None:
    """Line of a key in a protocol's text, 1 and up, or of its nearest parent; None where the text
    cannot be read."""
    import yaml

    try:
        tree = yaml.compose(text)
    except yaml.YAMLError:
        return None
    return None if tree is None else _find_line(tree, path)


def _format_path(path: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in path)


def _find_line(node: Any, path: tuple[Any, ...]) -> int:
    """Line of a key in the YAML tree, 1 and up; that of the nearest parent where it is absent."""
    line = int(node.start_mark.line) + 1
    for part in path:
        if isinstance(part, int) and node.id == "sequence" and part < len(node.value):
            node = node.value[part]
            line = int(node.start_mark.line) + 1
            continue
        pairs = node.value if isinstance(node.value, list) else []
        pair = next((p for p in pairs if isinstance(p, tuple) and p[0].value == str(part)), None)
        if pair is None:
            return line
        line = int(pair[0].start_mark.line) + 1
        node = pair[1]
    return line


def _check_protocol(protocol: Protocol) -> None:
    """Raises ValueError where keys contradict each other; the loader adds the file's name."""
    names = [person.name for person in protocol.team]
    for section, ids in (("team", names), ("stages", [stage.id for stage in protocol.stages])):
        if not ids:
            raise InvalidPlanError(f"'{section}' is empty: list at least one.", section)
        repeated = sorted({entry_id for entry_id in ids if ids.count(entry_id) > 1})
        if repeated:
            raise InvalidPlanError(f"'{section}' lists {repeated[0]!r} twice.", section)
    for name in names:
        check_name(name)
    if protocol.search.to and protocol.search.to < protocol.search.from_:
        raise InvalidPlanError(
            f"'search.to' ({protocol.search.to}) is earlier than 'search.from' "
            f"({protocol.search.from_}).",
            "search",
            "to",
        )
    order = [("screening", "eligibility", "quality").index(s.kind) for s in protocol.stages]
    if order != sorted(set(order)):
        raise InvalidPlanError(
            "'stages' must be screening, eligibility, quality, each at most once.", "stages"
        )
    for number, stage in enumerate(protocol.stages):
        _check_stage(protocol, number, stage, names)
    gates = [gate.id for gate in protocol.appraisal.gates]
    if len(set(gates)) < len(gates):
        raise InvalidPlanError("'appraisal.gates' has the same id twice.", "appraisal", "gates")
    for number, gate in enumerate(protocol.appraisal.gates):
        for requirement in list_conditions(gate):
            _check_condition(protocol, number, gate, requirement)
    for share in (protocol.ranking.random_share, protocol.ranking.target_recall):
        if not 0 <= share <= 1:
            raise InvalidPlanError(
                f"'ranking' shares must be between 0 and 1 (got {share}).", "ranking"
            )
    if protocol.assistant is not None:
        _check_assistant(protocol, protocol.assistant)


RESERVED_NAMES = ("stopping", "tool")
"""Names the tool itself signs with; so are those that begin with 'rule '."""


def check_name(name: str) -> None:
    """Raises ValueError where nobody may have this name in a team."""
    if not name.strip() or name != name.strip() or "|" in name or not name.isprintable():
        raise InvalidPlanError(
            f"'team' names {name!r}: a name must not contain '|' or a line break, or begin or end "
            "with a space.",
            "team",
        )
    if name in RESERVED_NAMES or name.startswith("rule "):
        raise InvalidPlanError(
            f"'team' names {name!r}, which Funnel uses itself; choose another name.", "team"
        )


def _check_condition(
    protocol: Protocol, number: int, gate: QualityGate, requirement: QualityGate | Condition
) -> None:
    path = ("appraisal", "gates", number)
    if requirement.checklist not in protocol.appraisal.tools:
        raise InvalidPlanError(
            f"gate {gate.id!r} uses {requirement.checklist!r}, which is not in 'appraisal.tools'.",
            *path,
        )
    if not (
        has_requirements(requirement)
        or requirement.also
        or (isinstance(requirement, QualityGate) and requirement.either)
    ):
        raise InvalidPlanError(
            f"gate {gate.id!r} needs 'required' items, a 'minimum' or judgements that 'keep_out'.",
            *path,
        )
    if requirement.at_least is not None and not 1 <= requirement.at_least <= len(
        requirement.required
    ):
        raise InvalidPlanError(
            f"gate {gate.id!r}: 'at_least' is {requirement.at_least} of "
            f"{len(requirement.required)} required items.",
            *path,
        )
    if requirement.score is not None and requirement.minimum is None:
        raise InvalidPlanError(
            f"gate {gate.id!r} names the score {requirement.score!r} without a 'minimum'.",
            *path,
        )


def _check_stage(protocol: Protocol, number: int, stage: Stage, names: list[str]) -> None:
    path = ("stages", number)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", stage.id):
        raise InvalidPlanError(
            f"stage id {stage.id!r}: use lower-case letters, digits and hyphens.", *path, "id"
        )
    if not 1 <= stage.reviewers <= 5:
        raise InvalidPlanError(
            f"stage {stage.id!r}: 'reviewers' must be between 1 and 5.", *path, "reviewers"
        )
    for name in (*stage.who, *stage.shares):
        if name not in names:
            matches = difflib.get_close_matches(name, names, n=1)
            hint = f" Did you mean {matches[0]!r}?" if matches else ""
            raise InvalidPlanError(
                f"stage {stage.id!r} names {name!r}, who is not in 'team'.{hint}", *path, "who"
            )
    people = list_stage_reviewers(protocol, stage)
    if len(people) < stage.reviewers:
        raise InvalidPlanError(
            f"stage {stage.id!r} needs {stage.reviewers} reviewers, but the team has "
            f"{len(people)}.",
            *path,
            "reviewers",
        )
    if stage.allocation == "shares" and not stage.shares:
        raise InvalidPlanError(
            f"stage {stage.id!r}: allocation 'shares' needs 'shares'.", *path, "allocation"
        )
    if len(set(stage.reasons)) < len(stage.reasons):
        raise InvalidPlanError(
            f"stage {stage.id!r}: a reason appears twice in 'reasons'.", *path, "reasons"
        )


_BUDGET_RANGES = {
    "calls": (0, 1_000_000),
    "calls_per_day": (0, 100_000),
    "characters": (2_000, 100_000),
    "reply_tokens": (50, 10_000),
    "seconds": (1, 300),
}
_LOCAL_SUFFIXES = (".local", ".lan", ".internal", ".localhost")


def _check_assistant(protocol: Protocol, assistant: Assistant) -> None:
    _check_assistant_address(assistant.address)
    name = assistant.model
    if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > 100:
        raise ValueError("'assistant.model' must be the name of a model, in at most 100 letters.")
    if not 1 <= assistant.sentences <= 20:
        raise ValueError("'assistant.sentences' must be between 1 and 20.")
    for key, (least, most) in _BUDGET_RANGES.items():
        value = getattr(assistant.budget, key)
        if not least <= value <= most:
            raise ValueError(
                f"'assistant.budget.{key}' must be between {least:,} and {most:,} (got {value})."
            )
    if assistant.consent is None:
        return
    leads = [person.name for person in protocol.team if "lead" in person.roles]
    if assistant.consent.by not in leads:
        raise ValueError(
            f"'assistant.consent.by' names {assistant.consent.by!r}, who does not lead this "
            f"review. Only the lead consents: {', '.join(leads) or 'the team has none'}."
        )


def _check_assistant_address(address: str) -> None:
    """Raises ValueError unless an address can be asked without showing the key to others. The
    message does not repeat the address, which may hold a key itself."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https") or not address.isprintable():
        raise ValueError(
            "'assistant.address' must be a base URL such as http://localhost:11434/v1 or "
            "https://llm.example.org/v1."
        )
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError(
            "'assistant.address' must hold no key and no password, as the protocol is exported. "
            "Put the key into the variable FUNNEL_ASSISTANT_KEY."
        )
    if parts.scheme == "http" and not _is_nearby(host):
        raise ValueError(
            "'assistant.address' must begin with https:// unless the service runs on this machine "
            "or in its network."
        )


def _is_nearby(host: str) -> bool:
    """Whether a host is this machine or one of its network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_SUFFIXES)
    return address.is_private or address.is_loopback
