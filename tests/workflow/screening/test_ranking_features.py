"""Counted words are kept between rankings, and counted anew when a text or the question changes."""

import numpy as np
import pytest

from review import ranking
from review.workflow.screening import ranking_features
from review.workflow.screening.ranking_features import (
    EMBEDDINGS_FILE,
    FEATURES_FILE,
    encode_new_texts,
    prepare_features,
)

TEXTS = [f"Liver elastography in {n} children, é and 鉗 {n % 7}" for n in range(60)]


@pytest.fixture(autouse=True)
def kept_for_few_texts(monkeypatch):
    monkeypatch.setattr(ranking_features, "MIN_TEXTS", 50)


@pytest.fixture
def counted(monkeypatch):
    """The texts that were counted, call by call."""
    calls = []
    count = ranking.prepare_features

    def note(texts, *words, **settings):
        calls.append(list(texts))
        return count(texts, *words, **settings)

    monkeypatch.setattr(ranking, "prepare_features", note)
    return calls


def prepare(folder, texts=TEXTS, question="liver", terms=("children",)):
    return prepare_features(folder, texts, question, query_terms=terms, model="light")


def test_the_second_ranking_reads_what_the_first_has_counted(tmp_path, counted):
    first, second = prepare(tmp_path), prepare(tmp_path)
    assert len(counted) == 1
    assert first.words == second.words
    assert np.array_equal(first.rarity, second.rarity)
    assert (first.matrix != second.matrix).nnz == 0
    assert (first.question != second.question).nnz == 0
    assert first.matrix.dtype == second.matrix.dtype
    scores = [ranking.score_records(one, [0, 1], [1, 0], 1).tolist() for one in (first, second)]
    assert scores[0] == scores[1]
    assert (tmp_path / FEATURES_FILE).stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == [FEATURES_FILE]


@pytest.mark.parametrize(
    "changed",
    [
        {"texts": [*TEXTS[:-1], "Another abstract"]},
        {"texts": [*TEXTS, TEXTS[0]]},
        {"texts": TEXTS[::-1]},
        {"question": "spleen"},
        {"terms": ("child", "ren")},
        {"terms": ()},
    ],
)
def test_what_changed_is_counted_anew(tmp_path, counted, changed):
    prepare(tmp_path)
    prepare(tmp_path, **changed)
    assert len(counted) == 2
    prepare(tmp_path, **changed)
    assert len(counted) == 2


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"not a file of arrays", None])
def test_a_damaged_file_is_counted_anew(tmp_path, counted, damage):
    prepare(tmp_path)
    path = tmp_path / FEATURES_FILE
    path.write_bytes(path.read_bytes()[:-400] if damage is None else damage)
    assert prepare(tmp_path).matrix.shape[0] == 60
    assert len(counted) == 2
    prepare(tmp_path)
    assert len(counted) == 2


def test_arrays_that_do_not_fit_together_are_refused(tmp_path):
    arrays = ranking.pack_features(ranking.prepare_features(TEXTS, "liver"))
    assert ranking.unpack_features(arrays).matrix.shape[0] == 60
    with pytest.raises(ValueError, match="do not fit"):
        ranking.unpack_features({**arrays, "rarity": arrays["rarity"][:-1]})
    with pytest.raises(KeyError):
        ranking.unpack_features({name: arrays[name] for name in arrays if name != "words"})


def test_few_texts_leave_no_file(tmp_path, counted):
    prepare(tmp_path, texts=TEXTS[:49])
    assert len(counted) == 1
    assert list(tmp_path.iterdir()) == []
    prepare(tmp_path, texts=TEXTS[:50])
    assert (tmp_path / FEATURES_FILE).exists()


def test_a_folder_that_does_not_exist_costs_the_file_alone(tmp_path, counted):
    assert prepare(tmp_path / "gone").matrix.shape[0] == 60
    assert len(counted) == 1


@pytest.fixture
def encoded(monkeypatch):
    """The texts that were encoded, call by call; the extra for embeddings is not installed here."""
    calls = []

    def encode(texts, name):
        calls.append(list(texts))
        return np.array([[len(text), len(name), 1.0] for text in texts], dtype=np.float64)

    monkeypatch.setattr(ranking, "encode_texts", encode)
    return calls


def test_each_text_is_embedded_once_however_few_there_are(tmp_path, encoded):
    def embed(texts, question="liver"):
        return prepare_features(tmp_path, texts, question, query_terms=(), model="embeddings:small")

    first = embed(TEXTS[:5])
    assert encoded == [[*TEXTS[:5], "liver"]]
    again = embed([TEXTS[7], *TEXTS[4:0:-1], TEXTS[7]])
    assert encoded[1:] == [[TEXTS[7]]]  # one is new, twice; the others moved
    assert again.dense[1].tolist() == first.dense[4].tolist()
    assert again.dense[0].tolist() == again.dense[5].tolist() == [len(TEXTS[7]), 5, 1]
    assert again.dense_question.tolist() == first.dense_question.tolist()
    embed(TEXTS[1:5], question="spleen")
    assert encoded[2:] == [["spleen"]]
    assert [path.name for path in tmp_path.iterdir()] == [EMBEDDINGS_FILE]
    assert (tmp_path / EMBEDDINGS_FILE).stat().st_mode & 0o077 == 0


def test_embeddings_of_another_model_or_a_damaged_file_are_not_used(tmp_path, encoded):
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.safetensors").write_bytes(b"1")
    encode_new_texts(tmp_path, TEXTS[:2], str(model))
    encode_new_texts(tmp_path, TEXTS[:2], str(model))
    assert len(encoded) == 1
    (model / "model.safetensors").write_bytes(b"22")  # trained further, under the same name
    encode_new_texts(tmp_path, TEXTS[:2], str(model))
    assert len(encoded) == 2
    found = encode_new_texts(tmp_path, TEXTS[:2], "another")
    assert len(encoded) == 3 and found[0].tolist() == [len(TEXTS[0]), 7, 1]
    (tmp_path / EMBEDDINGS_FILE).write_bytes(b"PK")
    encode_new_texts(tmp_path, TEXTS[:2], "another")
    assert len(encoded) == 4


def test_what_was_embedded_before_a_break_is_kept(tmp_path, encoded, monkeypatch):
    monkeypatch.setattr(ranking_features, "EMBEDDING_BATCH", 4)
    working = ranking.encode_texts

    def fail_later(texts, name):
        if len(encoded) == 2:
            raise KeyboardInterrupt
        return working(texts, name)

    monkeypatch.setattr(ranking, "encode_texts", fail_later)
    with pytest.raises(KeyboardInterrupt):
        encode_new_texts(tmp_path, TEXTS[:10], "small")
    monkeypatch.setattr(ranking, "encode_texts", working)
    encode_new_texts(tmp_path, TEXTS[:10], "small")
    assert [len(batch) for batch in encoded] == [4, 4, 2]
