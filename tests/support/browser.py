"""A served review and a headless Chromium for browser tests."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, TimeoutError, expect, sync_playwright

ROOT = Path(__file__).parents[2]
PATIENCE = 180_000
"""How long a page may take on a machine that does much else (ms); a right one takes a second."""
expect.set_options(timeout=PATIENCE)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    """A free TCP port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def served(
    folder: Path, *, solo: str | None = None, wait: float = 180, port: int = 0, cwd: Path = ROOT
) -> Iterator[str]:
    """Serves a review as `review app` does and yields its address; stops the server at the end."""
    port = port or free_port()
    words = [
        sys.executable,
        "-m",
        "review.cli",
        "--review",
        str(folder),
        "app",
        "--port",
        str(port),
    ]
    words += ["--solo", solo] if solo else []
    with _running(words, folder, port, cwd, wait) as address:
        yield address


@contextmanager
def served_home(folder: Path, *, wait: float = 180) -> Iterator[str]:
    """Serves a home of reviews as `review app FOLDER` does and yields its address."""
    port = free_port()
    words = [sys.executable, "-m", "review.cli", "app", str(folder), "--port", str(port)]
    with _running(words, folder, port, ROOT, wait) as address:
        yield address


@contextmanager
def _running(words: list[str], folder: Path, port: int, cwd: Path, wait: float) -> Iterator[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    log = (folder / "app.log").open("wb")
    child = subprocess.Popen(words, env=environment, stdout=log, stderr=log, cwd=cwd)
    address = f"http://127.0.0.1:{port}"
    try:
        _until_up(child, address, folder / "app.log", wait)
        yield address
    finally:
        child.terminate()
        child.wait(60)
        log.close()


def read_setup_link(folder: Path) -> str:
    """The link for the first account, as the served app has printed it."""
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        match = re.search(r"http://\S+/setup\?key=\S+", (folder / "app.log").read_text())
        if match:
            return match.group(0)
        time.sleep(0.2)
    raise AssertionError("the app printed no link for the first account")


def _until_up(child: subprocess.Popen, address: str, log: Path, wait: float) -> None:
    end = time.monotonic() + wait
    while time.monotonic() < end:
        if child.poll() is not None:
            raise AssertionError(f"the app stopped at once:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the app did not answer within {wait} s:\n{log.read_text()}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium, as installed on the system."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise AssertionError("Chromium is absent: run `make setup-tests`")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


def tab(browser: Browser, **view: Any) -> Page:
    """A page in a new browser session."""
    context = browser.new_context(**view)
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def sign_in(page: Page, address: str, name: str, password: str) -> None:
    """Signs in on the sign-in page and waits for the first page of the app."""
    page.goto(f"{address}/signin")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")
    settled(page)


def settled(page: Page, wait: float = PATIENCE) -> None:
    """Waits until Streamlit has finished drawing the page."""
    app = page.get_by_test_id("stApp")
    expect(app).to_be_visible(timeout=wait)
    for _ in range(2):  # a run that a browser asks for begins a moment later
        expect(app).to_have_attribute("data-test-connection-state", "CONNECTED", timeout=wait)
        expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=wait)
        page.wait_for_timeout(150)


def press_until(page: Page, key: str, done: str, *arguments: object) -> None:
    """Presses a key, and again if needed, until a JavaScript condition holds: on a busy machine a
    key press can be lost while the page is redrawn.

    Args:
        done: a function of the arguments, for example "u => location.search != u".
    """
    for _ in range(4):
        page.keyboard.press(key)
        try:
            page.wait_for_function(done, arg=arguments[0] if arguments else None, timeout=45_000)
        except TimeoutError:
            continue
        return
    raise AssertionError(f"the key {key!r} did nothing")
