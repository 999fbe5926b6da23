"""Reads files of learned weights and checks that this version of Funnel wrote them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from review.errors import ChecklistError

Weights = TypeVar("Weights")


def read_weights(
    path: Path, parse: Callable[[Mapping[str, Any]], Weights], *, owner: str, schema: int
) -> Weights:
    """The weights in a file.

    Args:
        parse: makes them from the file's keys.
        owner: whose they are, for example 'place ranker'; benchmarks/train_place_ranker.py trains
            them.

    Raises:
        ChecklistError: the file cannot be read, or another version of Funnel wrote it.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] == schema:
            return parse(data)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ChecklistError(f"{path}: not the weights of the {owner}.") from error
    script = f"benchmarks/train_{owner.replace(' ', '_')}.py"
    raise ChecklistError(f"{path}: schema {data['schema']}, expected {schema}; run {script} again.")
