"""Keeps the counted words of a review's records between two rankings.

Counting takes minutes in a large review, learning from new decisions a second. The file in the
review's folder holds the counts of the texts, question and search terms it was made from; when any
of these changes, they are counted anew. It can be deleted at any time.
"""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

from review import ranking
from review.ranking import RankingFeatures

FEATURES_FILE = "rank.features.npz"
MIN_TEXTS = 1_000
"""Fewer texts are counted within a second or two."""


def prepare_features(
    folder: Path, texts: Sequence[str], question: str, *, query_terms: Sequence[str], model: str
) -> RankingFeatures:
    """The counted words of all texts: kept from the ranking before, else counted now and kept.

    Args:
        folder: the review's folder.

    Raises:
        ValueError: as ranking.prepare_features.
    """
    if len(texts) < MIN_TEXTS:
        return ranking.prepare_features(texts, question, query_terms=query_terms, model=model)
    key = _hash_inputs(texts, question, query_terms, model)
    path = folder / FEATURES_FILE
    features = _load_features(path, key)
    if features is None:
        features = ranking.prepare_features(texts, question, query_terms=query_terms, model=model)
        with suppress(OSError):  # a full disk or a folder open for reading only costs time alone
            _save_features(path, key, features)
    return features


def _hash_inputs(
    texts: Sequence[str], question: str, query_terms: Sequence[str], model: str
) -> str:
    digest = hashlib.sha256()
    version = ranking.get_counting_version()
    parts = (version, model, question, str(len(query_terms)), *query_terms)
    for part in (*parts, *texts):
        content = part.encode("utf-8", "surrogatepass")
        digest.update(f"{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()


def _load_features(path: Path, key: str) -> RankingFeatures | None:
    """The kept features; None if there are none, or they are of other texts."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["key"]) != key:
                return None
            return ranking.unpack_features({name: kept[name] for name in kept.files})
    except (OSError, KeyError, ValueError, EOFError, BadZipFile):
        return None


def _save_features(path: Path, key: str, features: RankingFeatures) -> None:
    import numpy as np

    descriptor, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # for us alone
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, key=np.array(key), **ranking.pack_features(features))
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
