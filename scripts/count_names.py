"""Counts how the code reads: names of functions and classes, the import chain, tests per code line.

    python scripts/count_names.py [FOLDER]

Prints the share of function names of one word, the share that begins with a participle, public
class names used twice, import cycles, the longest import chain, and test lines per code line.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

PARTICIPLE = re.compile(
    r"(told|said|kept|shown|given|found|left|held|drawn|sought|written|made|seen|taken"
    r"|[a-z]{3,}ed|[a-z]{3,}ing)(_|$)"
)
NOT_PARTICIPLES = {
    *("need", "feed", "seed", "embed", "exceed", "proceed", "speed"),
    *("bring", "string", "ranking", "screening", "warning", "training", "setting", "heading"),
}


def main() -> None:
    """Prints the counts."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((root / "review").rglob("*.py"))
        if "migrations" not in path.parts
    }
    names = list_function_names(trees.values())
    one_word = [name for name in names if "_" not in name.strip("_")]
    participles = [name for name in names if begins_with_participle(name)]
    print(f"functions: {len(names)}")
    print(f"names of one word: {len(one_word) / len(names):.1%}")
    print(f"names that begin with a participle: {len(participles) / len(names):.1%}", end="")
    print(f" ({', '.join(sorted(set(participles))) or 'none'})")
    repeated = list_repeated_classes(trees.values())
    print(f"public class names used twice: {len(repeated)} ({', '.join(repeated) or 'none'})")
    graph = build_import_graph(root, trees)
    print(f"longest import chain: {' > '.join(find_longest_chain(graph))}")
    tests = sum(count_lines(path) for path in (root / "tests").rglob("*.py"))
    print(f"test lines per code line: {tests / sum(map(count_lines, trees)):.2f}")


def list_function_names(trees: Iterable[ast.Module]) -> list[str]:
    """The names of all functions and methods, those that Python itself calls left out."""
    return [
        node.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("__")
    ]


def begins_with_participle(name: str) -> bool:
    """Whether a name begins with a word such as 'told' or 'sorting'."""
    first = name.strip("_").split("_")[0]
    return first not in NOT_PARTICIPLES and PARTICIPLE.match(first) is not None


def list_repeated_classes(trees: Iterable[ast.Module]) -> list[str]:
    """Public class names that two modules define."""
    counts = Counter(
        node.name
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    return sorted(name for name, count in counts.items() if count > 1)


def build_import_graph(root: Path, trees: dict[Path, ast.Module]) -> dict[str, set[str]]:
    """Module -> the modules it imports when it is loaded (imports within functions left out)."""
    modules = {name_module(root, path): tree for path, tree in trees.items()}
    graph: dict[str, set[str]] = {}
    for name, tree in modules.items():
        targets = set()
        for node in tree.body:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    targets.add(inner if inner in modules else str(node.module))
            elif isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names}
        graph[name] = targets & set(modules) - {name}
    return graph


def name_module(root: Path, path: Path) -> str:
    """The module's dotted name."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def find_longest_chain(graph: dict[str, set[str]]) -> list[str]:
    """The longest chain of imports, from its top. Raises ValueError if imports go in a circle."""
    chains: dict[str, list[str]] = {}

    def follow(name: str, above: tuple[str, ...]) -> list[str]:
        if name in above:
            raise ValueError(f"imports go in a circle: {' > '.join((*above, name))}")
        if name not in chains:
            below = [follow(target, (*above, name)) for target in sorted(graph[name])]
            chains[name] = [name, *max(below, key=len, default=[])]
        return chains[name]

    return max((follow(name, ()) for name in sorted(graph)), key=len, default=[])


def count_lines(path: Path) -> int:
    """The lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    main()
