"""A home with reviews and people, made through the same functions as the app's pages."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from review.protocol.models import Person
from review.store import homes
from review.workflow.home import reviews as home_reviews
from review.workflow.home.open_reviews import OpenReviews
from review.workflow.home.reviews import NewReview
from review.workflow.project import accounts, home, invitations
from review.workflow.project.project import Project
from review.workflow.setup import first_account, people
from review.workflow.setup.first_account import FirstLead
from review.workflow.setup.people import NewMember

BASE = "http://127.0.0.1:8501"
PASSWORD = "a long password"


@dataclass(frozen=True)
class TestHome:
    """An open home, and how its reviews are found."""

    __test__ = False
    reviews: OpenReviews

    @property
    def home(self) -> home.Home:
        """The home with its people as they are now."""
        return home.refresh_home(self.reviews.home)

    def project(self, review: str) -> Project:
        """The review under its protocol as it is now."""
        project = self.reviews.find(review)
        assert project is not None
        return project

    def create(self, title: str, who: str, origin: str = "blank") -> str:
        """A review that `who` leads; gives its name."""
        new = NewReview(title=title, origin=origin)
        return home_reviews.create_review(self.home, new, who, self.reviews)

    def titles(self, name: str) -> list[str]:
        """What somebody's list of reviews shows."""
        entries = home_reviews.list_own_reviews(self.home, name, self.reviews)
        return [entry.title for entry in entries]

    def invite(self, review: str, name: str, full_name: str, who: str, **details: str):
        """The invitation of somebody to a review, as a reviewer unless the details say else."""
        member = NewMember(name=name, full_name=full_name, **({"role": "reviewer"} | details))
        return people.invite_person(self.project(review), member, who, "", BASE)

    def accept(self, invitation) -> str:
        """Chooses the password by a link; gives the session's token."""
        key = invitation.address.partition("key=")[2]
        return invitations.accept_invitation(self.home, key, PASSWORD)[1]

    def sign_in(self, name: str) -> str:
        """A new session's token."""
        token = accounts.sign_in(self.home, name, PASSWORD)
        assert token is not None
        return token


def open_made(folder: Path) -> TestHome:
    """A home that is there."""
    return TestHome(OpenReviews(home.open_home(folder)))


def make_home(folder: Path) -> TestHome:
    """A home whose administrator is mia. Mia leads "First", lea leads "Second"; dan reviews in
    "First"."""
    made = open_made(folder)
    lead = FirstLead(name="mia", full_name="Mia Berg", password=PASSWORD)
    first_account.create_first_account(made.reviews.home, lead)
    made.create("First", "mia")
    made.accept(made.invite("first", "lea", "Lea Ro", "mia", role="lead"))
    made.create("Second", "lea")
    made.accept(made.invite("first", "dan", "Dan Ek", "mia"))
    return made


def copy_home(original: Path, folder: Path) -> TestHome:
    """A copy of a home that nobody has open, in a folder that is not there yet."""
    shutil.copytree(original, folder)
    return open_made(folder)


def add_to_team(project: Project, person: Person) -> None:
    """Adds somebody to the protocol's team by its file alone, as an editor of YAML would."""
    path = project.folder / "protocol.yaml"
    roles = ", ".join(person.roles)
    email = f", email: {person.email}" if person.email else ""
    line = f"team:\n  - {{name: {person.name}, roles: [{roles}]{email}}}\n"
    path.write_text(path.read_text().replace("team:\n", line))


def list_members(made: TestHome, review: str) -> set[str]:
    """Who may open a review."""
    with made.home.store.read() as conn:
        names = [one.name for one in homes.list_people(conn)]
        return {name for name in names if homes.is_member(conn, review, name)}


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    """The folder of a home that nobody has open; made once, for making one takes seconds."""
    folder = tmp_path_factory.mktemp("homes") / "original"
    folder.mkdir()
    made = make_home(folder)
    made.reviews.close()
    made.reviews.home.store.close()
    return folder


@pytest.fixture(name="home")
def open_copy(original, tmp_path):
    """Mia leads "First", lea leads "Second"; dan reviews in "First". Mia is the administrator."""
    made = copy_home(original, tmp_path / "home")
    yield made
    made.reviews.close()
    made.reviews.home.store.close()
