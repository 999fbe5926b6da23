"""arXiv's Atom query API over the corpus."""

import hashlib
import re
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from standin import boolean
from standin.boolean import BadQuery, Term
from standin.nouns import Preprint, Version
from standin.web import Answer, Ask, World, whole, xml

_NS = (
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" '
    'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom"'
)
_FIELDS = {
    "ti": ("title",),
    "abs": ("abstract",),
    "au": ("authors",),
    "cat": ("category",),
    "co": ("comment",),
    "all": ("title", "abstract", "authors", "category", "comment"),
}
_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(v\d+)?")


def answer(ask: Ask, world: World) -> Answer:
    """One page of the query API."""
    start, count = whole(ask.params.get("start"), 0), whole(ask.params.get("max_results"), 10)
    limits = world.limits
    if ask.method == "GET" and ask.url_length > limits.arxiv_url:
        return Answer(414, "text/html", b"<html><title>414 Request-URI Too Long</title></html>")
    if start < 0:
        return _error(world, "start must be non-negative")
    if count < 0 or count > limits.arxiv_page:
        return _error(world, f"max_results must be no more than {limits.arxiv_page}")
    if start + count > limits.arxiv_total and start >= limits.arxiv_total:
        return _error(world, f"start must be less than {limits.arxiv_total}")
    query = ask.params.get("search_query", "")
    ids = [one for one in ask.params.get("id_list", "").split(",") if one.strip()]
    for one in ids:
        if not _ID.fullmatch(one.strip()):
            return _error(world, f"incorrect id format for {one.strip()}")
    try:
        found = _found(query, ids, ask, world)
    except BadQuery as error:
        return _error(world, f"malformed query: {error}")
    page = [] if ask.trouble == "empty-page" else found[start : start + count]
    total = len(found) + (7 if ask.trouble == "changed-total" else 0)
    entries = [_entry(one, number, world) for one, number in page]
    if ask.trouble == "malformed" and entries:
        entries[len(entries) // 2] = (
            "  <entry>\n    <title>An entry without an id</title>\n  </entry>\n"
        )
    return xml(_feed(ask, ids, (start, count, total), "".join(entries)))


def _found(query: str, ids: list[str], ask: Ask, world: World) -> list[tuple[Preprint, int | None]]:
    how = tuple(ask.params.get(name) for name in ("sortBy", "sortOrder", "id_list"))
    key = ("arxiv", query, how, world.today, len(world.corpus.preprints))
    if key not in world.memory:
        world.memory[key] = _search(query, ids, ask, world)
    found: list[tuple[Preprint, int | None]] = world.memory[key]
    return found


def _search(
    query: str, ids: list[str], ask: Ask, world: World
) -> list[tuple[Preprint, int | None]]:
    corpus = world.corpus
    if not query.strip():
        by_id = {one.id: one for one in corpus.of("arxiv")}
        pairs = [_ID.fullmatch(one.strip()) for one in ids]
        return [
            (by_id[pair[1]], int(pair[2][1:]) if pair[2] else None)
            for pair in pairs
            if pair and pair[1] in by_id and corpus.versions(by_id[pair[1]])
        ]
    rows = corpus.rows("arxiv")
    fields = corpus.fields("arxiv")

    def find(term: Term) -> set[int]:
        if term.range:
            return _dated(term, rows)
        if term.field in ("submitteddate", "lastupdateddate"):
            raise BadQuery("a date needs a range")
        names = _FIELDS.get(term.field or "all")
        if names is None:
            raise BadQuery(f"unknown field {term.field}")
        stem = term.stem and not term.quoted and world.limits.arxiv_wildcards
        return set().union(*(fields.find(name, term.words, stem) for name in names))

    places = boolean.evaluate(query, "arxiv", find, set(range(len(rows))))
    found = [rows[place][0] for place in places if corpus.versions(rows[place][0])]
    if ids:
        found = [one for one in found if one.id in ids]
    updated = ask.params.get("sortBy") == "lastUpdatedDate"
    backwards = ask.params.get("sortOrder", "descending") != "ascending"

    def place_of(one: Preprint) -> tuple[datetime | str, str]:
        if ask.params.get("sortBy", "relevance") == "relevance":
            return hashlib.md5(one.id.encode()).hexdigest(), one.id
        return (corpus.versions(one)[-1].at if updated else one.first), one.id

    return [(one, None) for one in sorted(found, key=place_of, reverse=backwards)]


def _dated(term: Term, rows: Sequence[tuple[Preprint, object]]) -> set[int]:
    assert term.range is not None
    low, high = (_moment(part, last) for part, last in zip(term.range, (False, True), strict=True))
    if term.field == "submitteddate":
        return {i for i, (one, _) in enumerate(rows) if low <= one.first <= high}
    if term.field == "lastupdateddate":
        return {i for i, (one, _) in enumerate(rows) if low <= one.versions[-1].at <= high}
    raise BadQuery(f"unknown range field {term.field}")


def _moment(text: str, last: bool) -> datetime:
    if text == "*":
        return datetime.max.replace(tzinfo=UTC) if last else datetime.min.replace(tzinfo=UTC)
    if not re.fullmatch(r"\d{8}(\d{4}(\d{2})?)?", text):
        raise BadQuery(f"bad date {text}")
    padded = text.ljust(14, "0") if not last or len(text) > 8 else text + "235959"
    if last and len(text) == 12:
        padded = text + "59"
    try:
        return datetime.strptime(padded, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadQuery(f"bad date {text}") from error


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry(one: Preprint, number: int | None, world: World) -> str:
    versions = world.corpus.versions(one)
    shown = next((v for v in versions if v.number == number), versions[-1])
    if isinstance(shown.raw, str):
        return shown.raw
    key = ("arxiv entry", one.id, shown.number, world.corpus.published_doi(one))
    if key not in world.memory:
        world.memory[key] = _written(one, shown, world)
    made: str = world.memory[key]
    return made


def _written(one: Preprint, shown: Version, world: World) -> str:
    link = f"arxiv.org/abs/{one.id}v{shown.number}"
    doi = world.corpus.published_doi(one)
    journal = f"{one.journal.short} ({one.published_on:%Y})" if doi and one.journal else None
    lines = [
        "  <entry>",
        f"    <id>http://{link}</id>",
        f"    <title>{escape(_wrapped(shown.title))}</title>",
        f"    <updated>{_stamp(shown.at)}</updated>",
        f'    <link href="https://{link}" rel="alternate" type="text/html"/>',
        f'    <link href="https://arxiv.org/pdf/{one.id}v{shown.number}" rel="related" '
        'type="application/pdf" title="pdf"/>',
        f"    <summary>{escape(_wrap_abstract(shown.abstract))}</summary>",
        *(
            f'    <category term="{c}" scheme="http://arxiv.org/schemas/atom"/>'
            for c in one.categories
        ),
        f"    <published>{_stamp(one.first)}</published>",
        f"    <arxiv:comment>{escape(one.comment or '')}</arxiv:comment>",
        f'    <arxiv:primary_category term="{one.categories[0]}"/>',
        *([f"    <arxiv:journal_ref>{escape(journal)}</arxiv:journal_ref>"] if journal else []),
        *(
            f"    <author>\n      <name>{escape(a.given)} {escape(a.family)}</name>\n    </author>"
            for a in one.authors
        ),
        *([f"    <arxiv:doi>{escape(doi)}</arxiv:doi>"] if doi else []),
        *(
            [f'    <link rel="related" href={quoteattr(f"https://doi.org/{doi}")} title="doi"/>']
            if doi
            else []
        ),
        "  </entry>",
    ]
    return "\n".join(lines) + "\n"


def _wrapped(text: str) -> str:
    """Hard-wrapped as arXiv keeps it: a line break and two spaces inside long texts."""
    lines = [
        line
        for part in text.split("\n\n")
        for line in textwrap.wrap(part, 80, break_long_words=False, break_on_hyphens=False)
    ]
    return "\n  ".join(lines)


def _wrap_abstract(text: str) -> str:
    """Hard-wrapped as arXiv keeps an abstract: only a new paragraph begins with two spaces."""
    paragraphs = [
        "\n".join(textwrap.wrap(part, 80, break_long_words=False, break_on_hyphens=False))
        for part in text.split("\n\n")
    ]
    return "\n  ".join(paragraphs)


def _feed(ask: Ask, ids: list[str], page: tuple[int, int, int], entries: str) -> str:
    start, count, total = page
    query = ask.params.get("search_query", "")
    asked = f"search_query={query}&id_list={','.join(ids)}&start={start}&max_results={count}"
    mark = hashlib.sha1(asked.encode()).hexdigest()[:27]
    link = f"https://arxiv.org/api/query?{asked}"
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<feed {_NS}>\n"
        f"  <id>https://arxiv.org/api/{mark}</id>\n"
        f"  <title>arXiv Query: {escape(asked)}</title>\n"
        f"  <updated>2026-11-20T00:00:00Z</updated>\n"
        f'  <link href={quoteattr(link)} type="application/atom+xml"/>\n'
        f"  <opensearch:itemsPerPage>{count}</opensearch:itemsPerPage>\n"
        f"  <opensearch:totalResults>{total}</opensearch:totalResults>\n"
        f"  <opensearch:startIndex>{start}</opensearch:startIndex>\n"
        f"{entries}</feed>\n"
    )


def _error(world: World, text: str) -> Answer:
    mark = f"https://arxiv.org/api/errors#{text.replace(' ', '_')}"
    body = (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<feed {_NS}>\n"
        "  <id>https://arxiv.org/</id>\n  <title>arXiv Search Results</title>\n"
        "  <updated>2026-11-20T00:00:00Z</updated>\n"
        "  <opensearch:itemsPerPage>1</opensearch:itemsPerPage>\n"
        "  <opensearch:totalResults>1</opensearch:totalResults>\n"
        "  <opensearch:startIndex>0</opensearch:startIndex>\n  <entry>\n"
        f"    <id>{escape(mark)}</id>\n    <title>Error</title>\n"
        "    <updated>2026-11-20T00:00:00Z</updated>\n"
        f'    <link href={quoteattr(mark)} rel="alternate" type="text/html"/>\n'
        f"    <summary>{escape(text)}</summary>\n"
        "    <author>\n      <name>arXiv api core</name>\n    </author>\n  </entry>\n</feed>\n"
    )
    return replace(xml(body), status=200 if world.limits.arxiv_errors_with_200 else 400)
