"""Signing in through OpenID Connect: a real provider on loopback, a real browser."""

import re

import oidc_provider_mock
import pytest
from playwright.sync_api import expect
from support.browser import chromium, free_port, served, settled, tab

from review.workflow.setup.loading import init_project

pytestmark = pytest.mark.browser


@pytest.fixture
def folder(tmp_path):
    """A review in whose team ada has the address ada@example.org; no local accounts."""
    made = tmp_path / "review"
    init_project(made)
    protocol = made / "protocol.yaml"
    text, changed = re.subn(
        r"(\n *- \{name: ada)", r"\1, email: Ada@Example.org", protocol.read_text()
    )
    assert changed == 1
    protocol.write_text(text)
    return made


@pytest.fixture
def provider():
    """A provider that knows ada, a stranger, and somebody with ada's address never confirmed."""
    people = [
        oidc_provider_mock.User(sub="1", claims={"email": "ada@example.org"}),
        oidc_provider_mock.User(sub="2", claims={"email": "eve@example.org"}),
        oidc_provider_mock.User(
            sub="3", claims={"email": "ada@example.org", "email_verified": False}
        ),
    ]
    with oidc_provider_mock.run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


def secrets(folder, provider, port):
    made = folder / ".streamlit"
    made.mkdir()
    (made / "secrets.toml").write_text(
        "[auth]\n"
        f'redirect_uri = "http://localhost:{port}/oauth2callback"\n'
        'cookie_secret = "a long secret of this test alone"\n'
        'client_id = "funnel"\nclient_secret = "known to both"\n'
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
    )


def enter(browser, address, subject):
    """A new visitor presses Sign in and is let through by the provider as this subject."""
    page = tab(browser)
    page.goto(address)
    assert "Overview" not in page.inner_text("body")
    page.get_by_role("link", name="Sign in with your institution").click()
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(f"{address}/**")
    return page


def test_only_a_team_members_confirmed_address_opens_the_review(folder, provider):
    port = free_port()
    secrets(folder, provider, port)
    with served(folder, port=port, cwd=folder), chromium() as browser:
        address = f"http://localhost:{port}"
        page = enter(browser, address, "1")
        page.wait_for_url(f"{address}/")
        settled(page)
        expect(page.get_by_text("ada · lead, reviewer")).to_be_visible()
        page.get_by_role("link", name="Sign out").click()
        page.wait_for_url("**/end_session**")
        page.goto(address)
        expect(page.get_by_role("link", name="Sign in with your institution")).to_be_visible()

        page = enter(browser, address, "2")
        expect(page.get_by_text("eve@example.org is not on this review's team")).to_be_visible()
        assert "Overview" not in page.inner_text("body")

        page = enter(browser, address, "3")
        expect(page.get_by_text("has not been verified")).to_be_visible()
        assert "Overview" not in page.inner_text("body")
