"""Traps seen in real data: pairs that must not be merged, and pairs that must be."""

import dataclasses
from datetime import UTC, datetime

import pytest

from review.dedupe import compute_groups, find_links, find_possible_duplicates
from review.models import Link, Record, Relation, StoredRecord

AT = datetime(2026, 11, 20, tzinfo=UTC)
TEAM = ("Fox, Ann", "Hu, Bo", "Diaz, Carla", "Kim, Dong")
TITLE = "Deep learning for the detection of pneumonia on portable chest radiographs"


def article(**given) -> Record:
    """A journal article; name what differs."""
    values = {
        "source": "pubmed",
        "title": TITLE,
        "authors": TEAM,
        "year": 2021,
        "journal": "European Radiology",
        "volume": "31",
        "issue": "4",
        "pages": "100-110",
    }
    return Record(**{**values, **given})


def preprint(**given) -> Record:
    values = {
        "source": "medrxiv",
        "title": TITLE,
        "authors": TEAM,
        "year": 2020,
        "journal": "medRxiv",
        "doi": "10.1101/2020.05.01.20087654",
    }
    return Record(**{**values, **given})


def stored(*records: Record) -> list[StoredRecord]:
    return [StoredRecord(n, f"R{n:06d}", 1, record) for n, record in enumerate(records, 1)]


def result(*records: Record, extra: tuple[Link, ...] = ()):
    kept = stored(*records)
    links = [*find_links(kept, at=AT), *extra]
    return compute_groups(kept, links), find_possible_duplicates(kept, links)


def one_report(*records: Record) -> bool:
    found, _ = result(*records)
    return len(set(found.report.values())) == 1


def one_study(*records: Record) -> bool:
    found, _ = result(*records)
    return len(set(found.study.values())) == 1


def asked(*records: Record) -> bool:
    """Whether the first two records stay apart and a person is asked."""
    found, open_pairs = result(*records)
    return found.study[1] != found.study[2] and any({p.a, p.b} == {1, 2} for p in open_pairs)


CHINESE = "基于深度学习的肺炎检测研究进展"
SAME = {
    "abbreviated journal and pages": (
        article(),
        article(source="embase", journal="Eur Radiol", pages="100-10", doi="10.1016/x"),
    ),
    "et al. and no volume": (article(), article(authors=("Fox A",), volume=None)),
    "year of print and year online": (article(), article(year=2020)),
    "missing authors": (article(), article(authors=(), source="scopus")),
    "missing abstract and pages": (article(abstract="Background: x."), article(pages=None)),
    "missing year": (article(), article(year=None)),
    "cut title": (article(), article(title=TITLE[:50] + "...")),
    "bracketed title with language": (article(), article(title=f"[{TITLE}]. [German]")),
    "typing fault": (article(), article(title=TITLE.replace("detection", "detecton"))),
    "greek letter and its name": (
        article(title="Inhibition of TNF-α by adalimumab in sepsis care"),
        article(title="Inhibition of TNF-alpha by adalimumab in sepsis care"),
    ),
    "diacritics": (
        article(authors=("Müller, Jörg", "Sørensen, Åse")),
        article(authors=("Mueller J", "Sorensen A")),
    ),
    "particle in the name": (
        article(authors=("von Pawel, J.",), volume=None),
        article(authors=("Pawel, J.",)),
    ),
    "a script without spaces": (
        article(title=CHINESE, authors=("张伟", "李娜")),
        article(title=CHINESE + "。", authors=("张伟", "李娜"), pages=None),
    ),
    "cyrillic": (
        article(title="Глубокое обучение в диагностике пневмонии", authors=("Иванов И.",)),
        article(title="Глубокое обучение в диагностике пневмонии.", authors=("Иванов И.",)),
    ),
    "translated title": (
        article(title="Apprentissage profond pour la pneumonie au lit"),
        article(title="Deep learning for bedside pneumonia"),
    ),
    "roman pages of one issue's column": (
        article(title="Editor's comments", authors=("Fox, Ann",), pages="iii-xiv"),
        article(
            title="Editor's comments.",
            authors=("Fox A",),
            pages="iii-xiv",
            source="wos",
            journal="Eur Radiol",
        ),
    ),
    "spreadsheet date for pages": (article(pages="1-10"), article(pages="01-Oct")),
    "one DOI, one written as link": (
        article(doi="10.1007/ABC.1", pages=None),
        article(doi="https://doi.org/10.1007/abc.1", volume=None),
    ),
    "one PMCID": (
        article(pmcid="PMC5555", pages=None, volume=None, year=None),
        article(pmcid="5555 PMC5555", title=TITLE.upper(), authors=()),
    ),
    "an arXiv id and its DOI": (
        Record(
            "arxiv",
            source_id="2005.01234v2",
            arxiv_id="2005.01234",
            title=TITLE,
            year=2020,
            authors=("Ann Fox", "Bo Hu"),
            version=2,
        ),
        Record(
            "scopus",
            doi="10.48550/arXiv.2005.01234",
            title="Pneumonia seen by networks",
            authors=("Fox, A.", "Hu, B."),
            journal="arXiv",
            year=2020,
        ),
    ),
    "an arXiv id with and without version": (
        Record("arxiv", source_id="2005.01234v1", arxiv_id="2005.01234", title=TITLE),
        Record(
            "wos",
            arxiv_id="arXiv:2005.01234v3",
            title=TITLE + " revisited",
            year=2021,
            journal="arXiv:2005.01234 [cs]",
        ),
    ),
    "a 10.1101 DOI with and without version": (
        preprint(),
        preprint(
            doi="https://doi.org/10.1101/2020.05.01.20087654v2.full",
            source="europepmc",
            title="Pneumonia seen by networks",
        ),
    ),
    "one PMID": (
        article(pmid="123456", pages=None, volume=None, year=None),
        article(pmid="0123456", title=TITLE.upper()),
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_records_of_one_report_are_merged_in_spite_of(name):
    assert one_report(*SAME[name])


ABSTRACT_ONE = "We treated forty mice with exenatide and measured plaque area after twelve weeks."
ABSTRACT_TWO = "In a registry of 9000 women, hormone therapy was related to lower stroke rates."
OTHER = {
    "supplement DOI of many conference abstracts": (
        article(
            title="Exenatide reduces plaque in mice",
            doi="10.1111/suppl.1",
            pages="S10",
            issue="Suppl 1",
            abstract=ABSTRACT_ONE,
            authors=("Liu, A", "Po, B"),
        ),
        article(
            title="Hormone therapy and stroke in women",
            doi="10.1111/suppl.1",
            pages="S44",
            issue="Suppl 1",
            abstract=ABSTRACT_TWO,
            authors=("Ray, C", "Sun, D"),
        ),
    ),
    "recurring column by one editor": (
        article(title="Editorial introduction", authors=("Fox, Ann",), issue="1", pages="1-2"),
        article(title="Editorial introduction", authors=("Fox, Ann",), issue="2", pages="85-86"),
    ),
    "recurring column, next volume, no pages": (
        article(title="Editor's comments", authors=("Fox, Ann",), volume="30", pages=None),
        article(
            title="Editor's comments", authors=("Fox, Ann",), volume="31", pages=None, year=2022
        ),
    ),
    "recurring column paged from 1 in every issue": (
        article(title="Guest editorial", authors=("Fox, Ann",), issue="1", pages="1-2"),
        article(title="Guest editorial", authors=("Fox, Ann",), issue="2", pages="1-2"),
    ),
    "column without an issue beside two issues of it": (
        article(title="Advances in cardiac CT", authors=("Fox, Ann",), issue="1", pages="1-3"),
        article(title="Advances in cardiac CT", authors=("Fox, Ann",), issue="2", pages="1-3"),
        article(title="Advances in cardiac CT", authors=("Fox, Ann",), issue=None, pages="1-3"),
    ),
    "column of one name in two journals": (
        article(title="Stroke imaging update", authors=("Fox, Ann",), pages="301-303"),
        article(
            title="Stroke imaging update",
            authors=("Fox, Ann",),
            pages="301-303",
            journal="Radiology",
        ),
    ),
    "two columns of one editor on one page": (
        article(title="Pearls and pitfalls", authors=("Fox, Ann",), pages="1-3"),
        article(title="Table of contents", authors=("Fox, Ann",), pages="1-3"),
    ),
    "long-titled column without pages, next issue": (
        article(
            title="Continuing education questions and answers for this issue", issue="1", pages=None
        ),
        article(
            title="Continuing education questions and answers for this issue", issue="2", pages=None
        ),
    ),
    "long-titled column on page 1 of two issues, two DOIs": (
        article(
            title="Continuing education questions and answers for this issue",
            issue="1",
            pages="1-2",
            doi="10.1016/a",
        ),
        article(
            title="Continuing education questions and answers for this issue",
            issue="2",
            pages="1-2",
            doi="10.1016/b",
        ),
    ),
    "roman pages of two issues' columns": (
        article(title="Editor's comments", authors=("Fox, Ann",), issue=None, pages="iii-xiv"),
        article(title="Editor's comments", authors=("Fox, Ann",), issue=None, pages="iii-ix"),
    ),
    "columns on pages 1-2 and 2-3 of two issues": (
        article(title="Guest editorial: trends for imaging departments", issue=None, pages="1-2"),
        article(title="Guest editorial: trends for imaging departments", issue=None, pages="2-3"),
    ),
    "annual report without volume or pages": (
        article(
            title="Annual report of the national registry of cardiac devices",
            volume=None,
            issue="1",
            pages=None,
            year=2020,
        ),
        article(
            title="Annual report of the national registry of cardiac devices",
            volume=None,
            issue="1",
            pages=None,
            year=2021,
        ),
    ),
    "annual report on one page of two volumes": (
        article(
            title="Annual report of the national registry of cardiac devices",
            volume="31",
            pages="276-278",
            year=2020,
        ),
        article(
            title="Annual report of the national registry of cardiac devices",
            volume="32",
            pages="276-278",
            year=2021,
        ),
    ),
    "update of a trial registry, one abstract in both": (
        article(title="Trial registry update", pages=None, abstract="We list new trials of CT."),
        article(
            title="Trial registry update",
            pages=None,
            abstract="We list new trials of CT.",
            issue="5",
        ),
    ),
    "two errata of one issue": (
        article(title="Erratum", authors=(), pages="45"),
        article(title="Erratum", authors=(), pages="46"),
    ),
    "images of the month by two teams": (
        article(title="Image of the month", authors=("Fox, Ann",), pages="12"),
        article(title="Image of the month", authors=("Ray, C",), pages="13"),
    ),
    "reply of one author to two letters": (
        article(title="Author's reply", authors=("Fox, Ann",), pages="812"),
        article(title="Author's reply", authors=("Fox, Ann",), pages="815"),
    ),
    "column by an editor and by a team with that editor": (
        article(
            title="Recent advances in radiology: comments of the editors",
            pages=None,
            authors=("Kim, Dong",),
        ),
        article(
            title="Recent advances in radiology: comments of the editors",
            pages="378",
            authors=("Fox, Ann", "Hu, Bo", "Kim, Dong"),
            doi="10.1016/b",
            volume=None,
        ),
    ),
    "serial studies": (
        article(title="FOCUS 1: a randomised trial of ceftaroline in pneumonia", pages="i19-i32"),
        article(title="FOCUS 2: a randomised trial of ceftaroline in pneumonia", pages="i33-i44"),
    ),
    "parts of one work": (
        article(title=TITLE + ". Part I", pages="100-104"),
        article(title=TITLE + ". Part II", pages="105-110"),
    ),
    "one editorial printed in two journals": (
        article(title="Predatory journals and their articles", doi="10.1016/a"),
        article(
            title="Predatory journals and their articles",
            doi="10.1148/b",
            journal="Radiology",
            volume="299",
            pages="E1",
        ),
    ),
    "conference abstract and later article": (
        article(journal="Proc Annual Imaging Conference", volume="7", pages="44", year=2020),
        article(),
    ),
    "correction": (
        article(doi="10.1016/a"),
        article(title="Correction to: " + TITLE, doi="10.1016/b"),
    ),
    "erratum without identifiers": (article(), article(title="Erratum: " + TITLE, pages="100")),
    "retraction notice": (article(), article(title="Retraction: " + TITLE)),
    "expression of concern": (article(), article(title="Expression of concern: " + TITLE)),
    "comment": (article(), article(title="Comment on: " + TITLE, authors=("Ray, C",))),
    "reply": (article(), article(title="Reply to: " + TITLE)),
    "protocol": (article(), article(title=TITLE + ": study protocol", pages=None)),
    "letters of one page": (
        article(title="A trial of streptokinase", authors=("Bo, D",), pages="22-23"),
        article(title="Streptokinase again", authors=("Ro, U",), pages="22-23"),
    ),
    "one word that matters": (
        article(title=TITLE + " in men", pages="1-9"),
        article(title=TITLE + " in women", pages="10-19"),
    ),
    "abstracts of one team on one page": (
        article(
            title="Atypical cells associated with atrophy in smears: prevalence",
            journal="Laboratory Investigation Suppl",
            pages="100A",
        ),
        article(
            title="Atypical cells associated with repair in smears: significance",
            journal="Laboratory Investigation Suppl",
            pages="100A-101A",
        ),
    ),
}


@pytest.mark.parametrize("name", OTHER)
def test_documents_that_only_look_alike_stay_apart(name):
    assert not one_study(*OTHER[name])


def test_a_record_that_fits_two_documents_equally_is_asked_and_joins_neither():
    column = "Comments on radiology education, questions and answers of the northern editors"
    first = article(title=column, issue="1", pages="1-2", doi="10.1016/a")
    second = article(title=column, issue="2", pages="1-2", doi="10.1016/b")
    bare = article(title=column, issue=None, pages="1-2", source="scopus")
    for records in ((first, second, bare), (bare, second, first)):
        found, open_pairs = result(*records)
        assert len(set(found.study.values())) == 3
        why = {frozenset((pair.a, pair.b)): pair.note or "" for pair in open_pairs}
        for one in (first, second):
            pair = frozenset((records.index(bare) + 1, records.index(one) + 1))
            assert "fits equally" in why[pair]


def test_a_record_that_names_its_issue_joins_that_issues_column():
    column = "Comments on radiology education, questions and answers of the northern editors"
    first = article(title=column, issue="1", pages="1-2", doi="10.1016/a")
    second = article(title=column, issue="2", pages="1-2", doi="10.1016/b")
    found, _ = result(first, second, article(title=column, issue="2", pages="1-2", source="wos"))
    assert found.report[3] == found.report[2] != found.report[1]


def test_a_retracted_article_is_still_that_article():
    assert one_report(article(), article(title="RETRACTED: " + TITLE, source="scopus"))


def test_one_doi_with_plainly_different_titles_is_asked():
    assert asked(
        article(doi="10.1016/a"),
        article(doi="10.1016/a", title="Wage policy in coastal towns", pages=None, volume=None),
    )


def test_one_doi_on_many_different_records_is_not_asked_pair_by_pair():
    words = ["wages", "rivers", "opera", "bridges", "tariffs", "orchards", "glaciers", "harbours"]
    records = [
        article(
            title=f"On {word} of the north",
            doi="10.1016/a",
            pages=None,
            volume=None,
            authors=(f"{word.title()}, A",),
        )
        for word in words
    ]
    found, open_pairs = result(*records)
    assert len(set(found.study.values())) == len(words)
    assert [pair.note for pair in open_pairs] == [
        "one DOI on 8 different records: a supplement or a wrong DOI"
    ]


def test_a_bad_edge_does_not_bridge_two_studies():
    first = article(volume="31", pages="100-110", doi="10.1016/a", year=2020)
    second = article(volume="32", pages="7-12", doi="10.1016/b", year=2021)
    between = article(volume=None, pages=None, year=2020)
    found, _ = result(first, second, between)
    assert found.study[1] != found.study[2]


def test_versions_of_a_preprint_are_one_report():
    assert one_report(
        preprint(version=1),
        preprint(
            version=2, title="Pneumonia seen by networks", doi="10.1101/2020.05.01.20087654v2"
        ),
        preprint(version=3, source="europepmc", journal="medRxiv"),
    )


def test_arxiv_versions_are_one_report_and_their_article_the_same_study():
    versions = [
        Record(
            source="arxiv",
            source_id=f"2005.01234v{n}",
            arxiv_id="2005.01234",
            title=TITLE,
            authors=("Ann Fox", "Bo Hu", "Carla Diaz", "Dong Kim"),
            year=2020,
            version=n,
        )
        for n in (1, 2)
    ]
    found, _ = result(*versions, article(doi="10.1016/a"))
    assert found.report[1] == found.report[2] != found.report[3]
    assert len(set(found.study.values())) == 1


def test_a_preprint_and_its_retitled_article_are_one_study_of_two_reports():
    found, _ = result(
        preprint(),
        article(
            title="Detecting pneumonia on portable radiographs by deep learning: a multicentre "
            "study",
            doi="10.1007/s1",
        ),
    )
    assert found.study[1] == found.study[2]
    assert found.report[1] != found.report[2]


def test_a_registry_statement_joins_what_titles_do_not():
    said = Relation("published_as", "doi:10.1007/S1", "medrxiv", "2021-03-01")
    records = stored(
        preprint(relations=(said,)),
        article(title="Shadows in the lung", authors=("Solo, H",), doi="10.1007/s1"),
    )
    links = find_links(records, at=AT)
    assert [(link.verdict, link.rule, link.note) for link in links] == [
        ("study", "stated: published_as", "stated by medrxiv, 2021-03-01")
    ]
    assert len(set(compute_groups(records, links).study.values())) == 1


@pytest.mark.parametrize("target", ["doi:10.1007/s1", "pmid:77", "pmcid:PMC5555"])
def test_a_statement_may_name_any_identifier(target):
    said = Relation("preprint_of", target, "europepmc")
    assert one_study(
        preprint(relations=(said,)),
        article(title="Shadows", authors=(), doi="10.1007/s1", pmid="77", pmcid="PMC5555"),
    )


@pytest.mark.parametrize("kind", ["is-preprint-of", "has-preprint", "published_as", "update_in"])
def test_a_registry_may_say_it_in_its_own_words(kind):
    said = Relation(kind, "doi:10.1007/s1", "crossref", "2024-02-03")
    assert one_study(
        preprint(relations=(said,)), article(title="Shadows", authors=(), doi="10.1007/s1")
    )


def test_versions_with_a_doi_each_are_one_report_where_the_server_says_so():
    said = Relation("version_of", "doi:10.21203/rs.3.rs-1/v1", "crossref")
    first = preprint(doi="10.21203/rs.3.rs-1/v1", journal="Research Square", version=1)
    second = preprint(
        doi="10.21203/rs.3.rs-1/v2",
        journal="Research Square",
        version=2,
        title="Pneumonia seen by networks",
        authors=("Fox, Ann",),
    )
    assert not one_study(first, second)
    assert one_report(first, dataclasses.replace(second, relations=(said,)))


def test_a_registry_that_names_a_correction_keeps_the_pair_apart():
    said = Relation("erratum_for", "pmid:77", "pubmed")
    assert not one_study(article(pmid="77"), article(pmid="78", pages="100-110", relations=(said,)))


def test_a_journal_record_joins_the_likelier_of_two_related_preprints():
    near = preprint(title=TITLE + ": a cohort study")
    far = preprint(
        title="Deep learning for the detection of pneumothorax on radiographs",
        doi="10.1101/2020.06.06.20099999",
    )
    found, _ = result(near, far, article(doi="10.1007/s1"))
    assert found.study[1] == found.study[3] != found.study[2]


def test_two_preprints_of_one_server_are_never_merged_through_an_article():
    twin = preprint(doi="10.1101/2020.06.06.20099999")
    found, open_pairs = result(preprint(), twin, article(doi="10.1007/s1"))
    assert found.study[1] != found.study[2]
    assert open_pairs


def test_a_journal_doi_in_an_arxiv_record_does_not_make_it_the_article():
    posting = Record(
        source="arxiv",
        arxiv_id="2005.01234",
        doi="10.1007/s1",
        title=TITLE,
        authors=TEAM,
        year=2020,
    )
    found, _ = result(posting, article(doi="10.1007/s1"))
    assert found.report[1] != found.report[2]
    assert found.study[1] == found.study[2]


def test_a_doi_that_is_none_joins_nothing():
    assert not one_study(
        article(doi="n/a"), article(doi="n/a", title="Wages", authors=("Solo, H",), pages="7")
    )


def said(verdict, a=1, b=2, who="ann", rule="by hand", day=21):
    return Link(a, b, verdict, rule, who, datetime(2026, 11, day, tzinfo=UTC))


def test_a_persons_word_outranks_every_rule():
    found, _ = result(article(doi="10.1016/a"), article(doi="10.1016/a"), extra=(said("distinct"),))
    assert found.study[1] != found.study[2]
    found, _ = result(article(), article(title="Wages", pages="7"), extra=(said("duplicate"),))
    assert found.report[1] == found.report[2]


def test_the_newest_word_counts_and_can_be_withdrawn():
    pair = (article(doi="10.1016/a"), article(doi="10.1016/a"))
    found, _ = result(*pair, extra=(said("distinct"), said("duplicate", day=22)))
    assert found.report[1] == found.report[2]
    found, _ = result(*pair, extra=(said("distinct"), said("distinct", rule="withdrawn", day=22)))
    assert found.report[1] == found.report[2]


def test_a_split_recomputes_its_group_and_leaves_the_others_together():
    trio = (
        article(doi="10.1016/a"),
        article(doi="10.1016/a"),
        article(doi="10.1016/a", pages=None),
    )
    found, _ = result(*trio, extra=(said("distinct", 1, 2), said("distinct", 2, 3)))
    assert found.report[1] == found.report[3] != found.report[2]


def test_a_settled_pair_is_not_asked_again():
    pair = (article(doi="10.1016/a"), article(doi="10.1016/a", title="Wages", pages=None))
    assert asked(*pair)
    _, open_pairs = result(*pair, extra=(said("distinct"),))
    assert open_pairs == []


def test_two_pmids_are_two_articles_and_one_is_one():
    assert one_report(article(pmid="31111111"), article(pmid="31111111"))
    assert one_report(article(pmid="31111111"), article())
    first, between = article(pmid="31111111", doi="10.1007/s1"), article(doi="10.1007/s1")
    second = article(pmid="32222222", doi="10.1007/s1", pages="300-310", title="Other shadows")
    assert not one_report(first, between, second)
