"""Wordings of withdrawals at arXiv, medRxiv and journals, and texts that only resemble them."""

import pytest

from review.models import Record
from review.sources import arxiv
from review.sources.withdrawals import (
    find_retraction_marks,
    says_comment_withdrawn,
    says_text_withdrawn,
)

LONG = "We trained a network on 400 scans of the chest and tested it at two hospitals. " * 5

WITHDRAWN_COMMENTS = [
    "This paper has been withdrawn",
    "Withdrawn",
    "Withdrawn.",
    "withdrawn due to a crucial error in equation (3)",
    "Withdrawn, the proof of Lemma 2 is wrong",
    "Paper withdrawn because of an error in the data split",
    "This submission has been withdrawn by arXiv administrators due to disputed authorship",
    "The authors have withdrawn this paper",
    "The author wishes to withdraw this submission",
    "12 pages, 3 figures; withdrawn by the authors",
    "11 pages. Retracted due to an error in Theorem 2",
    "This article has been retracted at the request of the authors",
    "arXiv admin note: this version has been removed by arXiv administrators",
    "This manuscript was temporarily withdrawn for revision",
    "Withdrawal notice: see the erratum",
    "Withdrawal requested by the co-authors",
    "We are withdrawing this paper until the licence of the data is settled",
]
OTHER_COMMENTS = [
    "12 pages, 3 figures",
    "Accepted at MICCAI 2021",
    "A study of alcohol withdrawal symptoms on MRI",
    "Replaces an earlier paper, which was withdrawn",
    "Supersedes the submission that was withdrawn",
    "A previous version of this work was withdrawn from the workshop",
    "Retraction maps on manifolds, 14 pages",
    "Data on 40 withdrawn participants included",
    "12 pages; list of retracted articles in the appendix",
]
WITHDRAWN_ABSTRACTS = [
    "This paper has been withdrawn by the author(s) due to a crucial error in equation 3.",
    "This paper has been withdrawn by the authors.",
    f"{LONG} This preprint has been withdrawn.",
    "Withdrawal Statement: The authors have withdrawn their manuscript.",
    "Withdrawal Statement The authors have withdrawn this manuscript because of an error.",
    f"Background: x\nWithdrawal Statement: medRxiv has withdrawn it. {LONG}",
    f"[WITHDRAWN] {LONG}",
    f"{LONG} [WITHDRAWN]",
    "WITHDRAWN: the analysis cannot be repeated.",
    "TEMPORARY REMOVAL",
    "Temporary removal: this preprint is under investigation.",
    "This preprint has been temporarily removed while the institution investigates.",
    "medRxiv has withdrawn this preprint because ethical approval was missing.",
    "The authors have withdrawn this manuscript owing to errors. Therefore, the authors do not "
    "wish this work to be cited.",
    "We hereby retract this article because the labels were exchanged.",
    "Retracted due to an error in the labels.",
    "The manuscript has been withdrawn as it was posted without the consent of all authors.",
    "This article has now been formally retracted.",
    "The authors have requested the withdrawal of this manuscript.",
]
OTHER_ABSTRACTS = [
    f"After two weeks we withdrew the drug. {LONG}",
    f"Withdrawal symptoms were scored on day 3. {LONG}",
    f"Three patients were withdrawn from the study. {LONG}",
    f"Consent was withdrawn by four participants. {LONG}",
    f"Withdrawn due to toxicity in 2004, the drug still appears in registries. {LONG}",
    f"Of 212 papers, 12 articles were retracted due to fraud. {LONG}",
    f"The authors of 12 trials requested withdrawal of the drug from the list. {LONG}",
    f"We study how often retracted articles are cited. {LONG}",
    f"The trial was withdrawn before enrolment. {LONG}",
    f"This study was withdrawn from one site after a year. {LONG}",
    f"Temporary removal of the catheter lowers the dose. {LONG}",
    f"The needle is retracted by a spring. {LONG}",
    f"Ventilation was withdrawn; this report describes the outcome. {LONG}",
    f"We withdrew our hands before the scan. {LONG}",
    f"Cerebrospinal fluid was withdrawn (20 ml). {LONG}",
    f"The authors removed the electrodes. {LONG}",
    "",
]


@pytest.mark.parametrize("comment", WITHDRAWN_COMMENTS)
def test_a_comment_that_withdraws_the_paper(comment):
    record = Record("arxiv", "1", title="A", extra={"comment": (comment,)})
    assert find_retraction_marks(record)


@pytest.mark.parametrize("comment", OTHER_COMMENTS)
def test_a_comment_about_something_else(comment):
    record = Record("arxiv", "1", title="A", extra={"comment": (comment,)})
    assert not find_retraction_marks(record)


@pytest.mark.parametrize("source", ["arxiv", "medrxiv", "biorxiv"])
@pytest.mark.parametrize("abstract", WITHDRAWN_ABSTRACTS)
def test_an_abstract_that_withdraws_the_paper(abstract, source):
    assert find_retraction_marks(Record(source, "1", title="A", abstract=abstract))


@pytest.mark.parametrize("abstract", OTHER_ABSTRACTS)
def test_an_abstract_about_something_else(abstract):
    assert not find_retraction_marks(Record("medrxiv", "1", title="A", abstract=abstract))
    assert not find_retraction_marks(Record("arxiv", "1", title="A", abstract=abstract))


@pytest.mark.parametrize(
    ("title", "mark"),
    [
        ("WITHDRAWN: A study", "withdrawn"),
        ("Withdrawn as duplicate: A study", "withdrawn"),
        ("A study of CT [WITHDRAWN]", "withdrawn"),
        ("[WITHDRAWN] A study", "withdrawn"),
        ("WITHDRAWN A study", "withdrawn"),
        ("Withdrawal Statement: A study", "withdrawn"),
        ("TEMPORARY REMOVAL: A study", "temporarily removed"),
        ("RETRACTED ARTICLE: A study", "retracted"),
        ("Withdrawn patients in trials", None),
        ("Withdrawal of sedation guided by EEG", None),
        ("Temporary removal of catheters", None),
        ("Retraction: A study", None),
        ("Citations of articles retracted in 2020", None),
    ],
)
def test_the_words_at_a_title(title, mark):
    found = find_retraction_marks(Record("pubmed", "1", title=title))
    assert [relation.target for relation in found] == ([mark] if mark else [])


def test_an_abstract_of_a_database_is_not_searched_for_statements():
    record = Record("embase", "1", title="A", abstract="This paper has been withdrawn.")
    assert not find_retraction_marks(record)


RAW = """<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record>
<header><identifier>oai:arXiv.org:2001.00001</identifier><datestamp>2020-02-01</datestamp></header>
<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>2001.00001</id>{versions}
<title>A study</title><authors>A. Bee</authors><categories>cs.CV</categories>
<abstract>An abstract.</abstract></arXivRaw></metadata></record></ListRecords></OAI-PMH>"""


@pytest.mark.parametrize(
    ("types", "withdrawn"),
    [
        (("D", "I"), True),
        (("I", "D"), False),  # taken back: a version with files followed
        (("D",), False),
        (("I",), True),
        (("D",) * 9 + ("DI",), True),  # version 10 is newer than version 9
        (("", ""), False),
    ],
)
def test_the_source_type_of_the_newest_version_decides(types, withdrawn):
    versions = "".join(
        f'<version version="v{n}"><date>Wed, 1 Jan 2020 10:00:00 GMT</date><size>0kb</size>'
        f"<source_type>{kind}</source_type></version>"
        for n, kind in enumerate(types, 1)
    )
    (record,) = arxiv.parse(RAW.format(versions=versions).encode()).records
    assert bool(find_retraction_marks(record)) is withdrawn


@pytest.mark.parametrize(
    "comment",
    [
        "I withdraw the paper because of errors",
        "Withdrawing this version due to a bug",
        "There is a gap in Lemma 2, so we withdraw.",
        "The author has decided to withdraw the paper",
        "Please disregard this paper; its data were wrong",
        "withdrawn from arXiv on request",
    ],
)
def test_authors_who_withdraw_in_the_first_person_are_understood(comment: str) -> None:
    assert says_comment_withdrawn(comment)


@pytest.mark.parametrize(
    "comment",
    [
        "withdrawn from a workshop, accepted at MIDL",
        "v3: we withdraw the claim of Theorem 2",
        "We withdraw blood from each participant",
        "Needles that we withdraw during the scan",
    ],
)
def test_what_is_withdrawn_in_a_comment_may_be_something_else(comment: str) -> None:
    assert not says_comment_withdrawn(comment)


def test_an_abstract_that_opens_with_its_withdrawal_is_short() -> None:
    assert says_text_withdrawn("Author withdrew the paper due to a bug.")
    assert says_text_withdrawn("Paper withdrawn")
    study = "Authors retracted the article in a third of cases. " + "We asked 400 of them. " * 15
    assert not says_text_withdrawn(study)


@pytest.mark.parametrize("title", ["Article withdrawn: Nets", "Notice of withdrawal: Nets"])
def test_titles_of_notices_are_marks(title: str) -> None:
    assert find_retraction_marks(Record("medrxiv", title=title))[0].target == "withdrawn"
