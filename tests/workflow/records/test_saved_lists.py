"""Saved lists of records: whose they are, and that opening one shows nobody more than before."""

import pytest
from support.small import studies

from review.errors import ReviewError
from review.models import Record
from review.workflow.records import saved_lists
from review.workflow.records.record_list import RecordFilter

MAYBES = RecordFilter(mine="unsure", stage="title-abstract", sort="year")


@pytest.fixture
def project(tmp_path):
    return studies(tmp_path, [Record("embase", title="Study 1")])


def names(project, who):
    return [(one.who, one.name) for one in saved_lists.list_saved(project, who)]


def test_a_list_is_its_makers_unless_shared_and_comes_back_as_saved(project):
    saved_lists.save_list(project, "ada", "  My  maybes ", MAYBES, shared=False)
    saved_lists.save_list(project, "ben", "With PDF", RecordFilter(has_pdf=True), shared=True)
    assert names(project, "ada") == [("ada", "My maybes"), ("ben", "With PDF")]
    assert names(project, "ben") == [("ben", "With PDF")]
    mine = saved_lists.list_saved(project, "ada")[0]
    assert dict(mine.filters) == {"mine": "unsure", "stage": "title-abstract", "sort": "year"}
    assert saved_lists.build_filter(mine.filters, {}) == (MAYBES, True)


def test_saving_again_replaces_and_a_list_can_stop_being_shared(project):
    saved_lists.save_list(project, "ada", "List", MAYBES, shared=True)
    saved_lists.save_list(project, "ada", "List", RecordFilter(words="ct"), shared=False)
    assert names(project, "ben") == []
    (only,) = saved_lists.list_saved(project, "ada")
    assert saved_lists.build_filter(only.filters, {})[0] == RecordFilter(words="ct")


def test_only_its_maker_renames_and_deletes_a_list(project):
    saved_lists.save_list(project, "ada", "Old", MAYBES, shared=True)
    saved_lists.save_list(project, "ada", "Other", MAYBES, shared=False)
    for act in (
        lambda: saved_lists.rename_list(project, "ben", "Old", "New"),
        lambda: saved_lists.delete_list(project, "ben", "Old"),
        lambda: saved_lists.rename_list(project, "ada", "Gone", "New"),
    ):
        with pytest.raises(ReviewError, match="You have no saved list named"):
            act()
    with pytest.raises(ReviewError, match="already have a list named 'Other'"):
        saved_lists.rename_list(project, "ada", "Old", "Other")
    assert saved_lists.rename_list(project, "ada", "Old", "Old") == "Old"
    assert saved_lists.rename_list(project, "ada", "Old", "New") == "New"
    assert names(project, "ben") == [("ada", "New")]
    saved_lists.delete_list(project, "ada", "New")
    assert names(project, "ben") == [] and names(project, "ada") == [("ada", "Other")]
    saved_lists.save_list(project, "ada", "New", MAYBES, shared=False)
    assert ("ada", "New") in names(project, "ada")


def test_a_name_must_be_readable(project):
    for name, message in ((" ", "Enter a name of the list"), ("x" * 61, "61 characters")):
        with pytest.raises(ReviewError, match=message):
            saved_lists.save_list(project, "ada", name, MAYBES, shared=False)


def test_what_is_not_offered_to_the_reader_is_left_out(project):
    filters = {"tag": "of ben", "stage": "title-abstract", "words": "ct", "unknown": 3}
    options = {"tag": [None, "mine"], "stage": [None, "title-abstract"]}
    found = saved_lists.build_filter(filters, options)
    assert found == (RecordFilter(stage="title-abstract", words="ct"), False)
    assert saved_lists.build_filter({"tag": "mine"}, options) == (RecordFilter(tag="mine"), True)
    assert saved_lists.build_filter({"words": ["x"]}, options) == (RecordFilter(), False)
