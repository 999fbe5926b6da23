"""The search appendix tells what a source made of the query, as it stood on the day."""

from datetime import timedelta

from harvesting import make

from review.models import Parsed
from review.sources.models import ResultPage
from review.store import harvests, records
from review.store.timestamps import now
from review.workflow.exports import bundle
from review.workflow.exports.snapshot import at
from review.workflow.harvest.ingest import Place, Tally, take
from review.workflow.harvest.status import said_of_queries


def harvested(project, *notes):
    with project.store.write() as conn:
        batch = records.add_batch(conn, now(), "ann", kind="harvest", source="pubmed")
        harvest = harvests.open_one(conn, now(), "ann", detail={}, run="r", source="pubmed",
                                    batch=batch, query="q", compiled=None,
                                    window_from="2020-01-01", window_to="2020-01-31")  # fmt: skip
    place = Place(harvest, batch, "pubmed", asks=False, matches=lambda title, abstract: True)
    page = ResultPage(b"{}", "", Parsed((), (), 0), "2020-01-01..2020-01-31", 0, 0, {}, notes)
    take(project, place, page, Tally())


def test_what_pubmed_dropped_stands_in_the_appendix_of_its_day(tmp_path):
    project = make(tmp_path / "r")
    before = now() - timedelta(days=2)
    dropped = "PubMed dropped, because it knows nothing of it: xray9"
    harvested(project, "PubMed ran: covid[tiab]")
    harvested(project, "PubMed ran: covid[tiab] AND ct", dropped)
    tables = {table.name: table for table in bundle.all_tables(at(project))}
    assert tables["search-readings"].rows == (
        ("PubMed", "PubMed ran: covid[tiab] AND ct"), ("PubMed", dropped)
    )  # fmt: skip
    assert said_of_queries(project, until=before) == ()
