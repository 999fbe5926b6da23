"""A small review with a set of phantom films, for the tests of image audits."""

import importlib.util
import sys
from pathlib import Path

from review.models import Record
from review.store import records
from review.store.timestamps import utc_now
from review.workflow.bias import flags
from review.workflow.imaging import registered_sets
from review.workflow.imaging.registered_sets import SetRequest
from review.workflow.setup.loading import init_project, open_project

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_phantoms.py"


def load_phantoms():
    """The script that draws phantoms."""
    spec = importlib.util.spec_from_file_location("make_phantoms", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    sys.modules["make_phantoms"] = script  # dataclasses look their module up
    spec.loader.exec_module(script)
    return script


def make_films(folder, *, patients=30, seed=5, faults_each=1):
    """films/, labels.csv and faults.csv."""
    load_phantoms().write_phantoms(folder, patients=patients, seed=seed, faults_each=faults_each)
    return folder


def make_project(folder):
    """A fresh review of ada, ben and cleo."""
    folder.mkdir(parents=True, exist_ok=True)
    init_project(folder)
    return open_project(folder, who="ada")


def add_films(project, films, *, name="nih", dataset="chestxray14"):
    """Adds the phantoms as a data set of the registry."""
    request = SetRequest(
        name=name, folder=films / "films", dataset=dataset, labels=films / "labels.csv"
    )
    return registered_sets.add_set(project, request, "ada")


def add_studies(project, count, dataset="chestxray14"):
    """Records of which each used the data set; gives their numbers."""
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="samples")
        rows = [
            (number, Record("samples", title=f"Study {number} of chest films", year=2020))
            for number in range(1, count + 1)
        ]
        added = records.add_records(conn, batch, rows, utc_now())
    for number in added.new:
        flags.settle_dataset(project, number, dataset, "confirm", "ada")
    return list(added.new)
