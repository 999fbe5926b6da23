"""A review's PDFs: attached, read once, flagged, verdicts; data sets by study; the commands."""

import csv
import json

import pytest
from support.papers import EARLIER_TITLE, PAGES, STUDY_TITLE, UNRELATED_DOI, write_papers
from support.small import studies
from typer.testing import CliRunner

from review.checklists import load_checklist as load_checklist
from review.cli import app, format_bias
from review.errors import FullTextError, ReviewError
from review.models import Record
from review.resources import get_shipped_path as shipped
from review.store import flags as stored_flags
from review.store import fulltexts, records
from review.store.feedback import FeedbackEntry
from review.store.timestamps import utc_now
from review.workflow.bias import flags as bias
from review.workflow.fulltexts import attachments
from review.workflow.fulltexts import reading as texts
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project

FOLDER = ("earlier", "study", "unrelated", "unknown", "scan", "broken")


@pytest.fixture(scope="module")
def pdfs(tmp_path_factory):
    return write_papers(tmp_path_factory.mktemp("papers"))


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    opened = open_project(tmp_path)
    given = [
        Record("embase", title=EARLIER_TITLE),
        Record("embase", title=STUDY_TITLE, arxiv_id="2003.09871"),
        Record("embase", title="Sugars of wheat", doi=UNRELATED_DOI),
        Record("embase", title="A paper nobody has"),
    ]
    with opened.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="file", source="embase", name="e.ris"
        )
        records.add_records(conn, batch, list(enumerate(given, 1)), utc_now())
    return opened


@pytest.fixture
def attached(project, pdfs):
    for number, name in ((1, "earlier.pdf"), (2, "study.pdf")):
        attachments.attach_pdf(project, number, name, (pdfs / name).read_bytes(), "ada")
    return project


def test_a_folder_of_pdfs_finds_its_records(project, pdfs, tmp_path):
    folder = tmp_path / "pdfs"
    folder.mkdir()
    for name in FOLDER:
        (folder / f"{name}.pdf").write_bytes((pdfs / f"{name}.pdf").read_bytes())
    (folder / "R000004.pdf").write_bytes((pdfs / "scan.pdf").read_bytes())
    (folder / "notes.txt").write_text("not a PDF")
    told = []
    placed = texts.attach_folder(project, folder, "ada", progress=lambda *words: told.append(words))
    assert {one.name: (one.state, one.keys) for one in placed} == {
        "earlier.pdf": ("attached", ("R000001",)),
        "study.pdf": ("attached", ("R000002",)),
        "unrelated.pdf": ("attached", ("R000003",)),
        "unknown.pdf": ("unknown", ()),
        "scan.pdf": ("no_text", ()),
        "broken.pdf": ("damaged", ()),
        "R000004.pdf": ("attached", ("R000004",)),
    }
    assert len(told) == len(placed)
    again = texts.attach_folder(project, folder, "ada")
    assert {one.state for one in again if one.keys} == {"already there"}


def test_a_file_that_fits_two_records_is_asked(project, pdfs, tmp_path):
    with project.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="file", source="scopus", name="s.ris"
        )
        records.add_records(
            conn, batch, [(1, Record("scopus", title=STUDY_TITLE, year=2020))], utc_now()
        )
    folder = tmp_path / "pdfs"
    folder.mkdir()
    (folder / "x.pdf").write_bytes((pdfs / "study.pdf").read_bytes())
    [placed] = texts.attach_folder(project, folder, "ada")
    assert (placed.state, placed.keys) == ("ask", ("R000002", "R000005"))
    assert attachments.find_pdf(project, 2) is None


def test_a_folder_that_is_not_there_is_an_error(project, tmp_path):
    with pytest.raises(FullTextError, match="folder not found"):
        texts.attach_folder(project, tmp_path / "absent", "ada")


def test_a_text_is_read_once_and_kept(attached, monkeypatch):
    first = texts.get_record_text(attached, 2)
    assert first is not None
    monkeypatch.setattr(texts.fulltext, "read_full_text", None)
    assert texts.get_record_text(attached, 2) == first
    assert texts.get_record_text(attached, 4) is None


def test_another_version_of_the_steps_reads_again(attached, monkeypatch):
    texts.get_record_text(attached, 2)
    monkeypatch.setattr(texts.fulltext, "EXTRACTION_VERSION", "99")
    assert texts.get_record_text(attached, 2) is not None
    path = attachments.find_pdf(attached, 2)
    with attached.store.read() as conn:
        assert fulltexts.get_newest_fulltext(conn, path.stem)["reader"].startswith("99/")


def test_all_texts_are_read_side_by_side(attached):
    told = []
    done = texts.read_all(attached, progress=lambda *words: told.append(words))
    assert sorted(done.values()) == ["ok", "ok"]
    assert [words[0] for words in told] == [1, 2]
    assert texts.read_all(attached, progress=lambda *words: told.append(words)) == done
    assert len(told) == 2


@pytest.mark.parametrize(("state", "again"), [("timeout", 1), ("damaged", 0), ("no_text", 0)])
def test_a_file_that_took_too_long_is_read_at_the_next_run(attached, state, again):
    texts.read_all(attached)
    path = attachments.find_pdf(attached, 2)
    failed = texts.fulltext.FullText(state, path.stem, "", 0, problem="as in an earlier run")
    texts._store_text(attached, path.stem, failed)
    told = []
    done = texts.read_all(attached, progress=lambda *words: told.append(words))
    assert len(told) == again
    assert done[path.stem] == ("ok" if again else state)


def test_evidence_is_suggested_for_a_record(attached):
    checklist = load_checklist(shipped("checklists") / "claim-2020.yaml")
    found = texts.suggest_evidence(attached, 2, checklist)
    assert "learning rate" in found["training"][0].text
    assert found["training"][0].page == 3
    assert set(texts.suggest_evidence(attached, 4, checklist)) == set(found)
    assert not any(texts.suggest_evidence(attached, 4, checklist).values())


def hear(project, record, item, sentence, verdict, who):
    entry = FeedbackEntry(record, "evidence", "r", item, sentence, 1, verdict, who, utc_now())
    texts.add_feedback(project, entry)


def test_the_order_of_sentences_learns_from_other_records_only(attached):
    checklist = load_checklist(shipped("checklists") / "claim-2020.yaml")
    shipped_ranker = texts.get_shipped_ranker()
    sentence = texts.get_record_text(attached, 1).sentences[9].text
    item = "claim-2020 funding"
    hear(attached, 1, item, sentence, "use", "ada")
    fitted = texts.fit_review_ranker(attached, 2, checklist)
    assert fitted.version == f"{shipped_ranker.version}+1"
    assert fitted.item_weights[item] != shipped_ranker.item_weights[item]
    assert texts.fit_review_ranker(attached, 1, checklist) == shipped_ranker
    other = load_checklist(shipped("checklists") / "probast-2019.yaml")
    assert texts.fit_review_ranker(attached, 2, other) == shipped_ranker
    hear(attached, 1, item, sentence, None, "ada")
    assert texts.fit_review_ranker(attached, 2, checklist) == shipped_ranker


def test_a_sentence_that_is_no_longer_in_the_text_teaches_nothing(attached):
    checklist = load_checklist(shipped("checklists") / "claim-2020.yaml")
    hear(attached, 1, "claim-2020 funding", "Not a sentence of this paper.", "use", "ada")
    assert texts.fit_review_ranker(attached, 2, checklist) == texts.get_shipped_ranker()


def test_what_others_made_of_an_open_report_does_not_change_the_order(attached, monkeypatch):
    """The ranking learns from what the reader may see, and from nothing else."""
    checklist = load_checklist(shipped("checklists") / "claim-2020.yaml")
    sentence = texts.get_record_text(attached, 1).sentences[9].text
    hear(attached, 1, "claim-2020 funding", sentence, "use", "ada")
    asked = []

    def list_visible(project, kind, reader):
        asked.append((kind, reader))
        return []

    monkeypatch.setattr(texts, "_list_visible_entries", list_visible)
    fitted = texts.fit_review_ranker(attached, 2, checklist, reader="ben")
    assert fitted == texts.get_shipped_ranker()
    assert asked == [("evidence", "ben")]


def test_flags_are_raised_once_and_kept(attached, monkeypatch):
    first = bias.get_flags(attached, 2)
    assert {"combined-sets", "remix-named"} <= {flag.rule for flag in first}
    monkeypatch.setattr(bias, "find_flags", None)
    assert bias.get_flags(attached, 2) == first
    assert bias.get_flags(attached, 4) == []


def test_a_run_that_flags_nothing_is_remembered(attached):
    with attached.store.write() as conn:
        stored_flags.add_run(conn, 3, sha256="abc", engine="e1", new_flags=[], at=utc_now())
    with attached.store.read() as conn:
        assert stored_flags.get_file_flags(conn, 3, "abc", "e1") == []
        assert stored_flags.get_file_flags(conn, 3, "abc", "e2") is None
        assert stored_flags.list_runs(conn, "e1", [3]) == {(3, "abc")}


def test_every_pdf_is_flagged_in_a_pool(attached, pdfs):
    attachments.attach_pdf(attached, 3, "w.pdf", (pdfs / "unrelated.pdf").read_bytes(), "ada")
    told = []
    raised = bias.flag_all(attached, workers=2, progress=lambda *words: told.append(words))
    assert set(raised) == {1, 2, 3}
    assert bias.flag_all(attached) == {}
    assert bias.get_flags(attached, 2) == bias.find_flags(
        texts.get_record_text(attached, 2).sentences, include_disabled=True
    )
    assert told[-1][:2] == (3, 3)


def test_confirming_and_dismissing_changes_the_precision_of_a_rule(attached):
    flags = [flag for flag in bias.get_flags(attached, 2) if flag.rule == "combined-sets"]
    assert bias.get_rule_performance(attached) == {}
    bias.judge_flag(attached, 2, flags[0], "confirm", "ada")
    bias.judge_flag(attached, 2, flags[1], "confirm", "ada")
    assert bias.get_rule_performance(attached)["combined-sets"].precision == 1.0
    bias.judge_flag(attached, 2, flags[1], "dismiss", "ada")
    found = bias.get_rule_performance(attached)["combined-sets"]
    assert (found.right, found.wrong, found.precision) == (1, 1, 0.5)
    assert bias.get_flag_verdicts(attached, 2, "ada")[flags[1].rule, flags[1].text] == "dismiss"
    assert bias.get_flag_verdicts(attached, 2, "ben") == {}
    bias.judge_flag(attached, 2, flags[1], None, "ada")
    assert bias.get_rule_performance(attached)["combined-sets"].precision == 1.0


def test_flags_stand_beside_the_questions_they_inform(attached):
    found = bias.filter_flags(bias.get_flags(attached, 2), "probast-2019", ["4.8"])
    assert found
    assert all("4.8" in flag.informs["probast-2019"] for flag in found)
    assert bias.filter_flags(bias.get_flags(attached, 2), "probast-2019", ["9.9"]) == []


def test_data_sets_of_a_study_can_be_taken_off_and_put_on(attached):
    named = bias.get_datasets(attached, 2)
    assert "covidx_cxr" in named.used
    assert named.overlaps
    bias.settle_dataset(attached, 2, "covidx_cxr", "dismiss", "ada")
    bias.settle_dataset(attached, 2, "brixia", "confirm", "ben")
    after = bias.get_datasets(attached, 2)
    assert "covidx_cxr" not in after.used
    assert after.used[-1] == "brixia"
    assert after.overlaps == ()
    bias.settle_dataset(attached, 2, "covidx_cxr", None, "ada")
    assert "covidx_cxr" in bias.get_datasets(attached, 2).used
    with pytest.raises(ReviewError, match="not in the dataset registry"):
        bias.settle_dataset(attached, 2, "nonsense", "confirm", "ada")


def test_reports_due_for_appraisal_are_listed_beside_the_included_ones(tmp_path, pdfs):
    studies(tmp_path, [Record("embase", title=title) for title in ("A", "B", "C", "D")])
    review = open_project(tmp_path, who="ada")
    for number in (1, 2, 3):
        attachments.attach_pdf(review, number, "s.pdf", (pdfs / "study.pdf").read_bytes(), "ada")
    assert list(bias.list_reports_to_read(review)) == [1, 2, 3]
    for stage, numbers in (("title-abstract", (1, 2, 3, 4)), ("full-text", (1, 2, 4))):
        for number in numbers:
            for who in ("ada", "ben"):
                add_decision(review, NewDecision(number, stage, who, "include"))
    # The third was never judged at full text, the fourth has no PDF.
    assert list(bias.list_reports_to_read(review)) == [1, 2]


def test_the_matrix_joins_studies_that_share_images(attached):
    table = bias.build_matrix(attached)
    assert table.studies == ("R000001", "R000002")
    assert table.groups == (("R000001", "R000002"),)
    assert table.cells["R000001", "rsna_pneumonia"] == "named"
    assert table.cells["R000002", "chestxray14"] == "held"
    assert "2 of 2 studies" in bias.describe_matrix(table)


def run(*words, folder=None):
    before = ["--review", str(folder)] if folder else []
    return CliRunner().invoke(app, [*before, *map(str, words)])


def test_the_commands_work_on_a_file_alone(pdfs, tmp_path):
    path = pdfs / "study.pdf"
    text = json.loads(run("fulltext", path, "--json").stdout)
    assert (text["state"], text["page_count"]) == ("ok", PAGES)
    assert text["sentences"][5]["boxes"]
    assert f"read, {PAGES} pages" in run("fulltext", path).stdout
    evidence = json.loads(run("evidence", path, "--checklist", "claim-2020", "--json").stdout)
    assert "learning rate" in evidence["training"][0]["text"]
    assert "Details of the training" in run("evidence", path, "-c", "claim-2020").stdout
    flags = json.loads(run("flags", path, "--all", "--json").stdout)
    assert {"rule", "page", "boxes", "informs", "strength"} <= set(flags[0])
    assert "not judgements" in run("flags", path).stdout
    found = json.loads(run("datasets", "find", path, "--json").stdout)
    assert "covidx_cxr" in [one["id"] for one in found["used"]]
    assert "Possibly the same images" in run("datasets", "find", path).stdout
    assert len(json.loads(run("datasets", "list", "--json").stdout)) >= 200
    assert "sentences with figures" in run("numbers", path).stdout
    for name in ("g.svg", "g.png"):
        assert "Wrote" in run("datasets", "graph", "--out", tmp_path / name).stdout
    assert (tmp_path / "g.svg").read_text().startswith("<svg")
    assert (tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")


def test_a_data_set_outside_the_registry_is_told(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("Methods\n\nWe train and test on the QuanScan dataset (Lee et al., 2020).\n")
    said = run("datasets", "find", path).stdout
    assert "Not in the registry: QuanScan (section Methods" in said and "0 known datasets" in said
    found = json.loads(run("datasets", "find", path, "--json").stdout)
    [one] = found["not_in_registry"]
    assert one["name"] == "QuanScan" and "QuanScan" in one["sentences"][0]["text"]
    assert found["used"] == []


def test_the_commands_read_xml_and_plain_text(tmp_path):
    body = (
        "<sec><title>Methods</title><p>We combined three publicly available datasets from Kaggle "
        "and GitHub. We trained on the COVIDx dataset.</p></sec>"
    )
    (tmp_path / "a.xml").write_text(f"<article><body>{body}</body></article>")
    (tmp_path / "a.txt").write_text(
        "Methods\n\nWe combined three publicly available\ndatasets from Kaggle and GitHub. "
        "We trained on the COVIDx dataset.\n"
    )
    for name in ("a.xml", "a.txt"):
        said = run("flags", tmp_path / name).stdout
        assert "Data combined from several public datasets (strong, section Methods" in said
        assert "COVIDx CXR (section Methods" in run("datasets", "find", tmp_path / name).stdout
        evidence = run("evidence", tmp_path / name, "-c", "claim-2020").stdout
        assert "section Methods" in evidence
        assert "read (" in run("fulltext", tmp_path / name).stdout


def test_the_command_prints_and_writes_facts(tmp_path):
    text = tmp_path / "paper.txt"
    text.write_text("Methods\n\nA total of 1,204 patients were included. =cmd was not run.\n")
    said = run("facts", text).stdout
    assert "Patients\n   1204  (section Methods)" in said
    assert "Not found in the text: Images" in said
    facts = json.loads(run("facts", text, "--json").stdout)
    [fact] = [fact for fact in facts if fact["field"] == "Patients"]
    assert fact["cell"] is None
    assert fact["sentences"][0]["text"] == "A total of 1,204 patients were included."
    assert fact["sentences"][0]["page"] is None
    run("facts", text, "--csv", tmp_path / "facts.csv")
    with (tmp_path / "facts.csv").open(encoding="utf-8-sig") as stream:
        head, *rows = csv.reader(stream)
    assert head[:3] == ["field", "label", "value"]
    [row] = [row for row in rows if row[0] == "Patients"]
    assert row[:3] == ["Patients", "", "1204"]


def test_a_file_without_text_is_one_calm_error(pdfs):
    result = run("flags", pdfs / "scan.pdf")
    assert isinstance(result.exception, FullTextError)
    assert "no text layer" in str(result.exception)
    with pytest.raises(ReviewError, match=r"\.svg or \.png"):
        bias.write_graph(None, pdfs / "x.gif")


def test_the_commands_work_on_a_review(attached, pdfs, tmp_path):
    folder = attached.folder
    assert "2  read" in run("read", folder=folder).stdout
    assert "Checked 2 PDFs" in run("flags", folder=folder).stdout
    said = run("datasets", "matrix", folder=folder).stdout
    assert "R000001" in said
    assert "2 of 2 studies" in said
    assert (
        "R000001"
        in json.loads(run("datasets", "matrix", "--json", folder=folder).stdout)["studies"]
    )
    out = tmp_path / "r.svg"
    assert "distinct" in run("datasets", "graph", "--out", out, folder=folder).stdout
    source = tmp_path / "more"
    source.mkdir()
    (source / "w.pdf").write_bytes((pdfs / "unrelated.pdf").read_bytes())
    assert "1 of 1 PDFs attached" in run("attach", source, folder=folder).stdout


def test_flags_in_words_name_the_questions_they_inform(pdfs):
    found = bias.find_flags(texts.read_text(pdfs / "study.pdf").sentences)
    words = "\n".join(format_bias.format_flags(found))
    assert (
        "Relevant to probast-2019 1.1, 1.2, 4.8; quadas-2 1.1, 1.2, 4.3; claim-2020 7, 8, 20, 21"
        in words
    )


def test_papers_whose_process_ended_are_named_and_not_counted():
    assert format_bias.format_flag_counts({1: 3, 2: 4}) == ["Checked 2 PDFs: 7 flags."]
    said = format_bias.format_flag_counts({1: 3, 2: None})
    assert said[0] == "Checked 1 PDF: 3 flags."
    assert "R000002" in said[1]


def test_a_sentence_without_end_takes_no_longer_than_its_start():
    from review.bias.rules.flags import _MAX_SENTENCE_LENGTH
    from review.models import Sentence

    long = "We combined several public datasets. " + "a" * 500_000
    [flag] = [
        f for f in bias.find_flags([Sentence(long, 1, "methods")]) if f.rule == "combined-sets"
    ]
    assert len(flag.text) == _MAX_SENTENCE_LENGTH


def test_flags_follow_the_data_sets_a_person_settled(attached):
    def remixes():
        return {f.cue for f in bias.get_flags(attached, 2) if f.rule == "remix-named"}

    before, kept = remixes(), bias.get_flags(attached, 2)
    assert "COVIDx CXR" in before
    bias.settle_dataset(attached, 2, "covidx_cxr", "dismiss", "ada")
    assert remixes() == before - {"COVIDx CXR"}
    bias.settle_dataset(attached, 2, "covidx_cxr", None, "ada")
    assert bias.get_flags(attached, 2) == kept
