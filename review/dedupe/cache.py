"""Columns kept between runs, so that a scheduled harvest reads only what is new. Takes columns;
gives bytes, and back. The bytes hold arrays and text only: opening them runs nothing."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, fields
from itertools import accumulate, chain
from typing import Any

import numpy as np

from review.dedupe.features import Columns
from review.dedupe.rules import ENGINE
from review.models import Relation

_TEXTS = ("title", "journal", "snippet")


def extended(columns: Columns, more: Columns) -> Columns:
    """The columns of both, the first ones first.

    Raises:
        ValueError: a record number is in both.
    """
    return joined_up((columns, more))


def joined_up(given: Sequence[Columns]) -> Columns:
    """The columns of all, in the order given; at least one.

    Raises:
        ValueError: a record number comes twice.
    """
    starts = [0, *accumulate(map(len, given))]
    values: dict[str, Any] = {}
    for spec in fields(Columns):
        parts = [getattr(one, spec.name) for one in given]
        if spec.name == "relations":
            values[spec.name] = {
                start + row: said
                for start, part in zip(starts, parts, strict=False)
                for row, said in part.items()
            }
        elif isinstance(parts[0], list):
            values[spec.name] = list(chain.from_iterable(parts))
        else:
            values[spec.name] = np.concatenate(parts)
    if len(np.unique(values["ids"])) != starts[-1]:
        raise ValueError("a record is in both columns")
    return Columns(**values)


def packed(columns: Columns) -> bytes:
    """The columns as bytes, marked with the version of the rules."""
    arrays: dict[str, Any] = {"engine": np.frombuffer(ENGINE.encode(), np.uint8)}
    for spec in fields(Columns):
        column = getattr(columns, spec.name)
        if spec.name in _TEXTS:
            arrays[spec.name] = np.frombuffer("\n".join(column).encode(), np.uint8)
        elif spec.name == "families":
            arrays["families"] = np.array([one for row in column for one in row], np.int64)
            arrays["sizes"] = np.array([len(row) for row in column], np.int64)
        elif spec.name == "relations":
            said = {row: [asdict(one) for one in many] for row, many in column.items()}
            arrays["relations"] = np.frombuffer(json.dumps(said).encode(), np.uint8)
        else:
            arrays[spec.name] = column
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def unpacked(data: bytes) -> Columns | None:
    """The columns that `packed` gave; None where the bytes are damaged or of other rules."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            if arrays["engine"].tobytes().decode() != ENGINE:
                return None
            return Columns(**_values(dict(arrays)))
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile):
        return None


def _values(arrays: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for spec in fields(Columns):
        column = arrays[spec.name]
        if spec.name in _TEXTS:
            values[spec.name] = column.tobytes().decode().split("\n") if len(arrays["ids"]) else []
        elif spec.name == "families":
            flat, ends = column.tolist(), list(accumulate(arrays["sizes"].tolist()))
            values[spec.name] = [
                tuple(flat[start:end]) for start, end in zip([0, *ends], ends, strict=False)
            ]
        elif spec.name == "relations":
            said = json.loads(column.tobytes().decode())
            values[spec.name] = {
                int(row): tuple(Relation(**one) for one in many) for row, many in said.items()
            }
        else:
            values[spec.name] = column
    return values
