"""Reviews of a home: who may create, see, archive and bring back which; what they begin with."""

import pytest
from support.homes import add_to_team, list_members

from review.errors import ReviewError
from review.protocol.models import Person
from review.store import records
from review.store.timestamps import utc_now
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.home import reviews as home_reviews
from review.workflow.home import templates
from review.workflow.home.reviews import NewReview
from review.workflow.project import accounts
from review.workflow.setup.loading import init_project, open_project


def test_a_new_review_belongs_to_who_created_it_alone(home):
    review = home.create("AI for TB", "mia")
    assert review == "ai-for-tb"
    project = home.project(review)
    assert [one.name for one in project.protocol.team if "lead" in one.roles] == ["mia"]
    assert {one.name for one in project.protocol.team} > {"ben", "cleo"}  # the plan's examples
    assert list_members(home, review) == {"mia"}
    assert home.titles("mia") == ["First", "AI for TB"]


@pytest.mark.parametrize("template", [one.id for one in templates.TEMPLATES])
def test_each_template_gives_a_review_that_opens(home, template):
    review = home.create("My title: 'quoted' #1", "mia", template)
    project = open_project(home.home.folder / review)
    assert project.protocol.title == "My title: 'quoted' #1"
    for one in project.protocol.search.imports:
        assert (project.folder / one.file).exists()


def test_a_replay_comes_with_its_numbers_and_its_creator_leads_it(home):
    review = home.create("Roberts again", "mia", "replay")
    flow = compute_flow(home.project(review))
    assert flow.new_studies.n == 62
    assert home.titles("mia") == ["First", "Roberts again"]
    assert list_members(home, review) == {"mia"}


def test_a_question_takes_the_place_of_the_templates_own(home):
    new = NewReview(title="T", question="Does it  work?", origin="diagnostic-accuracy")
    review = home_reviews.create_review(home.home, new, "mia", home.reviews)
    assert home.project(review).protocol.question == "Does it work?"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("../../etc", "etc"),
        ("..", "review"),
        ("日本語", "review"),
        ("A" * 300, "a" * 40),
        ("First", "first-2"),
        ("home.db", "home-db"),
    ],
)
def test_titles_that_no_folder_could_have_give_names_that_one_can(home, title, name):
    assert home.create(title, "mia") == name
    assert (home.home.folder / name / "protocol.yaml").exists()


@pytest.mark.parametrize("title", ["", "  ", "x" * 301, "a\x00b"])
def test_a_title_that_does_not_do_creates_nothing(home, title):
    before = sorted(home.home.folder.iterdir())
    with pytest.raises(ReviewError, match="Enter a title"):
        home.create(title, "mia")
    assert sorted(home.home.folder.iterdir()) == before


def test_a_copy_has_the_plan_and_neither_records_imports_nor_people(home):
    demo = home.create("Demo", "mia", "demo")
    home.invite(demo, "dan", "Dan Ek", "mia")
    project = home.project(demo)
    path = project.folder / "protocol.yaml"
    text = path.read_text().replace(
        "# registration: CRD42000000000", "registration: CRD42000000000"
    )
    path.write_text(text)
    (project.folder / "checklists").mkdir()
    (project.folder / "checklists" / "own.yaml").write_text("id: own\n")
    with project.store.write() as conn:
        records.add_batch(conn, utc_now(), "mia", kind="file", source="embase")
    other = home.create("Other", "mia", f"copy:{demo}")
    copy = home.project(other)
    original = home.project(demo).protocol
    assert original.registration and original.search.imports
    assert copy.protocol.title == "Other" and copy.protocol.stages == original.stages
    assert copy.protocol.search.imports == () and copy.protocol.registration is None
    assert copy.protocol.search.query == original.search.query
    assert (copy.folder / "checklists" / "own.yaml").exists()
    assert not (copy.folder / "embase.ris").exists()
    assert list_members(home, other) == {"mia"}
    assert home.titles("dan") == ["First", "Demo"]


def test_only_leads_and_the_administrator_create_and_copy_only_their_own(home):
    with pytest.raises(ReviewError, match="Only the server's administrator"):
        home.create("Dan's", "dan")
    with pytest.raises(ReviewError, match="you do not lead it"):
        home.create("Copy", "mia", "copy:second")
    for wrong in ("", "nothing", "copy:", "copy:..", "copy:../x"):
        with pytest.raises(ReviewError):
            home.create("Copy", "mia", wrong)


def test_an_archived_review_opens_for_nobody_and_comes_back_as_it_was(home):
    token = home.sign_in("dan")
    assert accounts.get_current_user(home.project("first"), token).name == "dan"
    with pytest.raises(ReviewError, match="you do not lead it"):
        home_reviews.archive_review(home.home, "first", "dan", home.reviews)
    home_reviews.archive_review(home.home, "first", "mia", home.reviews)
    with pytest.raises(ReviewError, match="archived already"):
        home_reviews.archive_review(home.home, "first", "mia", home.reviews)
    assert accounts.get_current_user(home.project("first"), token) is None
    assert accounts.get_current_user(home.project("first"), home.sign_in("mia")) is None
    assert home.titles("dan") == [] and home.titles("mia") == ["First"]
    with pytest.raises(ReviewError, match="you do not lead it"):
        home_reviews.restore_review(home.home, "first", "dan", home.reviews)
    home_reviews.restore_review(home.home, "first", "mia", home.reviews)
    assert accounts.get_current_user(home.project("first"), token).name == "dan"
    with pytest.raises(ReviewError, match="open already"):
        home_reviews.restore_review(home.home, "first", "mia", home.reviews)


def test_the_administrator_sees_no_review_of_others(home):
    assert home.titles("mia") == ["First"]
    assert home.titles("lea") == ["First", "Second"]
    for act in (home_reviews.archive_review, home_reviews.restore_review):
        with pytest.raises(ReviewError, match="you do not lead it"):
            act(home.home, "second", "mia", home.reviews)


def test_a_name_in_a_team_opens_nothing_until_its_lead_lets_that_person_in(home):
    """Anybody's account could have the name of an example, or of who has not been invited yet."""
    invitation = home.invite("second", "cleo", "Another Cleo", "lea", in_place_of="cleo")
    token = home.accept(invitation)
    assert "cleo" in {one.name for one in home.project("first").protocol.team}
    assert accounts.get_current_user(home.project("second"), token).name == "cleo"
    assert accounts.get_current_user(home.project("first"), token) is None
    assert home.titles("cleo") == ["Second"]


def test_an_address_in_a_team_gives_nobody_anothers_place(home):
    evil = Person(name="evil", roles=("reviewer",), email="mia")
    add_to_team(home.project("second"), evil)
    project = home.project("second")
    token = home.sign_in("mia")
    assert accounts.get_current_user(project, token) is None
    assert accounts.list_sessions(project, "evil") == []
    assert accounts.end_sessions(project, "evil", "lea") == 0
    assert accounts.get_current_user(home.project("first"), token).name == "mia"


def test_a_name_that_could_be_an_address_is_refused(home):
    with pytest.raises(ReviewError, match="must not contain '@'"):
        home.invite("second", "boss@x.org", "Boss", "lea")


def test_a_folder_that_was_not_made_here_is_no_review_of_the_home(home):
    stray = home.home.folder / "stray"
    init_project(stray)
    assert open_project(stray, who="root").home_store is None
    assert home.reviews.find("stray") is None
