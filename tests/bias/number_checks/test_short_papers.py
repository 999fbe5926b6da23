"""Short papers of our own on chest films, brain tumours and skin: one contradiction or none."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from review.bias.number_checks import check_sentences
from review.models import PrintedTable, Sentence

PAPERS = yaml.safe_load((Path(__file__).parent / "short_papers.yaml").read_text())["papers"]


def _check(paper: dict[str, Any]) -> list[str]:
    sentences = [
        Sentence(part, 1, section)
        for section, text in paper["text"]
        for part in re.split(r"(?<=\.) (?=[A-Z])", text)
    ]
    tables = []
    if "table" in paper:
        table = paper["table"]
        rows = tuple(tuple(row.split("|")) for row in table["rows"])
        label = table["caption"].partition(":")[0]
        columns = tuple(table["columns"].split("|"))
        tables.append(PrintedTable(label, table["caption"], 2, columns, rows))
        lines = (table["caption"], *(" ".join(row) for row in rows))
        sentences += [Sentence(line, 2, "results") for line in lines]
    return [problem.text for one in check_sentences(sentences, tables) for problem in one.problems]


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper["name"])
def test_a_contradiction_is_reported_where_there_is_one(
    paper: dict[str, Any],
) -> None:
    assert bool(_check(paper)) == paper["contradiction"]


def test_most_short_papers_have_a_contradiction_and_some_have_none() -> None:
    answers = [paper["contradiction"] for paper in PAPERS]
    assert len(answers) >= 30
    assert answers.count(False) >= 4
