"""The columns that comparison works on: n records as arrays of length n, with stable text codes."""

from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from review.models import Relation

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Pairs = npt.NDArray[np.int64]
"""m x 2 rows, first < second, sorted, each pair once."""

NAME_SEPARATOR = "\x1f"
"""Stands between the names of a team; no name contains it."""


@dataclass(frozen=True, slots=True)
class FeatureColumns:
    """n records as n-long columns; 0 or '' means unknown. Codes are stable 63-bit hashes."""

    ids: Ints
    title: list[str]
    """Folded words of the bare title."""
    exact: Ints
    """Code of the title without spaces."""
    head: Ints
    """Code of its first HEAD letters; 0 where it has fewer."""
    kind: npt.NDArray[np.int8]
    """Index into fold.KINDS."""
    cut: npt.NDArray[np.bool_]
    """Title shown as cut short by the source."""
    informative: npt.NDArray[np.int16]
    """Words that tell the title from others."""
    numerals: Ints
    families: list[tuple[int, ...]]
    """Codes of the family names in printed order, first MAX_FAMILIES."""
    names: Ints
    """A bit for each family name, by its code: teams without a bit in common share nobody."""
    initial: Ints
    """Code of the first letter of the first author's given name."""
    lead: list[str]
    """The first author's family and given name, folded: 'fox|ann maria'; '' where unknown."""
    team: list[str]
    """The names as printed, joined by NAME_SEPARATOR, first MAX_FAMILIES."""
    people: npt.NDArray[np.int16]
    """Number of names given, groups included."""
    year: npt.NDArray[np.int16]
    journal: list[str]
    volume: Ints
    issue: Ints
    page_prefix: Ints
    page: Ints
    last_page: Ints
    doi: Ints
    pmid: Ints
    pmcid: Ints
    arxiv: Ints
    published: Ints
    """The DOI of its journal article, where an arXiv entry names one."""
    server: npt.NDArray[np.int8]
    """Index into SERVERS."""
    version: npt.NDArray[np.int16]
    """Version of a preprint, 1 and up."""
    supplement: npt.NDArray[np.bool_]
    """The place reads like a supplement or a meeting's abstracts, where one DOI, volume or page may
    hold many works."""
    snippet: list[str]
    """Opening of the folded abstract."""
    mark: Ints
    """Code of the record's content, which settles ties whatever the order of arrival."""
    relations: dict[int, tuple[Relation, ...]] = field(default_factory=dict)
    """Row -> what registries state, only for rows that carry statements."""

    def __len__(self) -> int:
        return len(self.ids)


def hash_text(text: str) -> int:
    """A stable non-zero 63-bit number for a text; 0 for ''."""
    if not text:
        return 0
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) >> 1 | 1
