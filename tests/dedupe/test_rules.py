"""The rules pair by pair: what full agreement outweighs, and each threshold from both sides."""

import dataclasses

import numpy as np
import pytest
from dedupe.test_traps import TEAM, TITLE, article, asked, one_report, one_study, preprint, result

from review.dedupe import build_columns
from review.dedupe.rules import RULES, judge_pairs
from review.dedupe.similarity import compare_pairs
from review.dedupe.verdicts import VERDICTS
from review.models import Record

OWN_ABSTRACT = "The article presents a study which examines readers of radiographs at the bedside."
ABSTRACT = "Background: pneumonia is common. We trained a network on 9000 films of two hospitals."
OTHER_TITLE = "Wage policy and coastal towns after the storm surge"


def judge(left, right, **changes):
    """Verdict and rule on a pair whose likeness is changed by hand."""
    columns = build_columns([(1, left), (2, right)])
    x = compare_pairs(columns, np.array([[0, 1]]))
    arrays = {name: np.array([value], getattr(x, name).dtype) for name, value in changes.items()}
    verdicts = judge_pairs(dataclasses.replace(x, **arrays))
    rule = int(verdicts.rule[0])
    return VERDICTS[int(verdicts.verdict[0])], RULES[rule] if rule >= 0 else ""


NOWHERE = {"volume": None, "issue": None, "pages": None}

UNLIKE = {"same_title": False, "exact": False, "begins": False, "reworded": True, "words": 40}
"""The likeness of a pair of two titles."""
RETYPED = {**UNLIKE, "reworded": False}
"""The same without words put for others."""

JOINED = {
    "a database's own abstract": (
        article(abstract=ABSTRACT),
        article(abstract=OWN_ABSTRACT, source="ebsco"),
    ),
    "its own abstract, a part in the issue": (
        article(abstract=ABSTRACT, issue="4"),
        article(abstract=OWN_ABSTRACT, issue="4, Pt 1", source="psycinfo"),
    ),
    "its own abstract, page left out": (
        article(abstract=ABSTRACT),
        article(abstract=OWN_ABSTRACT, source="wos", pages=None),
    ),
    "its own abstract, conference named in the issue": (
        article(abstract=ABSTRACT, issue=None, pages="S201-S217"),
        article(abstract=OWN_ABSTRACT, issue="13th Conference on Soils", pages="S201-S217"),
    ),
    "a country behind the journal": (
        article(journal="Fire", issue="11", pages="424"),
        article(journal="FIRE-SWITZERLAND", issue="11", pages=None, source="wos"),
    ),
    "a city behind the journal": (
        article(journal="Sensors", pages="4024"),
        article(journal="Sensors (Basel, Switzerland)", pages=None),
        article(journal="SENSORS-BASEL", pages=None),
    ),
    "an article number and the count of its pages": (
        article(pages="10152", issue="19", volume="18"),
        article(pages="1-17", issue="19", volume="18", source="ebsco"),
    ),
    "a small article number, pages counted and no page": (
        article(pages="43", issue="1", volume="18"),
        article(pages="1-16", issue="1", volume="18", source="ebsco"),
        article(pages=None, issue="1", volume="18", source="wos"),
    ),
    "electronic number and printed pages": (article(pages="e43268"), article(pages="1-9")),
    "an issue in the volume, the article's number in the issue": (
        article(volume="38 (1) (no pagination)", issue="13", pages=None),
        article(volume="38", issue="1", pages="13"),
    ),
    "a subtitle cut, one team and page": (
        article(title="Behavioural addiction in adult outpatients", pages="997-+"),
        article(
            title="Behavioural addiction in adult outpatients: an independent category?",
            pages="997-1002",
        ),
    ),
    "family and given name swapped": (
        article(authors=("Zhang, Wei",)),
        article(authors=("Wei, Zhang",)),
    ),
    "names of a team swapped": (
        article(authors=("Zhang, Wei", "Chen, Hao", "Liu, Yang"), pages=None),
        article(authors=("Wei, Zhang", "Hao, Chen", "Yang, Liu"), pages="100-110"),
    ),
    "names of a team swapped, initials on one side": (
        article(authors=("Stronza, A.", "Gordillo, J."), pages=None),
        article(authors=("Amanda, Stronza", "Javier, Gordillo"), pages="100-110"),
    ),
    "initials put for the family name": (
        article(authors=("Ferraro, Paul J.", "Hanauer, Merlin M."), pages=None),
        article(authors=("J, Ferraro Paul", "M, Hanauer Merlin"), pages="100-110"),
    ),
    "a letter lost in a surname": (
        article(authors=("Klemens B?hm", "Ann Fox"), pages=None),
        article(authors=("Böhm, Klemens", "Fox, Ann"), pages="100-110"),
    ),
    "a letter wrong in the second surname": (
        article(authors=("Fox, Ann", "Gonzalez, Maria"), pages=None, volume=None),
        article(authors=("Fox, Ann", "Gonzales, Maria"), pages="100-110"),
    ),
    "a second family name left out": (
        article(authors=("Rafael Camps",), **NOWHERE),
        article(authors=("Rafael Camps Paré",), **NOWHERE),
    ),
    "a title of three words by one pair of authors, no place": (
        article(title="Crawling the Hidden Web", authors=TEAM[:2], **NOWHERE),
        article(title="Crawling the hidden web", authors=TEAM[1::-1], **NOWHERE),
    ),
    "a wrong letter in a long title of one author, no place": (
        article(authors=TEAM[:1], **NOWHERE),
        article(authors=TEAM[:1], title=TITLE.replace("detection", "detecton"), **NOWHERE),
    ),
    "a long title, no journal and no place": (
        article(authors=TEAM[:1], journal=None, **NOWHERE),
        article(authors=("Fox, A.",), journal=None, source="scopus", **NOWHERE),
    ),
    "a note of the proceedings before the subtitle": (
        article(title="Index research (panel session): forest or single trees?", **NOWHERE),
        article(title="Index Research: Forest or Single Trees? (Panel Abstract)", **NOWHERE),
    ),
    "a letter wrong in the surname": (
        article(authors=("Gonzalez, Maria",)),
        article(authors=("Gonzales, Maria",)),
    ),
    "a letter missing in the surname, initials": (
        article(authors=("Papadopoulos, G.",)),
        article(authors=("Papadopolos GA",), pages=None),
    ),
    "a country behind the name": (
        article(authors=("Meier, U. (Switzerland)",)),
        article(authors=("Meier, Urs",), pages=None),
    ),
    "an acronym for the meeting": (
        article(
            journal="International Conference on Management of Data",
            volume=None,
            issue=None,
            pages=None,
        ),
        article(
            journal="SIGMOD Conference",
            volume=None,
            issue=None,
            pages=None,
            authors=TEAM[::-1],
        ),
    ),
    "one DOI, another wording of the title": (
        article(doi="10.1016/a", pages=None),
        article(
            doi="10.1016/a",
            title="Detecting pneumonia on portable chest radiographs with deep learning methods",
        ),
    ),
    "one DOI, no abstract available": (
        article(doi="10.1016/a", abstract="[No abstract available]", pages="1-10"),
        article(doi="10.1016/a", abstract=ABSTRACT, pages=None),
    ),
    "no page number": (article(pages="N.PAG-N.PAG"), article()),
    "no author listed": (article(authors=("No author listed",)), article()),
    "no journal": (article(journal="NA"), article()),
    "no issue": (article(issue="N/A"), article()),
}


@pytest.mark.parametrize("name", JOINED)
def test_joined_in_spite_of(name):
    assert one_report(*JOINED[name])


def test_a_placeholder_joins_where_the_word_itself_would_keep_apart():
    pair = (
        article(doi="10.1016/a", abstract="[No abstract available]", pages="1-10"),
        article(doi="10.1016/a", abstract=ABSTRACT, pages=None),
    )
    assert one_report(*pair)
    column = article(title="Stroke imaging update", authors=TEAM[:1], pages=None)
    for word in ("NA", "[No abstract available]", "Abstract not available."):
        first = dataclasses.replace(column, abstract=word)
        assert not one_report(first, dataclasses.replace(first, source="embase", volume=None))
    text = dataclasses.replace(column, abstract=ABSTRACT)
    assert one_report(text, dataclasses.replace(text, source="embase", volume=None))


APART = {
    "one team and pages in another issue, other title": (
        article(volume="7", issue="1", pages="54-59"),
        article(volume="7", issue="2", pages="54-59", title=OTHER_TITLE),
    ),
    "one team and place, titles that share nothing": (
        article(pages="154-159"),
        article(pages="154-159", title=OTHER_TITLE),
    ),
    "one team and place without issue, one word in common": (
        article(pages="154-156", issue=None),
        article(pages="154-156", issue=None, title="Pneumonia and wages in coastal towns"),
    ),
    "an editor's column on one page of two issues": (
        article(authors=TEAM[:1], issue="1", pages="54-59", title="Advances in cardiac CT"),
        article(authors=TEAM[:1], issue="2", pages="54-59", title="Advances in cardiac MRI"),
    ),
    "two abstracts of one title and team in a supplement": (
        article(abstract=ABSTRACT, pages="S12", issue="Suppl 1"),
        article(abstract=OWN_ABSTRACT, pages="S13", issue="Suppl 1"),
    ),
    "two article numbers of one volume": (
        article(title="Stroke imaging update", pages="10152", issue="1"),
        article(title="Stroke imaging update", pages="10873", issue="2"),
    ),
    "proceedings of two years": (
        article(journal="Proceedings of MICCAI 2019", volume=None, issue=None, pages=None),
        article(journal="Proceedings of MICCAI 2020", volume=None, issue=None, pages=None),
    ),
    "two meetings with one telling word": (
        article(journal="SIGMOD Conference", volume=None, issue=None, pages=None),
        article(journal="International Conference on Image Data", volume=None, pages=None),
    ),
    "one DOI on two numbers of a series": (
        article(doi="10.1016/a", title=TITLE + ". Part I", pages=None),
        article(doi="10.1016/a", title=TITLE + ". Part II", pages=None),
    ),
    "one DOI on a correction": (
        article(doi="10.1016/a"),
        article(doi="10.1016/a", title="Correction to: " + TITLE),
    ),
    "namesakes of one letter": (
        article(authors=("Hu, Bo",), title="A trial of streptokinase", pages="22"),
        article(authors=("Hua, Bo",), title="A trial of streptokinase", pages="22"),
    ),
    "surnames that differ in two letters": (
        article(authors=("Johansen, Bo",), title="A trial of streptokinase", pages="22"),
        article(authors=("Johnston, Bo",), title="A trial of streptokinase", pages="22"),
    ),
    "a paper and the abstract of its demonstration": (
        article(title=TITLE + " (Demo Abstract)", **NOWHERE),
        article(**NOWHERE),
    ),
    "one title and team on other pages of another issue": (
        article(title=TITLE + " of two hospitals", issue="1", pages="101-109"),
        article(title=TITLE + " of two hospitals", issue="2", pages="201-210"),
    ),
    "a column of one author, no place": (
        article(title="Distinguished database profiles", authors=TEAM[:1], **NOWHERE),
        article(title="Distinguished database profiles", authors=TEAM[:1], **NOWHERE),
    ),
    "a column of two editors, the place on one side": (
        article(title="Distinguished database profiles", authors=TEAM[:2], **NOWHERE),
        article(title="Distinguished database profiles", authors=TEAM[:2], pages=None),
    ),
    "a long title of one author, a part put for another": (
        article(authors=TEAM[:1], title=TITLE + " in men", **NOWHERE),
        article(authors=TEAM[:1], title=TITLE + " in women", **NOWHERE),
    ),
    "a long title without journal, other abstracts": (
        article(journal=None, abstract=ABSTRACT, **NOWHERE),
        article(journal=None, abstract=OWN_ABSTRACT, **NOWHERE),
    ),
    "a short title, no journal and no place": (
        article(title="Pneumonia on portable films", journal=None, **NOWHERE),
        article(title="Pneumonia on portable films", journal=None, source="scopus", **NOWHERE),
    ),
    "one letter apart, other given names": (
        article(authors=("Hansen, Ole",), title="A trial of streptokinase", pages="22"),
        article(authors=("Hanson, Oscar",), title="A trial of streptokinase", pages="22"),
    ),
}


@pytest.mark.parametrize("name", APART)
def test_kept_apart_or_asked(name):
    assert not one_study(*APART[name])


def test_one_place_and_team_under_another_title_is_asked():
    assert asked(*APART["one team and place, titles that share nothing"])
    assert not asked(
        article(pages="154-159"),
        article(pages="154-159", title=OTHER_TITLE, authors=("Solo, H",)),
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"pages": "9-9"}, {"pages": "327-335"}),
        ({"issue": "1", "pages": "101-109"}, {"issue": "2", "pages": "201-210"}),
        (
            {"title": "Online query processing", "authors": TEAM[:2], **NOWHERE},
            {"title": "Online query processing: a tutorial", "authors": TEAM[:2], **NOWHERE},
        ),
        (
            {"journal": "Climate and Land", "volume": None, "issue": None, "pages": "501-521"},
            {
                "journal": "Environmental Engineering",
                "volume": None,
                "issue": None,
                "pages": "501-521",
                "authors": (),
            },
        ),
    ],
)
def test_what_may_be_one_work_is_asked(first, second):
    assert asked(article(**first), article(**second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"title": TITLE}, {"title": TITLE + ". Part II"}),
        ({"title": TITLE, "year": 2019}, {"title": TITLE + ": a tutorial"}),
        ({"title": TITLE}, {"title": TITLE + ": a tutorial", "authors": ("Solo, H.", "Lone, B.")}),
    ],
)
def test_a_longer_title_of_a_part_a_year_or_a_team_of_its_own_is_not_asked(first, second):
    pair = article(**NOWHERE, **first), article(**NOWHERE, **second)
    assert not one_study(*pair)
    assert not asked(*pair)


def test_another_abstract_still_counts_where_the_place_does_not_agree():
    pair = article(abstract=ABSTRACT, pages=None), article(abstract=OWN_ABSTRACT, issue=None)
    assert asked(*pair)
    supplement = {"journal": "Proc Annual Imaging Conference", "pages": "44", "issue": "Suppl 1"}
    assert not one_report(
        article(abstract=ABSTRACT, **supplement), article(abstract=OWN_ABSTRACT, **supplement)
    )


ARXIV = Record(
    source="arxiv", arxiv_id="2005.01234", title=TITLE, authors=TEAM, year=2020, doi="10.1007/s1"
)


@pytest.mark.parametrize(
    "title",
    [TITLE, "Networks that find pneumonia on portable radiographs", "Pneumonia at the bedside"],
)
def test_an_arxiv_entry_and_the_article_whose_doi_it_names_are_one_study(title):
    found, _ = result(ARXIV, article(doi="https://doi.org/10.1007/S1", title=title))
    assert found.study[1] == found.study[2]
    assert found.report[1] != found.report[2]


def test_an_arxiv_entry_that_names_a_strangers_doi_is_not_joined():
    assert not one_study(
        ARXIV, article(doi="10.1007/s1", title=OTHER_TITLE, authors=("Solo, H", "Other, B"))
    )


@pytest.mark.parametrize("title", [TITLE, "Pneumonia at the bedside, read by a network"])
def test_one_slash_or_two_after_the_prefix_of_a_doi_is_one_article(title):
    long_form, short_form = "10.1037//0022-3514.77.6.1121", "10.1037/0022-3514.77.6.1121"
    assert one_report(article(doi=long_form), article(doi=short_form, title=title))
    assert one_report(article(doi=short_form), article(doi=long_form, title=title))
    found, _ = result(ARXIV, article(doi="10.1007//S1", title=title))
    assert found.study[1] == found.study[2]


@pytest.mark.parametrize("title", [TITLE, "Networks that find pneumonia on portable radiographs"])
def test_two_records_of_a_preprint_with_one_doi_are_one_report(title):
    assert one_report(
        preprint(doi="10.21203/rs.3.rs-1/v1", journal="Research Square"),
        preprint(doi="10.21203/rs.3.rs-1/v1", journal=None, source="scopus", title=title),
    )
    assert one_report(
        preprint(journal="medRxiv"),
        preprint(journal="medRxiv : the preprint server for health sciences", title=title),
    )


@pytest.mark.parametrize("journal", ["arXiv", "medRxiv", "Research Square"])
def test_a_preprint_and_an_article_that_share_a_doi_are_one_study(journal):
    found, open_pairs = result(
        preprint(doi="10.1007/s1", journal=journal, title="Pneumonia on portable radiographs"),
        article(doi="10.1007/s1"),
    )
    assert found.study[1] == found.study[2]
    assert open_pairs == []


def test_two_pmids_never_share_a_group_through_a_third_record():
    first = article(pmid="31000001", volume="31", pages="100-110", year=2020)
    second = article(pmid="31000002", volume="32", pages="7-12", year=2021)
    found, _ = result(first, second, article(volume=None, pages=None, issue=None, year=2020))
    assert found.study[1] != found.study[2]


def test_a_preprint_joins_one_of_two_articles_with_pmids():
    first = article(pmid="31000001")
    second = article(pmid="31000002", journal="Radiology", volume="299", pages="7-12")
    found, open_pairs = result(preprint(), first, second)
    assert len(set(found.study.values())) == 2
    assert open_pairs


def test_two_pmids_of_one_printed_article_are_one_report():
    assert one_report(article(pmid="31000001"), article(pmid="31000002"))
    assert not one_report(article(pmid="31000001"), article(pmid="31000002", issue="5"))


NO_PAGE = (article(pages="100"), article(pages="100"))
"""One first page, the last one unknown."""
THRESHOLDS = {
    "like titles are asked": (NO_PAGE, UNLIKE, "ratio", 85, 84.9, "maybe", "distinct"),
    "close titles are joined": (NO_PAGE, RETYPED, "ratio", 92, 91.9, "duplicate", "maybe"),
    "reworded titles must be typed alike": (
        NO_PAGE,
        UNLIKE,
        "ratio",
        97,
        96.9,
        "duplicate",
        "maybe",
    ),
    "telling words of an unplaced title": (
        (article(pages=None, issue=None), article(volume=None)),
        {"in_order": False, "shared": 2},
        "informative",
        4,
        1,
        "duplicate",
        "distinct",
    ),
    "half of the team": (
        NO_PAGE,
        {"first": -1, "shared": 2, "in_order": False},
        "team",
        0.5,
        0.49,
        "duplicate",
        "distinct",
    ),
    "most of the team for two ids": (
        (article(pmid="31"), article(pmid="32")),
        {"in_order": False, "shared": 3},
        "team",
        0.8,
        0.79,
        "duplicate",
        "maybe",
    ),
    "texts of two ids": (
        (
            article(pmid="31", volume=None, abstract=ABSTRACT),
            article(pmid="32", abstract=ABSTRACT),
        ),
        {},
        "abstract",
        95,
        94.9,
        "duplicate",
        "distinct",
    ),
    "another text": (
        (article(pages=None, issue=None), article(issue=None)),
        {},
        "abstract",
        55,
        54.9,
        "duplicate",
        "maybe",
    ),
    "likely one text": (
        (article(pages=None), article()),
        {"exact": False, "shared": 3},
        "abstract",
        85,
        84.9,
        "duplicate",
        "maybe",
    ),
    "another text at a longer span": (
        (article(pages="S30-S34"), article(pages="S30-S34")),
        {"supplement": True, "abstract": 20},
        "span",
        3,
        2,
        "duplicate",
        "maybe",
    ),
    "another issue at a longer span of low pages": (
        (article(pages="2-9", issue="1"), article(pages="2-9", issue="2")),
        {},
        "span",
        3,
        2,
        "duplicate",
        "maybe",
    ),
    "words in common of unlike titles in another issue": (
        (article(issue="1"), article(issue="2")),
        {**UNLIKE, "ratio": 60, "kindred": True},
        "words",
        75,
        74.9,
        "duplicate",
        "distinct",
    ),
    "years of a preprint": ((preprint(), article()), {}, "years", 4, 5, "study", "distinct"),
}


@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_threshold_holds_on_both_sides(name):
    pair, changes, field, inside, outside, verdict, other = THRESHOLDS[name]
    assert judge(*pair, **{**changes, field: inside})[0] == verdict
    assert judge(*pair, **{**changes, field: outside})[0] == other
