"""Caches columns between runs, so that a scheduled harvest prepares only new records. The cached
bytes contain arrays and text only; loading them runs no code."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, fields
from itertools import accumulate, chain
from typing import Any

import numpy as np

from review.dedupe.columns import FeatureColumns
from review.dedupe.verdicts import ENGINE
from review.models import Relation

_TEXTS = ("title", "lead", "team", "journal", "snippet")


def append_columns(columns: FeatureColumns, new_columns: FeatureColumns) -> FeatureColumns:
    """The columns of both, the first ones first.

    Raises:
        ValueError: a record number is in both.
    """
    return concatenate_columns((columns, new_columns))


def concatenate_columns(column_sets: Sequence[FeatureColumns]) -> FeatureColumns:
    """The columns of all, in the order given; at least one.

    Raises:
        ValueError: a record number comes twice.
    """
    starts = [0, *accumulate(map(len, column_sets))]
    values: dict[str, Any] = {}
    for spec in fields(FeatureColumns):
        parts = [getattr(columns, spec.name) for columns in column_sets]
        if spec.name == "relations":
            values[spec.name] = {
                start + row: relations
                for start, part in zip(starts, parts, strict=False)
                for row, relations in part.items()
            }
        elif isinstance(parts[0], list):
            values[spec.name] = list(chain.from_iterable(parts))
        else:
            values[spec.name] = np.concatenate(parts)
    if len(np.unique(values["ids"])) != starts[-1]:
        raise ValueError("a record is in both columns")
    return FeatureColumns(**values)


def pack_columns(columns: FeatureColumns) -> bytes:
    """The columns as bytes, marked with the version of the rules."""
    arrays: dict[str, Any] = {"engine": np.frombuffer(ENGINE.encode(), np.uint8)}
    for spec in fields(FeatureColumns):
        column = getattr(columns, spec.name)
        if spec.name in _TEXTS:
            arrays[spec.name] = np.frombuffer("\n".join(column).encode(), np.uint8)
        elif spec.name == "families":
            arrays["families"] = np.array(
                [family_code for row in column for family_code in row], np.int64
            )
            arrays["sizes"] = np.array([len(row) for row in column], np.int64)
        elif spec.name == "relations":
            relations_by_row = {
                row: [asdict(relation) for relation in relations]
                for row, relations in column.items()
            }
            arrays["relations"] = np.frombuffer(json.dumps(relations_by_row).encode(), np.uint8)
        else:
            arrays[spec.name] = column
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpack_columns(data: bytes) -> FeatureColumns | None:
    """The columns that `packed` gave; None where the bytes are damaged or of other rules."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            if arrays["engine"].tobytes().decode() != ENGINE:
                return None
            return FeatureColumns(**_restore_values(dict(arrays)))
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile):
        return None


def _restore_values(arrays: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for spec in fields(FeatureColumns):
        column = arrays[spec.name]
        if spec.name in _TEXTS:
            values[spec.name] = column.tobytes().decode().split("\n") if len(arrays["ids"]) else []
        elif spec.name == "families":
            flat, ends = column.tolist(), list(accumulate(arrays["sizes"].tolist()))
            values[spec.name] = [
                tuple(flat[start:end]) for start, end in zip([0, *ends], ends, strict=False)
            ]
        elif spec.name == "relations":
            relations_by_row = json.loads(column.tobytes().decode())
            values[spec.name] = {
                int(row): tuple(Relation(**relation) for relation in relations)
                for row, relations in relations_by_row.items()
            }
        else:
            values[spec.name] = column
    return values
