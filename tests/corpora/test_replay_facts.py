"""The founding review replayed: its numbers agree with the publication."""

import csv
import re
from pathlib import Path

import pytest
import yaml

from review.workflow.exports import replay

DATA = Path(__file__).parents[2] / "data" / "roberts2021"


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    return replay.replay_review(DATA, tmp_path_factory.mktemp("roberts") / "review")


@pytest.fixture(scope="module")
def facts(corpora):
    return yaml.safe_load((corpora / "reference/roberts2021/facts.yaml").read_text())


def test_every_verified_box_gives_the_published_number(replayed, facts):
    found = {one.box: one.computed for one in replayed[1]}
    funnel, people = facts["funnel"], facts["probast"]["participants"]
    press = facts["press"]["high_risk_of_bias_in_some_domain"]
    assert found["identified"] == funnel["identified"]["n"] == 2212
    assert found["after initial screening"] == funnel["after_initial_screening"]["n"] == 415
    assert found["included"] == funnel["included"]["n"] == press["of"] == 62
    for kind in ("deep_learning", "traditional", "hybrid"):
        assert found[f"included {kind.replace('_', ' ')}"] == funnel[f"included_{kind}"]["n"]
    assert [found[f"participants {level}"] for level in ("high", "unclear", "low")] == [
        people["high"],
        people["unclear"],
        people["low"],
    ]
    assert found["high in some domain"] == press["n"] == 55


def test_named_papers_are_those_of_the_published_table(replayed, corpora):
    path = corpora / "reference/roberts2021/included_papers.csv"
    with path.open() as file:
        theirs = {row["ref_no"]: row for row in csv.DictReader(file) if row["model_type"]}
    with (corpora / "reference/roberts2021/reference_flags.csv").open() as file:
        flagged = {row["ref_no"] for row in csv.DictReader(file) if "1" in list(row.values())[1:]}
    with (DATA / "included.csv").open() as file:
        ours = {row["id"].removeprefix("roberts-ref-"): row for row in csv.DictReader(file)}
    assert set(ours) == set(theirs) <= flagged
    for number, row in ours.items():
        if "not confirmed" in row["identifier_is"]:
            assert theirs[number]["identifier_status"].startswith("candidate")
            assert not row["doi"] and not row["arxiv_id"]
        else:
            assert row["arxiv_id"] in theirs[number]["identifier"]
            assert row["doi"] in theirs[number]["identifier"]


def test_no_unverified_number_stands_in_the_data(facts):
    with (DATA / "published.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert all(not row["n"] for row in rows if row["status"] not in replay.CHECKED_STATUSES)
    numbers = {one["n"] for one in facts["unverified"] if "n" in one and one["n"] > 99}
    text = "".join(path.read_text() for path in sorted(DATA.iterdir())).replace(",", "")
    for number in sorted(numbers):
        assert not re.search(rf"(?<![\d.]){number}(?![\d.])", text), number
