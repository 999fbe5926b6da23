"""PRISMA 2020 and PRISMA-DTA have their published items; what the log knows is filled in."""

from dataclasses import replace

import pytest
from support.appraising import review_in

from review.workflow.exports import prisma_checklists
from review.workflow.exports.methods_text import collect_checklist_facts
from review.workflow.exports.prisma_checklists import PRISMA_2020, PRISMA_DTA
from review.workflow.exports.prisma_s import AUTHORS_PLACEHOLDER
from review.workflow.exports.snapshot import snapshot_at


@pytest.fixture
def snapshot(tmp_path):
    return snapshot_at(review_in(tmp_path))


def test_the_lists_have_the_published_items():
    numbers = [number for number, *_ in PRISMA_2020]
    assert len(numbers) == len(set(numbers)) == 42
    assert {number.rstrip("abcdef") for number in numbers} == {str(n) for n in range(1, 28)}
    numbers = [number for number, *_ in PRISMA_DTA]
    assert len(numbers) == len(set(numbers)) == 27
    assert {"D1", "D2"} < set(numbers)
    assert not {"15", "22"} & set(numbers)


def test_every_fact_of_an_item_is_collected_and_used(snapshot):
    facts = collect_checklist_facts(snapshot)
    asked = {fact for _, _, fact in (*PRISMA_2020, *PRISMA_DTA) if fact}
    assert asked == set(facts)


def test_what_the_log_does_not_know_is_left_to_the_authors_and_counted(snapshot):
    table = prisma_checklists.build_prisma_checklist(collect_checklist_facts(snapshot))
    rows = {row[0]: row for row in table.rows}
    assert rows["1"][2:] == ("Imaging AI", "protocol.yaml")
    assert rows["9"][2] == "Form: Data extraction after Roberts 2021, Table 2"
    assert "Imaging modality" in rows["10b"][2]
    assert rows["12"][2:] == rows["23a"][2:] == (AUTHORS_PLACEHOLDER, None)
    left = sum(row[2] == AUTHORS_PLACEHOLDER for row in table.rows)
    assert table.notes[0].startswith(f"{42 - left} of 42 items are filled in")


@pytest.mark.parametrize(
    ("tools", "accuracy", "shown"),
    [(("claim-2020",), None, False), (("quadas-2",), None, True), ((), "accuracy-2x2", True)],
)
def test_prisma_dta_belongs_to_reviews_of_diagnostic_accuracy(snapshot, tools, accuracy, shown):
    protocol = snapshot.project.protocol
    plan = replace(protocol.appraisal, tools=tools, gates=(), accuracy=accuracy)
    protocol = replace(protocol, appraisal=plan)
    facts = collect_checklist_facts(snapshot)
    table = prisma_checklists.build_prisma_dta_checklist(protocol, facts)
    assert (table is not None) == shown
