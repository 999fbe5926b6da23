"""Keeps the counted words of a review's records between two rankings.

Counting takes minutes in a large review, learning from new decisions a second. The file in the
review's folder holds the counts of the texts, question and search terms it was made from; when any
of these changes, they are counted anew. Sentence embeddings take far longer and depend on one text
alone, so each is kept by the hash of its text. Both files can be deleted at any time.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from review import ranking
from review.ranking import RankingFeatures

FEATURES_FILE = "rank.features.npz"
EMBEDDINGS_FILE = "rank.embeddings.npz"
EMBEDDING_BATCH = 1_000
"""Embeddings are kept after so many texts (about a minute), so that one that is stopped goes on."""
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
    import numpy as np

    prepare = partial(
        ranking.prepare_features,
        texts,
        question,
        query_terms=query_terms,
        model=model,
        encode=partial(encode_new_texts, folder),
    )
    if len(texts) < MIN_TEXTS:
        return prepare()
    key = _hash_inputs(texts, question, query_terms, model)
    path = folder / FEATURES_FILE
    features = _load_features(path, key)
    if features is None:
        features = prepare()
        _save_arrays(path, {"key": np.array(key), **ranking.pack_features(features)})
    return features


def encode_new_texts(folder: Path, texts: Sequence[str], name: str) -> Any:
    """Sentence embeddings of texts, each of length 1: those kept by the hash of their text, and
    the others encoded now and kept.

    Args:
        folder: the review's folder.
        name: of a sentence-transformers model, or its folder.

    Raises:
        ValueError: as ranking.encode_texts.
    """
    import numpy as np

    path, key = folder / EMBEDDINGS_FILE, _name_embeddings(name)
    text_by_hash = {_hash_text(text): text for text in texts}
    kept = _load_embeddings(path, key)
    vectors = {digest: kept[digest] for digest in text_by_hash if digest in kept}
    missing = [digest for digest in text_by_hash if digest not in vectors]
    for start in range(0, len(missing), EMBEDDING_BATCH):
        batch = missing[start : start + EMBEDDING_BATCH]
        encoded = ranking.encode_texts([text_by_hash[digest] for digest in batch], name)
        vectors.update(zip(batch, np.asarray(encoded, dtype=np.float32), strict=True))
        digests = np.frombuffer(b"".join(vectors), np.uint8).reshape(len(vectors), -1)
        rows = np.stack(list(vectors.values()))
        _save_arrays(path, {"key": np.array(key), "digests": digests, "vectors": rows})
    return np.stack([vectors[_hash_text(text)] for text in texts])


def _hash_text(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _name_embeddings(name: str) -> str:
    """The model, the weights in its folder if it is one, and the library that reads them."""
    try:
        library = version("sentence-transformers")
    except PackageNotFoundError:
        library = ""
    weights = sorted(Path(name).glob("*.safetensors")) + sorted(Path(name).glob("*.bin"))
    files = [f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in weights]
    return "\n".join((name, library, *files))


def _load_embeddings(path: Path, key: str) -> dict[bytes, Any]:
    """Hash of a text -> its embedding; empty if none are kept, or they are of another model."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["key"]) != key:
                return {}
            digests, vectors = kept["digests"], kept["vectors"]
    except (OSError, KeyError, ValueError, EOFError, BadZipFile):
        return {}
    if len(digests) != len(vectors):
        return {}
    return dict(zip(map(bytes, digests), vectors, strict=True))


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


def _save_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Keeps arrays in a file; a full disk or a folder open for reading only costs time alone."""
    import numpy as np

    with suppress(OSError):
        descriptor, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # for us alone
        try:
            with os.fdopen(descriptor, "wb") as file:
                np.savez(file, **arrays)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
