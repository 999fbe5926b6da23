"""What the app says of a refused file names what to press, never an option of the command line."""

import ast
import re
from pathlib import Path

import pytest
from support.small import studies

from review.errors import SourceError
from review.formats import read_file
from review.workflow.records.app_wording import rephrase_for_app
from review.workflow.records.uploads import UploadOptions, preview_upload

ROOT = Path(__file__).parents[3] / "review"
FILES = [
    *sorted((ROOT / "formats" / "tabular").glob("*.py")),
    ROOT / "workflow" / "records" / "imports.py",
]
OPTION = re.compile(r"(^|\s)--[a-z]")
DAMAGED = b"TY  - JOUR\nTI  - A study of lungs\nER  - \n\nTY  - JOUR\nER  - \n"


def list_sentences(path):
    """The texts of a module with placeholders filled, without docstrings."""
    tree = ast.parse(path.read_text())
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inner = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if id(node) in statements or id(node) in inner:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_refusal_with_an_option_has_words_for_the_app():
    refusals = [text for path in FILES for text in list_sentences(path) if OPTION.search(text)]
    assert len(refusals) >= 8
    assert [text for text in refusals if OPTION.search(rephrase_for_app(text))] == []


@pytest.mark.parametrize("given", [{"sheet": "One"}, {"mapping": {"A": "title"}}])
def test_an_option_for_tables_is_named_as_the_app_names_it(given):
    with pytest.raises(SourceError) as refused:
        read_file(DAMAGED, name="x.ris", **given)
    assert OPTION.search(str(refused.value))
    assert not OPTION.search(rephrase_for_app(str(refused.value)))


def test_the_preview_of_a_damaged_file_says_what_to_tick(tmp_path):
    preview = preview_upload(studies(tmp_path, []), "x.ris", DAMAGED, UploadOptions())
    assert "1 of 2 records cannot be read" in preview.problem
    assert "tick the box below to import the readable records" in preview.problem
    assert "--" not in preview.problem
