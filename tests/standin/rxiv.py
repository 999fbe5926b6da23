"""The medRxiv and bioRxiv API (details and pubs) over the corpus."""

import re
from datetime import date, timedelta
from typing import Any

from standin.nouns import RXIV, Preprint, Version
from standin.web import Answer, Ask, World, as_json, whole

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TYPES = {"medrxiv": "PUBLISHAHEADOFPRINT", "biorxiv": "new results"}
_NAMES = {"medrxiv": "medRxiv", "biorxiv": "bioRxiv"}


def answer(ask: Ask, world: World) -> Answer:
    """One page of details or pubs; the path is what follows the service's base."""
    parts = [part for part in ask.path.split("/") if part]
    if parts and parts[-1] in ("json", "xml", "html", "csv"):
        parts.pop()
    if len(parts) < 3 or parts[0] not in ("details", "pubs") or parts[1] not in RXIV:
        return as_json({"messages": [{"status": "Error: invalid request"}], "collection": []})
    verb, server, rest = parts[0], parts[1], parts[2:]
    if rest[0].startswith("10."):
        return _one(verb, server, "/".join(rest[:2]), world)
    if rest[0].isdigit() and verb == "details":
        return _newest(server, int(rest[0]), world)
    span = _span(rest, world)
    if span is None:
        return as_json({"messages": [{"status": "Error: invalid interval"}], "collection": []})
    (low, high), cursor = span
    rows = _published(server, low, high, world) if verb == "pubs" else []
    if verb == "details":
        rows = _posted(server, low, high, world)
    category = ask.params.get("category", "").replace("_", " ").lower()
    if category:
        rows = [(one, version) for one, version in rows if one.categories[0] == category]
    if ask.trouble == "inserted" and rows:
        world.corpus.insert(rows[0][0], rows[0][1].at)
    return _page(ask, world, (verb, server), rows, (low, high, cursor))


def _newest(server: str, count: int, world: World) -> Answer:
    """The newest posts, newest first."""
    shown = [row for row in world.corpus.rows(server) if row[1].at.date() <= world.today]
    rows = shown[::-1][: min(count, _page_size(world, "details"))]
    entries = [_details(one, version, world) for one, version in rows]
    message = {"status": "ok", "interval": str(count), "cursor": 0, "count": len(entries)}
    return as_json({"messages": [message], "collection": entries})


def _posted(server: str, low: date, high: date, world: World) -> list[tuple[Preprint, Version]]:
    """The versions posted in a window, by moment of posting."""
    key = ("posted", server, low, high, world.today, len(world.corpus.preprints))
    if key not in world.memory:
        world.memory[key] = [
            (one, version)
            for one, version in world.corpus.rows(server)
            if low <= version.at.date() <= high and version.at.date() <= world.today
        ]
    found: list[tuple[Preprint, Version]] = world.memory[key]
    return found


def _span(rest: list[str], world: World) -> tuple[tuple[date, date], int] | None:
    if len(rest) >= 2 and _DAY.fullmatch(rest[0]) and _DAY.fullmatch(rest[1]):
        try:
            days = date.fromisoformat(rest[0]), date.fromisoformat(rest[1])
        except ValueError:
            return None
        return days, whole(rest[2] if len(rest) > 2 else None, 0)
    if re.fullmatch(r"\d+d", rest[0]):
        low = world.today - timedelta(days=int(rest[0][:-1]))
        return (low, world.today), whole(rest[1] if len(rest) > 1 else None, 0)
    return None


def _page(
    ask: Ask,
    world: World,
    what: tuple[str, str],
    rows: list[tuple[Preprint, Version]],
    where: tuple[date, date, int],
) -> Answer:
    verb, server = what
    low, high, cursor = where
    page = rows[cursor : cursor + _page_size(world, verb)]
    if not page or ask.trouble == "empty-page":
        return as_json({"messages": [{"status": "no posts found"}], "collection": []})
    total = len(rows) + world.limits.rxiv_inflation + (11 if ask.trouble == "changed-total" else 0)
    first = sum(1 for _, version in rows if version.number == 1)
    message: dict[str, Any] = {"status": "ok"}
    if verb == "details":
        message |= {"category": "all", "interval": f"{low}:{high}", "funder": "all"}
        message |= {"cursor": cursor, "count": len(page)}
        message |= {"count_new_papers": str(first), "total": str(total)}
        entries = [_details(one, version, world) for one, version in page]
    else:
        message |= {"interval": f"{low}:{high}", "cursor": cursor, "count": len(page)}
        message |= {"total": str(total)}
        entries = [_pubs(one, world) for one, _ in page]
    if ask.trouble == "malformed":
        entries[len(entries) // 2] = {"title": "An entry without a DOI", "server": server}
    return as_json({"messages": [message], "collection": entries})


def _page_size(world: World, verb: str) -> int:
    if verb == "pubs":
        return world.limits.pubs_page
    sizes = world.limits.rxiv_pages
    if not sizes:
        return world.limits.rxiv_page
    turn: int = world.memory.get("rxiv turn", 0)
    world.memory["rxiv turn"] = turn + 1
    return sizes[turn % len(sizes)]


def _published(server: str, low: date, high: date, world: World) -> list[tuple[Preprint, Version]]:
    return [
        (one, one.versions[0])
        for one in sorted(
            (p for p in world.corpus.of(server) if world.corpus.published_doi(p)),
            key=lambda p: (p.published_on or date.min, p.id),
        )
        if one.published_on and low <= one.published_on <= high
    ]


def _one(verb: str, server: str, doi: str, world: World) -> Answer:
    found = [p for p in world.corpus.of(server) if p.id == doi and world.corpus.versions(p)]
    if verb == "pubs":
        found = [p for p in found if world.corpus.published_doi(p)]
    if not found:
        return as_json({"messages": [{"status": "no posts found"}], "collection": []})
    one = found[0]
    if verb == "pubs":
        entries = [_pubs(one, world)]
    else:
        entries = [_details(one, version, world) for version in world.corpus.versions(one)]
    return as_json({"messages": [{"status": "ok"}], "collection": entries})


def _details(one: Preprint, version: Version, world: World) -> dict[str, str]:
    if isinstance(version.raw, dict):
        return version.raw
    day = version.at.date()
    suffix = one.id.split("/", 1)[1]
    host = f"www.{one.server}.org"
    return {
        "title": version.title,
        "authors": _authors(one),
        "author_corresponding": f"{one.authors[0].given} {one.authors[0].family}",
        "author_corresponding_institution": one.authors[0].affiliation.rstrip("."),
        "doi": one.id,
        "date": day.isoformat(),
        "version": str(version.number),
        "type": "withdrawn"
        if version.withdrawn and one.server == "biorxiv"
        else _TYPES[one.server],
        "license": one.license,
        "category": one.categories[0],
        "jatsxml": f"https://{host}/content/early/{day:%Y/%m/%d}/{suffix}.source.xml",
        "abstract": _damaged(version, suffix),
        "funder": "NA",
        "published": world.corpus.published_doi(one) or "NA",
        "server": _NAMES[one.server],
    }


def _pubs(one: Preprint, world: World) -> dict[str, str]:
    first = one.versions[0]
    journal = one.journal
    return {
        f"{one.server}_doi": one.id,
        "preprint_doi": one.id,
        "published_doi": world.corpus.published_doi(one) or "NA",
        "published_journal": journal.title if journal else "NA",
        "preprint_platform": _NAMES[one.server],
        "preprint_title": first.title,
        "preprint_authors": _authors(one),
        "preprint_category": one.categories[0],
        "preprint_date": first.at.date().isoformat(),
        "published_date": one.published_on.isoformat() if one.published_on else "NA",
        "preprint_abstract": _damaged(first, one.id.split("/", 1)[1]),
        "preprint_author_corresponding": f"{one.authors[0].given} {one.authors[0].family}",
        "preprint_author_corresponding_institution": one.authors[0].affiliation.rstrip("."),
    }


def _authors(one: Preprint) -> str:
    return "; ".join(f"{a.family}, {' '.join(f'{i}.' for i in a.initials)}" for a in one.authors)


def _damaged(version: Version, mark: str) -> str:
    """The abstract as the API gives it: headings glued to the next word, markup codes, greek names.

    About half have glued headings and one in twenty carries codes, as counted in recorded pages.
    """
    turn = int(re.sub(r"\D", "", mark)[-6:] or 0) + version.number
    labelled = [(label, text) for label, text in version.sections if label]
    if not labelled:
        return version.abstract
    if turn % 20 == 0:
        return "".join(f"O_ST_ABS{label}C_ST_ABS{text}\n\n" for label, text in labelled).strip()
    if turn % 20 == 1:
        points = "".join(f"O_LI{text}\nC_LI" for _, text in labelled[2:])
        return f"{labelled[0][1]} {labelled[1][1]}\n\nKey Points{points}"
    if turn % 20 == 2:
        return " ".join(text for _, text in labelled) + " The coefficient {beta} was 0.2 (p<0.01)."
    if turn % 2 == 0:
        return "\n\n".join(f"{label}{text}" for label, text in labelled)
    return " ".join(text for _, text in labelled)
