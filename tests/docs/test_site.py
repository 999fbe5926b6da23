"""The documentation site lists every page and includes the pages they link to."""

import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
MADE = {"index.md", "commands.md", "decisions.md", "changelog.md"}
"""Pages that scripts/make_site.py writes."""


def pages_of(entry):
    if isinstance(entry, str):
        return [entry]
    if isinstance(entry, dict):
        return [page for value in entry.values() for page in pages_of(value)]
    return [page for value in entry for page in pages_of(value)]


def test_every_page_is_in_the_navigation_once():
    listed = pages_of(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"])
    assert len(listed) == len(set(listed))
    assert set(listed) == MADE | {path.name for path in (ROOT / "docs").glob("*.md")}


def test_the_pages_are_gathered_with_every_command(tmp_path):
    out = tmp_path / "pages"
    subprocess.run([sys.executable, ROOT / "scripts" / "make_site.py", out], check=True, cwd=ROOT)
    assert {path.name for path in out.glob("*.md")} >= MADE
    commands = (out / "commands.md").read_text(encoding="utf-8")
    for name in ("review import", "review dedupe file", "review export all"):
        assert f"`{name}`" in commands
    assert "](../" not in "".join(p.read_text(encoding="utf-8") for p in out.glob("*.md"))
