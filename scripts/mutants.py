"""Changes the pure steps one small fault at a time and counts how many the tests catch.

    python scripts/mutants.py --count 60 --seed 1 [--module review/stopping.py]

A mutant is one module with one operator, constant or condition changed. It lives in a copy of the
package, never in the repository. It is caught when a test of the module fails or runs far too long.
Survivors are printed with file, line and change: each is a sentence the tests do not say yet.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = {
    "review/agreement.py": "tests/test_agreement.py",
    "review/consensus.py": "tests/test_consensus.py",
    "review/screening.py": "tests/test_screening.py",
    "review/stopping.py": "tests/test_stopping.py",
    "review/identifiers.py": "tests/test_identifiers.py",
    "review/scoring/gates.py": "tests/scoring",
    "review/scoring/totals.py": "tests/scoring",
    "review/scoring/judgements.py": "tests/scoring",
    "review/prisma/counting.py": "tests/prisma",
    "review/prisma/validation.py": "tests/prisma",
    "review/dedupe/citation.py": "tests/dedupe/test_citation.py",
    "review/dedupe/names.py": "tests/dedupe/test_names.py",
    "review/query/parser.py": "tests/query",
    "review/bias/number_checks/arithmetic.py": "tests/bias/number_checks",
}
"""Module -> the tests that must catch its mutants."""
SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
SLOWER = 10
"""A run of the tests this many times longer than without a fault counts as caught."""


@dataclass(frozen=True)
class Mutant:
    """One change to one module."""

    module: str
    line: int
    before: str
    after: str
    source: str


def iter_mutants(module: str, text: str) -> Iterator[Mutant]:
    """Every mutant of a module. Decorators are left alone: whether a dataclass is frozen or has
    slots changes no result."""
    tree = ast.parse(text)
    decorators = {
        id(child)
        for node in ast.walk(tree)
        for decorator in getattr(node, "decorator_list", ())
        for child in ast.walk(decorator)
    }
    for index, node in enumerate(ast.walk(tree)):
        if id(node) in decorators or _change(copy.deepcopy(node)) is None:
            continue
        mutated = copy.deepcopy(tree)
        target = list(ast.walk(mutated))[index]
        before = ast.unparse(target)
        _change(target)
        line = getattr(node, "lineno", 0)
        yield Mutant(module, line, before, ast.unparse(target), ast.unparse(mutated))


def _change(node: ast.AST) -> ast.AST | None:
    """Changes a node in place and returns it; None if there is nothing to change in it."""
    if isinstance(node, ast.Compare):
        swap = SWAPS.get(type(node.ops[0]))
        if swap is None:
            return None
        node.ops[0] = swap()
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign):
        swap = SWAPS.get(type(node.op))
        if swap is None or _joins_text(node):
            return None
        node.op = swap()
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        node.value = not node.value
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        node.value += 1
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        node.test = ast.UnaryOp(ast.Not(), node.test)
    else:
        return None
    return node


def _joins_text(node: ast.AST) -> bool:
    """Whether an operation has a text in it: then a change gives a TypeError at once."""
    texts = (ast.JoinedStr, ast.Constant)
    return any(
        isinstance(child, texts) and not isinstance(getattr(child, "value", None), int | float)
        for child in ast.iter_child_nodes(node)
    )


def copy_repository(folder: Path) -> None:
    """A copy of the package, with links to all else that tests read."""
    shutil.copytree(ROOT / "review", folder / "review", ignore=shutil.ignore_patterns("*.pyc"))
    for path in ROOT.iterdir():
        if path.name not in ("review", ".git") and not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)


def run_tests(folder: Path, tests: str, limit: float | None = None) -> bool:
    """Whether the tests pass on the package in a folder."""
    options = ["-x", "-q", "-o", "addopts=", "--import-mode=importlib", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, tests]
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main() -> None:
    """Runs a sample and prints the share caught."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--count", type=int, default=60, help="mutants in the sample")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--module", action="append", help="only this module; can be repeated")
    arguments = parser.parse_args()
    modules = arguments.module or sorted(TESTS)
    mutants = [
        mutant for module in modules for mutant in iter_mutants(module, (ROOT / module).read_text())
    ]
    sample = random.Random(arguments.seed).sample(mutants, min(arguments.count, len(mutants)))
    survivors = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_repository(folder)
        limits: dict[str, float] = {}
        for mutant in sorted(sample, key=lambda mutant: (mutant.module, mutant.line)):
            tests, path = TESTS[mutant.module], folder / mutant.module
            if tests not in limits:
                start = time.monotonic()
                if not run_tests(folder, tests):
                    raise SystemExit(f"{tests} fail without a fault; mend that first.")
                limits[tests] = SLOWER * (time.monotonic() - start)
            original = path.read_text()
            path.write_text(mutant.source)
            if run_tests(folder, tests, limits[tests]):
                survivors.append(mutant)
                before, after = mutant.before.splitlines()[0], mutant.after.splitlines()[0]
                print(f"survived  {mutant.module}:{mutant.line}  {before} -> {after}", flush=True)
            path.write_text(original)
    caught = len(sample) - len(survivors)
    print(
        f"{caught} of {len(sample)} mutants caught ({caught / len(sample):.0%}), "
        f"seed {arguments.seed}, out of {len(mutants)} possible"
    )


if __name__ == "__main__":
    main()
