"""How a review was searched, in sentences: every source with its days, and what was asked."""

from collections.abc import Sequence

from review.protocol import Search
from review.workflow.exports.prisma_s import Searched
from review.workflow.exports.snapshot import NAMES

MAIN = ("databases", "registers")
FEW_DAYS = 3
"""So many days of one source are named each; more as a span."""
TIMES = {1: "once", 2: "twice"}


def sentences(found: Sequence[Searched], asked: Search) -> str:
    """What was searched, how and when; every sentence is true of what the log holds."""
    harvests = [one for one in found if one.kind == "harvest"]
    files = [one for one in found if one.kind not in ("harvest", "replay")]
    main = [one for one in files if one.via in MAIN]
    other = [one for one in files if one.via not in MAIN]
    told = []
    if harvests:
        one = len(sources(harvests)) == 1
        how = "was searched through its interface" if one else (
            "were searched through their interfaces")  # fmt: skip
        told.append(f"{listed(dated(harvests))} {how}.")
    if main:
        told.append(f"Records of {listed(dated(main))} were imported from search exports.")
    if other:
        ways = [
            f"{_way(via)} ({'; '.join(dated([one for one in other if one.via == via]))})"
            for via in dict.fromkeys(one.via for one in other)
        ]
        told.append(f"Further records were found through {listed(ways)}.")
    if files:
        told.append("The days of imported files are those of the import.")
    return " ".join([*told, _asked(harvests, files, asked)])


def _way(via: str) -> str:
    return {"citations": "citation searching"}.get(via, via)


def _asked(harvests: Sequence[Searched], files: Sequence[Searched], asked: Search) -> str:
    """The query: what the tool ran is told apart from what was run by hand."""
    window = f"from {asked.from_} to {asked.to}" if asked.to else f"from {asked.from_} on"
    query = " ".join(asked.query.split())
    if files and not harvests:
        return f"The protocol's search covers the time {window}; its query is: {query}."
    named = {NAMES.get(one, one) for one in asked.native}
    own = [one for one in sources(harvests) if one in named]
    who = "all sources" if not files else "all interfaces"
    told = f"The search covered the time {window}, with one boolean query for {who}: {query}."
    if own:
        told += f" {listed(own)} {'was' if len(own) == 1 else 'were'} asked with an own query"
        told += " instead (see the search appendix)."
    return told


def sources(found: Sequence[Searched]) -> list[str]:
    """The sources of some searches, by name."""
    return sorted({one.source for one in found}, key=str.casefold)


def dated(found: Sequence[Searched]) -> list[str]:
    """Each source with the days it was searched on: 'PubMed (2020-02-01 and 2020-03-01)'."""
    return [f"{name} ({_days(days_of(found, name))})" for name in sources(found)]


def days_of(found: Sequence[Searched], source: str) -> list[str]:
    """The days a source was searched on, in order."""
    return sorted({one.day for one in found if one.source == source})


def _days(days: Sequence[str]) -> str:
    if len(days) > FEW_DAYS:
        return f"on {len(days)} days from {days[0]} to {days[-1]}"
    return listed(days)


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: 'a, b and c'."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def times(n: int) -> str:
    """How often: once, twice, 3 times."""
    return TIMES.get(n, f"{n} times")
