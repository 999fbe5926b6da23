"""Signs of bias and facts in the report: tiers, corrected cells, settled verdicts only."""

import pytest
from support import reporting
from support.hostile import sentence_page

from review.bias.facts import FactCell
from review.tables.table import Table
from review.workflow.bias import facts, flags
from review.workflow.exports import automation, bias_tables
from review.workflow.exports.snapshot import snapshot_at
from review.workflow.fulltexts import attachments

LINES = [
    "2 Methods",
    "The deep learning model was trained on chest radiographs of pneumonia.",
    "A total of 1,204 patients were included in this retrospective study.",
    "We combined three publicly available datasets from Kaggle and GitHub.",
]


@pytest.fixture
def project(tmp_path):
    """Two reports: the first is included at its last stage, the second waits for appraisal."""
    opened = reporting.started(tmp_path / "r")
    reporting.bring(opened, "pubmed", range(1, 3), "2020-02-01")
    for n in (1, 2):
        for stage in reporting.STAGES[:2]:
            reporting.decide(opened, n, stage, "include", "2020-03-01")
    reporting.decide(opened, 1, reporting.STAGES[2], "include", "2020-03-03", who=("ada", "ben"))
    for n in (1, 2):
        attachments.attach_pdf(opened, n, f"{n}.pdf", sentence_page(LINES), "ada")
    return opened


def build(project):
    snapshot = snapshot_at(project)
    entries = automation.list_settled_entries(snapshot, "flag").values()
    return bias_tables.build_tables(snapshot, entries)


def find_rows(project, name):
    tables = {table.name: table for table in build(project)}
    return [dict(zip(tables[name].columns, row, strict=True)) for row in tables[name].rows]


def test_tables_come_with_the_search_for_flags_and_keep_the_tiers(project):
    assert build(project) == []
    found = flags.get_flags(project, 1)
    rows = find_rows(project, "bias-flags")
    tiers = [row["Tier"] for row in rows]
    assert tiers.count("Flag") == flags.count_flags(found)
    assert tiers.count("Look here") == sum(flag.tier == "look" for flag in found) <= 9
    assert LINES[3] in {row["Sentence"] for row in rows}
    assert len({row["Study"] for row in rows}) == 1
    place = next(flag for flag in found if flag.text == LINES[3])
    flags.judge_flag(project, 1, place, "dismiss", "ada")
    judged = [row for row in find_rows(project, "bias-flags") if row["Reviewers"]]
    assert [(row["Sentence"], row["Reviewers"]) for row in judged] == [(LINES[3], "dismissed")]


def test_a_corrected_fact_is_marked_and_stands_beside_the_characteristics(project):
    flags.get_flags(project, 1)
    table = Table("characteristics", "x", ("Record", "Study"), (("R000001", "A"), ("R000002", "B")))
    assert bias_tables.mark_corrected(snapshot_at(project), table) == table
    cell = next(one for one in flags.get_fact_cells(project, 1) if one.field == "patients")
    assert isinstance(cell, FactCell)
    facts.correct_fact(project, 1, cell, who="ben", value="1,210", page=2)
    row = next(row for row in find_rows(project, "facts") if row["Field"] == "Patients")
    assert (row["Value"], row["Corrected"], row["Found in the text"]) == ("1210", "yes", "1204")
    marked = bias_tables.mark_corrected(snapshot_at(project), table)
    assert marked.columns[-1] == "Facts corrected from the text"
    assert [one[-1] for one in marked.rows] == ["Patients: 1210 (corrected, p. 2)", None]
    assert "ben" not in str(marked.rows)
