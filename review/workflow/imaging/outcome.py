"""Writes the results of an image audit: tables, sheets, a manifest and a summary."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from review.errors import ReviewError

INCOMPLETE_STATUS = 3
"""Exit status when the audit was done but part of the input could not be used."""


@dataclass(frozen=True, slots=True)
class AuditOutcome:
    """What an action did, for a person."""

    lines: tuple[str, ...]
    """The summary."""
    shortfalls: tuple[str, ...] = ()
    """What could not be used or is still open, one line each; nothing here means all went in."""

    @property
    def exit_status(self) -> int:
        """0 if everything was used, else 3."""
        return INCOMPLETE_STATUS if self.shortfalls else 0


@dataclass(slots=True)
class OutputFolder:
    """The folder of one action's results; every file is written under its final name at once."""

    root: Path
    action: str
    digests: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ReviewError(
                f"{self.root}: this folder cannot be created ({error.strerror}); choose another "
                "--out"
            ) from error
        self._remove_earlier_sheets()

    def write_table(
        self, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any] | object]
    ) -> None:
        """Writes a CSV. Rows are mappings or dataclasses; nested ones as 'auc.value'."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(columns)
        for row in rows:
            values = row if isinstance(row, Mapping) else flatten_figures(row)
            writer.writerow([format_cell(values.get(column)) for column in columns])
        self.write_file(name, stream.getvalue().encode())

    def write_file(self, name: str, data: bytes) -> None:
        """Writes one file. Raises ReviewError if the disk or a permission forbids it."""
        path = self.root / name
        partial = path.with_name(path.name + ".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(data)
            partial.replace(path)
        except OSError as error:
            raise ReviewError(
                f"{path} cannot be written ({error.strerror}): close the file or choose another "
                "--out"
            ) from error
        self.digests[name] = hashlib.sha256(data).hexdigest()

    def write_manifest(
        self, inputs: Sequence[Path], settings: Mapping[str, Any], counts: Mapping[str, Any]
    ) -> None:
        """Writes ACTION.json last: inputs, settings with seeds, counts, hashes of the files."""
        manifest = {
            "action": self.action,
            "inputs": [_describe_input(path) for path in inputs],
            "settings": settings,
            "counts": counts,
            "files": self.digests,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=2, default=_to_json)
        self.write_file(f"{self.action}.json", (text + "\n").encode())

    def _remove_earlier_sheets(self) -> None:
        """Removes the sheets of an earlier run, so that none is taken for one of this run."""
        try:
            earlier = json.loads((self.root / f"{self.action}.json").read_text(encoding="utf-8"))
            names = [(str(name), str(digest)) for name, digest in earlier["files"].items()]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return
        for name, digest in names:
            path = self.root / name
            if not name.endswith(".png") or ".." in Path(name).parts or not path.is_file():
                continue
            if hashlib.sha256(path.read_bytes()).hexdigest() == digest:
                path.unlink()


def flatten_figures(record: object) -> dict[str, Any]:
    """The fields of a dataclass; those of dataclasses inside as 'outer.inner'."""
    flat: dict[str, Any] = {}
    for item in fields(record):  # type: ignore[arg-type]
        value = getattr(record, item.name)
        if is_dataclass(value) and not isinstance(value, type):
            for name, inner in flatten_figures(value).items():
                flat[f"{item.name}.{name}"] = inner
        else:
            flat[item.name] = value
    return flat


def format_cell(value: object) -> str:
    """A value as a table shows it; unknown is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {format_cell(held)}" for name, held in value.items())
    if isinstance(value, list | tuple | frozenset):
        return "; ".join(map(format_cell, sorted(value) if isinstance(value, frozenset) else value))
    return str(value)


def format_share(value: float | None, low: float | None, high: float | None) -> str:
    """'48.5 % (41.7 to 55.4)', or that there is nothing to show."""
    if value is None or low is None or high is None:
        return "not known"
    return f"{100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def format_counts(counts: Mapping[str, int]) -> str:
    """'PNG 40, JPEG 2'."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def make_slug(text: str) -> str:
    """The text as part of a file name: 'upside-down'."""
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-") or "unnamed"


def _describe_input(path: Path) -> dict[str, str]:
    """The path; of a file also its SHA-256."""
    if path.is_file():
        return {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    return {"path": str(path)}


def _to_json(value: object) -> object:
    if isinstance(value, frozenset | set):
        return sorted(value)
    return value.item() if hasattr(value, "item") else str(value)
