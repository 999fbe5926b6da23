"""Tables from plain data: the content of each cell, and unique names."""

from prisma.test_prisma import small

from review.agreement import AgreementFigure
from review.models import Record
from review.prisma import count_flow
from review.scoring import score_form
from review.tables import (
    ExcludedReport,
    LinkedRecord,
    StudyForm,
    build_agreement_table,
    build_duplicates_table,
    build_excluded_table,
    build_flow_table,
    build_included_table,
    build_judgements_table,
    build_label,
    build_labels,
    build_scores_table,
    build_source_overlap_table,
    format_reference,
    to_data_frame,
)
from review.workflow.appraisal.instruments import get_checklist


def record(*authors, year=2020, **more):
    return Record("pubmed", authors=authors, year=year, **more)


def test_studies_are_named_by_first_authors_and_year():
    assert build_label(record("Ghoshal, Biraja", "Tucker, Allan")) == "Ghoshal and Tucker 2020"
    assert build_label(record("Li, A", "Wu, B", "Xu, C")) == "Li et al. 2020"
    assert build_label(record("Li", "et al.")) == "Li et al. 2020"
    assert build_label(record("Li, A", "Wu, B", "and others")) == "Li et al. 2020"
    assert build_label(record("World Health Organization", year=None)) == (
        "World Health Organization (no year)"
    )
    assert build_label(Record("all", source_id="unnamed-0007")) == "unnamed-0007"
    assert build_label(Record("x", title="A title without people", year=2021)) == (
        "A title without people 2021"
    )


def test_names_that_read_alike_get_letters_in_order_of_arrival():
    many = {n: record("Li, A") for n in range(1, 30)}
    named = build_labels({**many, 99: record("Wu, B")})
    assert (named[1], named[2], named[26], named[27]) == (
        "Li 2020a",
        "Li 2020b",
        "Li 2020z",
        "Li 2020aa",
    )
    assert named[99] == "Wu 2020"
    dateless = build_labels({n: Record("x", authors=("Li, A",)) for n in (1, 2)})
    assert dateless == {1: "Li (no year a)", 2: "Li (no year b)"}
    assert len(set(named.values())) == 30


def test_a_letter_once_published_stays_with_its_record():
    two = {2: record("Li, A"), 7: record("Li, A")}
    given = build_labels(two)
    assert given == {2: "Li 2020a", 7: "Li 2020b"}
    later = build_labels({**two, 5: record("Li, A"), 1: record("Li, A")}, given)
    assert later == {1: "Li 2020c", 2: "Li 2020a", 5: "Li 2020d", 7: "Li 2020b"}
    alone = build_labels({7: record("Li, A"), 9: record("Li, A")}, given)  # 2 is gone
    assert alone == {7: "Li 2020b", 9: "Li 2020c"}
    assert build_labels({7: record("Li, A")}, given) == {7: "Li 2020b"}
    once_alone = {7: "Li 2020"}
    assert build_labels(two, once_alone) == {2: "Li 2020a", 7: "Li 2020b"}
    others = {1: "Li et al. 2020a", 2: "Liu 2020a", 3: "Li 2020"}
    assert build_labels({7: record("Li, A")}, others) == {7: "Li 2020"}
    dateless = {n: Record("x", authors=("Li, A",)) for n in (1, 2, 3)}
    given = {3: "Li (no year a)"}
    assert build_labels(dateless, given) == {
        1: "Li (no year b)",
        2: "Li (no year c)",
        3: "Li (no year a)",
    }


def test_a_reference_tells_all_that_is_known_and_nothing_more():
    one = record(
        "Li, A", title="A title.", journal="J", volume="3", issue="2", pages="1-9", doi="10.1/x"
    )
    assert format_reference(one) == "Li, A. A title. J 3(2):1-9. 2020. doi:10.1/x"
    many = record(*("Wu, D.",) * 7, title="Is it so?")
    assert format_reference(many) == f"{'; '.join(['Wu, D.'] * 6)}; et al. Is it so? 2020."
    assert format_reference(Record("x")) == "(no bibliographic data)"
    assert format_reference(record(*(f"A{n}, B" for n in range(9)))).startswith("A0, B; ")
    assert "; et al." in format_reference(record(*(f"A{n}, B" for n in range(9))))


def test_every_box_stands_with_its_lines():
    table = build_flow_table(count_flow(small()), {"pubmed": "PubMed"})
    rows = {(part, box, line): n for part, box, line, n in table.rows}
    assert rows["Databases and registers", "Records identified", None] == 9
    assert rows["Databases and registers", "Records identified", "PubMed"] == 6
    assert rows["Included", "Reports excluded by the quality gate", "no pre-processing"] == 1
    assert rows["Included", "Reports included", None] == 2
    kept_out = rows["Included", "Reports excluded by the quality gate", None]
    assert rows["Included", "Reports assessed at the quality gate", None] == 2 + kept_out
    assert any("several gates" in note for note in table.notes)


def test_exclusions_keep_every_reason_and_note():
    one = ExcludedReport(
        "R1", "Li 2020", record("Li, A"), "Full text", ("a", "b", "c"), "both say so"
    )
    assert build_excluded_table([one], name="x", title="X").rows[0][3:] == (
        "Full text",
        "a",
        "b; c",
        "both say so",
    )
    none = ExcludedReport("R1", "Li 2020", record("Li, A"), "Full text", ())
    assert build_excluded_table([none], name="x", title="X").rows[0][4:] == (None, None, None)


def test_reports_of_one_study_point_to_its_first():
    rows = [("R1", "Li 2020", record("Li, A")), ("R2", "Li 2021", record("Li, A", year=2021))]
    table = build_included_table(rows, {"R1": "R1", "R2": "R1"}, {"R1": "Hybrid"})
    assert [(row[0], row[2], row[4]) for row in table.rows] == [
        ("R1", "Hybrid", None),
        ("R2", None, "R1"),
    ]


def test_sources_share_reports_and_some_are_found_only_once():
    table = build_source_overlap_table({"A": {"r1", "r2", "r3"}, "B": {"r3"}, "C": {"r4"}})
    assert table.columns == ("Source", "A", "B", "C", "Unique")
    assert table.rows == (("A", 3, 1, 0, 2), ("B", 1, 1, 0, 0), ("C", 0, 0, 1, 1))


def test_duplicates_tell_rule_person_and_day():
    one = LinkedRecord("R2", "R1", "duplicate", "doi", "tool", "2020-01-02", "Embase", "T")
    assert build_duplicates_table([one]).rows == (
        ("R2", "R1", "duplicate", "doi", "tool", "2020-01-02", "Embase", "T"),
    )


def test_agreement_says_why_a_figure_is_missing():
    table = build_agreement_table(
        [("Full text", "verdict", AgreementFigure("kappa", None, 4, note="one answer only"))]
    )
    assert table.rows[0] == (
        "Full text",
        "verdict",
        "kappa",
        None,
        None,
        None,
        4,
        "one answer only",
    )


def test_what_waits_and_what_is_not_judged_is_told_in_words():
    one = get_checklist(None, "probast-2019")
    given = {"judgement:participants": "not-judged"}
    result = score_form(one, given, {})
    form = StudyForm("R000001", "Li 2020", {}, result, is_final=False)
    told = build_judgements_table(
        one, [form], [given], [("judgement:participants", "Participants")]
    )
    assert told.rows[0][2] == "not judged"
    assert "1 of 1 forms is without consensus." in build_scores_table(one, [form]).notes


def test_a_table_becomes_a_data_frame():
    made = to_data_frame(build_source_overlap_table({"A": {"r1"}, "B": {"r1", "r2"}}))
    assert list(made.columns) == ["Source", "B", "A", "Unique"]
    assert made["Unique"].tolist() == [1, 0]
