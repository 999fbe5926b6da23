"""One-time links: they work once, for a while, for one person, and are mailed where mail is."""

import re
from datetime import timedelta

import pytest
from support.mail import mail_server
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError
from review.store.tables.review import metadata
from review.store.timestamps import utc_now
from review.workflow.project import accounts, invitations
from review.workflow.setup.loading import init_project, open_project

BASE, NEW = "https://review.example.org", "another battery"


@pytest.fixture
def project(tmp_path, new_store, monkeypatch):
    monkeypatch.delenv("FUNNEL_SMTP", raising=False)
    init_project(tmp_path)
    path = tmp_path / "protocol.yaml"
    text = re.sub(r"(\n *- \{name: ben)", r"\1, email: ben@example.org", path.read_text())
    path.write_text(text)
    return open_project(tmp_path, who="ada")


def get_key(invitation):
    address = getattr(invitation, "address", invitation)
    assert address.startswith(f"{BASE}/invitation?key=")
    return address.split("key=")[1]


def test_a_link_sets_the_password_once_and_signs_in(project):
    key = get_key(invitations.make_invitation(project, "ben", "ada", f"{BASE}/"))
    for _ in range(3):  # mail programs that look at links use none up
        assert invitations.find_invited(project, key) == "ben"
    with pytest.raises(ReviewError, match="at least 8"):
        invitations.accept_invitation(project, key, "short")
    name, token = invitations.accept_invitation(project, key, NEW)
    assert (name, accounts.get_current_user(project, token).name) == ("ben", "ben")
    assert accounts.sign_in(project, "ben", NEW)
    assert invitations.find_invited(project, key) is None
    with pytest.raises(ReviewError, match="has been used"):
        invitations.accept_invitation(project, key, "a third password")


def test_a_reset_leaves_the_old_password_until_it_is_used_and_then_ends_sessions(project):
    accounts.add_user(project, "ben", "the old one", "ada")
    token = accounts.sign_in(project, "ben", "the old one")
    invitation = invitations.make_invitation(project, "ben", "ada", BASE)
    assert not invitation.is_new
    assert accounts.get_current_user(project, token)
    invitations.accept_invitation(project, get_key(invitation), NEW)
    assert accounts.get_current_user(project, token) is None
    assert accounts.sign_in(project, "ben", "the old one") is None


def test_a_newer_link_a_password_and_closing_end_the_older_link(project):
    first = get_key(invitations.make_invitation(project, "ben", "ada", BASE))
    second = get_key(invitations.make_invitation(project, "ben", "ada", BASE))
    assert invitations.find_invited(project, first) is None
    accounts.add_user(project, "ben", "given by the lead", "ada")
    assert invitations.find_invited(project, second) is None
    third = get_key(invitations.make_invitation(project, "ben", "ada", BASE))
    accounts.close_user(project, "ben", "ada")
    assert invitations.find_invited(project, third) is None


def test_a_link_ends_after_three_days_and_when_its_person_leaves(project, monkeypatch):
    key = get_key(invitations.make_invitation(project, "ben", "ada", BASE))
    later = utc_now() + timedelta(days=3, seconds=5)
    monkeypatch.setattr(invitations, "utc_now", lambda: later - timedelta(seconds=60))
    assert invitations.find_invited(project, key) == "ben"
    monkeypatch.setattr(invitations, "utc_now", lambda: later)
    assert invitations.find_invited(project, key) is None
    monkeypatch.undo()
    path = project.folder / "protocol.yaml"
    path.write_text(path.read_text().replace("name: ben", "name: bea"))
    assert invitations.find_invited(open_project(project.folder, who="ada"), key) is None


def test_only_the_lead_invites_and_the_store_keeps_no_secret(project):
    with pytest.raises(ReviewError, match="ben does not have permission"):
        invitations.make_invitation(project, "ada", "ben", BASE)
    with pytest.raises(ReviewError, match="not on this review's team"):
        invitations.make_invitation(project, "mallory", "ada", BASE)
    for wrong in ("", "review.example.org", "javascript:alert(1)", "https://", "https://x?y=1"):
        with pytest.raises(ReviewError, match="is not the address of the app"):
            invitations.make_invitation(project, "ben", "ada", wrong)
    key = get_key(invitations.make_invitation(project, "ben", "ada", BASE))
    with project.store.read() as conn:
        rows = {one.name: conn.execute(one.select()).all() for one in metadata.sorted_tables}
    assert "ben" in str(rows["one_time_links"]) and key not in str(rows)
    project.store.close()
    stored = b"".join(path.read_bytes() for path in project.folder.glob("review.db*"))
    assert key.encode() not in stored


def run(project, *words, **environment):
    return CliRunner().invoke(
        app, ["--review", str(project.folder), "--user", "ada", *words], env=environment
    )


def test_the_command_prints_a_link_that_works(project):
    done = run(project, "user", "invite", "ben", "--url", BASE)
    assert invitations.find_invited(project, get_key(done.stdout.strip().splitlines()[0])) == "ben"
    assert "Pass this link on to ben and nobody else" in done.stderr


def test_the_command_mails_the_link_where_a_mail_server_is_named(project):
    done = run(project, "user", "invite", "ben", "--url", BASE, "--mail")
    assert "No mail server is named" in str(done.exception)
    with mail_server() as inbox:
        mail = {
            "FUNNEL_SMTP": f"smtp://127.0.0.1:{inbox.port}",
            "FUNNEL_MAIL_FROM": "review@example.org",
        }
        done = run(project, "user", "invite", "ben", "--url", BASE, "--mail", **mail)
        assert "Sent a link to ben@example.org" in done.stdout
        assert "key=" not in done.stdout
        nobody = run(project, "user", "invite", "ada", "--url", BASE, "--mail", **mail)
    assert "ada has no e-mail address" in str(nobody.exception)
    (message,) = inbox.messages
    (link,) = re.findall(r"https://\S+", message.get_content())
    assert invitations.find_invited(project, get_key(link)) == "ben"
    assert inbox.recipients == ["ben@example.org"]


def test_the_commands_list_and_end_sessions(project):
    accounts.add_user(project, "ben", NEW, "ada")
    assert "Nobody is signed in" in run(project, "user", "sessions").stdout
    accounts.sign_in(project, "ben", NEW, address="192.0.2.1", browser="X Chrome/1 Linux")
    listed = run(project, "user", "sessions", "ben").stdout
    assert "ben" in listed and "192.0.2.1" in listed and "Chrome on Linux" in listed
    assert "Ended 1 session of ben" in run(project, "user", "sign-out", "ben").stdout
    assert "Nobody is signed in" in run(project, "user", "sessions").stdout
