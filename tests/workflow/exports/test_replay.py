"""The founding review replayed: every published number is reproduced, and no other is claimed."""

import csv
import re
import shutil
from pathlib import Path

import pytest
from support import figures
from typer.testing import CliRunner

from review.cli import app
from review.errors import FlowError, ReviewError
from review.figures.prisma import draw_flow_diagram
from review.prisma import get_total, validate
from review.store import records
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.exports import replay, snapshot
from review.workflow.exports.display_names import DISPLAY_NAMES
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.setup.loading import open_project

DATA = Path(__file__).parents[3] / "data" / "roberts2021"


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    return replay.replay_review(DATA, tmp_path_factory.mktemp("roberts") / "review")


def test_every_verified_box_gives_the_published_number(replayed):
    found = {one.box: one.computed for one in replayed[1]}
    assert (found["identified"], found["after initial screening"]) == (2212, 415)
    assert (found["included"], found["high in some domain"]) == (62, 55)
    kinds = ("deep learning", "traditional", "hybrid")
    assert sum(found[f"included {kind}"] for kind in kinds) == 62
    assert [found[f"participants {level}"] for level in ("high", "unclear", "low")] == [45, 11, 6]


def test_the_other_boxes_are_not_published_here(replayed):
    told = {one.box for one in replayed[1] if one.published is None}
    assert told == {
        "identified by source",
        "duplicates",
        "screened",
        "excluded on title and abstract",
        "excluded on full text",
        "excluded at the quality gate",
    }
    assert all(one.computed is None for one in replayed[1] if one.published is None)


def test_the_flow_sums_by_the_published_totals(replayed):
    flow = validate(compute_flow(replayed[0]))
    assert [one.n for one in flow.joints] == [1797, 353]
    assert flow.main.screened.n is None and get_total(flow.main.excluded_screening) is None
    assert flow.main.waiting_screening.n == flow.waiting_quality.n == 0


def test_the_figure_says_what_was_not_published(replayed):
    now = snapshot.snapshot_at(replayed[0])
    svg = draw_flow_diagram(now.flow, names=DISPLAY_NAMES)
    assert figures.collisions(svg) == []
    told = figures.all_text(svg)
    assert "Duplicate records removed (not published here)" in told
    assert "Reports assessed for eligibility (not published here)" in told
    assert "Deep learning (n = 37)" in told
    assert "together (n = 1,797)" in told


def test_unnamed_records_carry_a_stage_and_a_reason_and_nothing_invented(replayed):
    with replayed[0].store.read() as conn:
        every = [one.record for one in records.iter_records(conn)]
    unnamed = [one for one in every if "unnamed" in one.extra]
    assert (len(every), len(unnamed)) == (2212, 2206)
    for one in unnamed:
        assert re.fullmatch(r"unnamed-\d{4}", one.source_id)
        assert not (one.title or one.authors or one.doi or one.arxiv_id or one.abstract or one.year)


def test_no_unverified_number_stands_in_the_data():
    with (DATA / "published.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert all(not row["n"] for row in rows if row["status"] not in replay.CHECKED_STATUSES)


def test_bias_of_the_replay_stands_in_table_and_figure(replayed):
    from review.workflow.exports import appraisals

    now = snapshot.snapshot_at(replayed[0])
    one = get_checklist(replayed[0], "probast-2019")
    found = appraisals.InstrumentForms(
        one, snapshot.collect_consensus_forms(now, one, now.included)
    )
    table = next(t for t in appraisals.build_tables(now, found) if t.name.endswith("judgements"))
    at = table.columns.index("Participants")
    column = [row[at] for row in table.rows]
    assert [column.count(level) for level in ("high", "unclear", "low")] == [45, 11, 6]
    assert [row[table.columns.index("Overall")] for row in table.rows].count("high") == 55
    from review.figures.judgements import draw_summary

    shown = figures.all_text(
        draw_summary(appraisals.build_rows(now, found), appraisals.list_judgement_columns(one))
    )
    assert "+ 6" in shown and "? 11" in shown and "− 45" in shown and "− 55" in shown


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("identified,2212", "identified,2213", "identified: 2212 calculated, 2213 published"),
        (
            "participants high,45",
            "participants high,44",
            "participants high: 45 calculated, 44 published",
        ),
        (
            "duplicates,,unverified",
            "duplicates,62,article",
            "duplicates: None calculated, 62 published",
        ),
        ("included,62", "included,61", "included: 62 calculated, 61 published"),
        ("identified,2212", "identifed,2212", "identifed"),
    ],
)
def test_a_box_that_differs_fails_loudly(replayed, old, new, says):
    text = (DATA / "published.csv").read_text()
    assert old in text
    rows = list(csv.DictReader(text.replace(old, new, 1).splitlines()))
    with pytest.raises((FlowError, ReviewError), match=re.escape(says)):
        replay.compare_boxes(snapshot.snapshot_at(replayed[0]), rows)


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("judgements.csv", "39,high", "38,high", "judgements.csv has 55"),
        ("unnamed.csv", "exclude,,,,", "maybe,,,,", "not a valid decision"),
        ("unnamed.csv", "1797", "many", "not a count"),
    ],
)
def test_data_that_do_not_hold_together_are_refused(tmp_path, name, old, new, says):
    data = tmp_path / "data"
    shutil.copytree(DATA, data)
    text = (data / name).read_text()
    assert old in text
    (data / name).write_text(text.replace(old, new, 1))
    with pytest.raises(ReviewError, match=re.escape(says)):
        replay.read_papers(data)
    (data / name).unlink()
    with pytest.raises(ReviewError, match="cannot be read"):
        replay.read_papers(data)


def test_a_paper_too_few_is_named_by_its_box(tmp_path):
    data = tmp_path / "data"
    shutil.copytree(DATA, data)
    text = (data / "unnamed.csv").read_text()
    (data / "unnamed.csv").write_text(text.replace("1797", "1796"))
    with pytest.raises(FlowError, match="identified: 2211 calculated, 2212 published"):
        replay.replay_review(data, tmp_path / "out")


def test_a_folder_in_use_is_not_written_over(replayed):
    with pytest.raises(ReviewError, match="already"):
        replay.replay_review(DATA, replayed[0].folder)


def test_the_command_prints_the_funnel_and_leaves_the_figures(tmp_path):
    out = tmp_path / "r"
    done = CliRunner().invoke(app, ["replay", str(DATA), "--out", str(out)])
    assert done.exit_code == 0, done.output
    for words in ("2,212", "415", "62", "not published here", "2,206 of 2,212 papers are unnamed"):
        assert words in done.output
    names = {path.name for path in (out / "reports").iterdir()}
    assert {"prisma.svg", "prisma.png", "prisma.pdf", "prisma.csv", "prisma.mmd"} <= names
    again = open_project(out)
    assert validate(compute_flow(again)).new_studies.n == 62
