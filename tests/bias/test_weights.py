"""Files of learned weights: one check for both rankers, and one line for a file that is not one."""

import json

import pytest

from review.bias.places import load_place_ranker
from review.bias.rules.ranker import load_ranker
from review.errors import ChecklistError
from review.resources import get_shipped_path

RANKERS = [
    (load_ranker, "evidence ranker", "evidence-ranker.json", "train_evidence_ranker.py"),
    (load_place_ranker, "place ranker", "place-ranker.json", "train_place_ranker.py"),
]


@pytest.mark.parametrize(("load", "owner", "file", "script"), RANKERS)
def test_the_shipped_weights_load_and_those_of_another_version_name_the_script(
    tmp_path, load, owner, file, script
):
    shipped = get_shipped_path("data") / file
    assert load(shipped).version
    path = tmp_path / "weights.json"
    data = json.loads(shipped.read_text())
    path.write_text(json.dumps({**data, "schema": 0}))
    with pytest.raises(ChecklistError) as caught:
        load(path)
    problem = f"schema 0, expected {data['schema']}; run benchmarks/{script} again."
    assert str(caught.value) == f"{path}: {problem}"


@pytest.mark.parametrize(("load", "owner", "file", "script"), RANKERS)
@pytest.mark.parametrize("key", ["schema", "version", "idf"])
def test_a_key_that_is_missing_is_refused(tmp_path, load, owner, file, script, key):
    data = json.loads((get_shipped_path("data") / file).read_text())
    del data[key]
    path = tmp_path / "weights.json"
    path.write_text(json.dumps(data))
    with pytest.raises(ChecklistError) as caught:
        load(path)
    assert str(caught.value) == f"{path}: not the weights of the {owner}."


@pytest.mark.parametrize(
    ("load", "owner", "file", "key"),
    [
        (*ranker[:3], key)
        for ranker, keys in zip(
            RANKERS, [("idf", "items", "mixing"), ("idf", "weights", "pitfalls")], strict=True
        )
        for key in keys
    ],
)
def test_a_key_of_another_kind_is_refused_in_one_line(tmp_path, load, owner, file, key):
    data = json.loads((get_shipped_path("data") / file).read_text())
    path = tmp_path / "weights.json"
    for wrong in (None, 7):
        path.write_text(json.dumps({**data, key: wrong}))
        with pytest.raises(ChecklistError) as caught:
            load(path)
        assert str(caught.value) == f"{path}: not the weights of the {owner}."


@pytest.mark.parametrize(("load", "owner", "file", "script"), RANKERS)
@pytest.mark.parametrize("content", [b"", b"[1", b"[]", b"7", b"null", b"\xff\xfe\x00"])
def test_what_is_no_file_of_weights_is_refused(tmp_path, load, owner, file, script, content):
    path = tmp_path / "weights.json"
    with pytest.raises(ChecklistError, match="not the weights"):
        load(path)
    path.write_bytes(content)
    with pytest.raises(ChecklistError, match="not the weights"):
        load(path)
