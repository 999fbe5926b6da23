"""The list of records: what each reader is told of each; and that no filter tells more."""

from itertools import product

import pytest
from support.small import studies

from review.models import Link, Record
from review.protocol.models import find_stage
from review.store import links
from review.store.timestamps import utc_now
from review.workflow.project.accounts import CurrentUser
from review.workflow.records import record_list
from review.workflow.records.record_list import RecordFilter
from review.workflow.screening import reviewing
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project

TA, FT = "title-abstract", "full-text"
ADA = CurrentUser("ada", ("lead", "reviewer"))
BEN, CLEO = CurrentUser("ben", ("reviewer",)), CurrentUser("cleo", ("adjudicator",))
LEA, GUS = CurrentUser("lea", ("lead",)), CurrentUser("gus", ("reader",))
FILTERS = [
    RecordFilter(),
    *(RecordFilter(stage=stage) for stage in (TA, FT, "quality")),
    *(RecordFilter(status=status) for status in record_list.STATUS_LABELS),
    *(RecordFilter(mine=mine) for mine in ("undecided", "include", "exclude", "unsure")),
    RecordFilter(reason="not imaging"),
    RecordFilter(has_pdf=True),
    RecordFilter(has_pdf=False),
    RecordFilter(has_note=True),
]


@pytest.fixture
def project(tmp_path):
    given = [Record("embase", title=f"Study {n}", year=2000 + n) for n in range(1, 7)]
    studies(tmp_path, given)
    path = tmp_path / "protocol.yaml"
    more = "  - {name: lea, roles: [lead]}\n  - {name: gus, roles: [reader]}\n  - {name: cleo"
    path.write_text(path.read_text().replace("  - {name: cleo", more))
    return open_project(tmp_path, who="ada")


def decide(project, number, who, verdict, *, stage=TA, reason=None, role="reviewer"):
    add_decision(project, NewDecision(number, stage, who, verdict, reason, role=role))


def find(project, person, **wanted):
    view = record_list.build_view(project, person)
    return list(record_list.find_records(project, view, RecordFilter(**wanted)).numbers)


def statuses(project, person):
    view = record_list.build_view(project, person)
    numbers = record_list.find_records(project, view, RecordFilter()).numbers
    return {
        row.summary.id: record_list.format_status(row)
        for row in record_list.list_rows(project, view, numbers)
    }


def look(project, person):
    """All that the page can show a person, whatever they ask for."""
    view = record_list.build_view(project, person)
    return [
        (wanted, found.total, record_list.list_rows(project, view, found.numbers))
        for wanted in FILTERS
        for found in [record_list.find_records(project, view, wanted)]
    ]


def test_each_record_is_listed_where_it_is_with_ones_own_vote(project):
    decide(project, 1, "ada", "include")
    for who in ("ada", "ben"):
        decide(project, 2, who, "exclude", reason="not imaging")
        decide(project, 3, who, "include")
    decide(project, 4, "ada", "unsure")
    told = statuses(project, ADA)
    assert told[1] == told[5] == "Title and abstract: not resolved"
    assert told[2] == "Title and abstract: excluded"
    assert told[3] == "Full text: not resolved"
    assert find(project, ADA, stage=FT) == [3]
    assert find(project, ADA, status="excluded") == find(project, ADA, reason="not imaging") == [2]
    assert find(project, ADA, mine="unsure") == [4]
    assert find(project, ADA, mine="undecided") == [3, 5, 6]
    assert find(project, ADA, mine="include", stage=TA) == [1]
    assert find(project, ADA, words="study 5") == find(project, ADA, year=2005) == [5]
    assert find(project, ADA, sort="year", mine="undecided") == [6, 5, 3]


def test_conflicts_are_told_to_who_settles_them_and_to_a_lead_who_judges_nothing(project):
    decide(project, 1, "ada", "include")
    decide(project, 1, "ben", "exclude")
    for person in (CLEO, LEA):
        assert find(project, person, status="conflict") == [1]
    for person in (ADA, BEN, GUS):
        assert find(project, person, status="conflict") == []
        assert statuses(project, person)[1] == "Title and abstract: not resolved"


def test_notes_are_ones_own(project):
    stage = find_stage(project.protocol, "screening")
    reviewing.add_note(project, stage, "ada", 2, "look again")
    assert find(project, ADA, has_note=True) == [2]
    for person in (BEN, CLEO, LEA, GUS):
        assert find(project, person, has_note=True) == []
        assert "look again" not in repr(look(project, person))


@pytest.mark.parametrize(
    ("own", "verdict"), list(product((None, "include", "exclude", "unsure"), repeat=2))
)
def test_no_filter_tells_how_another_judged_an_open_record(project, own, verdict):
    """The attack: try every filter, let Ben judge, try every filter again."""
    stage = find_stage(project.protocol, "screening")
    if own is not None:
        decide(project, 1, "ada", own)
    before = {person.name: look(project, person) for person in (ADA, GUS)}
    reviewing.add_note(project, stage, "ben", 1, "a secret of ben")
    if verdict is not None:
        decide(project, 1, "ben", verdict)
    is_settled = None not in (own, verdict) and (
        own == verdict == "exclude" or "exclude" not in (own, verdict)
    )
    for person in (ADA, GUS):
        if not is_settled:
            assert look(project, person) == before[person.name]
        assert "secret" not in repr(look(project, person))


def test_joining_a_record_to_another_and_looking_tells_nothing(project):
    """Ada judged 1 and joins it to 2, which Ben alone has judged: the list stays as it was."""
    decide(project, 1, "ada", "include")

    def told_after(verdict):
        decide(project, 2, "ben", verdict)
        with project.store.write() as conn:
            links.add_links(conn, [Link(1, 2, "duplicate", "hand", "ada", utc_now())])
            links.replace_groups(conn, {1: (1, 1), 2: (1, 1)})
            standings.rebuild_statuses(project, conn)
        told = look(project, ADA)
        with project.store.write() as conn:
            links.replace_groups(conn, {})
            standings.rebuild_statuses(project, conn)
        return told

    assert told_after("include") == told_after("exclude") == told_after("unsure")


def test_several_records_are_excluded_by_ones_own_vote_alone(project):
    for who in ("ada", "ben"):
        decide(project, 1, who, "include")
        decide(project, 2, who, "exclude")
    decide(project, 3, "ben", "include")
    outcome = record_list.exclude_records(project, ADA, (2, 3, 4), "not imaging")
    assert outcome.saved == ("R000003", "R000004")
    assert outcome.skipped == ("R000002 is not waiting for your screening decision.",)
    assert find(project, ADA, mine="exclude") == [2, 3, 4]
    assert statuses(project, ADA)[3] == "Title and abstract: not resolved"
    assert find(project, CLEO, status="conflict") == [3]
    refused = record_list.exclude_records(project, ADA, (1, 5), "no such reason")
    assert refused.saved == ()
    assert len(refused.skipped) == 2
    assert "is not an exclusion reason" in refused.skipped[0]
    for person in (CLEO, LEA, GUS):
        with pytest.raises(Exception, match="does not have permission"):
            record_list.exclude_records(project, person, (5,), None)
    assert find(project, BEN, mine="undecided") == [1, 4, 5, 6]


def test_the_full_text_stage_asks_for_its_reason(project):
    for who in ("ada", "ben"):
        decide(project, 1, who, "include")
    outcome = record_list.exclude_records(project, ADA, (1,), None)
    assert "needs one of these reasons" in outcome.skipped[0]
    assert record_list.exclude_records(project, ADA, (1,), "not imaging").saved == ("R000001",)
