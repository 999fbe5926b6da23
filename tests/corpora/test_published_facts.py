"""Facts shipped with Funnel agree with the publications."""

import csv
import io
import json
import re
from difflib import SequenceMatcher
from pathlib import Path

import pytest
import yaml

from review import resources
from review.bias import datasets, pitfalls
from review.checklists import list_available, list_items, load_checklist
from review.figures.prisma_text import format_prisma_table
from review.prisma import FlowEntry, FlowInputs, count_flow
from review.protocol.loading import load_protocol
from review.query import build_text_matcher, parse
from review.resources import get_shipped_path
from review.scoring import score_form

ROOT = Path(__file__).parents[2]
SHIPPED = list_available([get_shipped_path("checklists")])
FACTS = {  # ours: facts in the shared folder
    "claim-2020": "claim-2020",
    "claim-2024": "claim-2024",
    "rqs-1.0": "rqs",
    "metrics": "metrics",
    "probast-2019": "probast",
    "quadas-2": "quadas-2",
    "tripod-ai": "tripod-ai",
}


def published(corpora: Path, name: str) -> dict:
    text = (corpora / "reference" / "checklists" / f"{name}.yaml").read_text()
    return yaml.safe_load(text)


def asked_item(name: str, number: str):
    return next(i for i in list_items(load_checklist(SHIPPED[name])) if i.number == number)


@pytest.mark.parametrize(("ours", "theirs"), FACTS.items())
def test_numbers_sections_and_weights_are_the_published_ones(
    corpora: Path, ours: str, theirs: str
) -> None:
    facts, checklist = published(corpora, theirs), load_checklist(SHIPPED[ours])
    sections = [[str(i["number"]) for i in s["items"]] for s in facts["sections"]]
    assert [[i.number for i in s.items] for s in checklist.sections] == sections
    assert checklist.item_count == facts["item_count"]
    weights = [i.get("weight") for s in facts["sections"] for i in s["items"]]
    assert [i.weight for i in list_items(checklist)] == weights
    assert checklist.citation.doi == facts["citation"]["doi"]


@pytest.mark.parametrize(("ours", "theirs"), FACTS.items())
def test_no_question_is_copied_from_the_reference(corpora: Path, ours: str, theirs: str) -> None:
    said = {
        str(i["number"]): i["question"].lower()
        for s in published(corpora, theirs)["sections"]
        for i in s["items"]
    }
    for item in list_items(load_checklist(SHIPPED[ours])):
        alike = SequenceMatcher(None, item.question.lower(), said[item.number]).ratio()
        assert alike < 0.9, item.question


def test_rqs_points_run_from_minus_8_to_36_by_item(corpora: Path) -> None:
    facts = {
        str(i["number"]): (i["min"], i["max"])
        for s in published(corpora, "rqs")["sections"]
        for i in s["items"]
    }
    for item in list_items(load_checklist(SHIPPED["rqs-1.0"])):
        points = [option.points for option in item.options]
        reach = (0, sum(points)) if item.choose == "many" else (min(points), max(points))
        assert reach == facts[item.number], item.number


def test_metrics_items_apply_under_the_published_conditions(corpora: Path) -> None:
    for section in published(corpora, "metrics")["sections"]:
        for fact in section["items"]:
            ours = asked_item("metrics", str(fact["number"]))
            wanted = set(fact.get("applies_if", {}).get("all", ()))
            assert set(ours.applies_if) == wanted
            assert all(values == ("yes",) for values in ours.applies_if.values())


def test_claim_2024_follows_the_published_crosswalk(corpora: Path) -> None:
    for section in published(corpora, "claim-2024")["sections"]:
        for fact in section["items"]:
            ours = asked_item("claim-2024", str(fact["number"]))
            assert list(ours.earlier["claim-2020"]) == [str(n) for n in fact["from"]["claim-2020"]]


def test_extraction_covers_the_founding_table(corpora: Path) -> None:
    facts = yaml.safe_load((corpora / "reference" / "roberts2021" / "facts.yaml").read_text())
    columns = facts["table_2_columns"]["list"]
    form = load_checklist(SHIPPED["extraction-imaging-ai"])
    numbers = {int(re.match(r"\d+", item.number).group()) for item in list_items(form)}
    assert numbers == set(range(2, len(columns) + 1))  # column 1 is the record itself
    for item in list_items(form):
        assert "unclear" in [option.id for option in item.options]


def test_data_sets_agree_with_the_reference_collection(corpora):
    registry = datasets.load_registry(resources.get_shipped_path("data") / "datasets.yaml")
    path = corpora / "reference" / "datasets" / "imaging_datasets.yaml"
    for fact in yaml.safe_load(path.read_text(encoding="utf-8"))["datasets"]:
        one = registry[fact["id"]]
        assert (one.kind, one.year, one.labels) == (
            fact["kind"],
            fact["year"],
            fact["label_method"],
        )
        assert one.population.age == fact["population"]["age_group"]
        assert {component.id for component in one.components} >= set(fact["components"])
        assert list(one.modality) == fact["modality"]


def test_every_pitfall_of_the_reference_has_a_rule_and_no_other(corpora):
    file = pitfalls.load_pitfalls(resources.get_shipped_path("data") / "cues.yaml")
    facts = yaml.safe_load((corpora / "reference" / "bias_cues.yaml").read_text(encoding="utf-8"))
    assert {p.id for p in file.pitfalls} == {fact["id"] for fact in facts["pitfalls"]}
    assert {rule.pitfall for rule in file.rules} == {p.id for p in file.pitfalls}


def test_rqs_sections_have_the_published_reach(corpora) -> None:
    facts = yaml.safe_load((corpora / "reference/checklists/rqs.yaml").read_text())
    ranges = next(s["ranges"] for s in facts["scoring"] if s["id"] == "domains")
    sections = score_form(load_checklist(SHIPPED["rqs-1.0"]), {}).sections
    assert {s.id: [s.low, s.high] for s in sections} == ranges


def test_genuine_medrxiv_abstracts_show_their_first_words(corpora):
    """In the recorded page, words glued to a heading are found as words."""
    path = corpora / "reference/api_samples/medrxiv/medrxiv_details_part1.json"
    rows = json.loads(path.read_text())["collection"]
    glued = {
        "10.1101/2023.12.30.23300673": "undernutrition",
        "10.1101/2023.10.20.23297293": "multiple",
    }
    for row in rows:
        if row["doi"] in glued:
            assert build_text_matcher(parse(f"abstract:{glued.pop(row['doi'])}"))(
                None, row["abstract"]
            )
    assert not glued


def test_the_prisma_table_has_the_rows_of_the_published_template(corpora):
    theirs = (corpora / "reference/reporting/prisma2020/PRISMA.csv").read_text()
    keys = [(r["data"], r["node"], r["box"]) for r in csv.DictReader(io.StringIO(theirs))]
    table = format_prisma_table(
        count_flow(FlowInputs([FlowEntry("R1", "pubmed", "databases", "R1")]))
    )
    ours = [(r["data"], r["node"], r["box"]) for r in csv.DictReader(io.StringIO(table))]
    assert [(a, b or "NA", c) for a, b, c in ours] == [
        (a or "NA", b or "NA", c) for a, b, c in keys
    ]


def test_the_founding_reviews_search_finds_all_published_terms(corpora):
    facts = yaml.safe_load((corpora / "reference/roberts2021/facts.yaml").read_text())["search"]
    search = load_protocol(ROOT / "data" / "roberts2021" / "protocol.yaml").search
    node = parse(search.query)
    holds = build_text_matcher(node)
    groups = facts["stage_1_arxiv_terms"], facts["stage_2_filter"]
    for first in groups[0]["any_of"]:
        for second in groups[1]["group_a"]:
            for third in groups[1]["group_b"]:
                assert holds(f"{first} {second} on {third}", None), (first, second, third)
    whole = {*groups[0]["whole_word_only"], *groups[1]["whole_word_only"]}
    assert whole == {"ncov", "ai", "ct", "cxr"}
