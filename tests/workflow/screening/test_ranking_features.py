"""Counted words are kept between rankings, and counted anew when a text or the question changes."""

import numpy as np
import pytest

from review import ranking
from review.workflow.screening import ranking_features
from review.workflow.screening.ranking_features import FEATURES_FILE, prepare_features

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
