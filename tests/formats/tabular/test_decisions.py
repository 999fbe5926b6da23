"""Decision files: our own layout, Rayyan, Covidence and ASReview; no line is lost."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from review.errors import SourceError
from review.formats.tabular.decisions import DecisionDefaults, DecisionRow, read_decisions

OWN = """record,stage,reviewer,role,verdict,reason,note
R000001,title-abstract,ada,reviewer,include,,
R000001,title-abstract,ben,,No,not AI,"see, p. 2"
10.5555/x,title-abstract,ada,,maybe,,
R000003,title-abstract,ada,,,,
R000004,title-abstract,ada,,perhaps,,
,title-abstract,ada,,include,,
R000005,title-abstract,,,include,,
R000006,title-abstract,eve,adjudicator,exclude,not AI,
R000007,title-abstract,ada,boss,include,,
R000001,title-abstract,ada,,withdraw,,
"""

RAYYAN = (
    "key,title,year,month,day,journal,issn,volume,issue,pages,authors,url,language,publisher,"
    "location,abstract,notes,pubmed_id,pmc_id\n"
    "rayyan-1,First,2020,3,4,Chest,1,2,3,4-5,Li W. and Wu X.,https://doi.org/10.1234/a,eng,P,L,Abs,"
    '"RAYYAN-INCLUSION: {""Kofi""=>""Included"", ""Eva""=>""Excluded""} | RAYYAN-LABELS: ML | '
    "RAYYAN-EXCLUSION-REASONS: wrong population,foreign language | "
    'USER-NOTES: {""Eva""=>[""check"", ""twice""]}",90000101,\n'
    'rayyan-2,Second,2021,,,,,,,,,,,,,,"RAYYAN-INCLUSION: {""Kofi""=>""Maybe""}",,\n'
    "rayyan-3,Third,2021,,,,,,,,,,,,,,,,\n"
    'rayyan-4,Fourth,2021,,,,,,,,,,,,,,"RAYYAN-INCLUSION: {""Kofi""=>""Splendid""}",,\n'
)

RAYYAN_RIS = (
    "TY  - JOUR\nTI  - Item\nDO  - 10.1234/b\n"
    'N1  - RAYYAN-INCLUSION: {"Kofi"=>"Maybe"} | RAYYAN-LABELS: Later\nER  - \n'
)

COVIDENCE = (
    "Title,Authors,Abstract,Published Year,Published Month,Journal,Volume,Issue,Pages,"
    "Accession Number,DOI,Ref,Covidence #,Study,Notes,Tags\n"
    'One,"Li, W.",A,2020,Jan,Chest,1,2,3,,10.1234/c,,#12,Li 2020,'
    '"Exclusion reason: Wrong study design; ",\n'
    'Two,"Wu, X.",A,2020,,Chest,,,,,10.1234/d,,#13,Wu 2020,,\n'
)

ASREVIEW = (
    "record_id,title,doi,included,asreview_label,asreview_time,asreview_note\n"
    "0,One,10.1234/e,,1,2025-01-01,good\n1,Two,10.1234/f,,0.0,2025-01-02,\n2,Three,,1,,,\n"
    "3,Four,,,-1,,\n4,Five,,,7,,\n"
)


def read(
    text: str, given: DecisionDefaults | None = None
) -> tuple[str, list[DecisionRow], list[int], list[str]]:
    found = read_decisions(text.encode(), given)
    return found.kind, list(found.rows), list(found.undecided), [r.reason for r in found.rejected]


def test_our_own_layout_is_read_line_by_line() -> None:
    kind, rows, undecided, rejected = read(OWN)
    assert kind == "funnel"
    assert [(r.line, r.key, r.reviewer, r.verdict, r.role) for r in rows] == [
        (2, "R000001", "ada", "include", "reviewer"),
        (3, "R000001", "ben", "exclude", "reviewer"),
        (4, "10.5555/x", "ada", "unsure", "reviewer"),
        (9, "R000006", "eve", "exclude", "adjudicator"),
        (11, "R000001", "ada", None, "reviewer"),
    ]
    assert (rows[1].reason, rows[1].note) == ("not AI", "see, p. 2")
    assert undecided == [5]
    assert [r.split(":")[0] for r in rejected] == ["line 6", "line 7", "line 8", "line 10"]
    assert "expected include, exclude, unsure" in rejected[0]


def test_every_line_of_a_file_comes_out_once() -> None:
    _, rows, undecided, rejected = read(OWN)
    assert len(rows) + len(undecided) + len(rejected) == OWN.count("\n") - 1


def test_rayyan_csv_gives_a_row_a_reviewer() -> None:
    kind, rows, undecided, rejected = read(RAYYAN, DecisionDefaults(stage="title-abstract"))
    assert kind == "rayyan"
    assert [(r.reviewer, r.verdict, r.reason) for r in rows] == [
        ("Kofi", "include", None),
        ("Eva", "exclude", "wrong population"),
        ("Kofi", "unsure", None),
    ]
    assert rows[1].note == "also: foreign language; check, twice"
    assert rows[0].stage == "title-abstract"
    entry = rows[0].entry
    assert entry is not None
    assert (entry.doi, entry.pmid, entry.date) == ("10.1234/a", "90000101", "2020-03-04")
    assert entry.authors == ("Li W.", "Wu X.")
    assert undecided == [4]
    assert "line 5" in rejected[0] and "Splendid" in rejected[0]


def test_rayyan_ris_is_read() -> None:
    kind, rows, _, _ = read(RAYYAN_RIS)
    assert kind == "rayyan"
    assert (rows[0].reviewer, rows[0].verdict) == ("Kofi", "unsure")
    assert rows[0].entry is not None and rows[0].entry.doi == "10.1234/b"


def test_covidence_reasons_mean_excluded_and_the_rest_must_be_said() -> None:
    kind, rows, _, rejected = read(COVIDENCE, DecisionDefaults(reviewer="consensus"))
    assert kind == "covidence"
    assert [(r.verdict, r.reason) for r in rows] == [("exclude", "Wrong study design")]
    assert "--verdict" in rejected[0]
    _, rows, _, rejected = read(
        COVIDENCE, DecisionDefaults(reviewer="consensus", verdict="include")
    )
    assert [r.verdict for r in rows] == ["exclude", "include"]
    assert rejected == []


def test_asreview_labels_are_read_and_unseen_records_counted() -> None:
    kind, rows, undecided, rejected = read(ASREVIEW, DecisionDefaults(reviewer="ada"))
    assert kind == "asreview"
    assert [(r.line, r.verdict, r.note) for r in rows] == [
        (2, "include", "good"),
        (3, "exclude", None),
    ]
    assert undecided == [4, 5]
    assert "'7' is not an ASReview label" in rejected[0]


def test_asreview_without_a_reviewer_is_refused_by_line() -> None:
    _, rows, _, rejected = read(ASREVIEW)
    assert rows == []
    assert "--reviewer" in rejected[0]


def test_a_key_written_by_our_own_export_wins() -> None:
    text = RAYYAN_RIS.replace("ER  -", "N1  - REVIEW: key R000042; x y\nER  -")
    _, rows, _, _ = read(text)
    assert rows[0].key == "R000042"


def test_a_workbook_of_decisions_is_read() -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in OWN.splitlines()[:3]:
        sheet.append([cell.strip('"') for cell in line.split(",")[:7]])
    out = io.BytesIO()
    book.save(out)
    rows = read_decisions(out.getvalue()).rows
    assert [(r.line, r.verdict) for r in rows] == [(2, "include"), (3, "exclude")]


@pytest.mark.parametrize("text", ["Name,Size\na,1\n", "Title,Authors,Year\nA,B,2020\n"])
def test_a_file_without_decisions_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "d.csv"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"d\.csv: no column contains decisions"):
        read_decisions(path)


def test_a_line_that_cannot_be_taken_apart_is_named_once_by_its_own_number() -> None:
    text = "record,reviewer,verdict\nR000001,ada,include\nR000005,ada,yes,more,cells\n"
    found = read_decisions(text.encode())
    [rejection] = found.rejected
    assert (rejection.number, rejection.reason.count("line 3: ")) == (3, 1)
    assert "line 2" not in rejection.reason
    assert [row.line for row in found.rows] == [2]


def test_two_columns_that_contradict_each_other_are_asked_about() -> None:
    text = "doi,Decision,Screening outcome\n10.5555/q.1,yes,Included\n10.5555/q.2,include,exclude\n"
    with pytest.raises(SourceError) as raised:
        read_decisions(text.encode(), DecisionDefaults(reviewer="ada"))
    message = str(raised.value)
    assert "'Decision' and 'Screening outcome'" in message
    assert "line 3: 'include' and 'exclude'" in message


@pytest.mark.parametrize(
    "text",
    [
        "doi,Decision,Screening outcome\n10.5555/q.1,yes,Included\n10.5555/q.2,no,\n",
        "doi,Verdict,Screening outcome\n10.5555/q.1,yes,no\n10.5555/q.2,no,no\n",
        "doi,Decision,Final status\n10.5555/q.1,yes,no\n10.5555/q.2,no,no\n",
        "doi,Reviewer,Decision,Status\n10.5555/q.1,ada,yes,no\n10.5555/q.2,ben,no,no\n",
    ],
)
def test_a_second_column_that_agrees_or_means_something_else_is_fine(text: str) -> None:
    parsed = read_decisions(text.encode(), DecisionDefaults(reviewer="ada"))
    assert [row.verdict for row in parsed.rows] == ["include", "exclude"]


@pytest.mark.parametrize(
    "text",
    [
        '[{"doi": "10.5555/q.1", "decision": "include", "reviewer": "ada"},'
        ' {"doi": "10.5555/q.2", "decision": "exclude", "reviewer": "ben", "reason": "animals"}]',
        '{"doi": "10.5555/q.1", "verdict": true, "reviewer": "ada"}\n'
        '{"doi": ["10.5555/q.2"], "verdict": false, "reviewer": "ben", "reason": "animals"}\n',
        '{"decisions": [{"record": {"doi": "10.5555/q.1"}, "Vote": 1, "Reviewer": "ada"},'
        ' {"record": {"doi": "10.5555/q.2"}, "Vote": 0, "Reviewer": "ben", "Reason": "animals"}]}',
    ],
    ids=["list", "object a line", "list under a name"],
)
def test_decisions_come_as_json_too(text: str) -> None:
    rows = read_decisions(text.encode()).rows
    assert [(row.line, row.verdict, row.reviewer, row.reason) for row in rows] == [
        (1, "include", "ada", None),
        (2, "exclude", "ben", "animals"),
    ]
    assert [row.entry.doi for row in rows if row.entry] == ["10.5555/q.1", "10.5555/q.2"]


def test_json_lines_without_a_verdict_or_with_a_wrong_one_are_counted() -> None:
    text = '[{"doi": "10.5555/q.1", "decision": null}, {"doi": "10.5555/q.2", "decision": "hm"}]'
    parsed = read_decisions(text.encode(), DecisionDefaults(reviewer="ada"))
    assert (parsed.rows, parsed.undecided) == ((), (1,))
    assert "'hm'" in parsed.rejected[0].reason


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: f"[{', '.join(rows)}]",
        lambda rows: "\n".join(rows),
        lambda rows: f'{{"votes": [{", ".join(rows)}]}}',
    ],
    ids=["list", "object a line", "list under a name"],
)
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            '{"record": "R000007", "verdict": "include", "reviewer": "ada", "verdict": "exclude"}',
            "R000007 has 'verdict' twice with different values ('include' and 'exclude')",
        ),
        (
            '{"verdict": "include", "reviewer": "ada", "doi": "10.5555/q.8", "reviewer": "ben"}',
            "10.5555/q.8 has 'reviewer' twice with different values ('ada' and 'ben')",
        ),
        (
            '{"record": {"pmid": "9", "pmid": "10"}, "verdict": "include", "reviewer": "ada"}',
            "the object has 'record.pmid' twice with different values",
        ),
        (
            '{"paper": {"id": "R000007"}, "person": {"id": "R000008"}, "verdict": "include"}',
            "the object has 'id' in 'paper' and differently in 'person'",
        ),
    ],
)
def test_a_json_decision_with_two_values_of_a_name_is_rejected_not_guessed(
    wrap: Callable[[list[str]], str], row: str, reason: str
) -> None:
    good = '{"record": "R000001", "verdict": "exclude", "reviewer": "ada", "reviewer": "ada"}'
    parsed = read_decisions(wrap([good, row, good]).encode())
    assert [(decision.line, decision.key) for decision in parsed.rows] == [
        (1, "R000001"),
        (3, "R000001"),
    ]
    [rejected] = parsed.rejected
    assert (rejected.number, rejected.raw) == (2, row)
    assert rejected.reason == f"line 2: {reason}: correct it"


def test_a_json_file_whose_only_decision_contradicts_itself_names_it() -> None:
    parsed = read_decisions(b'{"doi": "10.5555/q.1", "vote": 1, "vote": 0}')
    assert parsed.rows == ()
    assert "10.5555/q.1 has 'vote' twice with different values ('1' and '0')" in (
        parsed.rejected[0].reason
    )


def test_two_lists_of_decisions_under_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "votes.json"
    path.write_text('{"rows": [{"id": "R1", "vote": 1}], "rows": [{"id": "R2", "vote": 1}]}')
    with pytest.raises(SourceError, match=r"votes\.json: it has two lists named 'rows'"):
        read_decisions(path)
