"""Every genuine sample gives the figures of the table that the repository keeps."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "check_samples.py"


@pytest.fixture(scope="module")
def check_samples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_samples", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_samples_give_the_figures_of_the_table(
    corpora: Path, check_samples: ModuleType
) -> None:
    rows = check_samples.describe_samples(corpora)
    assert len(rows) > 50
    assert check_samples.find_differences(rows, check_samples.read_table()) == []


def test_a_difference_is_said_with_the_file_and_both_figures(check_samples: ModuleType) -> None:
    expected = check_samples.read_table()
    name, row = next(iter(expected.items()))
    lines = check_samples.find_differences([row | {"records": "99"}], {name: row, "gone.ris": row})
    assert lines == [
        f"{name}: records 99, expected {row['records']}",
        "gone.ris: in the table, but not in the folder",
    ]
