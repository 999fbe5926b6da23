"""The script that counts names tells a verb from a participle and finds chains and repeats."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "count_names.py"


@pytest.fixture(scope="module")
def count_names():
    spec = importlib.util.spec_from_file_location("count_names", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def house(tmp_path):
    files = {
        "review/__init__.py": "",
        "review/low.py": "class Record: ...\n\n\ndef told_people(): ...\n",
        "review/middle.py": "from review.low import Record\n\n\nclass Stage: ...\n",
        "review/top.py": (
            "from review import middle\n\n\nclass Stage:\n    def __init__(self): ...\n"
            "    def open(self):\n        from review import low\n"
        ),
        "tests/test_low.py": "def test_low(): ...\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_every_figure_of_a_small_house(count_names, house, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["count_names.py", str(house)])
    count_names.main()
    assert capsys.readouterr().out.splitlines() == [
        "functions: 2",
        "names of one word: 50.0%",
        "names that begin with a participle: 50.0% (told_people)",
        "public class names used twice: 1 (Stage)",
        "longest import chain: review.top > review.middle > review.low",
        "test lines per code line: 0.07",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_sorted_titles", True),
        ("kept", True),
        ("reading_time", True),
        ("read_titles", False),
        ("seed_order", False),
        ("keep_out", False),
        ("keptness", False),
    ],
)
def test_a_participle_is_told_from_a_verb(count_names, name, expected):
    assert count_names.begins_with_participle(name) is expected


def test_a_circle_is_named(count_names):
    with pytest.raises(ValueError, match="a > b > a"):
        count_names.find_longest_chain({"a": {"b"}, "b": {"a"}})
