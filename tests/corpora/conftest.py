"""Tests on genuine files, which may not be part of the repository: `make test-corpora`.

The environment variable CORPORA names their folder. Without it, nothing here is collected.
"""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of genuine samples, facts and benchmarks."""
    folder = Path(os.environ["CORPORA"])
    if not folder.is_dir():
        pytest.fail(f"CORPORA names {folder.absolute()}, which is not a folder")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.corpora)
