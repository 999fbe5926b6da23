"""Words of people, files and papers never reach a place that reads Markdown unescaped: neither a
link nor an image nor a formula can be made of a name, a reason or a message that quotes one."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "review" / "pages").rglob("*.py"), ROOT / "app.py"])
MARKDOWN_CALLS = re.findall(
    r"\w+",
    "markdown caption info warning error success subheader header title write toast expander "
    "button checkbox radio toggle metric text_input text_area selectbox multiselect popover status "
    "spinner download_button link_button pills segmented_control form_submit_button number_input "
    "file_uploader slider date_input",
)
"""Functions of Streamlit whose first argument is read as Markdown."""
FOREIGN_PARTS = re.findall(
    r"\w+",
    "name title who reviewer reason why file section words note problem warning source_id doi "
    "journal abstract full_name email comment quote",
)
"""Attributes that hold what somebody wrote."""
FOREIGN_NAMES = ("error", "message", "problem", "warning", "path", "reader", "maker", "who", "note")
"""Variables that do."""
OWN_WORDS = {"question", "stage", "figure", "rule", "first_flag", "flag", "option", "dataset"}
"""What the checklists, the rules and the registry that come with Funnel say themselves."""
ESCAPING = {"escape_markdown", "format_count", "len", "format_stage_name", "format_roles"}


def find_foreign(node):
    """Expressions below a node that hold somebody's words and are not escaped."""
    if isinstance(node, ast.Call):
        function = node.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        if name in ESCAPING:
            return
        if name in ("str", "join"):
            for argument in node.args:
                yield from find_foreign(argument)
        return
    if isinstance(node, ast.Attribute):
        receiver = node.value
        owner = receiver.id if isinstance(receiver, ast.Name) else getattr(receiver, "attr", "")
        if node.attr in FOREIGN_PARTS and owner not in OWN_WORDS:
            yield ast.unparse(node)
        return
    if isinstance(node, ast.Name):
        if node.id in FOREIGN_NAMES:
            yield node.id
        return
    if isinstance(node, ast.IfExp):
        yield from find_foreign(node.body)
        yield from find_foreign(node.orelse)
        return
    if isinstance(node, ast.Compare):
        return
    for child in ast.iter_child_nodes(node):
        yield from find_foreign(child)


def find_faults(source):
    """Line and expression of each call that gives Markdown somebody's words."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    faults = {fault for scope in functions or [tree] for fault in _find_faults_in(scope)}
    return sorted(faults)


def _find_faults_in(scope):
    own_names = _list_own_names(scope)
    for node in ast.walk(scope):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in MARKDOWN_CALLS
        ):
            given = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "help")]
            for words in (words for part in given for words in find_foreign(part)):
                if words not in own_names:
                    yield node.lineno, words


def _is_written_here(value):
    """Whether an expression is text of the page itself, with what it quotes escaped."""
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in ESCAPING
    return isinstance(value, ast.JoinedStr | ast.Constant | ast.IfExp)


def _list_own_names(scope):
    """Variables that a function only ever fills with escaped or constant text."""
    values = {}
    for node in ast.walk(scope):
        target = node.target if isinstance(node, ast.AugAssign | ast.For) else None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
        if isinstance(target, ast.Name):
            value = node.iter if isinstance(node, ast.For) else node.value
            values.setdefault(target.id, []).append(value)
    return {
        name
        for name, given in values.items()
        if all(_is_written_here(value) for value in given)
        and not any(words for value in given for words in find_foreign(value))
    }


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_page_gives_markdown_somebody_elses_words(path):
    assert find_faults(path.read_text()) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("st.error(str(error))", ["error"]),
        ("st.subheader(file.name)", ["file.name"]),
        ("st.caption(f'{escape_markdown(a.who)}: {a.reason}')", ["a.reason"]),
        ("st.button('Open', help=record.title)", ["record.title"]),
        ("st.caption(' · '.join(filter(None, [1])))", []),
        ("st.caption(f'{flag.name} on {escape_markdown(str(error))}')", []),
        ("note = 'Saved'\nst.caption(note)", []),
        ("who = escape_markdown(version.who)\nst.caption(who)", []),
        ("who = f'{person.name}'\nst.caption(who)", ["who"]),
        ("note = 'Saved'\nnote = entry.title\nst.caption(note)", ["note"]),
    ],
)
def test_the_search_finds_what_it_should(source, expected):
    assert [words for _, words in find_faults(source)] == expected
