"""Phantoms for the tests of image audits; nothing outside the clone is needed."""

import importlib.util
import sys
from pathlib import Path

import pytest

from review.imaging.manifest import check_images

# PyTorch is an extra that `make setup` leaves out.
collect_ignore = [] if importlib.util.find_spec("torch") else ["test_network_learning.py"]
SCRIPT = Path(__file__).parents[2] / "scripts" / "make_phantoms.py"


@pytest.fixture(scope="session")
def phantoms():
    """The script that draws phantoms."""
    spec = importlib.util.spec_from_file_location("make_phantoms", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_phantoms"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def clean_films(phantoms, tmp_path_factory):
    """A folder of 60 patients' films and tables without a fault."""
    folder = tmp_path_factory.mktemp("clean")
    phantoms.write_phantoms(folder, patients=60, seed=3, faults_each=0)
    return folder


@pytest.fixture(scope="session")
def clean_check(clean_films):
    return check_images(clean_films / "films")


@pytest.fixture(scope="session")
def clean_patients(clean_check):
    return [entry.path[:5] for entry in clean_check.readable]
