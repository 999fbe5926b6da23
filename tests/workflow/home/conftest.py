"""A home for each test: a copy of one that is made once, for making one takes seconds."""

import pytest
from support.homes import copy_home, make_home


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    """The folder of a home that nobody has open."""
    folder = tmp_path_factory.mktemp("homes") / "original"
    folder.mkdir()
    made = make_home(folder)
    made.reviews.close()
    made.reviews.home.store.close()
    return folder


@pytest.fixture
def home(original, tmp_path):
    """Mia leads "First", lea leads "Second"; dan reviews in "First". Mia is the administrator."""
    made = copy_home(original, tmp_path / "home")
    yield made
    made.reviews.close()
    made.reviews.home.store.close()
