"""Checklists load and agree with the published facts; mistakes are reported with their line."""

import re
from pathlib import Path

import pytest

from review.checklists import (
    find_question,
    format_answer,
    list_available,
    list_items,
    list_questions,
    load_checklist,
    read_answer,
    read_points,
)
from review.checklists.loading import parse_checklist
from review.errors import ChecklistError
from review.resources import get_shipped_path
from review.workflow.appraisal.scoring import describe_checklist

SHIPPED = list_available([get_shipped_path("checklists")])
SMALL = """\
id: ours
title: Our list
short: Ours
edition: "1"
kind: quality
licence: ours
item_count: 2
answer_sets:
  yn:
    - {id: "yes", label: "Yes", means: met, key: "Y"}
    - {id: "no", label: "No", means: unmet, key: "N"}
default_answers: yn
sections:
  - id: one
    title: One
    items:
      - {id: a, number: 1, name: A, question: Is it a?}
      - {id: b, number: 2, name: B, question: Is it b?}
scores:
  - {id: total, title: Total, kind: count, primary: true, max: 2}
"""


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_shipped_checklist_loads_with_its_licence(name: str) -> None:
    checklist = load_checklist(SHIPPED[name])
    assert checklist.id == name
    assert len(list_items(checklist)) == checklist.item_count
    assert "(MIT)" in checklist.licence
    assert len(checklist.digest) == 64


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_item_has_guidance_of_its_own_and_cue_phrases(name: str) -> None:
    every = list_items(load_checklist(SHIPPED[name]))
    assert [one.number for one in every if len(one.guidance.split()) < 4 or not one.cues] == []
    assert [one.number for one in every if one.guidance == one.question] == []


def asked_item(name: str, number: str):
    return next(i for i in list_items(load_checklist(SHIPPED[name])) if i.number == number)


@pytest.mark.parametrize(
    "name",
    ["probast-2019", "probast-ai-development", "probast-ai-evaluation", "quadas-2", "quadas-3"],
)
def test_bias_tools_have_four_domains_three_with_applicability(name: str) -> None:
    checklist = load_checklist(SHIPPED[name])
    assert [bool(s.judgement) for s in checklist.sections] == [True] * 4
    assert [bool(s.applicability) for s in checklist.sections] == [True, True, True, False]
    assert not checklist.scores


CIRCLE = """\
facts:
  - {id: x, name: X, question: "X?", answers: yn, applies_if: {y: ["yes"]}}
  - {id: y, name: Y, question: "Y?", answers: yn, applies_if: {x: ["yes"]}}
sections:"""


def test_charms_has_35_items_in_eleven_domains_and_no_score() -> None:
    checklist = load_checklist(SHIPPED["charms"])
    sizes = [len(section.items) for section in checklist.sections]
    assert sizes == [1, 4, 6, 5, 2, 3, 5, 2, 2, 3, 2]
    assert not checklist.scores
    assert all(item.choose == "text" for item in list_items(checklist))


def test_clear_has_58_items() -> None:
    assert [i.number for i in list_items(load_checklist(SHIPPED["clear"]))] == [
        str(n) for n in range(1, 59)
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("kind: quality", "kind: qualty"), "line 5: 'kind'.*Did you mean 'quality'"),
        (("question: Is it b?", "qestion: Is it b?"), "line 18.*Did you mean 'question'"),
        (("name: B, ", ""), "line 18: 'sections.1.items.2.name' is missing"),
        (("number: 2", "number: 3"), "gap: 2 is missing"),
        (("number: 2", "number: 1"), "number 1 appears twice"),
        (("number: 2", "number: 4.10"), "line 18.*Put it in quotes: '4.10'"),
        (("item_count: 2", "item_count: 3"), "line 7: 'item_count': says 3, but there are 2"),
        (('id: "yes"', "id: yes"), "line 10: .*bare yes.*Put it in quotes: 'yes'"),
        (("default_answers: yn", "default_answers: yes"), "line 12: .*bare yes"),
        (
            ("default_answers: yn", "default_answers: ynn"),
            "unknown answer set 'ynn'. Did you mean 'yn'",
        ),
        (("question: Is it b?", "question: b, applies_if: {x: [a]}"), "unknown fact 'x'"),
        (("question: Is it b?", "question: b, answers: ynn"), "unknown answer set 'ynn'"),
        (("id: b,", "id: a,"), "the id 'a' appears twice"),
        (("id: b,", "id: B b,"), "lower-case letters"),
        (('key: "N"', 'key: "Y"'), "line 10: .*key Y is used for two"),
        (('key: "N"', 'key: "C"'), "the key C is reserved for Streamlit"),
        (('id: "no"', "id: unsure"), "'unsure' cannot be used as"),
        (("primary: true, ", ""), "line 19: .*exactly one score must be primary, not 0"),
        (("max: 2", "max: 3"), "line 20: .*says 3, but there are 2 items"),
        (("edition:", "edition: 2\nedition:"), "line 5: the key 'edition' appears twice"),
        (("title: Our list", "title: Our: list"), "line 2: this is not YAML.*in quotes"),
        (("licence: ours\n", ""), "'licence' is missing"),
        (("id: ours", "id: ours\ndigest: x"), "'digest' is set by Funnel"),
        (("kind: count", "kind: weighted-percent"), "needs a 'weight'"),
        (("title: One\n", "title: One\n    judgement: biased?\n"), "'overall' does not define"),
        (("  - id: one", "\t- id: one"), "line 1[0-9]: .*there is a tab here"),
        (("max: 2", "max: .inf"), "line 20: 'scores.1.max'.*number.*got '.inf'"),
        (("item_count: 2", "item_count: 010"), "line 7: 'item_count': says 10"),
        (("item_count: 2", "item_count: 0x2"), "line 7: 'item_count'.*got '0x2'"),
        (("licence: ours", "licence: &a [*a]"), "ours.yaml: line [0-9]+: .*contains itself"),
        (
            ("scores:", "needs: [{item: a, needs: b}, {item: b, needs: a}]\nscores:"),
            "'needs.1': 'a' depends on itself",
        ),
        (("scores:", "needs: [{item: a, needs: a}]\nscores:"), "'a' depends on itself"),
        (("question: Is it b?", 'question: " "'), "line 18: .*question': is empty"),
        (("question: Is it b?", "question: b, cues: split"), "expected a list.*got 'split'"),
        (("default_answers: yn", "default_answers: [yn]"), "line 12: .*expected text"),
        (("item_count: 2", "item_count: two"), "line 7: .*expected a whole number .got 'two'"),
        (
            ("      - {id: b, number: 2, name: B, question: Is it b?}", "      -"),
            "line 18: .*keys such as id, number, name.*got nothing",
        ),
        (
            ("sections:", CIRCLE),
            "'facts.1.applies_if.y': depends on 'y', which does not come before",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(change: tuple[str, str], says: str) -> None:
    text = SMALL.replace(*change, 1)
    assert text != SMALL
    with pytest.raises(ChecklistError, match=says) as caught:
        parse_checklist(text, "ours.yaml")
    assert str(caught.value).startswith("ours.yaml")


def test_all_mistakes_are_told_at_once() -> None:
    text = SMALL.replace("item_count: 2", "item_count: 5").replace("id: b,", "id: a,")
    with pytest.raises(ChecklistError, match="3 errors"):
        parse_checklist(text, "ours.yaml")


def test_weights_that_do_not_add_to_one_are_refused() -> None:
    text = SMALL.replace("kind: count", "kind: weighted-percent").replace(", max: 2", "")
    text = text.replace("name: A,", "name: A, weight: 0.5,")
    with pytest.raises(ChecklistError, match=r"add up to 0\.9000"):
        parse_checklist(text.replace("name: B,", "name: B, weight: 0.4,"), "ours.yaml")
    assert parse_checklist(text.replace("name: B,", "name: B, weight: 0.5,"), "ours.yaml")


def test_a_teams_own_file_appears_beside_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SMALL)
    (tmp_path / "notes.yaml").write_text("remarks: none\n")
    found = list_available([get_shipped_path("checklists"), tmp_path, tmp_path / "absent"])
    assert found["ours"] == tmp_path / "mine.yaml"
    assert len(found) == len(SHIPPED) + 1


def test_an_id_taken_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SMALL.replace("id: ours", "id: claim-2020"))
    with pytest.raises(ChecklistError, match="'claim-2020' is taken by"):
        list_available([get_shipped_path("checklists"), tmp_path])


def test_checking_refuses_the_id_of_a_shipped_list_and_names_the_line_of_a_bad_cue(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL.replace("id: ours", "id: claim-2020"))
    with pytest.raises(ChecklistError, match="'claim-2020' belongs to a built-in checklist"):
        describe_checklist(path)
    path.write_text(SMALL.replace("Is it b?", "'Is it b?', cues: ['(a|', x]"))
    with pytest.raises(ChecklistError, match=r"mine.yaml: line 18: item 'b': cue '\(a\|'"):
        describe_checklist(path)
    path.write_text(SMALL.replace("Is it b?", "'Is it b?', from_facts: [patients, age of all]"))
    with pytest.raises(ChecklistError, match="line 18: 'age of all' is not a fact of a paper"):
        describe_checklist(path)


def test_the_shape_changes_with_the_meaning_and_not_with_the_wording() -> None:
    before, reworded = (
        parse_checklist(SMALL, "a"),
        parse_checklist(SMALL.replace("Is it b?", "Is it c?"), "a"),
    )
    assert before.digest != reworded.digest
    assert before.shape == reworded.shape
    assert before.shape != parse_checklist(SMALL.replace("means: unmet", "means: met"), "a").shape


@pytest.mark.parametrize(
    ("name", "key", "typed", "stored"),
    [
        ("claim-2020", "9", "Yes", "yes"),
        ("claim-2020", "9", "y", "yes"),
        ("claim-2020", "preprocessing", "PARTLY", "partly"),
        ("claim-2020", "10", "not applicable", "na"),
        ("claim-2020", "9", "Unsure", "unsure"),
        ("claim-2020", "9", "  ", None),
        ("claim-2020", "9", None, None),
        ("claim-2020", "9", True, "yes"),
        ("rqs-1.0", "5", -3, "neither"),
        ("rqs-1.0", "5", 3.0, "either"),
        ("rqs-1.0", "11", "7", "yes"),
        ("rqs-1.0", "12", "Validation of a previously published signature", "published"),
        ("rqs-1.0", "16", "code; scans", "scans+code"),
        ("rqs-1.0", "16", "none", "none"),
        ("rqs-1.0", "16", "4", "scans+segmentations+code+features"),
        ("rqs-1.0", "16", 4.0, "scans+segmentations+code+features"),
        ("rqs-1.0", "16", "0", "none"),
        ("rqs-1.0", "16", "1;3", "scans+code"),
        ("rqs-1.0", "16", "Scans, Code", "scans+code"),
        ("rqs-1.0", "1", "2", "documented+public"),
        ("rqs-1.0", "12", "-5", "none-done"),
        ("rqs-1.0", "12", "5", "three"),
        ("rqs-1.0", "12", "\u22125", "none-done"),
        ("rqs-1.0", "12", "5 points", "three"),
        ("rqs-1.0", "2", "1.0", "yes"),
        ("rqs-1.0", "2", "y", "yes"),
        ("rqs-1.0", "2", "Not reported", "no"),
        ("rqs-1.0", "16", "Not reported", "none"),
        ("rqs-2.0", "about:level", "3.0", "3"),
        ("claim-2024", "9", "1", "yes"),
        ("claim-2024", "9", "0", "no"),
        ("claim-2024", "9", 0.0, "no"),
        ("claim-2024", "9", "0.5", "partly"),
        ("claim-2024", "9", "TRUE", "yes"),
        ("claim-2024", "9", "Not reported", "no"),
        ("tripod-ai", "3a", "Partially reported", "partly"),
        ("clear", "4", "\u2713", "yes"),
        ("stard-ai", "1", "absent", "no"),
        ("metrics", "9", "1", "yes"),
        ("metrics", "about:c2", "0", "no"),
        ("metrics", "9", "not fulfilled", "no"),
        ("quadas-2", "1.2", "U", "unclear"),
        ("quadas-2", "1.2", "?", "unclear"),
        ("quadas-2", "1.2", "1", "yes"),
        ("quadas-2", "judgement:index-test", "Low risk of bias", "low"),
        ("quadas-2", "applicability:index-test", "High concern", "high"),
        ("quadas-2", "judgement:index-test", "?", "unclear"),
        ("quadas-c", "C1.1", "u", "unclear"),
        ("probast-2019", "1.1", "?", "no-information"),
        ("probast-2019", "1.1", "Not reported", "no-information"),
        ("quadas-3", "1.1", "prob. yes", "probably-yes"),
        ("appraise-ai", "6.1", "2", "yes"),
        ("rqs-1.0", "5", "No", "neither"),
        ("rqs-1.0", "12", "none", "none-done"),
        ("rqs-2.0", "20", "N", "no"),
        ("appraise-ai", "8.2", "No", "none-done"),
        ("quadas-2", "judgement:overall", "High risk", "at-risk"),
        ("quadas-2", "judgement:overall", "Low risk", "low"),
        ("rqs-1.0", "13", "+2", "yes"),
        ("probast-2019", "4.8", "Probably no", "probably-no"),
        ("probast-2019", "4.8", "PY", "probably-yes"),
        ("probast-2019", "4.8", "pn", "probably-no"),
        ("probast-2019", "4.8", "NI", "no-information"),
        ("probast-2019", "4.8", "N/A", "na"),
        ("claim-2020", "10", "N.A.", "na"),
        ("probast-2019", "judgement:analysis", "High", "high"),
        ("probast-2019", "about:evaluation", "development only", "development"),
        ("extraction-imaging-ai", "5a", "1 204", "1204"),
        ("extraction-imaging-ai", "5a", "1,204", "1204"),
        ("extraction-imaging-ai", "5a", "Unclear in the paper", "unclear"),
        ("extraction-imaging-ai", "3b", "COVIDx; I", "COVIDx; I"),
        ("extraction-imaging-ai", "3b", "I", "I"),
    ],
)
def test_what_was_typed_is_read(name: str, key: str, typed: object, stored: str | None) -> None:
    assert read_answer(find_question(load_checklist(SHIPPED[name]), key), typed) == stored


@pytest.mark.parametrize(
    ("name", "key", "typed", "says"),
    [
        ("claim-2020", "9", "yess", "Did you mean 'Yes'.*Yes, Partly, No, unsure"),
        ("claim-2020", "9", "na", "not a valid answer to '9 Data preprocessing steps"),
        ("rqs-1.0", "12", "4 and a bit", "answer to '12 Validation'.*same .Data from the same"),
        ("rqs-1.0", "16", "scans;moon", "'moon' is not a valid answer"),
        ("rqs-1.0", "16", "scans, moon", "Separate several answers"),
        ("rqs-1.0", "16", "2", "2 points of '16 .*' correspond to several answers; choose one"),
        ("rqs-1.0", "16", "5", "'5' is not a possible score for '16 .*maximum 4"),
        ("rqs-1.0", "1", "1", "1 points of '1 Image protocol quality' correspond to several"),
        ("rqs-1.0", "1", "3", "is not a possible score"),
        ("rqs-1.0", "5", "0", r"'0' is not a possible score for '5 .*\(possible: -3, 3\)"),
        ("rqs-1.0", "12", "0", r"possible: -5, 2, 3, 4, 5\)"),
        ("rqs-1.0", "12", "4", "4 points of '12 Validation' correspond to several answers"),
        ("rqs-1.0", "1", "1+1", "may be points or answers"),
        ("rqs-1.0", "13", "1", r"not a possible score for '13 .*\(possible: 0, 2\)"),
        ("claim-2024", "9", "2", "not a valid answer"),
        ("appraise-ai", "7.2", "None", "not a valid answer"),
        ("appraise-ai", "8.1", "No", "not a valid answer"),
        ("quadas-2", "judgement:overall", "Unclear", "not a valid answer"),
        ("claim-2024", "9", "-", "not a valid answer"),
        ("claim-2024", "9", "x", "not a valid answer"),
        ("claim-2024", "9", "?", "not a valid answer"),
        ("metrics", "about:c1", "not reported", "not a valid answer"),
        ("appraise-ai", "about:leakage", "not reported", "not a valid answer"),
        ("probast-2019", "1.1", "1", "not a valid answer"),
        ("quadas-2", "1.2", "reported", "not a valid answer"),
        ("extraction-imaging-ai", "5a", "about 30", "Expected: a number, unclear"),
    ],
)
def test_what_an_item_does_not_take_is_refused(name: str, key: str, typed: str, says: str) -> None:
    with pytest.raises(ChecklistError, match=says):
        read_answer(find_question(load_checklist(SHIPPED[name]), key), typed)


@pytest.mark.parametrize(
    ("name", "key", "typed", "stored"),
    [
        ("rqs-1.0", "16", "3", "points:3"),
        ("rqs-1.0", "16", "2.0", "points:2"),
        ("rqs-1.0", "16", "4", None),
        ("rqs-1.0", "16", "0", None),
        ("rqs-1.0", "16", "5", None),
        ("rqs-1.0", "12", "4", "points:4"),
        ("rqs-1.0", "12", "5", None),
        ("appraise-ai", "6.2", "2", "points:2"),
        ("claim-2024", "9", "1", None),
        ("rqs-2.0", "about:level", "3", None),
        ("accuracy-2x2", "5", "3", None),
    ],
)
def test_points_are_known_where_the_answer_is_not(
    name: str, key: str, typed: str, stored: str | None
) -> None:
    question = find_question(load_checklist(SHIPPED[name]), key)
    assert read_points(question, typed) == stored
    if stored:
        assert format_answer(question, stored) == f"{int(float(typed))} points"


def test_every_possible_score_of_an_item_is_read() -> None:
    from itertools import combinations

    from review.checklists import list_questions

    for name in ("rqs-1.0", "rqs-2.0", "appraise-ai"):
        for question in list_questions(load_checklist(SHIPPED[name])):
            points = [option.points for option in question.options if option.points is not None]
            sizes = range(len(points) + 1) if question.choose == "many" else [1]
            for total in {sum(some) for n in sizes for some in combinations(points, n)}:
                text = str(total)
                stored = read_points(question, text) or read_answer(question, text)
                assert stored is not None, (name, question.key, total)
                chosen = [o.points or 0 for o in question.options if o.id in stored.split("+")]
                assert stored == f"points:{total}" or sum(chosen) == total, (question.key, total)


def test_an_unknown_item_is_named_with_the_nearest() -> None:
    with pytest.raises(ChecklistError, match="Did you mean 'preprocessing'"):
        find_question(load_checklist(SHIPPED["claim-2020"]), "preprocesing")


def test_answers_are_shown_in_words() -> None:
    rqs = load_checklist(SHIPPED["rqs-1.0"])
    assert format_answer(find_question(rqs, "16"), "scans+code") == "Scans; Code"
    assert format_answer(find_question(rqs, "16"), "none") == "None of these"
    assert format_answer(find_question(rqs, "12"), None) == "not answered"


def test_every_shown_option_reads_back_to_itself() -> None:
    from review.checklists import list_questions

    for name, path in SHIPPED.items():
        for asked in list_questions(load_checklist(path)):
            for option in asked.options:
                assert read_answer(asked, option.label) == option.id, (name, asked.key)
                if asked.choose == "one" and option.points is None:
                    assert read_answer(asked, option.key) == option.id, (name, asked.key)


def test_the_checklist_in_the_docs_holds_together() -> None:
    page = (get_shipped_path("checklists").parent / "docs" / "checklists.md").read_text(
        encoding="utf-8"
    )
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.S)
    assert parse_checklist(example, "docs").item_count == 2


def test_the_table_in_the_docs_lists_what_ships() -> None:
    page = (get_shipped_path("checklists").parent / "docs" / "checklists.md").read_text(
        encoding="utf-8"
    )
    rows = re.findall(r"^\| `([\w.-]+)` \| [^|]+ \| (\d+) \|", page, re.M)
    assert {name: int(count) for name, count in rows} == {
        name: load_checklist(path).item_count for name, path in SHIPPED.items()
    }


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_items_are_asked_and_listed_in_published_order(name: str) -> None:
    def split(number: str) -> list[int]:
        main = re.sub(r"(\d)([a-z])$", r"\1.\2", number.lstrip("C"))
        return [int(part) if part.isdigit() else ord(part) for part in main.split(".")]

    checklist = load_checklist(SHIPPED[name])
    numbers = [split(item.number) for item in list_items(checklist)]
    assert numbers == sorted(numbers)
    asked = [question.number for question in list_questions(checklist) if question.number]
    items = {item.number for item in list_items(checklist)}
    assert [n for n in asked if n in items] == [i.number for i in list_items(checklist)]


def test_rqs_points_run_from_minus_8_to_36() -> None:
    low = high = 0.0
    for item in list_items(load_checklist(SHIPPED["rqs-1.0"])):
        points = [option.points or 0 for option in item.options]
        low += 0 if item.choose == "many" else min(points)
        high += sum(points) if item.choose == "many" else max(points)
    assert (low, high) == (-8, 36)


def test_the_extraction_form_offers_unclear_for_every_item() -> None:
    for item in list_items(load_checklist(SHIPPED["extraction-imaging-ai"])):
        assert "unclear" in [option.id for option in item.options], item.number


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("claim-2020", 42),
        ("claim-2024", 44),
        ("rqs-1.0", 16),
        ("metrics", 30),
        ("probast-2019", 20),
        ("quadas-2", 11),
        ("tripod-ai", 52),
        ("probast-ai-development", 16),
        ("probast-ai-evaluation", 18),
        ("quadas-3", 20),
        ("quadas-c", 14),
        ("stard-ai", 48),
        ("rqs-2.0", 42),
        ("appraise-ai", 31),
    ],
)
def test_an_instrument_has_its_published_number_of_items(name: str, count: int) -> None:
    checklist = load_checklist(SHIPPED[name])
    numbers = [item.number for item in list_items(checklist)]
    assert len(numbers) == len(set(numbers)) == checklist.item_count == count
