"""Makes a home of the demo's reviews: python scripts/make_demo_home.py FOLDER

FOLDER holds the finished reviews `demo` and `roberts2021`. Ada leads both; Ben and Cleo work on the
first. Their passwords are public, so nothing of value belongs in such a home.
"""

import argparse
from pathlib import Path

from review.protocol.models import Person
from review.store import homes
from review.store.timestamps import utc_now
from review.workflow.project import accounts
from review.workflow.project.home import Home, open_home, refresh_home
from review.workflow.setup import first_account
from review.workflow.setup.first_account import FirstLead
from review.workflow.setup.loading import open_project

PEOPLE = {"ada": "Ada Demo", "ben": "Ben Demo", "cleo": "Cleo Demo"}
TEAMS = {"demo": ("ada", "ben", "cleo"), "roberts2021": ("ada",)}


def make_home(folder: Path) -> Home:
    """The home, with its people and the reviews that are in the folder."""
    home = open_home(folder.absolute())
    lead = FirstLead(name="ada", full_name=PEOPLE["ada"], password="demo-ada")
    first_account.create_first_account(home, lead)
    with home.store.write() as conn:
        for name, full_name in PEOPLE.items():
            if name != "ada":
                homes.add_person(conn, name, full_name, None, who="ada", at=utc_now())
                person = Person(name=name, roles=("guest",), full_name=full_name)
                password_hash = accounts.hash_password(f"demo-{name}")
                accounts.store_password(conn, person, password_hash, "ada")
        for review, members in TEAMS.items():
            if (folder / review).is_dir():
                homes.note_review(conn, review, "created", "ada", utc_now())
                for name in members:
                    homes.note_member(
                        conn, review, name=name, event="added", who="ada", at=utc_now()
                    )
    replay = folder / "roberts2021"
    if replay.is_dir():
        project = open_project(replay, who="ada")
        with project.store.write() as conn:
            why = "Ada shows the replayed review"
            first_account.add_lead(project, conn, "ada", PEOPLE["ada"], why)
        project.store.close()
    return refresh_home(home)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    make_home(parser.parse_args().folder)
