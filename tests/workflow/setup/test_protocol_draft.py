"""A protocol being changed: keys set in its text, faults with their place, two drafts joined."""

from datetime import date

import pytest
from support.small import studies

from review.errors import ProtocolError
from review.protocol.loading import read_keys
from review.resources import get_shipped_path
from review.workflow.setup.protocol_draft import (
    REMOVED,
    find_fault,
    find_shape_fault,
    get_value,
    join_lines,
    list_examples,
    merge_drafts,
    set_values,
    split_lines,
)

STARTER = (get_shipped_path("data") / "starter-protocol.yaml").read_text()


def test_one_key_changes_one_line():
    new = set_values(STARTER, {("stages", 1, "reviewers"): 3})
    assert new == STARTER.replace(
        "kind: eligibility                 # by full text; an exclusion needs a reason\n"
        "    reviewers: 2",
        "kind: eligibility                 # by full text; an exclusion needs a reason\n"
        "    reviewers: 3",
    )
    assert set_values(STARTER, {("search", "to"): date(2021, 2, 3)}) == STARTER.replace(
        "  imports: []", "  imports: []"
    ).replace("\n  #  - {file: embase.ris", "\n  to: 2021-02-03\n  #  - {file: embase.ris")


def test_what_leads_to_a_key_is_made_and_taken_away():
    new = set_values(STARTER, {("question_parts", "population"): "Adults"})
    assert "\nquestion_parts: {population: Adults}\n" in new
    assert new.index("question_parts:") < new.index("search:")
    assert set_values(new, {("question_parts",): REMOVED}) == STARTER
    assert set_values(STARTER, {("backups", "keep"): REMOVED}) == STARTER


def test_values_are_found_or_their_default():
    data = read_keys(STARTER)
    assert get_value(data, ("stages", 0, "reviewers")) == 2
    assert get_value(data, ("stages", 7, "reviewers"), 2) == 2
    assert get_value(data, ("title", "x"), "none") == "none"


@pytest.mark.parametrize("text", ["title: [", "- a list", "", "a: &x [*x]", "from: 2020-99-99"])
def test_a_text_without_keys_is_refused(text):
    with pytest.raises(ProtocolError, match=r"protocol\.yaml"):
        read_keys(text)


def test_a_wrong_kind_of_value_is_told_from_a_contradiction(tmp_path):
    project = studies(tmp_path, [])
    wrong = STARTER.replace("reviewers: 2  ", "reviewers: two  ", 1)
    contradicting = STARTER.replace("reviewers: 2  ", "reviewers: 4  ", 1)
    assert find_shape_fault(STARTER) is None and find_fault(project, STARTER) is None
    assert find_shape_fault(wrong).path == ("stages", 0, "reviewers")
    assert find_shape_fault(contradicting) is None
    fault = find_fault(project, contradicting)
    assert fault.path == ("stages", 0, "reviewers") and "line 27: stage" in str(fault)
    assert "line" not in fault.problem
    assert find_fault(project, STARTER.replace("title: M", "title: '  ' #")).path == ("title",)


def test_the_starters_examples_are_recognised_until_they_are_changed():
    assert ("search", "query") in list_examples(read_keys(STARTER))
    assert len(list_examples(read_keys(STARTER))) == 7
    changed = set_values(STARTER, {("search", "query"): "ct", ("criteria", "include"): []})
    left = list_examples(read_keys(changed))
    assert ("search", "query") not in left and ("criteria", "include") not in left
    assert len(left) == 5


@pytest.mark.parametrize("name", ["diagnostic-accuracy", "prediction-models"])
def test_the_examples_of_a_template_are_recognised_until_they_are_changed(name):
    path = get_shipped_path("data") / "templates" / f"{name}.yaml"
    text = set_values(path.read_text(encoding="utf-8"), {("title",): "Ours"})
    left = list_examples(read_keys(text))
    assert ("title",) not in left
    assert {("question",), ("search", "query"), ("criteria", "include")} <= set(left)
    written = set_values(text, {("question",): "How accurate is AI for tuberculosis?"})
    assert ("question",) not in list_examples(read_keys(written))


def test_changes_of_different_keys_are_joined():
    mine = set_values(STARTER, {("stages", 0, "reviewers"): 1, ("title",): "Mine"})
    theirs = STARTER.replace("seed: 1}", "seed: 2} # theirs")
    theirs = theirs.replace("pilot: 0 ", "pilot: 9 ")
    merged = merge_drafts(STARTER, mine, theirs)
    assert merged.clashes == ()
    assert merged.text == set_values(theirs, {("stages", 0, "reviewers"): 1, ("title",): "Mine"})
    assert "# theirs" in merged.text and "pilot: 9 " in merged.text


def test_the_same_key_changed_twice_is_a_clash_unless_both_agree():
    mine = set_values(STARTER, {("title",): "Mine"})
    theirs = set_values(STARTER, {("title",): "Theirs"})
    assert merge_drafts(STARTER, mine, theirs).clashes == ("title",)
    assert merge_drafts(STARTER, mine, theirs).text is None
    assert merge_drafts(STARTER, mine, theirs, mine_wins=True).text == mine
    assert merge_drafts(STARTER, mine, mine).text == mine


def test_a_list_whose_entries_came_or_went_clashes_with_a_change_within():
    mine = set_values(STARTER, {("stages", 0, "reviewers"): 1})
    theirs = set_values(STARTER, {("stages", 2): REMOVED})
    assert merge_drafts(STARTER, mine, theirs).clashes == ("stages.title-abstract.reviewers",)
    gone = set_values(STARTER, {("stages", 0): REMOVED})
    with pytest.raises(ProtocolError, match="has been removed"):
        merge_drafts(STARTER, mine, gone, mine_wins=True)


def test_lists_are_written_one_entry_on_a_line():
    assert split_lines("a\n\n  b  c \n- d\na\n") == ["a", "b c", "d"]
    assert join_lines(["a\nb", 3]) == "a b\n3"
    assert split_lines(join_lines(["x", "y z"])) == ["x", "y z"]
