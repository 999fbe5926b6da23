"""The reporting checklists of a review, PRISMA 2020 and PRISMA-DTA, filled as far as the log goes.

Items and their numbers: Page 2021, BMJ 372:n71 (PRISMA 2020); McInnes 2018, JAMA 319:388
(PRISMA-DTA). Topics are the published ones, with a word of our own where an item has parts.
"""

from collections.abc import Mapping, Sequence

from review.protocol.models import Protocol
from review.tables.table import Table
from review.workflow.exports.prisma_s import AUTHORS_PLACEHOLDER

ChecklistFacts = Mapping[str, tuple[str, str]]
"""Fact -> what protocol and log say, and where to find more."""
ChecklistItem = tuple[str, str, str]
"""Number, topic, and the fact that fills it; '' for what only the authors can say."""
PRISMA_2020: tuple[ChecklistItem, ...] = (
    ("1", "Title", "title"),
    ("2", "Abstract", ""),
    ("3", "Rationale", ""),
    ("4", "Objectives", "objectives"),
    ("5", "Eligibility criteria", "criteria"),
    ("6", "Information sources", "sources"),
    ("7", "Search strategy", "search"),
    ("8", "Selection process", "selection"),
    ("9", "Data collection process", "collection"),
    ("10a", "Data items: outcomes", ""),
    ("10b", "Data items: other variables", "items"),
    ("11", "Study risk of bias assessment", "bias-tools"),
    ("12", "Effect measures", "measures"),
    ("13a", "Synthesis methods: studies eligible for each synthesis", ""),
    ("13b", "Synthesis methods: preparation of the data", ""),
    ("13c", "Synthesis methods: tabulation and display", "display"),
    ("13d", "Synthesis methods: method and rationale", ""),
    ("13e", "Synthesis methods: causes of heterogeneity", ""),
    ("13f", "Synthesis methods: sensitivity analyses", ""),
    ("14", "Reporting bias assessment", ""),
    ("15", "Certainty assessment", ""),
    ("16a", "Study selection: results of the search", "flow"),
    ("16b", "Study selection: excluded reports, with reasons", "excluded"),
    ("17", "Study characteristics", "characteristics"),
    ("18", "Risk of bias in studies", "bias"),
    ("19", "Results of individual studies", "results"),
    ("20a", "Results of syntheses: characteristics of the studies", ""),
    ("20b", "Results of syntheses: estimates", ""),
    ("20c", "Results of syntheses: causes of heterogeneity", ""),
    ("20d", "Results of syntheses: sensitivity analyses", ""),
    ("21", "Reporting biases", ""),
    ("22", "Certainty of evidence", ""),
    ("23a", "Discussion: interpretation", ""),
    ("23b", "Discussion: limitations of the evidence", ""),
    ("23c", "Discussion: limitations of the review", ""),
    ("23d", "Discussion: implications", ""),
    ("24a", "Registration", "registration"),
    ("24b", "Protocol", "protocol"),
    ("24c", "Amendments", "amendments"),
    ("25", "Support", ""),
    ("26", "Competing interests", ""),
    ("27", "Availability of data, code and other materials", "availability"),
)
PRISMA_DTA: tuple[ChecklistItem, ...] = (
    ("1", "Title", "title"),
    ("2", "Abstract", ""),
    ("3", "Rationale", ""),
    ("D1", "Clinical role of index test", ""),
    ("4", "Objectives", "objectives"),
    ("5", "Protocol and registration", "registration"),
    ("6", "Eligibility criteria", "criteria"),
    ("7", "Information sources", "sources"),
    ("8", "Search", "search"),
    ("9", "Study selection", "selection"),
    ("10", "Data collection process", "collection"),
    ("11", "Definitions for data extraction", "items"),
    ("12", "Risk of bias and applicability", "bias-tools"),
    ("13", "Diagnostic accuracy measures", "measures"),
    ("14", "Synthesis of results", "display"),
    ("D2", "Meta-analysis", ""),
    ("16", "Additional analyses", ""),
    ("17", "Study selection", "flow"),
    ("18", "Study characteristics", "characteristics"),
    ("19", "Risk of bias and applicability", "bias"),
    ("20", "Results of individual studies", "results"),
    ("21", "Synthesis of results", ""),
    ("23", "Additional analysis", ""),
    ("24", "Summary of evidence", ""),
    ("25", "Limitations", ""),
    ("26", "Conclusions", ""),
    ("27", "Funding", ""),
)
"""27 items, as published: D1 and D2 are new, 15 and 22 of PRISMA 2009 are left out."""


def build_prisma_checklist(facts: ChecklistFacts) -> Table:
    """The PRISMA 2020 checklist, with every item that protocol and log answer filled in."""
    return _build_table(
        facts,
        PRISMA_2020,
        name="prisma-2020-checklist",
        title="PRISMA 2020 checklist",
        source="PRISMA 2020 (Page 2021, BMJ 372:n71)",
    )


def build_prisma_dta_checklist(protocol: Protocol, facts: ChecklistFacts) -> Table | None:
    """The PRISMA-DTA checklist, filled likewise; None for a review that extracts no accuracy and
    appraises without QUADAS."""
    plan = protocol.appraisal
    if plan.accuracy is None and not any(tool.startswith("quadas") for tool in plan.tools):
        return None
    return _build_table(
        facts,
        PRISMA_DTA,
        name="prisma-dta-checklist",
        title="PRISMA-DTA checklist",
        source="PRISMA-DTA (McInnes 2018, JAMA 319:388)",
    )


def _build_table(
    facts: ChecklistFacts, items: Sequence[ChecklistItem], *, name: str, title: str, source: str
) -> Table:
    rows = []
    for number, topic, fact in items:
        text, place = facts.get(fact, (AUTHORS_PLACEHOLDER, None))
        rows.append((number, topic, text, None if text == AUTHORS_PLACEHOLDER else place))
    filled = sum(row[2] != AUTHORS_PLACEHOLDER for row in rows)
    return Table(
        name,
        title,
        ("Item", "Topic", "Reported", "Where"),
        tuple(rows),
        (
            f"{filled} of {len(rows)} items are filled in from the protocol and the log; the "
            f"others are to be completed by the authors. Items and numbers follow {source}.",
        ),
    )
