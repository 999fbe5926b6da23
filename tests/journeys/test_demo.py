"""The demo review: its screening and appraisal are complete and add up."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import fill_demo  # noqa: E402
import make_demo_home  # noqa: E402

from review.store.records import parse_record_key  # noqa: E402
from review.workflow.home.open_reviews import OpenReviews  # noqa: E402
from review.workflow.home.reviews import list_own_reviews  # noqa: E402
from review.workflow.imaging import findings  # noqa: E402
from review.workflow.project import accounts  # noqa: E402
from review.workflow.setup.loading import open_project  # noqa: E402


def review(folder, *words):
    done = subprocess.run(
        [sys.executable, "-m", "review.cli", "-r", str(folder), "-u", "ada", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "review"
    shutil.copytree(ROOT / "data" / "demo", folder)
    review(folder, "import", folder / "embase.ris", folder / "scopus.csv")
    review(folder, "dedupe")
    review(folder, "import-decisions", folder / "decisions.csv")
    fill_demo.fill(folder)
    return folder


def test_what_is_settled_is_in_or_out_and_the_rest_waits(filled):
    boxes = json.loads(review(filled, "status", "--json"))
    out = sum(box["n"] for box in boxes["excluded_quality"])
    assert boxes["new_reports"] > 0 and out > 0
    assert boxes["new_reports"] + out >= fill_demo.SETTLED
    assert boxes["new_reports"] + out + boxes["waiting_quality"] == boxes["main"]["eligible"]


def test_its_reviewers_agree_in_most_and_not_in_all(filled):
    agreed = json.loads(review(filled, "appraise", "agreement", "claim-2020", "--json"))
    assert agreed["reports"] > 5
    assert 0.8 < agreed["pooled"][0]["value"] < 1


def test_each_paper_is_read_and_flagged(filled):
    said = review(filled, "attach", filled / "papers")
    assert f"{fill_demo.PAPERS} of {fill_demo.PAPERS} PDFs attached" in said
    assert review(filled, "read").split() == [str(fill_demo.PAPERS), "read"]
    assert f"Checked {fill_demo.PAPERS} PDFs" in review(filled, "flags")
    assert "covid_radiography" in review(filled, "datasets", "matrix")


def test_the_demos_reviews_are_in_one_home_with_its_three_accounts(filled, tmp_path):
    shutil.copytree(filled, tmp_path / "demo")
    home = make_demo_home.make_home(tmp_path)
    reviews = OpenReviews(home)
    for name in ("ada", "ben", "cleo"):
        assert accounts.sign_in(home, name, f"demo-{name}")
        (entry,) = list_own_reviews(home, name, reviews)
        assert (entry.review, entry.is_led) == ("demo", name == "ada") and entry.records > 100
    reviews.close()
    home.store.close()


def test_what_is_published_about_public_sets_stands_beside_the_studies_that_used_them(filled):
    listed = review(filled, "images", "findings")
    assert "97 show one" in listed and "94.3% was claimed" in listed and "CheXzero" in listed
    review(filled, "attach", filled / "papers")
    review(filled, "read")
    review(filled, "flags")
    project = open_project(filled)
    papers = [parse_record_key(paper.stem) for paper in (filled / "papers").glob("*.pdf")]
    beside = [findings.list_study_findings(project, paper) for paper in papers]
    # Papers that used the RSNA challenge, whose films come from ChestX-ray14.
    studies = [{finding.text for finding in found} for found in beside if found]
    about = {text for dataset, _, text in fill_demo.FINDINGS if dataset == "chestxray14"}
    assert len(studies) >= 2 and all(texts == about for texts in studies)
    assert len(studies) < len(papers)  # other papers used other data
