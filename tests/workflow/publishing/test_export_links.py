"""Links to exports: who makes and ends them, what they may show, what the log and copies keep."""

import gzip
import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from support import reporting

from review.errors import ReviewError
from review.models import Answer
from review.store import answers, export_links, log, notes
from review.workflow.publishing import export_links as links
from review.workflow.publishing import shared_exports
from review.workflow.publishing.content import PublicView
from review.workflow.publishing.export_links import find_link, list_links, make_link, withdraw_link
from review.workflow.publishing.shared_exports import build_export, list_export_titles
from review.workflow.safety import backups
from review.workflow.setup.loading import open_project

BASE = "https://review.example.org"
STORES = Path(__file__).parents[2] / "data" / "stores"
BLINDED = ["excluded-title-abstract", "excluded-full-text", "excluded-quality"]
BLINDED += ["agreement", "report"]


@pytest.fixture
def project(tmp_path, database):
    opened = reporting.whole(tmp_path / "review")
    yield opened
    opened.store.close()


def make(project, export="prisma", days=7, who="ada"):
    """The secret of a new link."""
    link = make_link(project, export, days=days, who=who, base_url=f"{BASE}/")
    assert link.address.startswith(f"{BASE}/shared?key=")
    return link.address.partition("key=")[2]


def read_all(project, export):
    """Everything an export shows or gives, as one text."""
    shared = build_export(PublicView(project), export)
    texts = [shared.title, *(f"{one.title} {one.alt} {one.svg}" for one in shared.figures)]
    texts += [repr(table) for table in shared.tables]
    plain = [make() for name, make in shared.files.items() if name.endswith(("csv", "ris", "bib"))]
    return "\n".join([*texts, *(data.decode() for data in plain)])


def list_open_exports(project):
    return [name for name in list_export_titles(project) if name not in BLINDED]


def test_a_link_is_found_by_its_secret_alone_until_it_is_withdrawn(project, monkeypatch):
    token, other = make(project), make(project, "included", days=30)
    assert find_link(project, token).export == "prisma"
    assert find_link(project, other).export == "included"
    assert [one.who for one in list_links(project)] == ["ada", "ada"]
    assert find_link(project, token[:-1]) is None and find_link(project, "") is None
    newest, oldest = list_links(project)
    assert newest.expires - newest.at == timedelta(days=30)
    withdraw_link(project, oldest.id, "ada")
    assert find_link(project, token) is None and find_link(project, other) is not None
    with pytest.raises(ReviewError, match="withdrawn before"):
        withdraw_link(project, oldest.id, "ada")
    monkeypatch.setattr(links, "utc_now", lambda: newest.expires - timedelta(seconds=1))
    assert find_link(project, other) is not None
    monkeypatch.setattr(links, "utc_now", lambda: newest.expires)
    assert find_link(project, other) is None
    states = [links.describe_state(one, newest.expires) for one in list_links(project)]
    assert states[0].startswith("expired on ") and states[1].startswith("withdrawn by ada on ")


def test_the_store_and_the_log_hold_no_secret(project):
    token = make(project)
    (link,) = list_links(project)
    withdraw_link(project, link.id, "ada")
    with project.store.read() as conn:
        events = [one for one in log.iter_events(conn) if one["event"].startswith("export_link")]
        kept = conn.exec_driver_sql("select token from export_link_tokens").scalars().all()
    assert [(one["event"], one["who"]) for one in events] == [
        ("export_links", "ada"),
        ("export_link_ends", "ada"),
    ]
    assert events[0]["export"] == "prisma" and events[0]["expires"]
    assert token not in json.dumps(events) and kept[0] not in json.dumps(events)
    assert len(kept) == 1 and len(kept[0]) == 64 and token not in kept


def test_a_restored_backup_opens_nothing_and_says_so(project, tmp_path, monkeypatch):
    token = make(project)
    backups.write_backup(project, tmp_path / "b.zip", "ada")
    backups.restore_backup(tmp_path / "b.zip", tmp_path / "again", {})
    monkeypatch.delenv("DATABASE_URL", raising=False)
    again = open_project(tmp_path / "again", who="ada")
    assert find_link(again, token) is None and find_link(project, token) is not None
    (link,) = list_links(again)
    assert "restored from a backup" in links.describe_state(link, link.at)
    assert not links.is_working(link, link.at)
    again.store.close()


@pytest.mark.parametrize("who", ["ben", "dan", "cleo"])
def test_only_the_lead_makes_and_ends_links(project, who):
    make(project)
    with pytest.raises(ReviewError, match=f"{who} does not have permission"):
        make(project, who=who)
    with pytest.raises(ReviewError, match=f"{who} does not have permission"):
        withdraw_link(project, list_links(project)[0].id, who)
    assert len(list_links(project)) == 1


@pytest.mark.parametrize(
    ("export", "days", "words"),
    [
        ("everything", 7, "no export 'everything'; choose one of: prisma, included"),
        ("prisma", 0, "1 to 366 days, not 0"),
        ("prisma", 367, "1 to 366 days, not 367"),
    ],
)
def test_what_cannot_be_linked_is_one_clear_line(project, export, days, words):
    with pytest.raises(ReviewError, match=words) as raised:
        make(project, export, days)
    assert "\n" not in str(raised.value) and list_links(project) == []


@pytest.mark.parametrize("export", BLINDED)
def test_what_tells_who_decided_waits_for_the_end_of_the_review(project, export):
    with pytest.raises(ReviewError) as raised:
        make(project, export)
    text = str(raised.value)
    assert "only once the review is finished: 1 report still awaits a decision" in text
    reporting.decide(project, 7, "title-abstract", "exclude", "2020-06-02")
    assert find_link(project, make(project, export)).export == export
    assert build_export(PublicView(project), export).files


def test_a_form_that_one_reviewer_has_begun_keeps_the_end_open(project):
    reporting.decide(project, 7, "title-abstract", "exclude", "2020-06-02")
    begun = Answer(1, "claim-2020", "abstract", "ada", "yes", reporting.day("2020-06-03"))
    with project.store.write() as conn:
        answers.add_answers(conn, [begun])
    with pytest.raises(ReviewError, match="finished: 1 form is not settled"):
        make(project, "report")


def test_no_open_export_names_a_person_or_repeats_a_note(project):
    with project.store.write() as conn:
        notes.add_note(
            conn,
            1,
            stage="title-abstract",
            reviewer="ada",
            text="the secret note",
            at=reporting.day("2020-06-02"),
        )
    for export in list_open_exports(project):
        text = read_all(project, export)
        assert not re.search(r"\b(ada|ben|cleo|dan|secret note)\b", text, re.I), export
        assert export == "data-sets" or len(text) > 100, export


def test_a_vote_that_is_not_settled_changes_no_open_export(tmp_path, new_store):
    shown = []
    for verdict in ("include", "exclude"):
        new_store()
        project = reporting.whole(tmp_path / verdict)
        value = "yes" if verdict == "include" else "no"
        begun = Answer(1, "claim-2020", "abstract", "ada", value, reporting.day("2020-06-02"))
        with project.store.write() as conn:
            answers.add_answers(conn, [begun])
        path = project.folder / "protocol.yaml"
        path.write_text(
            path.read_text().replace("screening, reviewers: 1", "screening, reviewers: 2")
        )
        project.store.close()
        project = open_project(project.folder, who="ada")
        reporting.decide(project, 7, "title-abstract", verdict, "2020-06-02")
        shown.append({name: read_all(project, name) for name in list_open_exports(project)})
        project.store.close()
    assert shown[0] == shown[1]


def test_each_export_holds_what_its_name_says(project):
    titles = list_export_titles(project)
    view = PublicView(project)
    for export, title in titles.items():
        if export in BLINDED:
            continue
        shared = build_export(view, export)
        assert shared.title == title
        if export in view.snapshot.project.protocol.appraisal.tools:
            assert all(figure.name.startswith(export) for figure in shared.figures)
            assert shared.figures and shared.tables
    assert list(build_export(view, "references").files) == ["included.ris", "included.bib"]
    assert build_export(view, "prisma").tables == ()
    (included,) = build_export(view, "included").tables
    assert len(included.rows) == len(view.snapshot.included)


def test_a_store_of_the_first_version_gets_links(tmp_path, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "review.db").write_bytes(
        gzip.decompress((STORES / "review-0001.db.gz").read_bytes())
    )
    shutil.copy(STORES / "protocol-0001.yaml", tmp_path / "protocol.yaml")
    project = open_project(tmp_path, who="ada")
    lead = next(one.name for one in project.protocol.team if "lead" in one.roles)
    link = make_link(project, "prisma", days=7, who=lead, base_url=BASE)
    assert find_link(project, link.address.partition("key=")[2]).export == "prisma"
    with project.store.read() as conn:
        assert len(export_links.list_links(conn)) == 1
    assert shared_exports.build_export(PublicView(project), "prisma").figures
    project.store.close()
