"""Loads protocol.yaml, the complete plan of a review, and checks it key by key."""

import difflib
import functools
import hashlib
import ipaddress
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

from review.errors import InvalidPlanError, ProtocolError
from review.protocol.models import (
    Assistant,
    Condition,
    Protocol,
    QualityGate,
    Stage,
    has_requirements,
    list_conditions,
    list_stage_reviewers,
)
from review.text.wording import PLAIN_EXPECTATIONS
from review.text.yaml_bounds import find_yaml_excess


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


def parse_protocol(
    text: str, name: str = "protocol.yaml", *, was_in_force: bool = False
) -> Protocol:
    """The protocol in a text; `name` is used in messages. Raises ProtocolError as load does.

    Args:
        was_in_force: the text is a version from the log. A key that is in it twice counted with its
            last value then, and does now; in a text that a person gives, it is refused.
    """
    import yaml
    from pydantic import ValidationError

    data = read_keys(text, name)
    tree = yaml.compose(text)
    if not was_in_force:
        _reject_repeated_keys(tree, name)
    data = _restore_keys(data, tree)
    _reject_unknown_keys(data, Protocol, (), name, tree)
    try:
        protocol: Protocol = _build_validator().validate_python(_rename_from_key(data))
    except ValidationError as error:
        raise _build_error(error.errors()[0], name, tree) from error
    try:
        _check_protocol(protocol)
    except ValueError as error:
        raise _build_contradiction_error(error, name, tree) from error
    return protocol


@functools.cache
def _build_validator() -> Any:
    """What reads a protocol's keys into a Protocol; building it takes longer than reading."""
    from pydantic import ConfigDict, TypeAdapter, with_config

    return TypeAdapter(with_config(ConfigDict(extra="forbid"))(Protocol))


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
    return _locate_problem(
        _describe_problem(error, path), path, name, tree, error["type"] == "value_error"
    )


def _build_contradiction_error(error: ValueError, name: str, tree: Any) -> ProtocolError:
    path: tuple[str | int, ...] = ()
    if isinstance(error, InvalidPlanError):
        path = error.path
    elif key := re.match(r"'([a-z_]+(?:\.[a-z_]+)*)'", str(error)):
        path = tuple(key.group(1).split("."))
    return _locate_problem(str(error), path, name, tree, is_contradiction=True)


def _locate_problem(
    problem: str, path: tuple[Any, ...], name: str, tree: Any, is_contradiction: bool
) -> ProtocolError:
    location = f"{name}: line {_find_line(tree, path)}:" if path else f"{name}:"
    return ProtocolError(
        f"{location} {problem}", path=path, problem=problem, is_contradiction=is_contradiction
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


def _reject_repeated_keys(tree: Any, name: str) -> None:
    """Raises ProtocolError if a mapping has a key twice: YAML would take the last value."""
    repeats: list[tuple[int, int, tuple[str | int, ...]]] = []
    nodes: list[tuple[tuple[str | int, ...], Any]] = [((), tree)]
    seen_nodes: set[int] = set()
    while nodes:
        path, node = nodes.pop()
        if id(node) in seen_nodes or not isinstance(node.value, list):
            continue
        seen_nodes.add(id(node))
        if node.id == "sequence":
            nodes += [((*path, index), child) for index, child in enumerate(node.value)]
            continue
        first_lines: dict[str, int] = {}
        for key_node, child in node.value:
            key, line = str(key_node.value), int(key_node.start_mark.line) + 1
            if key in first_lines:
                repeats.append((line, first_lines[key], (*path, key)))
            first_lines.setdefault(key, line)
            nodes.append(((*path, key), child))
    if repeats:
        line, first_line, path = min(repeats)
        problem = (
            f"the key '{_format_path(path)}' appears twice (first on line {first_line}). Keep one "
            "of them."
        )
        raise ProtocolError(f"{name}: line {line}: {problem}", path=path, problem=problem)


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
    """Raises ValueError if keys of a plan contradict each other; the loader adds file and line."""
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
