"""The input of clustering: links between rows, and manual decisions on pairs of rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from review.dedupe.columns import Ints


@dataclass(frozen=True, slots=True)
class Edges:
    """m links between rows: indexes into verdicts.VERDICTS and into `names`, scores 0 to 1 (nan for
    a registry's statement), and the grounds of the stated ones."""

    a: Ints
    b: Ints
    verdict: npt.NDArray[np.int8]
    rule: npt.NDArray[np.int16]
    score: npt.NDArray[np.float32]
    names: tuple[str, ...]
    notes: dict[int, str]
    """Edge -> who said it and when, for statements of registries."""

    def iter_rows(self) -> Iterator[tuple[int, int, int, int, float]]:
        """(a, b, verdict, rule, score) of each link, as plain numbers."""
        columns = (self.a, self.b, self.verdict, self.rule, self.score)
        return zip(*(column.tolist() for column in columns), strict=True)


@dataclass(frozen=True, slots=True)
class ManualDecisions:
    """What people last said of pairs of rows."""

    joins: Mapping[tuple[int, int], int]
    """(a, b) -> verdicts.DUPLICATE, VERSION or STUDY, the newest word first."""
    separations: frozenset[tuple[int, int]]
