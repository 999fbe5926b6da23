"""What all tests share: the folder of genuine samples beside the checkout."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of genuine samples, facts and benchmarks that stands beside the checkout."""
    if not SHARED.is_dir():
        pytest.fail(f"the shared folder is absent: expected it beside the checkout, at {SHARED}")
    return SHARED
