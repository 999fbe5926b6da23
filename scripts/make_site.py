"""Gathers the pages of the documentation site: docs/, the README, and a page of all commands.

Usage: make_site.py OUT. Writes Markdown only; `make site` lets MkDocs build it and check its links.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def write_commands(out: Path) -> None:
    """One page with every command of the command line, by Typer's own writer."""
    command = [sys.executable, "-m", "typer", "review.cli", "utils", "docs", "--name", "review"]
    done = subprocess.run(
        [*command, "--title", "Commands"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    (out / "commands.md").write_text(done.stdout, encoding="utf-8")


def copy_linked_pages(out: Path) -> None:
    """Pages outside docs/ that docs/ links to, and the links that lead there."""
    for name in ("benchmarks/dedupe.md", "data/roberts2021/README.md"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, out / name)
    for path in out.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"\]\(\.\./", "](", text), encoding="utf-8")


def write_front_pages(out: Path) -> None:
    """The README as the first page, the changes, and the list of decisions."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = readme.replace("](docs/", "](").replace("](CHANGELOG.md)", "](changelog.md)")
    (out / "index.md").write_text(readme, encoding="utf-8")
    shutil.copy(ROOT / "CHANGELOG.md", out / "changelog.md")
    lines = ["# Decisions", ""]
    for path in sorted((out / "decisions").glob("*.md")):
        title = re.search(r"^# (.+)$", path.read_text(encoding="utf-8"), re.M)
        lines.append(f"- [{title.group(1) if title else path.stem}](decisions/{path.name})")
    (out / "decisions.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(out: Path) -> None:
    """Writes all pages into a new folder."""
    if out.exists():
        shutil.rmtree(out)
    shutil.copytree(ROOT / "docs", out)
    copy_linked_pages(out)
    write_front_pages(out)
    write_commands(out)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
