"""Vectors of words: sums over a text, and the file that ships."""

import json

import numpy as np
import pytest

from review import resources
from review.bias.rules.word_vectors import NO_VECTORS, WordVectors, load_word_vectors
from review.errors import ChecklistError

SHIPPED = resources.get_shipped_path("data") / "word-vectors.json"
TINY = WordVectors({"skin": 0, "split": 1}, np.array([[100, 100], [0, 100]], dtype=np.int8))


@pytest.fixture(scope="module")
def shipped():
    return load_word_vectors(SHIPPED)


def test_a_text_is_the_sum_of_its_known_words_each_counted_once_with_length_1():
    assert np.allclose(TINY.encode_text("Split, split!"), [0, 1])
    both = TINY.encode_text("The skin was SPLIT; the skin.")
    assert np.allclose(both, np.array([1, 2]) / np.sqrt(5))
    assert TINY.encode_text("nothing known").tolist() == [0, 0]
    assert NO_VECTORS.encode_text("skin").tolist() == []


@pytest.mark.parametrize(
    ("text", "like", "unlike"),
    [
        ("dermatologists", "radiologists", "optimizer"),
        ("dermoscopy", "skin", "funding"),
        ("oversampling", "undersampling", "hospital"),
        ("sponsor", "funding", "convolutional"),
        ("retinopathy", "ophthalmologist", "grant"),
        ("adjudication by two graders", "consensus of annotators", "learning rate and momentum"),
    ],
)
def test_words_of_one_meaning_are_near_each_other(shipped, text, like, unlike):
    vector = shipped.encode_text(text)
    assert vector @ shipped.encode_text(like) > vector @ shipped.encode_text(unlike) + 0.1


def test_a_rarer_word_has_a_longer_vector(shipped):
    lengths = np.linalg.norm(shipped.matrix.astype(float), axis=1)
    assert lengths[shipped.rows["dermoscopy"]] > 2 * lengths[shipped.rows["the"]]


@pytest.mark.parametrize(
    "change", [{"words": "skin"}, {"vectors": "?"}, {"dimensions": 7}, {"words": None}]
)
def test_broken_vectors_are_refused(tmp_path, change):
    path = tmp_path / "vectors.json"
    path.write_text(json.dumps({**json.loads(SHIPPED.read_text()), **change}))
    with pytest.raises(ChecklistError, match="not the weights of the word vectors"):
        load_word_vectors(path)
    with pytest.raises(ChecklistError, match="not the weights"):
        load_word_vectors(tmp_path / "missing.json")
