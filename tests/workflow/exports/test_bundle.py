"""The full report of a review: complete, reproducible, and correct on any past day."""

import csv
import io
import json
import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import openpyxl
import pytest
import rispy
from support import appraising, reporting
from typer.testing import CliRunner

from review.cli import app
from review.errors import FlowError, ReviewError
from review.prisma import get_total
from review.store import records
from review.workflow.exports import (
    appraisals,
    bundle,
    changes,
    folder,
    manifest,
    methods_text,
    prisma,
    snapshot,
)
from review.workflow.exports.prisma_s import build_prisma_s_table
from review.workflow.exports.search_runs import list_searches
from review.workflow.records import import_decisions as decision_files
from review.workflow.setup.loading import open_project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = reporting.whole(tmp_path_factory.mktemp("whole") / "review")
    reporting.updated(made)
    return made


@pytest.fixture(scope="module")
def june(project):
    return snapshot.snapshot_at(project, "2020-06-01")


@pytest.fixture(scope="module")
def files(june):
    return bundle.build_report_files(june)


@pytest.fixture
def coarse(monkeypatch):
    """Pictures of few points, for tests that are not about pictures."""
    monkeypatch.setattr(prisma, "DPIS", (20,))


def rows(files, name):
    text = files[f"tables/csv/{name}.csv"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_everything_issue_8_names_is_there(files):
    for name in (
        "prisma.svg",
        "prisma.pdf",
        "prisma.png",
        "prisma-600dpi.png",
        "prisma.mmd",
        "prisma.csv",
        "figures/probast-2019-traffic-light.svg",
        "figures/probast-2019-summary.pdf",
        "figures/probast-2019-summary-weighted.svg",
        "figures/probast-2019-robvis.csv",
        "figures/probast-2019-traffic-light-colour-blind.png",
        "figures/claim-2020-items.svg",
        "figures/rqs-1.0-scores.svg",
        "tables/xlsx/excluded-full-text.xlsx",
        "tables/docx/characteristics.docx",
        "tables/tex/probast-2019-judgements.tex",
        "tables/html/agreement.html",
        "tables/csv/duplicates.csv",
        "tables/csv/source-overlap.csv",
        "tables/csv/deduplication.csv",
        "tables/csv/prisma-s.csv",
        "tables/csv/prisma-2020-checklist.csv",
        "tables/all-tables.xlsx",
        "tables/all-tables.docx",
        "tables/all-tables.html",
        "records/included.ris",
        "records/excluded.bib",
        "records/included.csv",
        "records/revman-included.ris",
        "methods.md",
        "protocol.yaml",
        "log.jsonl",
        "manifest.json",
    ):
        assert name in files, name


def test_the_manifest_holds_each_file_by_its_checksum(files, june):
    import hashlib

    told = json.loads(files["manifest.json"])
    assert set(told["files"]) == set(files) - {"manifest.json"}
    for name, one in told["files"].items():
        assert one["sha256"] == hashlib.sha256(files[name]).hexdigest()
    assert told["protocol_sha256"] == june.project.fingerprint
    assert told["state_of"] == "2020-06-01"
    assert told["conservation"].startswith(
        "11 records = 1 duplicates removed automatically + 1 duplicates removed manually"
    )


def test_the_flow_of_then(june):
    flow = june.flow
    assert get_total(flow.main.identified) == 11
    assert get_total(flow.main.removed_other) == 1
    assert flow.main.waiting_screening.ids == ("R000007",)
    assert [one.label for one in flow.main.not_retrieved] == [
        "paywall, and no answer from the authors"
    ]
    assert (flow.new_reports.n, get_total(flow.excluded_quality)) == (3, 1)
    assert {one.label: one.n for one in flow.kinds} == {
        "deep-learning": 1,
        "hybrid": 1,
        "traditional": 1,
    }


def test_progress_names_each_part_and_the_share_that_is_done(june, coarse):
    told = []
    bundle.build_report_files(june, progress=lambda part, share: told.append((part, share)))
    names, shares = zip(*told, strict=True)
    assert names[0] == "PRISMA flow diagram" and names[-1] == "log"
    assert "figures of CLAIM 2020" in names and "tables" in names
    assert shares[0] == 0 and list(shares) == sorted(shares) and shares[-1] < 1


def test_the_same_store_and_day_give_the_same_bytes_whatever_came_later(tmp_path, coarse):
    first = reporting.whole(tmp_path / "a")
    before = bundle.build_report_files(snapshot.snapshot_at(first, "2020-06-01"))
    reporting.updated(first)
    (first.folder / "protocol.yaml").write_text(
        (first.folder / "protocol.yaml").read_text().replace("Imaging AI", "Another title")
    )
    later = reporting.open_project(first.folder, who="ada")
    after = bundle.build_report_files(snapshot.snapshot_at(later, "2020-06-01"))
    assert [name for name in before if before[name] != after.get(name)] == []
    assert before.keys() == after.keys()
    now = bundle.build_report_files(snapshot.snapshot_at(later))
    assert now["prisma.svg"] != before["prisma.svg"]
    assert "Another title" in json.loads(now["manifest.json"])["review"]
    assert bundle.pack_zip(before) == bundle.pack_zip(after)


GOLDEN = Path(__file__).parent / "golden"
GOLDEN_FILES = (
    "prisma.svg",
    "prisma.mmd",
    "prisma.csv",
    "figures/probast-2019-robvis.csv",
    "figures/probast-2019-traffic-light.svg",
    "figures/rqs-1.0-scores.svg",
    "tables/csv/flow.csv",
    "tables/tex/probast-2019-judgements.tex",
    "tables/html/excluded-quality.html",
    "records/revman-included.ris",
    "records/included.ris",
    "methods.md",
)


@pytest.mark.parametrize("name", GOLDEN_FILES)
def test_files_are_those_that_were_looked_at(files, name):
    """Golden files. Where a change is meant, look at the new ones and write them with
    FUNNEL_GOLDEN=1 pytest tests/test_reports.py."""
    place = GOLDEN / name.replace("/", "-")
    if os.environ.get("FUNNEL_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        place.write_bytes(files[name])
    assert files[name] == place.read_bytes()


def test_exclusions_stand_with_every_reason(files):
    (one,) = rows(files, "excluded-full-text")
    assert (one["Record"], one["Reason"]) == ("R000006", "not imaging")
    assert "doi:10.5555/pubmed.6" in one["Reference"]
    (two,) = rows(files, "excluded-quality")
    assert two["Reason"] == "preparation of images not documented"
    assert two["Other reasons"] == "choice of the model not documented"
    (three,) = rows(files, "not-retrieved")
    assert three["Record"] == "R000010"


def test_the_bias_table_and_the_robvis_file_say_the_same(files):
    table = rows(files, "probast-2019-judgements")
    assert [row["Participants"] for row in table] == ["high", "low", "unclear"]
    assert table[0]["Overall"] == "high"
    robvis = list(csv.DictReader(io.StringIO(files["figures/probast-2019-robvis.csv"].decode())))
    assert [row["Participants"].lower() for row in robvis] == ["high", "low", "unclear"]
    assert [float(row["Weight"]) for row in robvis] == [150.0] * 3
    evidence = rows(files, "probast-2019-evidence")
    assert evidence[0]["Quote"] == "We trained on 12 images." and evidence[0]["Page"] == "3"


def test_characteristics_and_scores_are_those_answered(files):
    table = rows(files, "characteristics")
    assert [row["Record"] for row in table] == ["R000001", "R000002", "R000004"]
    assert any("Radiograph" in str(value) for value in table[0].values())
    scores = rows(files, "rqs-1.0-scores")
    assert {row["Record"] for row in scores} == {"R000002", "R000004"}  # not deep learning alone
    items = {row["Item"]: row for row in rows(files, "claim-2020-items")}
    assert items["Structured summary"]["Not reported"] == "3"


def test_duplicates_tell_rule_and_person_and_sources_what_they_share(files):
    told = {row["Record"]: row for row in rows(files, "duplicates")}
    assert (told["R000008"]["Merged with"], told["R000008"]["Rule"]) == ("R000001", "doi")
    assert told["R000009"]["By"] == "ada"
    shared = {row["Source"]: row for row in rows(files, "source-overlap")}
    assert shared["PubMed"]["PubMed"] == "7" and shared["PubMed"]["Embase"] == "2"
    assert shared["Embase"]["Unique"] == "1"


def test_references_come_back_whole(files):
    text = files["records/included.ris"].decode("utf-8-sig")
    assert [one["doi"] for one in rispy.loads(text)] == [f"10.5555/pubmed.{n}" for n in (1, 2, 4)]
    revman = files["records/revman-excluded.ris"].decode()
    assert revman.count("NS  - ") == revman.count("ER  - ") == 3
    assert "N1  - Exclusion reason: not imaging" in revman
    assert len(rispy.loads(revman)) == 3


def test_no_two_studies_share_a_name_in_revman(tmp_path, coarse):
    project = reporting.started(tmp_path / "r")
    one = reporting.plain("pubmed", 1)
    reporting.bring(
        project,
        "pubmed",
        range(1, 6),
        "2020-02-01",
        make=lambda n: replace(one, doi=f"10.5555/{n}"),
    )
    reporting.link(project, 4, 5, "study", "2020-02-02", who="ada")
    reporting.decide(project, 1, "title-abstract", "include", "2020-03-01")
    reporting.decide(project, 1, "full-text", "exclude", "2020-03-02", "not imaging")
    for n in (2, 3, 4, 5):
        reporting.decide(project, n, "title-abstract", "exclude", "2020-03-01")
    files = bundle.build_report_files(snapshot.snapshot_at(project))
    told = files["records/revman-excluded.ris"].decode().splitlines()
    assert [line[6:] for line in told if line.startswith("NS")] == [
        "Müller and Li 2020",
        "Müller and Li 2020 (R000002)",
        "Müller and Li 2020 (R000003)",
        "Müller and Li 2020 (R000004)",
        "Müller and Li 2020 (R000004)",
    ]


def test_figures_and_tables_say_who_is_counted_beside_the_included(tmp_path, coarse):
    project = reporting.whole(tmp_path / "r")
    reporting.appraise(project, 5, "study-kind", "2020-05-02", kind="deep-learning")
    reporting.appraise(project, 5, "claim-2020", "2020-05-02")
    files = bundle.build_report_files(snapshot.snapshot_at(project))
    told = "Includes 4 appraised reports (3 included, 1 excluded at the quality gate)."
    for name in (
        "figures/claim-2020-items.svg",
        "figures/claim-2020-scores.svg",
        "tables/html/claim-2020-items.html",
        "tables/html/claim-2020-scores.html",
    ):
        assert told in files[name].decode(), name
    for name in ("figures/rqs-1.0-items.svg", "tables/html/probast-2019-judgements.html"):
        assert "Includes 4" not in files[name].decode(), name


def test_documents_open_in_other_readers(files):
    book = openpyxl.load_workbook(io.BytesIO(files["tables/all-tables.xlsx"]))
    assert "flow" in book.sheetnames and "claim-2020" in book.sheetnames
    assert len(docx.Document(io.BytesIO(files["tables/all-tables.docx"])).tables) > 8
    with zipfile.ZipFile(io.BytesIO(bundle.pack_zip(files))) as packed:
        assert packed.testzip() is None and len(packed.namelist()) == len(files)


def test_the_log_holds_every_entry_up_to_then_in_order(files):
    log = [json.loads(line) for line in files["log.jsonl"].splitlines()]
    moments = [one["at"] for one in log if one["event"] != "outcome"]
    assert moments == sorted(moments) and max(moments) < "2020-06-02"
    kinds = {one["event"] for one in log}
    assert {
        "protocols",
        "batches",
        "records",
        "links",
        "decisions",
        "answers",
        "retrievals",
    } <= kinds
    assert sum(one["event"] == "records" for one in log) == 10
    decision = next(one for one in log if one["event"] == "decisions")
    assert (decision["record"], decision["reviewer"]) == ("R000001", "ada")
    assert "password" not in files["log.jsonl"].decode()


def test_the_methods_paragraph_tells_the_numbers(june):
    text = methods_text.write_methods(june)
    for words in (
        "Records of Embase (2020-02-02) and PubMed (2020-02-01) were imported from search exports.",
        "For imported files the date of import is given.",
        "The search in the protocol covers records from 2020-01-01 onwards; its query is: covid "
        "AND",
        "11 records were identified.",
        "2 duplicates were removed (1 automatically",
        "One reviewer screened titles and abstracts.",
        "Two reviewers independently assessed the quality",
        "CLAIM 2020 (Mongan 2020)",
        "3 studies in 3 reports are included (1 deep learning, 1 hybrid, 1 traditional",
    ):
        assert words in text


def test_methods_tell_what_waits_and_nothing_that_nobody_did(tmp_path):
    begun = reporting.started(tmp_path / "r")
    reporting.bring(begun, "pubmed", range(1, 3), "2020-02-01")
    reporting.bring(begun, "website", range(3, 4), "2020-02-01", via="websites")
    told = methods_text.write_methods(snapshot.snapshot_at(begun))
    assert "3 records were identified (1 by other methods)." in told
    assert "screened" not in told and "appraised" not in told
    assert "still outstanding: 2 records for screening and 1 report for full text." in told
    for n in (1, 2):
        reporting.decide(begun, n, reporting.STAGES[0], "include", "2020-03-01")
    reporting.decide(begun, 1, reporting.STAGES[1], "include", "2020-03-02")
    told = methods_text.write_methods(snapshot.snapshot_at(begun))
    assert "One reviewer screened titles and abstracts. One reviewer assessed full texts." in told
    assert "the quality of eligible reports" not in told
    assert "still outstanding: 2 reports for full text and 1 report for appraisal." in told
    assert "adjudicator" not in told


def test_methods_count_what_was_settled_in_the_words_of_the_stage(tmp_path, monkeypatch):
    two = appraising.PROTOCOL.replace(
        "kind: screening, reviewers: 1", "kind: screening, reviewers: 2"
    )
    monkeypatch.setattr(appraising, "PROTOCOL", two)
    begun = reporting.started(tmp_path / "r")
    reporting.bring(begun, "pubmed", range(1, 3), "2020-02-01")
    stage = reporting.STAGES[0]
    reporting.decide(begun, 1, stage, "include", "2020-03-01")
    reporting.decide(begun, 1, stage, "exclude", "2020-03-01", who=("ben",))
    reporting.decide(begun, 1, stage, "exclude", "2020-03-02", who=("cleo",), role="adjudicator")
    told = methods_text.write_methods(snapshot.snapshot_at(begun))
    assert "titles and abstracts; disagreements were resolved by an adjudicator (1 record)." in told


def test_methods_count_studies_whose_kind_nobody_recorded(project):
    told = methods_text.write_methods(snapshot.snapshot_at(project))
    assert "4 studies in 5 reports are included (1 deep learning, 1 hybrid, 2 of unrecorded" in told
    assert "adjudicator (1 report)" in told and "still outstanding" not in told


def test_a_file_of_decisions_is_no_search(project, tmp_path):
    copy = tmp_path / "review"
    shutil.copytree(project.folder, copy)
    file = copy / "judged.csv"
    file.write_text("record,stage,reviewer,verdict\nR000001,title-abstract,ada,exclude\n")
    before = list_searches(open_project(copy))
    assert decision_files.import_decisions(open_project(copy), file, "ada").batch is not None
    after = snapshot.snapshot_at(open_project(copy))
    assert [one.name for one in list_searches(after.project)] == [one.name for one in before]
    assert "funnel" not in methods_text.write_methods(after).split("records were identified")[0]


def test_prisma_s_says_how_many_key_papers_were_found(project):
    with project.store.read() as conn:
        title = next(title for _, title in records.iter_titles(conn))
    search = replace(project.protocol.search, key_papers=(title, "A paper that no search found"))
    asked = replace(project, protocol=replace(project.protocol, search=search))
    table = build_prisma_s_table(snapshot.snapshot_at(asked))
    told = next(str(row[2]) for row in table.rows if row[0] == 8)
    assert told.endswith("Checked with 2 papers known to be relevant, of which 1 was found")


def test_prisma_s_and_checklist_are_filled_from_protocol_and_log(files):
    told = {row["Item"]: row["Reported"] for row in rows(files, "prisma-s")}
    assert len(told) == 16
    assert told["1"] == "Embase (search export); PubMed (search export)"
    assert told["8"].startswith("Query: covid AND imaging")
    assert told["8"].endswith("Run manually in Embase, PubMed: (to be completed by the authors)")
    assert told["12"] == "No source was searched more than once"
    assert told["13"] == ("Embase 2020-02-02 (date of import); PubMed 2020-02-01 (date of import)")
    assert told["16"].endswith("1 removed automatically, 1 manually")
    assert told["15"] == "11 from databases and registers"
    items = {row["Item"]: row for row in rows(files, "prisma-2020-checklist")}
    assert items["6"]["Reported"] == (
        "Embase (2020-02-02, date of import); PubMed (2020-02-01, date of import)"
    )
    judged = "One reviewer screened titles and abstracts; one reviewer assessed full texts; two"
    assert items["8"]["Reported"].startswith(judged)
    assert items["16a"]["Reported"] == (
        "11 records identified, 6 reports sought, 3 reports of 3 studies included"
    )
    assert items["16b"]["Reported"] == "1 report at full text, 1 at the quality gate"
    assert items["24b"]["Reported"] == "Included in this folder"


def test_agreement_counts_what_two_reviewers_judged(files):
    told = [row for row in rows(files, "agreement") if row["Where"] == "Quality"]
    assert told[0]["Statistic"] == "percent agreement" and told[0]["n"] == "3"


def test_a_day_before_the_review_and_words_that_are_no_day_are_refused(project):
    with pytest.raises(ReviewError, match="did not exist"):
        snapshot.snapshot_at(project, "2019-12-31")
    with pytest.raises(ReviewError, match="write it as"):
        snapshot.snapshot_at(project, "yesterday")


def test_a_record_lost_on_the_way_to_a_file_stops_the_export(june, monkeypatch, coarse):
    lossy = dict(bundle.RECORDS)
    lossy["ris"] = lambda records, said=(): bundle.RECORDS["csv"](records, said)
    monkeypatch.setattr(bundle, "RECORDS", lossy)
    with pytest.raises(FlowError, match=r"included\.ris contains 0 records, not 3"):
        bundle.build_report_files(june)


def test_what_changed_since_a_day(project):
    found = changes.compare_since(project, "2020-06-01")
    assert found.new_by_source == {"Scopus": 3}
    assert found.decisions_by_stage["quality"] == {"ada": 3, "ben": 3, "cleo": 1}
    assert [one.split()[0] for one in found.newly_included] == ["R000007", "R000012", "R000013"]
    assert [one.split()[0] for one in found.no_longer_included] == ["R000004"]
    boxes = {box: (then, now) for box, then, now in found.boxes}
    assert boxes["Included: Reports included"] == (3, 5)
    assert ("PROBAST: risk of bias, overall: unclear", 1, 0) in found.figures  # fell out again
    assert "  PROBAST: forms: 3 -> 2" in changes.format_lines(found)
    begun = {
        name: n for name, _, n in changes.compare_since(project, "2020-05-01", "2020-06-01").figures
    }
    assert begun["CLAIM 2020: forms"] == 3
    assert begun["PROBAST: risk of bias, participants: high"] == 1


def test_the_update_runs_what_is_new_and_ends_where_the_review_stands(project):
    made = changes.compare_since(project, "2020-06-01").update
    assert (made.previous_studies.n, made.previous_reports.n) == (3, 3)
    assert get_total(made.main.identified) == 3
    assert made.main.duplicates_tool.ids == ("R000011",)
    assert made.main.carried.ids == ("R000007",)
    assert made.new_reports.ids == ("R000007", "R000012", "R000013")
    assert made.new_studies.ids == ("R000007", "R000013")  # R000012 is of a study already in
    assert made.dropped_reports.ids == made.dropped_studies.ids == ("R000004",)
    assert (made.total_studies.n, made.total_reports.n) == (4, 5)


def test_reports_merged_since_then_are_counted_once(tmp_path):
    project = reporting.whole(tmp_path / "r")
    reporting.link(project, 1, 2, "duplicate", "2020-08-01", who="ada")
    made = changes.compare_since(project, "2020-06-01").update
    assert (made.previous_reports.n, made.dropped_reports.n, made.total_reports.n) == (3, 1, 2)


def test_nothing_changed_since_today(project):
    found = changes.compare_since(project, "2020-12-31")
    assert not found.new_by_source and not found.boxes and not found.newly_included
    assert found.update.total_reports.n == found.update.previous_reports.n == 5


def run(project, *words):
    return CliRunner().invoke(app, ["--review", str(project.folder), "--user", "ada", *words])


def test_commands_print_boxes_and_sums(project, tmp_path, coarse):
    done = run(project, "status", "--as-of", "2020-06-01", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert told["day"] == "2020-06-01" and told["new_reports"] == 3
    ids = json.loads(run(project, "status", "--json", "--ids").output)
    assert "R000012" in ids["new_reports"]["ids"]
    assert "11 records = " in run(project, "status", "--as-of", "2020-06-01").output
    done = run(project, "export", "prisma", str(tmp_path / "p"))
    assert done.exit_code == 0 and (tmp_path / "p" / "prisma.svg").exists()
    done = run(project, "diff", "--since", "2020-06-01", "--out", str(tmp_path / "d"))
    assert "Newly included:" in done.output and (tmp_path / "d" / "prisma.pdf").exists()
    assert json.loads(run(project, "diff", "--since", "2020-06-01", "--json").output)["boxes"]


def test_export_all_writes_a_folder_or_a_zip_and_prints_what_is_conserved(
    project, tmp_path, coarse
):
    done = run(project, "export", "all", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert "included: 5 reports in = 5 in included.ris" in done.output
    assert (tmp_path / "out" / "tables" / "docx" / "included.docx").exists()
    done = run(project, "export", "all", str(tmp_path / "out.zip"))
    with zipfile.ZipFile(tmp_path / "out.zip") as packed:
        assert "manifest.json" in packed.namelist()
    again = (tmp_path / "out" / "manifest.json").read_bytes()
    with zipfile.ZipFile(tmp_path / "out.zip") as packed:
        assert packed.read("manifest.json") == again


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReviewError, match="cannot be written"):
        folder.write_files({"a.txt": b""}, tmp_path / "file")


def test_a_report_that_broke_off_has_no_manifest_and_no_scraps(tmp_path):
    files = {"manifest.json": b"{}", "a.txt": b"a", "b.txt": b"b", "c.txt": b"c"}
    folder.write_files(files, tmp_path)
    (tmp_path / "b.txt").unlink()
    (tmp_path / "b.txt" / "in the way").mkdir(parents=True)
    with pytest.raises(ReviewError, match=r"b\.txt: cannot be written"):
        folder.write_files(files, tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.txt", "b.txt", "c.txt"]
    with pytest.raises(ReviewError, match=r"manifest\.json not found"):
        manifest.verify_report(tmp_path)


def test_an_empty_review_has_an_empty_report(tmp_path, coarse):
    project = reporting.started(tmp_path / "r")
    files = bundle.build_report_files(snapshot.snapshot_at(project))
    assert (
        b"included: 0" in bundle.describe_totals(snapshot.snapshot_at(project), files)[1].encode()
    )
    assert appraisals.list_instruments(snapshot.snapshot_at(project)) == []
    assert not any(name.startswith("figures/") for name in files)
