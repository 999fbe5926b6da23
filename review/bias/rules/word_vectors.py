"""Vectors of words, so that a word no labelled paper contains counts like words of its meaning.

data/word-vectors.json has one short vector for each word, derived from a sentence-embedding model
by benchmarks/train_word_vectors.py; rarer words have longer ones. Nothing else of that model is
needed or shipped.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from review.bias.weights import read_weights

SCHEMA = 1
FILE_NAME = "word-vectors.json"
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True, eq=False)
class WordVectors:
    """A vector for each known word."""

    rows: Mapping[str, int]
    """Word -> its row."""
    matrix: NDArray[np.int8]
    """Words by dimensions; only directions and relative lengths mean something."""

    def encode_text(self, text: str) -> NDArray[np.float64]:
        """The sum over the known words of a text, each counted once, with length 1; else zeros."""
        rows = sorted(
            {self.rows[word] for word in _WORD.findall(text.lower()) if word in self.rows}
        )
        total: NDArray[np.float64] = (
            self.matrix[rows].sum(axis=0, dtype=np.int64).astype(np.float64)
        )
        length = float(np.sqrt(total @ total))
        if length:
            total /= length
        return total


NO_VECTORS = WordVectors({}, np.zeros((0, 0), dtype=np.int8))


def load_word_vectors(path: Path) -> WordVectors:
    """The vectors in a file.

    Raises:
        ChecklistError: it cannot be read, or another version of Funnel wrote it.
    """
    return read_weights(path, _parse_vectors, owner="word vectors", schema=SCHEMA)


def _parse_vectors(data: Mapping[str, Any]) -> WordVectors:
    words = data["words"].split()
    values = np.frombuffer(base64.b64decode(data["vectors"]), dtype=np.int8)
    matrix = values.reshape(len(words), data["dimensions"])
    return WordVectors({word: row for row, word in enumerate(words)}, matrix)
