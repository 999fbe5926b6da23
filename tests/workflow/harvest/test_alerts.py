"""Alerts on included studies: raised once per event, closed with a reason, never deleted."""

import json

import pytest
from support.harvesting import make
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError
from review.models import ParseResult, Record, Relation
from review.sources.models import ResultPage
from review.sources.withdrawals import find_retraction_marks
from review.store import audit_events, harvests, links, records
from review.store.timestamps import utc_now
from review.workflow.harvest import alerts
from review.workflow.harvest.ingest import IngestTarget, ingest_page
from review.workflow.harvest.models import Counts
from review.workflow.screening import decisions
from review.workflow.screening.decisions import NewDecision


@pytest.fixture
def project(tmp_path):
    return make(tmp_path / "r")


def add(project, *given):
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ann", kind="file", source="x")
        return records.add_records(conn, batch, list(enumerate(given, 1)), utc_now()).new


def include(project, number, verdict="include"):
    decisions.add_decision(project, NewDecision(number, "screening", "ann", verdict))


def say(project, number, *said):
    with project.store.write() as conn:
        harvests.add_relations(conn, number, list(said), utc_now(), None)


def one_alert(project):
    (number,) = add(project, Record("pubmed", "1", title="A study", types=("Journal Article",)))
    include(project, number)
    say(project, number, Relation("retracted_by", "pmid:9", "pubmed"))
    return number, alerts.raise_new_alerts(project)


def test_only_an_included_study_is_an_alert(project):
    inside, outside = add(
        project, Record("pubmed", "1", title="In"), Record("pubmed", "2", title="Out")
    )
    include(project, inside)
    include(project, outside, "exclude")
    for number in (inside, outside):
        say(project, number, Relation("retracted_by", "pmid:9", "pubmed"))
    assert alerts.raise_new_alerts(project) == [
        "R000001: the included study 'In' is retracted (pubmed: pmid:9)"
    ]


@pytest.mark.parametrize(
    ("kind", "target", "said"),
    [
        ("retracted_by", "pmid:9", "is retracted"),
        ("expression_of_concern_in", "pmid:9", "has an expression of concern"),
        ("updated_in", "pmid:9", None),
        ("corrected_by", "pmid:9", None),
        ("published_as", "doi:10.1/x", None),
    ],
)
def test_what_calls_a_study_into_question(project, kind, target, said):
    (number,) = add(project, Record("pubmed", "1", title="A study"))
    include(project, number)
    say(project, number, Relation(kind, target, "pubmed"))
    raised = alerts.raise_new_alerts(project)
    assert len(raised) == (said is not None)
    assert all(said in one for one in raised)


def test_several_words_on_one_retraction_are_one_alert(project):
    number, raised = one_alert(project)
    assert len(raised) == 1
    say(
        project,
        number,
        Relation("retracted_by", "doi:10.1/r", "crossref"),
        Relation("marked", "retracted publication", "europepmc"),
    )
    assert alerts.raise_new_alerts(project) == []
    say(project, number, Relation("expression_of_concern_in", "pmid:8", "pubmed"))
    assert len(alerts.raise_new_alerts(project)) == 1


def test_a_record_that_came_marked_as_retracted_is_an_alert_once_included(project):
    (number,) = add(project, Record("pubmed", "1", title="X", types=("Retracted Publication",)))
    assert alerts.raise_new_alerts(project) == []
    include(project, number)
    assert "is marked as retracted, withdrawn or deleted" in alerts.raise_new_alerts(project)[0]


@pytest.mark.parametrize(
    ("record", "marked"),
    [
        (Record("medrxiv", "a", title="WITHDRAWN: A study"), True),
        (Record("pubmed", "1", title="RETRACTED ARTICLE: A study"), True),
        (Record("scopus", "1", title="[Retracted] A study"), True),
        (
            Record("arxiv", "a", title="A", extra={"comment": ("This paper has been withdrawn",)}),
            True,
        ),
        (Record("arxiv", "a", title="A", extra={"comment": ("Withdrawn by the authors",)}), True),
        (Record("arxiv", "a", title="A", extra={"comment": ("12 pages, 3 figures",)}), False),
        (Record("pubmed", "1", title="Withdrawn patients in trials"), False),
        (Record("pubmed", "1", title="Retraction: A study"), False),
    ],
)
def test_an_entry_says_in_its_own_way_that_it_no_longer_stands(record, marked):
    assert bool(find_retraction_marks(record)) == marked


def test_a_withdrawn_version_that_no_longer_matches_marks_the_version_we_have(project):
    (number,) = add(project, Record("medrxiv", "10.1101/1v1", title="Covid CT", doi="10.1101/1"))
    include(project, number)
    gone, other = (
        Record("medrxiv", f"{doi}v2", title="WITHDRAWN: A", doi=doi, abstract="Not to be cited.")
        for doi in ("10.1101/1", "10.1101/2")
    )
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ann", kind="harvest", source="medrxiv")
        harvest = harvests.open_harvest(
            conn,
            utc_now(),
            "ann",
            detail={},
            run="r",
            source="medrxiv",
            batch=batch,
            query="q",
            compiled=None,
            window_from="2020-01-01",
            window_to="2020-01-31",
        )
    place = IngestTarget(
        harvest, batch, "medrxiv", runs_query=False, matches=lambda title, abstract: False
    )
    page = ResultPage(
        b"{}", "", ParseResult((gone, other), (), 2), "2020-01-01..2020-01-31", 2, 2, {}
    )
    new, known = ingest_page(project, place, page, Counts())
    assert (new, known) == (0, 0)
    (told,) = alerts.raise_new_alerts(project)
    assert "marked as retracted, withdrawn or deleted (medrxiv: withdrawn)" in told


def test_another_report_of_an_included_study_counts_too(project):
    preprint, article = add(
        project, Record("medrxiv", "a", title="Preprint"), Record("pubmed", "1", title="Article")
    )
    include(project, preprint)
    with project.store.write() as conn:
        links.replace_groups(conn, {preprint: (preprint, preprint), article: (article, preprint)})
    say(project, article, Relation("retracted_by", "pmid:9", "pubmed"))
    assert alerts.raise_new_alerts(project) == [
        "R000002: another report of the included study R000001, 'Article', is retracted "
        "(pubmed: pmid:9)"
    ]


def test_a_closed_alert_stays_readable_and_is_not_raised_again(project):
    number, _ = one_alert(project)
    (alert,) = alerts.list_open_alerts(project)
    closed = alerts.close_alert(project, alert.id, "ann", "  Excluded;\n the notice is genuine ")
    assert (closed.closed_by, closed.why) == ("ann", "Excluded; the notice is genuine")
    assert alerts.list_open_alerts(project) == []
    assert alerts.list_alerts(project) == [closed]
    assert alerts.raise_new_alerts(project) == []
    with project.store.read() as conn:
        assert [a["kind"] for a in audit_events.list_events(conn) if "alert" in a["kind"]] == [
            "alert",
            "alert closed",
        ]
    assert number


def test_what_cannot_be_closed_is_refused(project):
    one_alert(project)
    (alert,) = alerts.list_open_alerts(project)
    with pytest.raises(ReviewError, match="State briefly"):
        alerts.close_alert(project, alert.id, "ann", "  ")
    with pytest.raises(ReviewError, match="no alert 4711"):
        alerts.close_alert(project, 4711, "ann", "why")
    alerts.close_alert(project, alert.id, "ann", "seen")
    with pytest.raises(ReviewError, match=r"was closed by ann on .*: seen"):
        alerts.close_alert(project, alert.id, "bob", "again")


def test_alerts_of_a_past_moment_are_open_as_they_were(project):
    one_alert(project)
    then = utc_now()
    (alert,) = alerts.list_open_alerts(project)
    alerts.close_alert(project, alert.id, "ann", "seen")
    assert len(alerts.list_open_alerts(project, then)) == 1


def run(project, *words):
    return CliRunner().invoke(app, ["--review", str(project.folder), "--user", "ann", *words])


def test_the_command_line_lists_and_closes(project):
    one_alert(project)
    listed = run(project, "alerts")
    assert listed.exit_code == 0
    number = listed.stdout.split()[0]
    assert "R000001: the included study 'A study' is retracted" in listed.stdout
    assert "ALERT R000001" in run(project, "status").stdout
    assert json.loads(run(project, "status", "--json").stdout)["alerts"]
    done = run(project, "alerts", "close", number, "--why", "Excluded at full text")
    assert done.stdout.startswith("Closed: R000001")
    assert run(project, "alerts").stdout == "No open alerts.\n"
    assert "closed by ann on" in run(project, "alerts", "--all").stdout
    assert json.loads(run(project, "alerts", "--all", "--json").stdout)[0]["why"] == (
        "Excluded at full text"
    )
    assert "ALERT" not in run(project, "status").stdout
