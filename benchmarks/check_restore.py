"""Random acts on a review, a backup in the middle of them, its restore: the same state and exports?

python benchmarks/check_restore.py                   # 1,000 acts on SQLite and on PostgreSQL
ACTS=200 SEEDS="1 2 3" python benchmarks/check_restore.py
"""

import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.acts import act_at_random, build_exports, read_state  # noqa: E402
from support.postgres import cluster, emptied  # noqa: E402
from support.small import studies  # noqa: E402

from review.models import Record  # noqa: E402
from review.workflow.safety import backups, store_check  # noqa: E402
from review.workflow.setup.loading import open_project  # noqa: E402

ACTS = int(os.environ.get("ACTS", "1000"))
SEEDS = [int(seed) for seed in os.environ.get("SEEDS", "1").split()]
RECORDS = int(os.environ.get("RECORDS", "120"))


def main() -> None:
    """Prints a line for each database and seed; ends with status 1 where anything differs."""
    differing = 0
    with cluster() as url:
        for database in ("SQLite", "PostgreSQL"):
            for seed in SEEDS:
                differing += not check(database, url, seed)
    sys.exit(bool(differing))


def check(database: str, url: str, seed: int) -> bool:
    """Whether a restored review is the same."""
    os.environ.pop("DATABASE_URL", None)
    if database == "PostgreSQL":
        os.environ["DATABASE_URL"] = emptied(url)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        given = [Record("embase", title=f"Study {n}", year=2020) for n in range(1, RECORDS + 1)]
        project = studies(folder / "r", given)
        taken = act_at_random(project, ACTS, seed)
        repairs = store_check.verify_store(project, "lea").repaired
        before = (read_state(project), build_exports(project))
        start = time.perf_counter()
        backup = backups.write_backup(project, folder / "b.zip", "lea")
        written = time.perf_counter()
        os.environ.pop("DATABASE_URL", None)
        backups.restore_backup(folder / "b.zip", folder / "again", {})
        restored = time.perf_counter()
        again = open_project(folder / "again", who="lea")
        is_same = (read_state(again), build_exports(again)) == before and not repairs
        print(
            f"{database:10} seed {seed}: {taken} of {ACTS} acts, backup {backup.bytes:,} bytes "
            f"in {written - start:.1f} s, restored in {restored - written:.1f} s: "
            f"{'the same state and exports' if is_same else 'DIFFERENT'}",
            flush=True,
        )
        for one in (project, again):
            one.store.close()
    return is_same


if __name__ == "__main__":
    main()
