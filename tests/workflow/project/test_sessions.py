"""Sessions end with the password, the account and "sign out everywhere"; one account a person."""

import re

import pytest

from review.errors import ReviewError
from review.store import accounts as rows
from review.store.timestamps import utc_now
from review.workflow.project import accounts, sign_in_limits
from review.workflow.setup.loading import init_project, open_project

OLD, NEW = "correct horse", "another battery"


@pytest.fixture
def project(tmp_path, database):
    init_project(tmp_path)
    path = tmp_path / "protocol.yaml"
    text = re.sub(r"(\n *- \{name: ada)", r"\1, email: Ada@Example.org", path.read_text())
    path.write_text(text)
    opened = open_project(tmp_path, who="ada")
    accounts.add_user(opened, "ada", OLD, "ada")
    accounts.add_user(opened, "ben", OLD, "ada")
    yield opened
    opened.store.close()


def get_name(project, token):
    user = accounts.get_current_user(project, token)
    return None if user is None else user.name


def test_a_new_password_ends_every_session_of_that_person_alone(project):
    tokens = [accounts.sign_in(project, "ada", OLD) for _ in range(2)]
    other = accounts.sign_in(project, "ben", OLD)
    accounts.add_user(project, "ada", NEW, "ada")
    assert [get_name(project, token) for token in tokens] == [None, None]
    assert get_name(project, other) == "ben"
    assert accounts.sign_in(project, "ada", OLD) is None
    assert get_name(project, accounts.sign_in(project, "ada", NEW)) == "ada"


def test_no_session_revives_when_a_closed_account_is_made_anew(project):
    token = accounts.sign_in(project, "ada", OLD)
    accounts.close_user(project, "ada", "ada")
    assert accounts.sign_in(project, "ada", OLD) is None
    accounts.add_user(project, "ada", OLD, "ada")
    assert get_name(project, token) is None


def test_a_clock_that_was_set_back_revives_no_session(project, monkeypatch):
    token = accounts.sign_in(project, "ada", OLD)
    earlier = utc_now().replace(year=2001)
    monkeypatch.setattr(accounts, "utc_now", lambda: earlier)
    accounts.add_user(project, "ada", NEW, "ada")
    assert get_name(project, token) is None


def test_an_account_made_under_an_address_is_the_persons_one_account(project):
    accounts.add_user(project, "ada@example.ORG", NEW, "ada")
    token = accounts.sign_in(project, "ADA@example.org", NEW)
    assert get_name(project, token) == "ada"
    assert accounts.sign_in(project, "ada", OLD) is None
    accounts.close_user(project, "ada", "ada")
    assert get_name(project, token) is None
    for name in ("ada", "ada@example.org", "Ada@Example.org"):
        assert accounts.sign_in(project, name, NEW) is None
    with pytest.raises(ReviewError, match="no active account"):
        accounts.close_user(project, "ada@example.org", "ada")


def test_an_account_that_an_older_version_kept_under_the_address_is_closed_too(project):
    from argon2 import PasswordHasher

    with project.store.write() as conn:
        kept = PasswordHasher().hash(NEW)
        rows.set_password(conn, "ada@example.org", kept, "ada", utc_now())
    token = accounts.sign_in(project, "ada@example.org", NEW)
    assert get_name(project, token) == "ada"
    accounts.close_user(project, "ada", "ada")
    assert get_name(project, token) is None
    assert accounts.sign_in(project, "ada@example.org", NEW) is None


def test_whoever_left_the_team_can_be_closed(project):
    path = project.folder / "protocol.yaml"
    path.write_text(path.read_text().replace("name: ben", "name: bea"))
    without = open_project(project.folder, who="ada")
    accounts.close_user(without, "ben", "ada")
    with without.store.read() as conn:
        assert rows.get_password_hash(conn, "ben") is None


def test_sign_out_everywhere_and_one_by_one(project):
    first = accounts.sign_in(project, "ada", OLD, address="192.0.2.1", browser="Firefox/1 Windows")
    second = accounts.sign_in(project, "ada", OLD)
    listed = accounts.list_sessions(project, "ada", token=second)
    assert [(one.is_own, one.address) for one in listed] == [(True, None), (False, "192.0.2.1")]
    assert accounts.describe_browser(listed[1].browser) == "Firefox on Windows"
    with pytest.raises(ReviewError, match="ben does not have permission"):
        accounts.end_sessions(project, "ada", "ben")
    with pytest.raises(ReviewError, match="no open session"):
        accounts.end_sessions(project, "ben", "ben", session=listed[1].id)
    assert accounts.end_sessions(project, "ada", "ada", session=listed[1].id) == 1
    assert (get_name(project, first), get_name(project, second)) == (None, "ada")
    assert accounts.end_sessions(project, "ada@example.org", "ada") == 1
    assert get_name(project, second) is None
    assert accounts.list_sessions(project, "ada") == []


def test_a_person_changes_their_own_password_with_the_old_one(project):
    token = accounts.sign_in(project, "ben", OLD)
    with pytest.raises(ReviewError, match="current password is wrong"):
        sign_in_limits.change_password(project, "ben", NEW, "third password")
    with pytest.raises(ReviewError, match="at least 8"):
        sign_in_limits.change_password(project, "ben", OLD, "short")
    assert get_name(project, token) == "ben"
    sign_in_limits.change_password(project, "ben", OLD, NEW)
    assert get_name(project, token) is None
    assert accounts.sign_in(project, "ben", NEW)


def test_a_stolen_session_cannot_guess_the_password(project):
    for _ in range(5):
        with pytest.raises(ReviewError, match="current password is wrong"):
            sign_in_limits.change_password(project, "ben", "guess guess", NEW)
    with pytest.raises(ReviewError, match="Too many wrong passwords"):
        sign_in_limits.change_password(project, "ben", OLD, NEW)


def test_an_institutions_word_opens_a_session_for_an_address_of_the_team_alone(project):
    assert accounts.start_confirmed_session(project, "eve@example.org") is None
    assert accounts.start_confirmed_session(project, "ben") is None  # a name is no address
    assert accounts.start_confirmed_session(project, "") is None
    token = accounts.start_confirmed_session(project, "ada@EXAMPLE.org")
    assert get_name(project, token) == "ada"
    accounts.end_sessions(project, "ada", "ada")
    assert get_name(project, token) is None


def test_any_text_may_be_typed_into_the_form(project):
    for name in ("\x00", "\ud800", "x" * 5000, "'; drop table accounts; --", ""):
        for password in ("\x00", "\ud800", "p" * 5000, ""):
            assert accounts.sign_in(project, name, password) is None
    assert accounts.sign_in(project, "ada", OLD + "\x00") is None


def test_after_the_update_everybody_signs_in_once_more(tmp_path, monkeypatch):
    """A store from before sessions had ends of their own, with an open session."""
    from sqlalchemy import create_engine, text

    from review import store as stores
    from review.store import open_store

    monkeypatch.delenv("DATABASE_URL", raising=False)
    engine = create_engine(f"sqlite:///{tmp_path / 'review.db'}")
    stores.upgrade(engine, "0005")
    row = {"token": rows.hash_token("token"), "at": "2026-01-01", "expires": "2099-01-01"}
    with engine.begin() as conn:
        conn.execute(
            text(
                "insert into sessions (token, name, at, expires, event) "
                "values (:token, 'ada', :at, :expires, 'open')"
            ),
            row,
        )
    engine.dispose()
    opened = open_store(tmp_path)
    with opened.read() as conn:
        assert rows.get_session_name(conn, "token", utc_now()) is None
        assert conn.execute(text("select count(*) from sessions")).scalar() == 1
        version = conn.execute(text("select version_num from alembic_version")).scalar()
    assert version == stores.HEAD_REVISION
