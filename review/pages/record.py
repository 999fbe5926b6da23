"""One record: what its source said, what it belongs to, and all that happened to it."""

from urllib.parse import quote

import streamlit as st

from review.errors import ReviewError
from review.models import Record
from review.pages.widgets import session
from review.pages.widgets.highlighting import FREE, marked, plain
from review.store.records import key_of
from review.workflow.deduplication import run
from review.workflow.fulltexts import attachments
from review.workflow.project import accounts
from review.workflow.project.project import Project
from review.workflow.records import listing
from review.workflow.records.listing import Card


def page(project: Project) -> None:
    """Draws the record named in the address (?key=R000001) or typed in."""
    key = st.text_input("Record", st.query_params.get("key", ""), placeholder="R000001").strip()
    if not key:
        st.info("Type a record's key, for example R000001, or click one on the page Records.")
        return
    st.query_params["key"] = key
    try:
        card = listing.card(project, key, session.person())
    except ReviewError as error:
        st.warning(str(error))
        return
    record = card.stored.record
    st.title(plain(record.title or "(no title)"))
    st.caption(plain(_line(record)))
    st.markdown(" · ".join(identifiers(record)) or "No identifiers")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Abstract")
        text = marked(card.abstract or "The source gave no abstract.", {})
        st.html(f'<div {FREE}line-height:1.6">{text}</div>')
        _details(record)
        if card.duplicates:
            _merged(project, card.stored.key)
    with right:
        _belongs(card)
        _full_text(project, card.stored.id, card.stored.key)
        st.subheader("History")
        for one in card.history:
            st.markdown(f"**{one.at:%d %b %Y %H:%M}** · {one.who}  \n{plain(one.what)}")


def _line(record: Record) -> str:
    parts = ["; ".join(record.authors), str(record.year or ""), record.journal or ""]
    return " · ".join(part for part in parts if part)


def identifiers(record: Record) -> list[str]:
    """The record's identifiers as links in Markdown."""
    shown = []
    if record.doi:
        shown.append(f"[DOI {plain(record.doi)}](https://doi.org/{quote(record.doi)})")
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
        st.table(
            {name: [plain(value)] for name, value in rows.items() if value}, border="horizontal"
        )


def _merged(project: Project, key: str) -> None:
    """One view of the report's records, with where each field comes from."""
    with st.expander("All records of this report as one, field by field"):
        rows = run.merged(project, key)
        st.table(
            {
                "Field": [one.name.replace("_", " ") for one in rows],
                "Value": [plain(one.value) for one in rows],
                "From": [f"{one.key} ({one.source})" for one in rows],
            },
            border="horizontal",
        )


def _full_text(project: Project, number: int, key: str) -> None:
    """The PDF to read, or a place to put it for those who may."""
    st.subheader("Full text")
    path = attachments.pdf_of(project, number)
    if path is not None:
        st.download_button("Download the PDF", path.read_bytes, f"{key}.pdf", "application/pdf")
        return
    if not accounts.may(session.person(), "attach"):
        st.caption("No PDF is attached.")
        return
    given = st.file_uploader("No PDF yet: add it here", type="pdf", key=f"record_pdf_{key}")
    if given is None:
        return
    try:
        attachments.attach(project, number, given.name, given.getvalue(), session.person().name)
    except ReviewError as error:
        st.warning(str(error))
        return
    st.rerun()


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
