"""Text that no database keeps (NUL, halves of a character) through every door: each act is saved
with a replacement character, on SQLite and PostgreSQL alike, and nothing ends in a traceback."""

import json
import sqlite3

import pytest
from support.postgres import emptied
from support.small import studies

from review.errors import SourceError
from review.formats import read_file
from review.formats.tabular.decisions import DecisionDefaults
from review.models import Record, Relation
from review.protocol.models import find_stage
from review.store import records
from review.text.characters import REPLACEMENT, is_storable, replace_unstorable
from review.workflow.deduplication.run import settle_pair
from review.workflow.exports import bundle, snapshot
from review.workflow.project import accounts, sign_in_limits
from review.workflow.project.accounts import CurrentUser
from review.workflow.project.sign_in_limits import Visitor
from review.workflow.records import annotations, import_decisions, imports, record_list, saved_lists
from review.workflow.records.record_list import RecordFilter
from review.workflow.records.uploads import UploadOptions, preview_upload
from review.workflow.safety import backups
from review.workflow.screening import early_stop, reviewing
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project

TA = "title-abstract"
TEXTS = {"NUL": "one\x00two", "half a pair": "one\ud800two"}
CLEAN = f"one{REPLACEMENT}two"
ADA = CurrentUser("ada", ("lead", "reviewer"))


def list_acts(project, text):
    """Each way in which a text reaches the store, or a question to it."""
    stage = find_stage(project.protocol, "screening")

    def search(**wanted):
        view = record_list.build_view(project, ADA)
        return record_list.find_records(project, view, RecordFilter(**wanted))

    def import_as(name, content, **options):
        path = project.folder / name
        path.write_bytes(content.encode("utf-8", "surrogatepass"))
        imports.import_file(project, path, "ada", keep_good=True, **options)

    def import_verdicts():
        path = project.folder / "verdicts.csv"
        lines = f"record,decision,reviewer,note\nR000005,include,ben,{text}\n"
        path.write_bytes(lines.encode("utf-8", "surrogatepass"))
        import_decisions.import_decisions(project, path, "ada", defaults=DecisionDefaults(stage=TA))

    def open_session():
        with project.store.write() as conn:
            accounts.start_session(conn, "ada", "192.0.2.1", text)

    entry = json.dumps({"title": f"Title {text}", "abstract": text, "authors": [text], text: text})
    ris = f"TY  - JOUR\nTI  - {text} in RIS\nAB  - {text}\nER  - \n"
    return {
        "a note": lambda: reviewing.add_note(project, stage, "ada", 1, text),
        "a note for the team": lambda: annotations.save_team_note(project, "ada", 1, text),
        "a tag": lambda: annotations.add_tag(project, "ada", 1, text, shared=True),
        "a list": lambda: saved_lists.save_list(
            project, "ada", text, RecordFilter(words=text), shared=True
        ),
        "a search": lambda: search(words=text),
        "filters": lambda: [search(source=text), search(tag=text), search(reason=text)],
        "a decision": lambda: add_decision(
            project, NewDecision(2, TA, "ada", "include", None, text), "ada"
        ),
        "an abstract": lambda: reviewing.add_abstract(project, "ada", 3, text),
        "a duplicate": lambda: settle_pair(
            project, ("R000003", "R000004"), "same", "ada", note=text
        ),
        "why it stops": lambda: early_stop.stop_screening(project, stage, "ada", text),
        "a name at the door": lambda: sign_in_limits.attempt_sign_in(
            project, text, text, Visitor("192.0.2.1", text, text)
        ),
        "a token": lambda: accounts.get_current_user(project, text),
        "a browser": open_session,
        "JSON": lambda: import_as("new.json", f"[{entry}]"),
        "RIS": lambda: import_as("new.ris", ris),
        "a source": lambda: import_as("other.ris", ris.replace("RIS", "it"), source=text),
        "verdicts": import_verdicts,
    }


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_text_ends_in_a_traceback_and_all_is_kept(tmp_path, database, text):
    project = studies(tmp_path, [Record("embase", title=f"Study {n}") for n in range(1, 7)])
    for name, act in list_acts(project, text).items():
        if "\x00" in text and name in ("RIS", "a source", "verdicts"):
            with pytest.raises(SourceError, match="the file is binary"):
                act()
        else:
            act()
    with project.store.read() as conn:
        notes = conn.exec_driver_sql("select text from notes").scalars().all()
        stored = [one.record for one in records.iter_records(conn)]
    assert notes == [CLEAN]
    (by_json,) = [one for one in stored if one.title == f"Title {CLEAN}"]
    assert (by_json.abstract, by_json.authors) == (CLEAN, (CLEAN,))
    assert CLEAN.encode() in bundle._write_log(snapshot.snapshot_at(project), None)


def test_the_same_file_is_known_again_and_its_preview_can_be_shown(tmp_path):
    project = studies(tmp_path, [Record("embase", title="Study")])
    content = json.dumps([{"title": TEXTS["half a pair"], "abstract": TEXTS["NUL"]}]).encode()
    (record,) = preview_upload(project, "new.json", content, UploadOptions()).examples
    assert (record.title, record.abstract) == (CLEAN, CLEAN)
    for name, known in (("new.json", 0), ("again.json", 1)):
        path = project.folder / name
        path.write_bytes(content + b" " * known)
        assert imports.import_file(project, path, "ada").known == known
    assert read_file(content).records == read_file(content + b"\n").records


def test_a_store_that_took_such_text_once_moves_to_postgresql(
    tmp_path, postgres_server, monkeypatch
):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    project = studies(tmp_path / "old", [Record("embase", title="Study", abstract="old words")])
    reviewing.add_note(project, find_stage(project.protocol, "screening"), "ada", 1, "a note")
    project.store.close()
    with sqlite3.connect(tmp_path / "old" / "review.db") as conn:
        conn.execute("update records set data = replace(data, 'old words', 'old\\u0000words')")
        conn.execute("update notes set text = 'a' || char(0) || 'note'")
    conn.close()
    project = open_project(tmp_path / "old", who="ada")
    backups.write_backup(project, tmp_path / "old.zip", "ada")
    monkeypatch.setenv("DATABASE_URL", emptied(postgres_server))
    backups.restore_backup(tmp_path / "old.zip", tmp_path / "new")
    restored = open_project(tmp_path / "new", who="ada")
    with restored.store.read() as conn:
        assert records.get_record(conn, 1).record.abstract == f"old{REPLACEMENT}words"
        notes = conn.exec_driver_sql("select text from notes").scalars().all()
    assert notes == [f"a{REPLACEMENT}note"]


def test_text_that_can_be_kept_stays_the_very_same():
    record = Record("embase", title="Müller 腫瘍 \U0001f600 \u202e", extra={"N1": ("a\tb",)})
    assert is_storable(record) and replace_unstorable(record) is record
    changed = replace_unstorable(Record("embase", title="a\x00", extra={"b\udfff": ("\ud83d",)}))
    assert changed.title == f"a{REPLACEMENT}"
    assert changed.extra == {f"b{REPLACEMENT}": (REPLACEMENT,)}
    assert replace_unstorable(("a", None, 3, [b"\x00"])) == ("a", None, 3, [b"\x00"])


@pytest.mark.parametrize(
    "data",
    [
        b'[{"title": "A \\u0000 B"}]',
        b'[{"title": "A \\ud800 B"}]',
        b"TY  - JOUR\nTI  - A &#xd800; B\nER  - \n",
        b"TY  - JOUR\nTI  - A &amp;#55296; B\nER  - \n",
        b"@article{a, title = {A &#0; \\char0 B}, year = 2020}\n",
        b"Title,Year\nA &#xdfff; B,2020\n",
    ],
)
def test_what_comes_out_of_a_file_can_be_stored_however_it_is_written(data):
    assert is_storable(read_file(data))


@pytest.mark.parametrize("bad", ["\x00", "\ud800", "\ud83d", "\udc00"])
def test_each_text_of_a_record_is_looked_at(bad):
    pair = Relation("is", f"doi:{bad}", "crossref", None)
    good = Relation("is", "doi:1", "crossref", "note ü")
    for record in (
        Record(bad),
        Record("x", title=f"A{bad}"),
        Record("x", authors=("Ö", bad)),
        Record("x", relations=(good, pair)),
        Record("x", extra={"a": ("b",), bad: ("c",)}),
        Record("x", extra={"a": ("b", bad)}),
        Record("x", authors=("\ud83d", "\ude00")),
    ):
        assert not is_storable(record)
        assert not is_storable((Record("x"), record))
        assert is_storable(replace_unstorable(record))
    assert is_storable(Record("x", relations=(good,), authors=("\U0001f600",), year=7))
