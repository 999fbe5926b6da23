"""The dataclasses of the data set registry."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

STRICT: Mapping[str, str] = {"extra": "forbid"}
"""How an entry of the registry is checked by pydantic: no key that is not known."""
DatasetKind = Literal["primary", "case_collection", "remix", "subset", "unknown"]
LabelSource = Literal[
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
AgeGroup = Literal["adult", "paediatric", "mixed", "unknown"]


@dataclass(frozen=True, slots=True)
class Population:
    """Whom the images show."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    age: AgeGroup
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
    """A DOI, arXiv ID, PMID, PMCID or URL."""
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
    kind: DatasetKind
    population: Population
    checked: tuple[str, ...]
    """Fields verified against a source; all others are unverified."""
    year: int | None = None
    """Of its first release; None if unknown."""
    size: str | None = None
    licence: str | None = None
    labels: LabelSource | None = None
    """unknown: its page does not say; None: we do not know."""
    names: tuple[str, ...] = ()
    weak_names: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    issues: tuple[Issue, ...] = ()


Registry = Mapping[str, Dataset]
"""Datasets by id, in the order of the file."""


def squeeze_name(text: str) -> str:
    """Text in lower case without spaces, hyphens and symbols, for comparing names."""
    return re.sub(r"[\W_]+", "", text.casefold())
