"""One record: what its source said, what it belongs to, and all that happened to it."""

import streamlit as st

from review.errors import ReviewError
from review.pages import session
from review.records import Record
from review.store.records import key_of
from review.workflow import records
from review.workflow.project import Project
from review.workflow.records import Card


def page(project: Project) -> None:
    """Draws the record named in the address (?key=R000001) or typed in."""
    key = st.text_input("Record", st.query_params.get("key", ""), placeholder="R000001")
    if not key:
        st.info("Type a record's key, or open one from the list of records.")
        return
    st.query_params["key"] = key
    try:
        card = records.card(project, key, session.person())
    except ReviewError as error:
        st.warning(str(error))
        return
    record = card.stored.record
    st.title(record.title or "(no title)")
    st.caption(_line(record))
    st.markdown(" · ".join(identifiers(record)) or "No identifiers")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Abstract")
        st.write(card.abstract or "The source gave no abstract.")
        _details(record)
    with right:
        _belongs(card)
        st.subheader("History")
        for one in card.history:
            st.markdown(f"**{one.at:%d %b %Y %H:%M}** · {one.who}  \n{one.what}")


def _line(record: Record) -> str:
    parts = ["; ".join(record.authors), str(record.year or ""), record.journal or ""]
    return " · ".join(part for part in parts if part)


def identifiers(record: Record) -> list[str]:
    """The record's identifiers as links in Markdown."""
    shown = []
    if record.doi:
        shown.append(f"[DOI {record.doi}](https://doi.org/{record.doi})")
    if record.pmid:
        shown.append(f"[PMID {record.pmid}](https://pubmed.ncbi.nlm.nih.gov/{record.pmid}/)")
    if record.pmcid:
        shown.append(f"[{record.pmcid}](https://pmc.ncbi.nlm.nih.gov/articles/{record.pmcid}/)")
    if record.arxiv_id:
        shown.append(f"[arXiv {record.arxiv_id}](https://arxiv.org/abs/{record.arxiv_id})")
    return shown


def _details(record: Record) -> None:
    rows = {
        "Source": " ".join(filter(None, (record.source, record.source_id))),
        "Published": record.date or "",
        "Volume, issue, pages": ", ".join(
            filter(None, (record.volume, record.issue, record.pages))
        ),
        "Language": record.language or "",
        "Types": ", ".join(record.types),
        "Keywords": ", ".join(record.keywords),
        "MeSH": ", ".join(record.mesh),
        "Categories": ", ".join(record.categories),
        "Relations": "; ".join(f"{r.kind} {r.target} ({r.said_by})" for r in record.relations),
    }
    rows |= {tag: "; ".join(values) for tag, values in record.extra.items()}
    with st.expander("Everything the source said"):
        st.table({name: [value] for name, value in rows.items() if value}, border="horizontal")


def _belongs(card: Card) -> None:
    own = card.stored.id
    if card.report != own:
        st.markdown(f"Stands under [{key_of(card.report)}](record?key={key_of(card.report)})")
    if card.duplicates:
        keys = ", ".join(f"[{key_of(n)}](record?key={key_of(n)})" for n in card.duplicates)
        st.markdown(f"Same report: {keys}")
    if card.siblings:
        keys = ", ".join(f"[{key_of(n)}](record?key={key_of(n)})" for n in card.siblings)
        st.markdown(f"Other reports of the same study: {keys}")
