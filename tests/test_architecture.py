"""The architecture: import rings, one place per library, and the size of files and functions."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RINGS = [
    {"errors"},
    {"models", "resources", "text"},
    {"identifiers"},
    {"protocol", "checklists", "query"},
    {"accuracy", "agreement"},
    {
        "dedupe",
        "screening",
        "ranking",
        "imaging",
        "stopping",
        "scoring",
        "consensus",
        "bias",
        "prisma",
    },
    {"formats", "store"},
    {"sources", "fulltext", "figures", "tables", "mail", "site"},
    {"parallel"},
    {"workflow", "tools"},
    {"pages", "web"},
    {"cli", "api"},
]
HOMES = {
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "requests": {"sources"},
    "Bio": {"formats"},
    "pdfplumber": {"fulltext"},
    "pypdfium2": {"fulltext"},
    "spacy": {"bias"},
    "sklearn": {"ranking", "imaging"},
    "PIL": {"imaging", "fulltext", "pages"},
    "pydicom": {"imaging"},
    "torch": {"imaging"},
    "rapidfuzz": {"dedupe"},
    "typer": {"cli"},
    "rich": {"cli"},
    "streamlit": {"pages", "web"},
    "starlette": {"web"},
    "pandas": {"tables", "formats", "pages"},
    "yaml": {"text", "protocol", "checklists", "bias"},
    "pydantic": {"protocol", "checklists", "bias"},
    "docx": {"tables"},
    "anyascii": {"tables"},
    "vl_convert": {"figures"},
    "pikepdf": {"figures"},
    "argon2": {"workflow"},
    "cryptography": {"workflow"},
    "authlib": {"web"},
    "smtplib": {"mail"},
}
FILES = sorted((ROOT / "review").rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT / "review").parts
    return parts[0].removesuffix(".py")


def ring_of(module: str) -> int:
    found = [number for number, ring in enumerate(RINGS) if module in ring]
    assert found, f"{module} stands in no ring: add it to RINGS and to the architecture page"
    return found[0]


def imported(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names += (
                [f"review.{alias.name}" for alias in node.names]
                if node.module == "review"
                else [str(node.module)]
            )
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_imports_only_from_lower_rings(path):
    module = module_of(path)
    if module in ("__init__", "_shipped"):
        return
    for name in imported(path):
        parts = name.split(".")
        if path.name == "serve.py" and name == "review.web.server":
            continue  # the one command that starts the app
        if parts[0] == "review" and len(parts) > 1 and parts[1] not in (module, "errors"):
            assert ring_of(parts[1]) < ring_of(module), f"{path.name} imports review.{parts[1]}"
        home = HOMES.get(parts[0])
        if home is not None:
            assert module in home, f"{path.name} imports {parts[0]}, whose home is {home}"


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def graph_of_imports() -> dict[str, set[str]]:
    """Module -> the modules it imports when it is loaded (imports within functions left out)."""
    names = {name_of(path) for path in FILES}
    graph: dict[str, set[str]] = {}
    for path in FILES:
        targets = set()
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    targets.add(full if full in names else str(node.module))
            elif isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names}
        graph[name_of(path)] = targets & names - {name_of(path)}
    return graph


def test_a_module_is_understood_after_few_others():
    graph = graph_of_imports()
    depths: dict[str, int] = {}

    def measure(name: str, chain: tuple[str, ...]) -> int:
        assert name not in chain, f"imports go in a circle: {chain}"
        if name not in depths:
            below = [measure(target, (*chain, name)) for target in graph[name]]
            depths[name] = 1 + max(below, default=0)
        return depths[name]

    longest = max(graph, key=lambda name: measure(name, ()))
    assert depths[longest] <= 12, f"{longest} stands on a chain of {depths[longest]} modules"


def test_no_two_steps_of_the_workflow_import_each_other():
    pairs = set()
    for path in (ROOT / "review" / "workflow").rglob("*.py"):
        step = path.relative_to(ROOT / "review" / "workflow").parts[0]
        for name in imported(path):
            parts = name.split(".")
            if parts[:2] == ["review", "workflow"] and len(parts) > 2 and parts[2] != step:
                pairs.add((step, parts[2]))
    assert [pair for pair in sorted(pairs) if pair[::-1] in pairs] == []


def test_no_function_takes_six_values_by_position():
    too_many = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in FILES
        if path.parent.name != "cli"  # typer hands a command its options by name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and len([arg for arg in node.args.posonlyargs + node.args.args if arg.arg != "self"]) >= 6
    ]
    assert too_many == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_keep_a_fair_size(path):
    text = path.read_text()
    if path.parent.name == "versions":
        return  # a migration is frozen history, written by a tool
    assert len(text.splitlines()) <= 800
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            statements = sum(isinstance(child, ast.stmt) for child in ast.walk(node)) - 1
            assert statements <= 45, f"{node.name} has {statements} statements"


def test_the_command_line_helps_fast():
    import subprocess
    import sys

    heavy = "pandas spacy sklearn streamlit sqlalchemy pdfplumber Bio requests scipy docx openpyxl"
    code = (
        "import sys, review.cli\n"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


@pytest.mark.parametrize(
    "module",
    ["review.workflow.appraisal.forms", "review.workflow.screening.status", "review.screening"],
)
def test_screening_and_appraisal_do_not_load_the_libraries_of_deduplication(module):
    import subprocess
    import sys

    code = (
        f"import sys, {module}\n"
        "print([name for name in ('numpy', 'rapidfuzz', 'review.dedupe') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert run.stdout.strip() == "[]", run.stdout + run.stderr


def test_the_migrations_follow_one_another():
    """Two migrations of one number, or with one before them, would leave no store that opens."""
    folder = ROOT / "review" / "store" / "migrations" / "versions"
    numbers = [path.name[:4] for path in sorted(folder.glob("0*.py"))]
    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]
    for number, before, path in zip(
        numbers, [None, *numbers], sorted(folder.glob("0*.py")), strict=False
    ):
        text = path.read_text()
        assert f'revision = "{number}"' in text, path.name
        named = f'down_revision = "{before}"' if before else "down_revision = None"
        assert named in text, path.name
    text = (ROOT / "review" / "store" / "__init__.py").read_text()
    assert f'HEAD_REVISION = "{numbers[-1]}"' in text
