"""The documentation agrees with the code."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import make_docs  # noqa: E402


def test_the_protocol_reference_is_that_of_the_models():
    page = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    assert page == make_docs.text(), "run `make docs`"


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_commands_in_the_docs_exist(path):
    import typer

    from review.cli import app

    root = typer.main.get_command(app)
    text = path.read_text(encoding="utf-8")
    for line in re.findall(r"^(?:\$ |[A-Z_]+=\S+ )*review ([^\n#]+)", text, re.M):
        words = [word for word in line.split() if word]
        while words and words[0].startswith("-"):
            words = words[2:]
        group, known = root, []
        while words and hasattr(group, "commands"):
            assert words[0] in group.commands, f"{path.name}: no command 'review {line}'"
            known.append(words[0])
            group = group.commands[words.pop(0)]
