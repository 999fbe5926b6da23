"""The nouns of the data set registry, and the loader of its YAML with clear errors."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from review.errors import ChecklistError

STRICT: Mapping[str, str] = {"extra": "forbid"}
"""Read by the validator: a key that is no field is refused."""

Kind = Literal["primary", "case_collection", "remix", "subset"]
Labels = Literal[
    "report_nlp",
    "radiologist",
    "physician",
    "rt_pcr",
    "publication_claim",
    "pathology",
    "clinical",
    "mixed",
    "unknown",
]
Age = Literal["adult", "paediatric", "mixed", "unknown"]
_CITED = re.compile(r"doi:10\.\d{4,}/|arXiv:\d{4}\.\d{4,5}|PMID \d+|PMC\d+|https?://\S+\.\S+")


@dataclass(frozen=True, slots=True)
class Population:
    """Whom the images show."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    age: Age
    countries: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """A set whose images are in another one."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    certain: bool
    """False where it differs by release or is not documented."""
    images: int | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """Something documented to be wrong with a set."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    pitfall: str
    """Id of the pitfall in cues.yaml it belongs to."""
    text: str
    source: str
    """A DOI, arXiv id, PMID, PMCID or address."""
    checked: bool
    """Whether we compared the sentence with the source."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One public data set."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    name: str
    url: str
    modality: tuple[str, ...]
    kind: Kind
    year: int
    size: str
    labels: Labels
    population: Population
    checked: tuple[str, ...]
    """Fields that were compared with a source; all others are unverified."""
    names: tuple[str, ...] = ()
    weak_names: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    schema: Literal[1]
    compiled: Any
    datasets: tuple[Dataset, ...]


Registry = Mapping[str, Dataset]
"""Data sets by id, in the order of the file."""


def load(path: Path) -> Registry:
    """The registry in a YAML file.

    Raises:
        ChecklistError: not readable, an unknown or missing key, an id twice, a component that is
            no data set, a circle of components, or an issue without a citation; every one is named.
    """
    import pydantic
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ChecklistError(f"{path}: cannot be read ({error}).") from error
    except yaml.YAMLError as error:
        raise ChecklistError(f"{path}: this is not YAML: {error}.") from error
    try:
        file = _adapter().validate_python(data)
    except pydantic.ValidationError as error:
        problems = [
            f"{_place(data, found['loc'])}: {found['msg']}"
            for found in error.errors(include_url=False)
        ]
        raise ChecklistError(_joined(path, problems)) from error
    problems = mistakes(file.datasets)
    if problems:
        raise ChecklistError(_joined(path, problems))
    return {dataset.id: dataset for dataset in file.datasets}


@cache
def _adapter() -> Any:
    import pydantic

    return pydantic.TypeAdapter(_File)


def _place(data: Any, where: Sequence[str | int]) -> str:
    """The place in the file with the data set's id in it: 'rsna_pneumonia, components, 1, id'."""
    words = [str(part) for part in where]
    if len(where) > 1 and where[0] == "datasets" and isinstance(where[1], int):
        entry = data["datasets"][where[1]]
        name = entry.get("id") if isinstance(entry, dict) else None
        words = [str(name or f"data set {where[1] + 1}"), *words[2:]]
    return ", ".join(words) or "the file"


def _joined(path: Path, problems: Sequence[str]) -> str:
    if len(problems) == 1:
        return f"{path}: {problems[0]}"
    return f"{path}: {len(problems)} mistakes\n" + "\n".join(f"  {one}" for one in problems)


def mistakes(datasets: Sequence[Dataset]) -> list[str]:
    """Where a registry does not agree with itself, each as 'id: what is wrong'."""
    ids = [dataset.id for dataset in datasets]
    out = [f"{one}: stands in the file twice" for one in sorted(set(ids)) if ids.count(one) > 1]
    owner: dict[str, str] = {}
    for dataset in datasets:
        for name in (*dataset.names, *dataset.links):
            key = squeezed(name)
            if owner.setdefault(key, dataset.id) != dataset.id:
                out.append(f"{dataset.id}: the name '{name}' also belongs to {owner[key]}")
        for component in dataset.components:
            if component.id not in ids:
                out.append(f"{dataset.id}: component '{component.id}' is no data set of this file")
        out += [
            f"{dataset.id}: issue '{issue.text[:40]}...' needs a DOI, arXiv id, PMID or address"
            for issue in dataset.issues
            if not _CITED.search(issue.source)
        ]
        fields = set(Dataset.__dataclass_fields__)
        out += [
            f"{dataset.id}: checked names '{one}', which is no field"
            for one in dataset.checked
            if one not in fields
        ]
    return out + _circles({dataset.id: dataset for dataset in datasets})


def _circles(registry: Registry) -> list[str]:
    """Each circle of components once, as 'a: is made of itself (a, b, a)'."""
    done: set[str] = set()
    out: list[str] = []

    def visit(one: str, path: tuple[str, ...]) -> None:
        if one in path:
            circle = (*path[path.index(one) :], one)
            out.append(f"{one}: is made of itself ({', '.join(circle)})")
            return
        if one in done or one not in registry:
            return
        for component in registry[one].components:
            visit(component.id, (*path, one))
        done.add(one)

    for one in registry:
        visit(one, ())
    return out


def squeezed(text: str) -> str:
    """Text in lower case without blanks, hyphens and signs: how names are compared."""
    return re.sub(r"[\W_]+", "", text.casefold())
