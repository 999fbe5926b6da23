"""Every benchmark that the documentation names can be started."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = sorted((ROOT / "benchmarks").glob("bench_*.py"))


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_a_benchmark_finds_its_modules(path):
    code = f"import sys, runpy; sys.path.insert(0, {str(path.parent)!r}); "
    code += f"runpy.run_path({str(path)!r}, run_name='imported')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_the_documentation_names_only_benchmarks_that_exist():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(re.findall(r"benchmarks/(bench_\w+\.py)", text))
    assert named and named <= {path.name for path in BENCHMARKS}
