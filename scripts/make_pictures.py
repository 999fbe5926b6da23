"""Takes the pictures of docs/tutorial.md from the app itself: a new home, then the demo review.

Run by `make pictures` after the demo has been built:  python scripts/make_pictures.py DEMO OUT
Every picture is a WebP file under MAX_BYTES. A picture that cannot be taken ends the run, so that a
page that has changed is noticed.
"""

import io
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect
from support.browser import chromium, read_setup_link, served_home, settled, tab

VIEW = {"width": 1280, "height": 800}
MAX_BYTES = 60_000
PASSWORD = "correct horse battery"
EXPORT = """TY  - JOUR
TI  - Deep learning for tuberculosis on chest radiographs
AU  - Osei, Abena
PY  - 2024
JO  - Made-up Radiology
DO  - 10.5555/tutorial.1
AB  - A network read the radiographs of 1,200 adults.
DB  - Embase
ER  -

TY  - JOUR
TI  - Radiologists and a network read films of children
AU  - Novak, Petra
PY  - 2023
JO  - Made-up Radiology
DO  - 10.5555/tutorial.2
DB  - Embase
ER  -
"""


def main(demo: Path, out: Path) -> None:
    """Takes all pictures."""
    out.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        with (
            tempfile.TemporaryDirectory() as folder,
            served_home(Path(folder), wait=600) as address,
        ):
            take_beginning(browser, Path(folder), address, out)
        with served_home(demo / "home", wait=600) as address:
            take_work(browser, address, out)


def take_beginning(browser: Browser, folder: Path, address: str, out: Path) -> None:
    """From the printed link to the first records."""
    page = tab(browser, viewport=VIEW, color_scheme="light")
    page.goto(read_setup_link(folder))
    page.get_by_label("Full name").fill("Mia Berg")
    page.get_by_label("Name to sign in with").fill("mia")
    save(page, out, "first-account")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create account and sign in").click()
    page.get_by_role("link", name="Create a review").click()
    page.get_by_label("Title").fill("AI for tuberculosis on chest radiographs")
    page.get_by_label("Diagnostic accuracy of imaging AI").check()
    save(page, out, "new-review")
    page.get_by_role("button", name="Create review").click()
    page.wait_for_url(re.compile(r"/r/[a-z0-9-]+/$"))
    settled(page)
    review = page.url.rstrip("/")
    take(page, f"{review}/protocol", out, "protocol-form", open_protocol_form)
    take(page, f"{review}/people", out, "invite", open_invitation)
    take(page, f"{review}/import", out, "import", drop_export)
    take(page, f"{review}/harvests", out, "schedule", open_schedule)
    page.context.close()


def take_work(browser: Browser, address: str, out: Path) -> None:
    """The work of a reviewer who has begun."""
    page = tab(browser, viewport=VIEW, color_scheme="light")
    page.goto(f"{address}/signin")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("demo-ada")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Reviews")).to_be_visible()
    review = f"{address}/r/demo"
    take(page, review, out, "my-work", None)
    take(page, f"{review}/screening", out, "screening", wait_for_record)
    page.context.close()


def take(
    page: Page, address: str, out: Path, name: str, prepare: Callable[[Page], None] | None
) -> None:
    """Opens a page, brings it to the state wanted, and saves its picture."""
    page.goto(address)
    settled(page)
    if prepare is not None:
        prepare(page)
        settled(page)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    save(page, out, name)


def save(page: Page, out: Path, name: str) -> None:
    """Saves what is in view as WebP, as fine as the size allows."""
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    for quality in (90, 80, 70, 60, 50, 40):
        packed = io.BytesIO()
        picture.save(packed, "WEBP", quality=quality, method=6)
        if packed.tell() <= MAX_BYTES:
            (out / f"{name}.webp").write_bytes(packed.getvalue())
            print(f"{name}.webp: {packed.tell():,} bytes", flush=True)
            return
    raise SystemExit(f"{name}: the picture is larger than {MAX_BYTES:,} bytes")


def open_protocol_form(page: Page) -> None:
    """The form on the question."""
    page.get_by_role("button", name="Edit protocol").click()
    expect(page.get_by_role("button", name="Close editor")).to_be_visible()


def open_invitation(page: Page) -> None:
    """A link for a colleague."""
    settled(page)
    page.get_by_role("textbox", name="Full name").fill("Ben Ost")
    field = page.get_by_role("textbox", name="Name to sign in with")
    field.fill("ben")
    field.press("Tab")
    settled(page)


def drop_export(page: Page) -> None:
    """A search export with its preview."""
    page.locator("input[type=file]").first.set_input_files(
        {"name": "embase.ris", "mimeType": "text/plain", "buffer": EXPORT.encode()}
    )
    expect(page.get_by_role("button", name=re.compile("^Import 2 records"))).to_be_visible()


def open_schedule(page: Page) -> None:
    """The form of the schedule."""
    page.get_by_text("Change the schedule").click()


def wait_for_record(page: Page) -> None:
    """A record to screen."""
    page.get_by_role("button", name="Include").wait_for()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
