"""Time to open each page of the app, first and second, on a review of 20,000 records.

Makes the review once: two exports with a fifth of their records in both, deduplicated; two
reviewers have screened half of it, 1,500 reports were assessed at full text, 60 are in appraisal,
20 of them with both forms. Serves it as users do (`review app`), signs in as the lead over the
app's WebSocket, and prints for each page the seconds from the request to the last message: the
first time in a new server that has loaded its libraries, the second time in another tab, and once
more after a decision, when what was counted for the page no longer holds. The seconds of processor
time beside them are what a machine that does nothing else would take at most.

    RECORDS=5000 python benchmarks/bench_pages.py              # a small one
    FOLDER=/tmp/pages python benchmarks/bench_pages.py         # keep the review, use it again
"""

import ast
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support import appraising, browser, tabs  # noqa: E402

from review.models import Decision, Record  # noqa: E402
from review.protocol.models import find_stage  # noqa: E402
from review.store import decisions, records  # noqa: E402
from review.store.timestamps import utc_now  # noqa: E402
from review.workflow.appraisal.instruments import list_required_forms  # noqa: E402
from review.workflow.deduplication import run as dedupe  # noqa: E402
from review.workflow.project import accounts  # noqa: E402
from review.workflow.project.project import Project  # noqa: E402
from review.workflow.screening import ranking, reviewing, status  # noqa: E402
from review.workflow.setup.loading import init_project, open_project  # noqa: E402

RECORDS = int(os.environ.get("RECORDS", "20000"))
UNIQUE = RECORDS * 5 // 6
FULL_TEXTS, APPRAISED, BOTH_FORMS = RECORDS * 3 // 40, 60, 20
LEAD, OTHER = "ada", "ben"
WORDS = [f"word{n}" for n in range(5000)]


def main() -> None:
    """Makes or opens the review and prints a row for each page."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(os.environ.get("FOLDER", scratch))
        if not (folder / "protocol.yaml").exists():
            start = time.perf_counter()
            make_review(folder)
            print(f"review of {RECORDS:,} records made in {time.perf_counter() - start:.0f} s")
        project = open_project(folder)
        load = os.getloadavg()[0]
        print(f"seconds to open a page, and of processor time, as lead; load {load:.1f}")
        print(f"{'':24}{'first':>14}{'second':>14}{'changed':>14}")
        pages = list_pages()
        with browser.served(folder) as address:
            cookie = tabs.session_cookie(address, LEAD, f"password of {LEAD}")
            wait_until_idle()  # the libraries that the server loads while people sign in
            first = time_pages(address, cookie, pages)
            second = time_pages(address, cookie, pages)
            decide(project)
            changed = time_pages(address, cookie, pages)
        for (title, _), *rounds in zip(pages, first, second, changed, strict=True):
            cells = "".join(f"{seconds:8.2f}{processor:6.2f}" for seconds, processor in rounds)
            print(f"{title:24}{cells}")


def list_pages() -> list[tuple[str, str]]:
    """Title and address of every page in the navigation."""
    for node in ast.parse((ROOT / "app.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PAGES":
            sections = ast.literal_eval(node.value)
            return [(page[2], page[1]) for pages in sections.values() for page in pages]
    raise AssertionError("app.py names no PAGES")


def time_pages(
    address: str, cookie: str, pages: Sequence[tuple[str, str]]
) -> list[tuple[float, float]]:
    """Seconds to open each page, all in one new tab, and processor time of the server."""
    seconds = []
    with tabs.tab(address, cookie) as tab:
        tab.open("account")  # the app itself is loaded before the first page is timed
        for _, page in pages:
            query = "key=R000001" if page == "record" else ""
            start, processor = time.perf_counter(), read_processor_time()
            tab.open(page, query)
            seconds.append((time.perf_counter() - start, read_processor_time() - processor))
            assert "Traceback" not in tab.text(), tab.text()[-3000:]
    return seconds


def wait_until_idle() -> None:
    """Waits until the server has used next to no processor time for two seconds."""
    before = -1.0
    while (now := read_processor_time()) - before > 0.1:
        before = now
        time.sleep(2)


def read_processor_time() -> float:
    """Seconds of processor time that the server has used so far, with the programs it started
    (Linux)."""
    ticks, parents = 0.0, {os.getpid()}
    for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda entry: int(entry.name)):
        with suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) in parents:
                parents.add(int(entry.name))
                ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def decide(project: Project) -> None:
    """One more decision by the other reviewer."""
    stage = find_stage(project.protocol, "screening")
    assert stage is not None
    view = reviewing.get_next_record(project, stage, OTHER)
    assert view is not None
    reviewing.save_decision(project, stage, OTHER, view.number, "exclude")


def make_review(folder: Path) -> Project:
    """The review described above, with accounts and a learned order."""
    init_project(folder)
    path = folder / "protocol.yaml"
    plan = path.read_text()
    path.write_text(
        plan.replace(
            f"{{name: {OTHER}, roles: [reviewer]}}",
            f"{{name: {OTHER}, roles: [reviewer, adjudicator]}}",
        )
    )
    project = open_project(folder, who=LEAD)
    rng = random.Random(1)
    with project.store.write() as conn:
        drawn = [draw_record(n, rng) for n in range(UNIQUE)]
        again = [replace(record, source="scopus") for record in rng.sample(drawn, RECORDS - UNIQUE)]
        for source, given in (("embase", drawn), ("scopus", again)):
            batch = records.add_batch(conn, utc_now(), LEAD, kind="file", source=source)
            records.add_records(conn, batch, list(enumerate(given)), utc_now())
    dedupe.run_deduplication(project, LEAD)
    with project.store.write() as conn:
        decisions.add_decisions(conn, draw_decisions(project, rng), protocol=project.fingerprint)
        status.rebuild_statuses(project, conn)
    for report in range(1, BOTH_FORMS + 1):
        appraise(project, report)
    for name in (LEAD, OTHER, "cleo"):
        accounts.add_user(project, name, f"password of {name}", "setup")
    stage = find_stage(project.protocol, "screening")
    assert stage is not None
    ranking.retrain_ranking(project, stage)
    return project


def draw_record(number: int, rng: random.Random) -> Record:
    """A record of made-up words."""
    return Record(
        "embase",
        title=f"{number} {' '.join(rng.choices(WORDS, k=10))}",
        abstract=" ".join(rng.choices(WORDS, k=120)),
        authors=(f"Author{number % 900}, A.", "Other, B."),
        year=2020 + number % 5,
        doi=f"10.1/{number}",
    )


def draw_decisions(project: Project, rng: random.Random) -> list[Decision]:
    """Both reviewers on half of the records, then both on the full texts; some conflicts."""
    screening = find_stage(project.protocol, "screening")
    eligibility = find_stage(project.protocol, "eligibility")
    assert screening is not None and eligibility is not None
    at = utc_now() - timedelta(days=9)
    drawn = []
    for number in range(1, RECORDS // 2 + 1):
        verdict = "include" if number <= FULL_TEXTS else "exclude"
        differs = number > FULL_TEXTS and rng.random() < 0.02
        at += timedelta(seconds=5)
        drawn.append(Decision(number, screening.id, LEAD, verdict, at))
        other = "include" if differs else verdict
        drawn.append(Decision(number, screening.id, OTHER, other, at))
    for number in range(1, FULL_TEXTS + 1):
        verdict = "include" if number <= APPRAISED else "exclude"
        reason = None if verdict == "include" else rng.choice(eligibility.reasons)
        at += timedelta(seconds=5)
        for name in (LEAD, OTHER):
            drawn.append(Decision(number, eligibility.id, name, verdict, at, reason))
    return drawn


def appraise(project: Project, report: int) -> None:
    """Both reviewers' kind of study and CLAIM; they differ in one item."""
    appraising.kind(project, report, "deep-learning", LEAD, OTHER)
    for tool in list_required_forms(project.protocol, "deep-learning"):
        if tool.checklist == "claim-2020":
            form = appraising.full(project, tool.checklist)
            appraising.fill(project, report, tool.checklist, LEAD, form)
            form[next(key for key, answer in form.items() if answer == "yes")] = "no"
            appraising.fill(project, report, tool.checklist, OTHER, form)


if __name__ == "__main__":
    main()
