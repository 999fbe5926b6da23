"""Letters, meeting abstracts and columns that look alike stay apart, and their copies are found."""

import random

import pytest
from dedupe.test_recurring import figures
from dedupe.test_traps import TEAM, TITLE, article, asked, one_report, one_study

from review.dedupe import build_columns
from review.dedupe.normalize import SUPPLEMENT_OFFSET, classify_title, parse_issue, parse_pages
from review.dedupe.similarity import compare_journals
from review.models import Record

MEETING = {"issue": "Suppl 1", "pages": "S100", "authors": TEAM}
OTHER_TEAM = ("Ray, Cy", "Sun, Di")

APART = {
    "letters of two teams under one title on one page": (
        article(pages="812", authors=("Fox, Ann", "Hu, Bo")),
        article(pages="812", authors=OTHER_TEAM),
    ),
    "letters that share one of several names": (
        article(pages="812", authors=("Fox, Ann", "Lee, A", "Hu, Bo")),
        article(pages="812", authors=("Ray, C", "Hu, Wei", "Sun, D", "Ito, E")),
    ),
    "letters of two people of one family name": (
        article(pages="812", authors=("Lee, Ann",)),
        article(pages=None, authors=("Lee, Bo", "Ray, C", "Sun, D")),
    ),
    "letters that follow each other": (
        article(pages="811-812", authors=()),
        article(pages="812-813", authors=("Ray, C",)),
    ),
    "an article and the reply under its title": (
        article(pages="812", authors=TEAM),
        article(title=f"{TITLE} [reply]", pages="812"),
    ),
    "a letter without authors beside two letters": (
        article(pages="812", authors=("Fox, Ann",)),
        article(pages="812", authors=("Ray, C",)),
        article(pages="812", authors=(), source="scopus"),
    ),
    "two drugs of one team on one page of a supplement": (
        article(title="Tiotropium improves outcomes in women with asthma", **MEETING),
        article(title="Aspirin improves outcomes in women with asthma", **MEETING),
    ),
    "an abstract and its subgroup on one page of a supplement": (
        article(title=TITLE, **MEETING),
        article(title=f"{TITLE}: safety results", **MEETING),
    ),
    "abstracts of one team under one DOI": (
        article(
            title="Aspirin improves outcomes in women with asthma",
            doi="10.1016/s",
            **{**MEETING, "pages": None},
        ),
        article(title="Aspirin improves survival in women with asthma", doi="10.1016/s", **MEETING),
    ),
    "a meeting abstract and the paper in one volume": (
        article(pages="S100", issue=None),
        article(pages="512-520", issue=None),
    ),
    "one team's abstract and paper, the paper without pages": (
        article(title=TITLE, **MEETING),
        article(volume="32", issue="1", year=2022, pages=None),
    ),
    "columns without authors in two issues on a high page": (
        article(title="Tips from the floor", authors=(), issue="3", pages="64"),
        article(title="Tips from the floor", authors=(), issue="4", pages="64"),
        article(title="Tips from the floor", authors=(), issue=None, pages="64", source="wos"),
    ),
    "proceedings of two years": (
        article(
            title="Workshop on open platforms",
            journal="2019 Symposium on Imaging",
            year=None,
            volume=None,
            issue=None,
            pages=None,
        ),
        article(
            title="Workshop on open platforms",
            journal="2020 Symposium on Imaging",
            year=None,
            volume=None,
            issue=None,
            pages=None,
        ),
    ),
    "an introduction on page 1 of proceedings, and another": (
        article(
            title="Introduction to the track on open platforms in imaging",
            volume=None,
            issue=None,
            pages="1",
            journal="Proceedings of the Symposium on Imaging",
        ),
        article(
            title="Introduction to the track on open platforms in imaging",
            volume=None,
            issue=None,
            pages="412",
            journal="Proceedings of the Symposium on Imaging",
        ),
    ),
    "annual reports without a volume, beginning on one page": (
        article(
            title="Deaths from asthma: report of the surveillance committee for Italy",
            volume=None,
            pages="652-667",
            year=2005,
        ),
        article(
            title="Deaths from asthma: report of the surveillance committee for Italy",
            volume="31",
            pages="652-669",
            year=2006,
        ),
    ),
    "two anonymous columns on the one page of an issue": (
        article(title="Obituary", authors=(), pages="1331"),
        article(title="Obituary", authors=("Wei, Nils",), pages="1331", source="wos"),
    ),
    "an editor's column on the first page of two issues, one issue not given": (
        article(title="In this issue", authors=("Fox, Ann",), pages="1-2", issue="3"),
        article(title="In this issue", authors=("Fox, Ann",), pages="1-2", issue=None),
    ),
    "one author's two replies in an issue, one without its page": (
        article(title="Reply", authors=("Fox, Ann",), pages="812"),
        article(title="Reply", authors=("Fox, Ann",), pages=None, source="wos"),
    ),
    "two comments of one page, each with a DOI, by two people of one name": (
        article(
            title="Comment on: deep learning for chest CT",
            authors=("Li, A",),
            pages="523",
            doi="10.1007/c1",
        ),
        article(
            title="Comment on: deep learning for chest CT",
            pages="523",
            doi="10.1007/c2",
            authors=("Ray, C", "Li, N", "Sun, D"),
        ),
    ),
    "a monthly column of one pair of editors, no page or issue": (
        article(title="Continuing medical education", authors=TEAM[:2], issue=None, pages=None),
        article(title="Continuing medical education", authors=TEAM[:2], issue="2", pages=None),
    ),
}


@pytest.mark.parametrize("name", APART)
def test_look_alikes_stay_apart(name):
    assert not one_study(*APART[name][:2])


TOGETHER = {
    "an issue within the volume": (
        article(title="In this issue", issue="6", pages="1-2"),
        article(title="In this issue", volume="31(6)", issue=None, pages="1-2", source="wos"),
    ),
    "an author list spelt otherwise, first and last page": (
        article(pages="444-450", authors=("Santos, A L", "Derchain, S F")),
        article(pages="444-450", authors=("Ferreira Luis, Santos A", "Mauricette, Derchain S")),
    ),
    "no authors and no volume, first and last page": (
        article(pages="229-236", authors=()),
        article(pages="229-36", volume=None),
    ),
    "spans misprinted so that they touch": (
        article(pages="246-250"),
        article(pages="250-254", source="wos"),
    ),
    "a slip in the first letters of a word": (
        article(pages="229"),
        article(title=TITLE.replace("pneumonia", "npeumonia"), pages="229"),
    ),
    "a short title by a team, a year apart, first and last page": (
        article(title="Multiple sclerosis", pages="257-258"),
        article(title="Multiple sclerosis", pages="257-258", volume=None, year=2022),
    ),
    "one introduction of one year's meeting": (
        article(
            title="Workshop on open platforms",
            volume=None,
            issue=None,
            pages=None,
            journal="Proceedings of the Symposium on Imaging",
        ),
        article(
            title="Workshop on open platforms.",
            volume=None,
            issue=None,
            pages=None,
            journal="Proc Symp Imaging",
            source="wos",
        ),
    ),
    "a column of two editors in one issue, one without pages": (
        article(title="Foreword", authors=TEAM[:2], pages="226-227"),
        article(title="FOREWORD.", authors=("Fox A", "Hu B"), pages=None, source="wos"),
    ),
    "a case of the month, the abbreviation with its acronym": (
        article(
            title="Preface", authors=("Fox, Ann",), pages="1654-7", journal="AJR Am J Roentgenol"
        ),
        article(
            title="Preface",
            authors=("Fox, A",),
            pages="1654-1657",
            source="scopus",
            journal="American Journal of Roentgenology",
        ),
    ),
    "a team's reply on an issue's early pages, one issue not given": (
        article(title="Authors' reply", authors=TEAM[:2], pages="10-16"),
        article(title="Authors' reply", authors=("Fox A", "Hu B"), pages="10-16", issue=None),
    ),
    "a column of one person, the volume not given": (
        article(title="Reply", authors=("Fox, Ann",), pages="10-12"),
        article(title="Reply", authors=("Fox A",), pages="10-2", volume=None),
    ),
    "a column of two pages, one record without its author": (
        article(title="Correspondence", authors=("Fox, Ann",), pages="11-12"),
        article(title="Correspondence", authors=(), pages="11-2", source="wos"),
    ),
    "a spreadsheet's date for the short form of pages": (
        article(pages="21-28"),
        article(pages="21-Aug", volume=None),
    ),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_copies_of_one_document_are_found(name):
    assert one_report(*TOGETHER[name])


def test_one_doi_and_title_on_two_letters_with_pmids_of_their_own_is_asked():
    assert asked(
        article(doi="10.1056/c1", pmid="11", pages="812", authors=("Fox, Ann",)),
        article(doi="10.1056/c1", pmid="12", pages="813", authors=("Ray, C",)),
    )


def test_a_recurring_title_without_its_page_is_asked():
    assert asked(
        article(title="Reply", authors=("Fox, Ann",), pages="812"),
        article(title="Reply", authors=("Fox, Ann",), pages=None, source="wos"),
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("AJR Am J Roentgenol", "American Journal of Roentgenology", 1),
        ("AJNR Am J Neuroradiol", "American Journal of Neuroradiology", 1),
        ("AJR Am J Roentgenol", "AJNR Am J Neuroradiol", -1),
        ("MMWR Morb Mortal Wkly Rep", "Morbidity and Mortality Weekly Report", 1),
        ("JAMA", "JAMA - Journal of the American Medical Association", 1),
        ("JAMA", "J Am Med Inform Assoc", -1),
        ("JAMA", "JAMA Netw Open", -1),
        ("Proc Natl Acad Sci U S A", "PNAS", 1),
        (
            "Radiographics : a review publication of the Radiological Society of North America, "
            "Inc",
            "Radiographics",
            1,
        ),
        ("CMAJ : Canadian Medical Association journal = journal de l'Association", "CMAJ", 1),
        ("Radiology", "Radiology. Artificial intelligence", -1),
        ("Cancer", "Cancer Letters", -1),
    ],
)
def test_a_journal_is_known_by_its_abbreviation_acronym_and_first_name(one, other, same):
    named = [
        build_columns([(n, article(journal=text))]).journal[0]
        for n, text in enumerate((one, other))
    ]
    assert compare_journals(*named) == same


@pytest.mark.parametrize(
    ("issue", "volume", "number"),
    [
        ("4", "31", 4),
        (None, "57(6)", 6),
        (None, "57 (6)", 6),
        (None, "57", 0),
        ("Suppl 1", "57", SUPPLEMENT_OFFSET + 1),
        (None, "57(Suppl 2)", SUPPLEMENT_OFFSET + 2),
        ("Supplement", "57", 0),
        ("13", "57(6) (no pagination)", 6),  # the article's number stands in the field
        ("7", "57(second)", 7),
        (None, "6)", 0),
        ("9" * 40, None, 0),
    ],
)
def test_an_issue_is_read_from_where_it_stands(issue, volume, number):
    assert parse_issue(issue, volume) == number


def test_a_reply_in_brackets_is_a_reply():
    assert (
        classify_title("Aspirin in stroke [reply]")
        == classify_title("Aspirin in stroke (Reply)")
        != classify_title("Aspirin")
    )
    assert parse_pages("21-Aug") == ("", "21", "28")


DRUGS = ["exenatide", "dasatinib", "rivaroxaban", "tiotropium", "ceftaroline", "imatinib"]
ILLS = ["asthma", "stroke", "heart failure", "sepsis", "type 2 diabetes", "pleural effusion"]
NAMES = [
    a + b
    for a in ("Ber", "Kor", "Lund", "Mas", "Nor", "Pel", "Rud", "Sol", "Tor", "Vel")
    for b in ("in", "mann", "quist", "ski", "ara", "etti", "wood")
]
JOURNALS = [
    ("New England Journal of Medicine", "N Engl J Med"),
    ("Stroke", "Stroke"),
    ("European Heart Journal", "Eur Heart J"),
    ("Chest", "CHEST"),
]


def people(dice: random.Random, least: int, most: int) -> tuple[str, ...]:
    chosen = dice.sample(NAMES, dice.randint(least, most))
    return tuple(f"{name}, {dice.choice('ABCDEHJKLMPRST')}." for name in chosen)


def correspondence(dice: random.Random) -> list[Record]:
    """Letters of several teams under one title on neighbouring pages, and the reply."""
    drug, ill, names = dice.choice(DRUGS), dice.choice(ILLS), dice.choice(JOURNALS)
    title = dice.choice([f"{drug.title()} for {ill} in adolescents", f"{drug.title()} and {ill}"])
    page, volume, year = (
        dice.randint(30, 2000),
        str(dice.randint(10, 300)),
        dice.randint(1990, 2020),
    )
    found = []
    for turn in range(dice.randint(2, 4)):
        last = page + dice.choice((0, 0, 1))
        found.append(
            Record(
                "pubmed",
                title=title + (" [reply]" if turn == 3 else ""),
                year=year,
                authors=people(dice, 1, 4),
                journal=names[1],
                volume=volume,
                issue="7",
                pages=f"{page}-{last}" if last > page else str(page),
            )
        )
        page = last + dice.choice((0, 1))
    return found


def abstracts(dice: random.Random) -> list[Record]:
    """Abstracts of one team in one supplement, and the paper that came of one."""
    first, second = dice.sample(DRUGS, 2)
    ill, names, team = dice.choice(ILLS), dice.choice(JOURNALS), people(dice, 3, 8)
    page, volume, year = dice.randint(1, 900), str(dice.randint(10, 90)), dice.randint(1990, 2020)
    titles = [
        f"{first.title()} improves outcomes in women with {ill}",
        f"{second.title()} improves outcomes in women with {ill}",
        f"{first.title()} improves survival in women with {ill}",
        f"{first.title()} improves outcomes in women with {ill}: a safety study",
    ]
    found = [
        Record(
            "embase",
            title=title,
            year=year,
            authors=team,
            journal=names[0],
            volume=volume,
            issue="Suppl 2",
            pages=f"S{page + turn // 2}",
        )
        for turn, title in enumerate(titles)
    ]
    paper = Record(
        "pubmed",
        title=titles[0],
        year=year + 1,
        authors=team,
        journal=names[1],
        volume=str(int(volume) + 1),
        issue="11",
        pages=f"{page + 950}-{page + 958}",
    )
    return [*found, paper]


def told_again(dice: random.Random, one: Record) -> Record:
    """A document as another database tells it: other case and names, a field missing."""
    gone = dice.choice(("issue", "pages", "year", "volume", "authors", "", "", ""))
    values = {
        "title": dice.choice((str(one.title).upper(), f"{one.title}.", f"[{one.title}]")),
        "authors": tuple(name.replace(",", "").rstrip(".") for name in one.authors),
        "year": one.year,
        "journal": next(b if one.journal == a else a for a, b in JOURNALS if one.journal in (a, b)),
        "volume": one.volume,
        "issue": one.issue,
        "pages": one.pages,
    }
    if gone:
        values[gone] = () if gone == "authors" else None
    return Record("wos", **values)


def rows(make, seed: int) -> list[tuple[int, Record]]:
    dice, found, work = random.Random(seed), [], 0
    for _ in range(60):
        for one in make(dice):
            work += 1
            found.append((work, one))
            if dice.random() < 0.7:
                found.append((work, told_again(dice, one)))
    dice.shuffle(found)
    return found


@pytest.mark.parametrize("make", [correspondence, abstracts])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_letters_and_abstracts_are_told_apart_and_their_copies_found(make, seed):
    result = figures(rows(make, seed))
    assert result["precision"] > 0.98, result["_mixed_groups"]
    assert result["recall"] > 0.75
