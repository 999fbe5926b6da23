"""Forms with which people record what they have decided or read save in a callback: Streamlit runs
callbacks before it draws, and the next click cuts only the drawing short."""

import ast
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "review" / "pages"
SAVING = (
    "conflicts",
    "full_texts",
    "records",
    "screening",
    "screening_list",
    "widgets/import_preview",
    "widgets/screening_decision",
    "widgets/tag_panel",
)


@pytest.mark.parametrize("name", SAVING)
def test_a_form_saves_before_the_page_is_drawn(name):
    tree = ast.parse((PAGES / f"{name}.py").read_text())
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "form_submit_button"
    ]
    without = [
        node.lineno for node in calls if "on_click" not in {one.arg for one in node.keywords}
    ]
    assert not without, f"{name}.py, lines {without}: save in a function given as on_click"
