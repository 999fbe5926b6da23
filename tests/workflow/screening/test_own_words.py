"""A person's own words: kept for them alone in one review, and bounded."""

import pytest
from support.small import studies

from review.errors import ReviewError
from review.models import Record
from review.workflow.screening import own_words
from review.workflow.setup.loading import open_project


def test_each_person_has_words_of_their_own(tmp_path):
    project = studies(tmp_path, [Record("embase", title="Study")])
    assert own_words.save_words(project, "ben", [" lung  ct ", "", "sensitiv*", "lung ct"]) == (
        "lung ct",
        "sensitiv*",
    )
    own_words.save_words(project, "ada", ["mice"])
    again = open_project(project.folder)
    assert own_words.load_words(again, "ben") == ("lung ct", "sensitiv*")
    assert own_words.load_words(again, "ada") == ("mice",)
    assert own_words.load_words(again, "cleo") == ()
    own_words.save_words(again, "ben", [])
    assert own_words.load_words(again, "ben") == ()


def test_words_are_bounded_and_those_kept_stay(tmp_path):
    project = studies(tmp_path, [Record("embase", title="Study")])
    most = [f"word {n}" for n in range(own_words.MAX_WORDS)]
    assert len(own_words.save_words(project, "ben", most)) == own_words.MAX_WORDS
    with pytest.raises(ReviewError, match="at most 200 words"):
        own_words.save_words(project, "ben", [*most, "one more"])
    own_words.save_words(project, "ben", ["x" * own_words.MAX_LENGTH])
    with pytest.raises(ReviewError, match="at most 100 characters"):
        own_words.save_words(project, "ben", ["x" * (own_words.MAX_LENGTH + 1)])
    assert own_words.load_words(project, "ben") == ("x" * own_words.MAX_LENGTH,)
    plan = project.folder / "protocol.yaml"
    plan.write_text(plan.read_text().replace("roles: [adjudicator]", "roles: [guest]"))
    with pytest.raises(ReviewError, match="cleo does not have permission"):
        own_words.save_words(open_project(project.folder), "cleo", ["mice"])
