"""Every press is acted on in a callback: Streamlit runs callbacks before it draws the page, and the
next act cuts only the drawing short. A press that is read while drawing can be lost."""

import ast
import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "review" / "pages"
BUTTONS = ("button", "form_submit_button")


def find_lost_presses(tree):
    """Lines of buttons whose press is read while drawing, or that call nothing; a button that is
    always disabled, as in the preview of a form, cannot be pressed."""
    bare = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in BUTTONS
        and not any(
            one.arg == "disabled" and getattr(one.value, "value", None) is True
            for one in node.keywords
        )
        and (id(node) not in bare or "on_click" not in {one.arg for one in node.keywords})
    ]


@pytest.mark.parametrize(
    "path", sorted(PAGES.rglob("*.py")), ids=lambda path: str(path.relative_to(PAGES))
)
def test_a_press_is_acted_on_before_the_page_is_drawn(path):
    lines = find_lost_presses(ast.parse(path.read_text(encoding="utf-8")))
    assert not lines, f"{path.name}, lines {lines}: act in a function given as on_click"


@pytest.mark.parametrize(
    ("source", "is_lost"),
    [
        ("if st.button('Save'):\n    save()", True),
        ("if column.button('Save', on_click=save):\n    draw()", True),
        ("pressed = ready and st.form_submit_button('Save')", True),
        ("if not st.form_submit_button('Save', type='primary'):\n    pass", True),
        ("st.button('Save')", True),
        ("st.button('Save', on_click=save)", False),
        ("row.form_submit_button('Save', on_click=partial(save, 1))", False),
        ("st.download_button('Save', data)", False),
        ("st.button('Preview', disabled=True)", False),
        ("st.button('Save', disabled=is_empty)", True),
    ],
)
def test_a_press_that_can_be_lost_is_found(source, is_lost):
    assert bool(find_lost_presses(ast.parse(source))) is is_lost


OWN_MESSAGE = re.compile(
    r"session_state(?:\.pop\(|\[)f?[\"'][^\"']*(?:said|wrong|problem|error|message|warning)s?(?![a-z])"
)


@pytest.mark.parametrize(
    "path", sorted(PAGES.rglob("*.py")), ids=lambda path: str(path.relative_to(PAGES))
)
def test_what_a_press_has_to_say_goes_through_the_common_messages(path):
    """Messages kept elsewhere could be overwritten unseen, or outlive the page they belong to."""
    lines = path.read_text(encoding="utf-8").splitlines()
    own = [number for number, line in enumerate(lines, 1) if OWN_MESSAGE.search(line)]
    assert path.name == "messages.py" or not own, f"{path.name}, lines {own}: use keep_message"


@pytest.mark.parametrize(
    "line",
    [
        'st.session_state["sheet_said"] = "Undone."',
        "problem = st.session_state.pop('form_problem', None)",
        'st.session_state[f"import_error_{key}"] = str(error)',
    ],
)
def test_a_message_of_its_own_is_found(line):
    assert OWN_MESSAGE.search(line)
