"""The audit log: who did what and when, each row chained to the one before, the whole signed.

A row that is changed, taken out or added breaks the chain at that row. Whoever makes the chain anew
lacks the key, and the rows are compared with the store besides.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from review.errors import ReviewError
from review.store import log
from review.store.timestamps import format_timestamp, utc_now
from review.workflow.exports import bundle, snapshot
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.imaging import label_reading
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project
from review.workflow.safety.backup_archive import replace_whole
from review.workflow.screening import blinding

KEY_FILE = "audit.key"
FORMAT = 1
CHAIN_KEYS = ("n", "prev", "chain")
MAX_NAMED = 20
"""So many bad rows are named; the rest are counted."""


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What writing or checking a log found."""

    rows: int
    sealed: int
    """Rows whose content is hidden, since the records are not settled yet."""
    faults: tuple[str, ...]
    """Rows that were changed, taken out or added, each in a line; empty where all is as signed."""


def write_audit_log(project: Project, out: Path, who: str) -> AuditResult:
    """Writes every entry of the review, chained and signed, one JSON object a line.

    What others decided on records that are not settled is sealed for a lead who also reviews: the
    row is there and signed, and can be checked against the store, but not read.

    Raises:
        ReviewError: only the lead may; or there is a file of this name.
    """
    require_role(project, who, "manage")
    if out.exists():
        raise ReviewError(f"{out}: a file of this name already exists; choose another name.")
    key = _load_key(project.folder, make=True)
    header = {
        "funnel_audit": FORMAT,
        "review": project.protocol.title,
        "made_at": format_timestamp(utc_now()),
        "who": who,
        "public_key": _get_public_key(key),
    }
    previous = _hash("", header)
    rows = sealed = 0
    with replace_whole(out) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_dump(header) + "\n")
        for rows, entry in enumerate(_iter_entries(project, key, who), 1):
            sealed += "sealed" in entry
            chained = {"n": rows, "prev": previous}
            previous = _hash(previous, {"n": rows, **entry})
            file.write(_dump({**chained, **entry, "chain": previous}) + "\n")
        end = {"end": True, "rows": rows, "head": previous}
        file.write(_dump({**end, "signature": key.sign(_dump(end).encode()).hex()}) + "\n")
    out.chmod(0o600)
    return AuditResult(rows, sealed, ())


def _iter_entries(project: Project, key: Any, who: str | None) -> Iterator[dict[str, Any]]:
    """All entries in order, then what was done to accounts; without passwords."""
    with project.store.read() as conn:
        reader = blinding.get_blinded_reader(project, conn, who)
    view = None if reader is None else snapshot.snapshot_at(project)
    with project.store.read() as conn:
        blind_audits = label_reading.list_blind_audits(conn, who)
        for entry in log.iter_events(conn):
            hidden = _is_hidden(view, reader, entry) or label_reading.is_hidden_reading(
                entry, blind_audits, who
            )
            yield _seal(entry, key) if hidden else entry
        yield from log.list_account_events(conn)


def _is_hidden(
    view: ReviewSnapshot | None, reader: blinding.BlindedReader | None, entry: Mapping[str, Any]
) -> bool:
    return view is not None and reader is not None and bundle.is_blinded(view, reader, entry)


def _seal(entry: Mapping[str, Any], key: Any) -> dict[str, Any]:
    """The row without its content: its kind, its number and a keyed mark of the rest."""
    mark = hmac.new(_get_seal_key(key), _dump(entry).encode(), hashlib.sha256).hexdigest()
    return {"event": entry["event"], "id": entry["id"], "sealed": mark}


def check_audit_log(path: Path, project: Project | None = None) -> AuditResult:
    """Checks a log's chain and signature and, with its review at hand, each row against the store.

    Raises:
        ReviewError: the file cannot be read, or is no audit log.
    """
    header, rows, end = _read_log(path)
    faults = _check_chain(header, rows, end)
    faults += _check_signature(header, end, project)
    if project is not None:
        faults += _compare_with_store(project, rows, str(header.get("made_at", "")))
    sealed = sum("sealed" in row for row in rows)
    unique = list(dict.fromkeys(faults))
    hidden = len(unique) - MAX_NAMED
    shown = unique[:MAX_NAMED] + ([f"and {hidden:,} more"] if hidden > 0 else [])
    return AuditResult(len(rows), sealed, tuple(shown))


def _read_log(
    path: Path,
) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any] | None]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ReviewError(f"{path}: cannot be read as an audit log ({error}).") from error
    parsed: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if not isinstance(entry, dict):
            raise ReviewError(f"{path}, line {number}: this is not a row of an audit log.")
        parsed.append(entry)
    if not parsed or parsed[0].get("funnel_audit") != FORMAT:
        raise ReviewError(f"{path}: this is not a log written by 'review audit'.")
    end = parsed.pop() if len(parsed) > 1 and "end" in parsed[-1] else None
    return parsed[0], parsed[1:], end


def _check_chain(
    header: Mapping[str, Any], rows: list[dict[str, Any]], end: Mapping[str, Any] | None
) -> list[str]:
    faults = []
    previous, expected = _hash("", header), 1
    for row in rows:
        number = row.get("n")
        name = describe_row(row)
        if isinstance(number, int) and number > expected:
            faults.append(_describe_gap(expected, number - 1))
        elif number != expected:
            faults.append(f"{name} was added, or is out of place")
        elif row.get("prev") != previous:
            where = f"before {name}" if expected > 1 else "the heading"
            faults.append(f"{where}: a row was changed or taken out")
        content = {key: value for key, value in row.items() if key not in ("prev", "chain")}
        if _hash(str(row.get("prev")), content) != row.get("chain"):
            faults.append(f"{name} was changed")
        previous = str(row.get("chain"))
        expected = number + 1 if isinstance(number, int) else expected + 1
    if end is None:
        faults.append("the end of the log, with its signature, is missing")
    elif end.get("rows") != len(rows) or end.get("head") != previous:
        total = end.get("rows")
        if isinstance(total, int) and total >= expected:
            faults.append(_describe_gap(expected, total))
        else:
            faults.append("the signed end does not belong to these rows")
    return faults


def _describe_gap(first: int, last: int) -> str:
    return f"row {first} is missing" if first == last else f"rows {first} to {last} are missing"


def describe_row(row: Mapping[str, Any]) -> str:
    """A row in words: its number, what it is, whose and when."""
    person = row.get("reviewer") or row.get("who")
    parts = [f"{row.get('event')} {row.get('id')}"]
    parts += [str(row["record"])] if row.get("record") else []
    parts += [f"by {person}"] if person else []
    parts += [str(row["at"])] if row.get("at") else []
    return f"row {row.get('n')} ({', '.join(parts)})"


def _check_signature(
    header: Mapping[str, Any], end: Mapping[str, Any] | None, project: Project | None
) -> list[str]:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public = str(header.get("public_key"))
    faults = []
    if project is not None:
        own = _get_public_key(_load_key(project.folder))
        if own != public:
            faults.append("the log was signed with a key that is not this review's")
        public = own
    if end is not None:
        signed = {key: value for key, value in end.items() if key != "signature"}
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
            key.verify(bytes.fromhex(str(end.get("signature"))), _dump(signed).encode())
        except (InvalidSignature, ValueError):
            faults.append("the signature does not fit: the log was written anew by somebody else")
    return faults


def _compare_with_store(project: Project, rows: list[dict[str, Any]], made_at: str) -> list[str]:
    """Rows that the store has otherwise or no longer, and entries of its that the log lacks."""
    key = _load_key(project.folder)
    stored = {(entry["event"], entry["id"]): entry for entry in _iter_entries(project, key, None)}
    faults = []
    seen = set()
    newest: dict[str, int] = {}
    for row in rows:
        place = (str(row.get("event")), int(row.get("id") or 0))
        seen.add(place)
        newest[place[0]] = max(newest.get(place[0], 0), place[1])
        entry = stored.get(place)
        if entry is None:
            faults.append(f"{describe_row(row)} is no longer in the store")
            continue
        logged = {name: value for name, value in row.items() if name not in CHAIN_KEYS}
        expected = _seal(entry, key) if "sealed" in logged else json.loads(_dump(entry))
        if logged != expected:
            faults.append(f"{describe_row(row)} is not what the store holds")
    for (event, number), entry in stored.items():
        was_there = number <= newest.get(event, 0) or str(entry["at"]) <= made_at
        if (event, number) not in seen and was_there:
            faults.append(f"{event} {number} of the store is missing in the log ({entry['at']})")
    return faults


def _load_key(folder: Path, *, make: bool = False) -> Any:
    """The review's signing key, which is kept beside the store; made where there is none yet."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = folder / KEY_FILE
    if not path.exists():
        if not make:
            raise ReviewError(f"{path}: the review's signing key is not there.")
        body = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise ReviewError(f"{path}: cannot be written ({error.strerror}).") from error
        with os.fdopen(handle, "wb") as file:
            file.write(body)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise ReviewError(f"{path}: the signing key cannot be read ({error}).") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ReviewError(f"{path}: this is not an Ed25519 key.")
    return key


def _get_public_key(key: Any) -> str:
    return str(key.public_key().public_bytes_raw().hex())


def _get_seal_key(key: Any) -> bytes:
    return hashlib.sha256(b"seal" + key.private_bytes_raw()).digest()


def _dump(entry: Mapping[str, Any]) -> str:
    """One line of JSON, the same for the same content."""
    text = json.dumps(entry, ensure_ascii=False, sort_keys=True, default=str)
    for line_break in ("\x85", "\u2028", "\u2029"):
        text = text.replace(line_break, f"\\u{ord(line_break):04x}")
    return text


def _hash(previous: str, content: Mapping[str, Any]) -> str:
    return hashlib.sha256(f"{previous}\n{_dump(content)}".encode()).hexdigest()


def format_check(path: Path, result: AuditResult) -> list[str]:
    """What a check found, in lines."""
    if not result.faults:
        return [f"{path}: {result.rows:,} rows, chain and signature intact."]
    return [f"{path}: NOT INTACT, {result.rows:,} rows.", *(f"  {line}" for line in result.faults)]
