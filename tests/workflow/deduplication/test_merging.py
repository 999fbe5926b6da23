"""The merged record of a report: the source of each field, and that it is named."""

import dataclasses

import pytest
from workflow.deduplication.test_run import ARTICLE, OTHER, PREPRINT, TWIN, bring, call
from workflow.screening.test_rescreening import draw, project

from review.dedupe import merge_records
from review.errors import StoreError
from review.formats.export import RECORD_WRITERS
from review.models import Record, StoredRecord
from review.workflow.deduplication import run as dedupe
from review.workflow.exports.records import ExportOptions, build_export

__all__ = ["project"]
LONG = "Background: pneumonia is common. Methods: we trained a network on 9,000 radiographs."


def stored(*records: Record) -> list[StoredRecord]:
    return [StoredRecord(n, f"R{n:06d}", 1, one) for n, one in enumerate(records, 1)]


def test_each_field_comes_from_the_first_source_that_gives_it_and_says_which():
    found = merge_records(
        stored(
            Record("scopus", title="A title of Scopus", year=2020, journal="Eur Radiol", issue="4"),
            Record("pubmed", title="A title of PubMed", year=None, pmid="77"),
            Record("embase", title="A title of Embase", year=2021, journal="European Radiology"),
        )
    )
    view = found.record
    assert (view.title, view.year, view.journal, view.issue, view.pmid) == (
        "A title of PubMed",
        2021,
        "European Radiology",
        "4",
        "77",
    )
    assert found.origin == {"title": 2, "pmid": 2, "year": 3, "journal": 3, "issue": 1}
    assert found.members == (2, 3, 1)


def test_a_much_fuller_abstract_is_preferred_and_lists_add_up():
    found = merge_records(
        stored(
            Record("pubmed", title="T", abstract="Cut short.", keywords=("lung",)),
            Record("scopus", title="T", abstract=LONG, keywords=("lung", "network")),
        )
    )
    assert (found.record.abstract, found.origin["abstract"]) == (LONG, 2)
    assert found.record.keywords == ("lung", "network")


def test_the_newest_version_of_a_preprint_speaks_first():
    one = Record("medrxiv", title="First title", version=1, doi="10.1101/2020.05.01.20087654")
    found = merge_records(stored(one, dataclasses.replace(one, version=2, title="Second title")))
    assert (found.record.title, found.record.version) == ("Second title", 2)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_the_order_of_records_does_not_matter(order):
    given = stored(ARTICLE, TWIN, dataclasses.replace(ARTICLE, source="scopus", abstract=LONG))
    assert merge_records([given[place] for place in order]) == merge_records(given)


def test_nothing_cannot_be_merged():
    with pytest.raises(ValueError, match="no records"):
        merge_records([])


def test_the_view_is_shown_by_the_command_the_page_and_the_export(project):
    twin = dataclasses.replace(TWIN, abstract=LONG)
    first, second, _, _ = bring(project, ARTICLE, twin, PREPRINT, OTHER)
    dedupe.run_deduplication(project, "ada")
    for key in (first, second):
        told = {one.name: (one.value, one.key) for one in dedupe.build_merged_view(project, key)}
        assert told["pmid"] == ("77", first)
        assert told["abstract"] == (LONG, second)
        assert told["journal"] == ("European Radiology", first)
    _, text = call(project, "merged", first)
    assert f"{LONG}  [{second}, embase]" in text
    app = draw(project, "record", key=second)
    [table] = [one.value for one in app.table if "From" in one.value]
    assert f"{first} (PubMed)" in list(table["From"])
    for form in RECORD_WRITERS:
        count = build_export(project, form, ExportOptions(unique=True)).n
        assert count == 3
    text = build_export(project, "ris", ExportOptions(unique=True)).data.decode()
    assert LONG in text and "European Radiology" in text and "Eur Radiol" not in text
    with pytest.raises(StoreError, match="R000099"):
        dedupe.build_merged_view(project, "R000099")


def test_a_record_alone_has_only_its_own_view(project):
    [key] = bring(project, OTHER)
    assert {one.key for one in dedupe.build_merged_view(project, key)} == {key}
    app = draw(project, "record", key=key)
    assert not [one for one in app.expander if "as one" in one.label]
