"""Loads the data set registry from its YAML file, and finds contradictions in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from review.bias.datasets.models import Dataset, Registry, squeeze_name
from review.checklists.yaml_loader import format_problems, load_checked
from review.errors import ChecklistError
from review.text.yaml_bounds import STRICT

_CITATION = re.compile(r"doi:10\.\d{4,}/|arXiv:\d{4}\.\d{4,5}|PMID \d+|PMC\d+|https?://\S+\.\S+")


@dataclass(frozen=True, slots=True)
class _RegistryFile:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    schema: Literal[1]
    compiled: Any
    datasets: tuple[Dataset, ...]


def load_registry(path: Path) -> Registry:
    """The registry in a YAML file.

    Raises:
        ChecklistError: not readable, an unknown or missing key, a repeated id, an unknown
            component, a cycle of components or an uncited issue; all errors are listed.
    """
    contents = load_checked(path, _RegistryFile)
    problems = find_mistakes(contents.datasets)
    if problems:
        raise ChecklistError(format_problems(str(path), problems))
    return {dataset.id: dataset for dataset in contents.datasets}


def find_mistakes(datasets: Sequence[Dataset]) -> list[str]:
    """Contradictions in the registry, each as 'id: what is wrong'."""
    ids = [dataset.id for dataset in datasets]
    problems = [f"{set_id}: appears twice" for set_id in sorted(set(ids)) if ids.count(set_id) > 1]
    owner_by_name: dict[str, str] = {}
    for dataset in datasets:
        for name in (*dataset.names, *dataset.links):
            key = squeeze_name(name)
            if owner_by_name.setdefault(key, dataset.id) != dataset.id:
                problems.append(
                    f"{dataset.id}: the name '{name}' also belongs to {owner_by_name[key]}"
                )
        for component in dataset.components:
            if component.id not in ids:
                problems.append(
                    f"{dataset.id}: component '{component.id}' is not a dataset in this file"
                )
        problems += [
            f"{dataset.id}: issue '{issue.text[:40]}...' needs a DOI, arXiv ID, PMID or URL"
            for issue in dataset.issues
            if not _CITATION.search(issue.source)
        ]
        field_names = set(Dataset.__dataclass_fields__)
        problems += [
            f"{dataset.id}: checked names '{field_name}', which is not a field"
            for field_name in dataset.checked
            if field_name not in field_names
        ]
    return problems + _find_cycles({dataset.id: dataset for dataset in datasets})


def _find_cycles(registry: Registry) -> list[str]:
    """Each cycle of components once, as 'a: contains itself (a, b, a)'."""
    visited: set[str] = set()
    problems: list[str] = []

    def visit_component(set_id: str, path: tuple[str, ...]) -> None:
        if set_id in path:
            cycle = (*path[path.index(set_id) :], set_id)
            problems.append(f"{set_id}: contains itself ({', '.join(cycle)})")
            return
        if set_id in visited or set_id not in registry:
            return
        for component in registry[set_id].components:
            visit_component(component.id, (*path, set_id))
        visited.add(set_id)

    for set_id in registry:
        visit_component(set_id, ())
    return problems
