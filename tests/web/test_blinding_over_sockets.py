"""What is sent to a reviewer never contains another's decision, name or note on an open record.

Reads every byte of the app's socket, its files and its exports, as a curious reviewer could.
"""

import ast
import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from support.browser import served
from support.tabs import session_cookie, tab

from review.models import Record
from review.protocol.models import find_stage
from review.store import records
from review.store.records import format_record_key
from review.store.timestamps import utc_now
from review.workflow.exports import bundle, snapshot
from review.workflow.project import accounts
from review.workflow.records import annotations
from review.workflow.screening import reviewing, status
from review.workflow.setup.loading import init_project, open_project

pytestmark = pytest.mark.browser
SECRET, WHY = "the words of benedicta", "a reason only benedicta would give"
MEDIA_PATH = re.compile(rb"/media/[0-9a-f]{32}\.[a-z]+")
SETTLED = "not imaging"
NAMES = ("ada", "benedicta", "dan", "cleo")


@pytest.fixture(scope="module")
def review(tmp_path_factory):
    return make_review(tmp_path_factory.mktemp("blind"))


def make_review(folder):
    """Benedicta has judged and noted everything; ada nothing but the first, which is settled."""
    init_project(folder)
    path = folder / "protocol.yaml"
    team = "  - {name: benedicta, roles: [reviewer]}\n  - {name: dan, roles: [reviewer]}\n"
    text = path.read_text().replace("  - {name: ben, roles: [reviewer]}\n", team)
    path.write_text(text.replace("not original research]", f"not original research, {WHY}]"))
    project = open_project(folder, who="ada")
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "lead", kind="file", source="embase")
        given = [(n, Record("embase", title=f"Study {n}", abstract="Text")) for n in range(1, 9)]
        records.add_records(conn, batch, given, utc_now())
        status.rebuild_statuses(project, conn)
    stage = find_stage(project.protocol, "screening")
    for number in range(1, 9):
        reviewing.add_note(project, stage, "benedicta", number, SECRET)
        annotations.add_tag(project, "benedicta", number, SECRET, shared=number != 1)
        annotations.save_team_note(project, "benedicta", number, SECRET * (number != 1))
        reason = SETTLED if number == 1 else WHY
        reviewing.save_decision(project, stage, "benedicta", number, "exclude", reason=reason)
    reviewing.save_decision(project, stage, "ada", 1, "exclude", reason=SETTLED)
    for name in NAMES:
        accounts.add_user(project, name, f"password of {name}", "ada")
    return project


@pytest.fixture(scope="module")
def address(review):
    with served(review.folder) as found:
        yield found


def sent(address, name, pages):
    """All that the socket sends a person who opens these pages, by page and query."""
    cookie = session_cookie(address, name, f"password of {name}")
    with tab(address, cookie) as one:
        for page, query in pages:
            one.open(page, query)
            assert "Traceback" not in one.text()
        return b"\n".join(one.sent)


IN_FILTER = b'"\x15not original research"' + bytes([len(WHY)]) + WHY.encode()
"""The reason as the protocol's list of reasons, from which Records can be filtered, has it."""


def clean(data):
    """Nothing of benedicta's in it, but for the protocol's own list of reasons."""
    data = data.replace(IN_FILTER, b"")
    assert SECRET.encode() not in data
    assert WHY.encode() not in data
    assert b"benedicta" not in data.lower()


OPEN = [
    (page, f"key={format_record_key(number)}")
    for number in (2, 5)
    for page in ("screening", "record")
]
APP = ast.parse((Path(__file__).parents[2] / "app.py").read_text())
EVERY = [
    address
    for node in APP.body
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PAGES"
    for pages in ast.literal_eval(node.value).values()
    for _, address, _, _ in pages
    if address != "protocol"
]
"""The address of each page but the protocol, which names the team and the reasons."""


def test_the_pages_of_the_app_are_known():
    assert {"my-work", "summary", "screening", "full-texts", "label-audit"} <= set(EVERY)


def test_no_page_and_no_address_sends_a_reviewer_anothers_word(address):
    clean(sent(address, "dan", [*OPEN, *((page, "") for page in EVERY)]))


def test_pressing_every_key_of_the_page_sends_none_either(address):
    cookie = session_cookie(address, "dan", "password of dan")
    with tab(address, cookie) as one:
        one.open("screening", "key=R000003")
        for label in ("Note", "Note", "Duplicate", "Duplicate", "Back", "Undo"):
            one.press(label)
        clean(b"\n".join(one.sent))


def test_what_is_settled_may_be_seen(address):
    data = sent(address, "ada", [("record", "key=R000001")])
    assert b"benedicta" in data  # so the tests above would see a leak


def test_a_reviewer_has_no_export_and_no_conflicts(address):
    data = sent(address, "dan", [("results", ""), ("conflicts", ""), ("progress", "")])
    for word in (b"Download", b"Verdict differs", b"kappa"):
        assert word not in data


def fetch(address, cookie, path):
    """The status with which a file answers a session."""
    request = urllib.request.Request(address + path, headers={"Cookie": cookie})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_reviewer_who_writes_the_address_of_the_lead_s_file_gets_nothing_by_it(
    tmp_path, new_store
):
    """The page shows the reviewer's own note, so the server sends the address: as words alone."""
    review = make_review(tmp_path)
    with served(review.folder) as address:
        write_the_address_of_a_file(review, address)


def write_the_address_of_a_file(review, address):
    cookie = session_cookie(address, "ada", "password of ada")
    with tab(address, cookie) as lead:
        lead.open("results")
        (part,) = {
            element.button_group.id
            for message in lead.run
            if (element := message.delta.new_element).WhichOneof("type") == "button_group"
            and any(option.content == "Methods" for option in element.button_group.options)
        }
        state = WidgetState(id=part)
        state.string_array_value.data.append("Methods")
        lead.widgets[part] = state
        lead.again()
        found = MEDIA_PATH.search(b"\n".join(m.SerializeToString() for m in lead.run))
        assert found is not None
        path = found.group(0).decode()
        assert fetch(address, cookie, path) == 200
        stage = find_stage(review.protocol, "screening")
        for number in range(1, 9):
            reviewing.add_note(review, stage, "dan", number, path)
        own_cookie = session_cookie(address, "dan", "password of dan")
        with tab(address, own_cookie) as reviewer:
            reviewer.open("screening")
            assert path in reviewer.text()
            assert fetch(address, cookie, path) == 200
            assert fetch(address, own_cookie, path) == 404


def test_without_a_session_no_file_page_or_socket_answers(address):
    for path in (
        "/media/x.pdf",
        "/_stcore/stream",
        "/_stcore/host-config",
        "/screening",
        "/component/x/index.html",
        "/_stcore/upload_file/x/y",
    ):
        try:
            with urllib.request.urlopen(address + path, timeout=120) as answer:
                assert urlsplit(answer.url).path == "/signin", path
        except urllib.error.HTTPError as error:
            assert error.code in (401, 403, 404, 405), (path, error.code)


def test_the_log_a_reviewing_lead_takes_out_withholds_what_is_open(review):
    files = bundle.build_report_files(snapshot.snapshot_at(review, None), reader="ada")
    entries = [json.loads(line) for line in files["log.jsonl"].splitlines()]
    theirs = [one for one in entries if one.get("reviewer") == "benedicta"]
    assert {one["record"] for one in theirs} == {"R000001"}
    (withheld,) = [one for one in entries if "entries" in one]
    assert withheld["entries"] == 28  # seven decisions, notes, tags and notes for the team
    for name, data in files.items():
        if name not in ("log.jsonl", "protocol.yaml"):
            said = [line for line in data.splitlines() if SECRET.encode() in line]
            assert all(b"R000001" in line for line in said), name
    whole = bundle.build_report_files(snapshot.snapshot_at(review, None), reader="cleo")
    assert whole["log.jsonl"].count(b"benedicta") > len(theirs)
