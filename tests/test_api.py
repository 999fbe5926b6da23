"""The Python API: the examples on its page run as written."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import review
from review.errors import ReviewError

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "python-api.md"


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """A folder that holds the demo's exports, and its review."""
    shutil.copytree(ROOT / "data" / "demo", tmp_path / "my-review")
    for name in ("embase.ris", "scopus.csv"):
        shutil.copy(ROOT / "data" / "demo" / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_examples_of_the_page_run_in_order(demo, capsys):
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert len(examples) == 3
    for example in examples:
        exec(compile(example, str(PAGE), "exec"), {})
    out = capsys.readouterr().out
    assert re.search(r"^[1-9]\d* records, 0 unreadable$", out, re.M)
    assert re.search(r"^embase\.ris [1-9]\d* new, 0 already there$", out, re.M)
    assert re.search(r"^[1-9]\d* files written$", out, re.M)
    assert (demo / "report" / "manifest.json").exists()


def test_a_decision_counts_and_can_be_withdrawn(demo):
    mine = review.open_review("my-review", user="ada")
    mine.import_file("embase.ris")
    mine.deduplicate()
    assert mine.decide("R000001", "include", stage="title-abstract").votes == 1
    assert mine.decide("R000001", None, stage="title-abstract").votes == 0


def test_mistakes_end_in_one_error_that_names_the_place(demo):
    with pytest.raises(ReviewError, match=r"nowhere"):
        review.open_review("nowhere", user="ada")
    mine = review.open_review("my-review", user="ada")
    with pytest.raises(ReviewError, match="R999999"):
        mine.decide("R999999", "include", stage="title-abstract")


def test_importing_the_package_is_quick_and_types_ship():
    code = "import review, sys; print([m for m in ('pandas', 'sqlalchemy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr
    assert (ROOT / "review" / "py.typed").exists()
    assert all(hasattr(review, name) for name in review.__all__)
