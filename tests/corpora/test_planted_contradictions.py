"""Numbers changed in papers of the learning half are found; papers as they are give few alarms."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from bench_contradictions import Plant, is_found, list_false_alarms
from paper_labels import load_labels, read_paper, read_papers

PLANTS = [
    ("yang-2016-mri-morphometry-reproducibility.xml", "A total of 34 subjects were", "34", "37"),
    ("liu-2013-gfr-ann.xml", "46.7 ml/min/1.73 m2 vs. a range", "46.7", "46.2"),
    ("wei24a-v227.pdf", "0.713 ± 0.058) without", "0.713", "0.173"),
    ("liu24a-v227.pdf", "98.10±0.68, 98.13±0.67", "98.13", "98.31"),
]


@pytest.mark.parametrize(("file", "words", "printed", "changed"), PLANTS)
def test_a_changed_number_is_found(corpora, file, words, printed, changed):
    text = read_paper(corpora / "papers" / file)
    [place] = [n for n, s in enumerate(text.sentences) if words in s.text][:1]
    sentence = text.sentences[place].text
    start = sentence.index(printed, sentence.index(words))
    assert is_found(text, Plant("", place, start, printed), changed)


def test_papers_as_they_are_give_at_most_one_alarm_in_ten_papers(corpora):
    papers = load_labels()
    alarms = [
        (paper.file, alarm)
        for paper, text in zip(papers, read_papers(papers, corpora / "papers"), strict=True)
        for alarm in list_false_alarms(paper, text)
    ]
    assert len(alarms) <= len(papers) / 10, alarms
