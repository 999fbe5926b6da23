"""The search appendix shows how a source interpreted the query on the day of the search."""

from datetime import timedelta

from support.harvesting import make

from review.models import ParseResult
from review.sources.models import ResultPage
from review.store import harvests, records
from review.store.timestamps import utc_now
from review.workflow.exports import bundle
from review.workflow.exports.snapshot import snapshot_at
from review.workflow.harvest.ingest import Counts, IngestTarget, ingest_page
from review.workflow.harvest.status import list_query_messages


def harvested(project, *notes):
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ann", kind="harvest", source="pubmed")
        harvest = harvests.open_harvest(
            conn,
            utc_now(),
            "ann",
            detail={},
            run="r",
            source="pubmed",
            batch=batch,
            query="q",
            compiled=None,
            window_from="2020-01-01",
            window_to="2020-01-31",
        )
    place = IngestTarget(
        harvest, batch, "pubmed", runs_query=False, matches=lambda title, abstract: True
    )
    page = ResultPage(b"{}", "", ParseResult((), (), 0), "2020-01-01..2020-01-31", 0, 0, {}, notes)
    ingest_page(project, place, page, Counts())


def test_what_pubmed_dropped_stands_in_the_appendix_of_its_day(tmp_path):
    project = make(tmp_path / "r")
    before = utc_now() - timedelta(days=2)
    dropped = "PubMed ignored a phrase it does not recognise: xray9"
    harvested(project, "PubMed ran: covid[tiab]")
    harvested(project, "PubMed ran: covid[tiab] AND ct", dropped)
    tables = {table.name: table for table in bundle.build_all_tables(snapshot_at(project))}
    assert tables["search-readings"].rows == (
        ("PubMed", "PubMed ran: covid[tiab] AND ct"),
        ("PubMed", dropped),
    )
    assert list_query_messages(project, until=before) == ()
