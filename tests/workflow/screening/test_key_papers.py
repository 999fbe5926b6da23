"""Key papers are found by identifier or title; one that is missing has no report."""

from dataclasses import replace

from support.small import studies

from review.models import Record
from review.workflow.screening.key_papers import find_key_papers, iter_reports


def test_key_papers_are_found_by_doi_pmid_arxiv_id_and_title(tmp_path):
    project = studies(
        tmp_path,
        [
            Record("pubmed", title="Pneumonia on radiographs", doi="10.1000/abc", pmid="31"),
            Record("arxiv", title="A network: for chest CT", arxiv_id="2003.09871"),
            Record("embase", title="Twice the same", year=2019),
            Record("embase", title="Twice the same", year=2021),
        ],
    )
    names = (
        "https://doi.org/10.1000/ABC",
        "pmid:31",
        "arXiv:2003.09871",
        "a network for chest ct.",
        "Twice the same",
        "10.1000/missing",
        "A paper that no search found",
        " ",
    )
    search = replace(project.protocol.search, key_papers=names)
    with project.store.read() as conn:
        papers = find_key_papers(replace(project.protocol, search=search), conn)
    assert [paper.reports for paper in papers] == [(1,), (1,), (2,), (2,), (3, 4), (), ()]
    assert list(iter_reports(papers)) == [1, 2, 3, 4]
    assert [paper.text for paper in papers] == [*names[:-1]]


def test_without_key_papers_nothing_is_looked_up(tmp_path):
    project = studies(tmp_path, [Record("pubmed", title="Pneumonia on radiographs")])
    with project.store.read() as conn:
        assert find_key_papers(project.protocol, conn) == []
