"""Duplicates in a review: runs, manual decisions, undo, reopened preprints, PRISMA figures."""

import dataclasses
import json
import random
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from review.cli import app
from review.errors import FlowError, ReviewError
from review.models import Decision, Link, Record, Relation
from review.store import decisions, harvests, links, records
from review.store.records import format_record_key, parse_record_key
from review.store.timestamps import utc_now
from review.workflow.deduplication import kept_columns
from review.workflow.deduplication import run as dedupe
from review.workflow.deduplication.groups import regroup_records
from review.workflow.exports import duplicates_report
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.exports.snapshot import snapshot_at
from review.workflow.setup.loading import init_project, open_project

TEAM = ("Fox, Ann", "Hu, Bo", "Diaz, Carla", "Kim, Dong")
TITLE = "Deep learning for the detection of pneumonia on portable chest radiographs"
ARTICLE = Record(
    "pubmed",
    title=TITLE,
    authors=TEAM,
    year=2021,
    journal="European Radiology",
    volume="31",
    issue="4",
    pages="100-110",
    doi="10.1007/s1",
    pmid="77",
)
TWIN = dataclasses.replace(ARTICLE, source="embase", journal="Eur Radiol", pmid=None)
PREPRINT = Record(
    "medrxiv",
    title=TITLE,
    authors=TEAM,
    year=2020,
    journal="medRxiv",
    version=1,
    doi="10.1101/2020.05.01.20087654",
)
OTHER = Record(
    "pubmed",
    title="Wages in coastal towns of the north",
    authors=("Ray, C",),
    doi="10.1016/w",
    year=2019,
)


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    return open_project(tmp_path)


def bring(project, *given, source=None, kind="file"):
    """Adds a batch and gives the keys of its records."""
    with project.store.write() as conn:
        source = source or given[0].source
        batch = records.add_batch(conn, utc_now(), "ada", kind=kind, source=source, via="databases")
        added = records.add_records(conn, batch, list(enumerate(given, 1)), utc_now())
        records.close_batch(conn, batch, parsed=len(given), new=len(added.new))
    return [format_record_key(n) for n in added.new]


def decide(project, key, verdict, reviewer="ada"):
    with project.store.write() as conn:
        one = Decision(records.parse_record_key(key), "screening", reviewer, verdict, utc_now())
        decisions.add_decisions(conn, [one])


def groups(project):
    with project.store.read() as conn:
        return {
            format_record_key(n): tuple(map(format_record_key, both))
            for n, both in links.list_groups(conn).items()
        }


def log(project):
    with project.store.read() as conn:
        return links.list_links(conn)


def test_a_run_groups_the_records_and_a_second_run_adds_nothing(project):
    first, twin, preprint, other = bring(project, ARTICLE, TWIN, PREPRINT, OTHER)
    done = dedupe.run_deduplication(project, "ada")
    assert (done.records, done.compared, done.reports, done.studies) == (4, 4, 3, 2)
    found = groups(project)
    assert found[twin] == (first, first)
    assert found[preprint] == (preprint, first)
    assert found[other] == (other, other)
    before = log(project)
    again = dedupe.run_deduplication(project, "ada")
    assert (again.compared, again.links) == (0, 0)
    assert log(project) == before


def test_only_what_is_new_is_compared_and_gives_what_all_at_once_gives(project, tmp_path):
    for one in (TWIN, PREPRINT, OTHER, ARTICLE):
        bring(project, one)
        done = dedupe.run_deduplication(project, "ada")
        assert done.compared == 1
    init_project(tmp_path / "second")
    second = open_project(tmp_path / "second")
    bring(second, TWIN, PREPRINT, OTHER, ARTICLE)
    dedupe.run_deduplication(second, "ada")
    assert groups(second) == groups(project)


@pytest.mark.parametrize("damage", [b"", b"torn", None])
def test_what_is_kept_beside_the_store_may_be_lost_or_torn(project, damage):
    bring(project, ARTICLE, OTHER)
    dedupe.run_deduplication(project, "ada")
    kept = project.folder / kept_columns.CACHE_PATH
    kept.unlink() if damage is None else kept.write_bytes(damage)
    [twin] = bring(project, TWIN)
    done = dedupe.run_deduplication(project, "ada")
    assert done.compared == 1
    assert groups(project)[twin][0] == "R000001"


def test_what_is_kept_of_another_store_is_not_believed(project, tmp_path):
    init_project(tmp_path / "second")
    second = open_project(tmp_path / "second")
    bring(second, OTHER, PREPRINT)
    dedupe.run_deduplication(second, "ada")
    bring(project, ARTICLE, TWIN)
    (project.folder / "cache").mkdir()
    (project.folder / kept_columns.CACHE_PATH).write_bytes(
        (second.folder / kept_columns.CACHE_PATH).read_bytes()
    )
    assert dedupe.run_deduplication(project, "ada").reports == 1


@pytest.mark.parametrize(("is_kept", "read_all"), [(True, True), (True, False), (False, True)])
def test_groups_that_the_links_do_not_make_stop_a_report(project, is_kept, read_all):
    first, twin, other = bring(project, ARTICLE, TWIN, OTHER)
    dedupe.run_deduplication(project, "ada")
    if not is_kept:
        (project.folder / kept_columns.CACHE_PATH).unlink()
    assert snapshot_at(project).flow.main.duplicates_tool.n == 1
    numbers = [parse_record_key(key) for key in (first, twin, other)]
    with project.store.write() as conn:
        links.replace_some_groups(conn, {numbers[2]: (numbers[0], numbers[0])})
    with pytest.raises(FlowError, match=f"do not match the recorded links: {other}"):
        snapshot_at(project, read_all=read_all)
    with project.store.write() as conn:
        own = {numbers[2]: (numbers[2], numbers[2]), numbers[1]: (numbers[1], numbers[1])}
        links.replace_some_groups(conn, own)
    with pytest.raises(FlowError, match=f"do not match the recorded links: {twin}"):
        snapshot_at(project, read_all=read_all)


def test_other_rules_compare_all_again(project, monkeypatch):
    bring(project, ARTICLE, TWIN)
    dedupe.run_deduplication(project, "ada")
    monkeypatch.setattr("review.dedupe.ENGINE", "funnel-dedupe-next")
    assert dedupe.run_deduplication(project, "ada").compared == 2


def test_what_earlier_rules_joined_and_these_do_not_comes_apart(project, monkeypatch):
    first, other = bring(project, ARTICLE, dataclasses.replace(OTHER, doi=None, authors=()))
    dedupe.run_deduplication(project, "ada")
    with project.store.write() as conn:
        old = Link(1, 2, "duplicate", "a rule of earlier days", "tool", utc_now(), 0.9)
        links.add_links(conn, [old], engine="funnel-dedupe-0")
        regroup_records(project, conn)
    assert groups(project)[other] == (first, first)
    monkeypatch.setattr("review.dedupe.ENGINE", "funnel-dedupe-next")
    assert dedupe.run_deduplication(project, "ada").studies == 2
    assert groups(project)[other] == (other, other)
    assert dedupe.run_deduplication(project, "ada").links == 0


def test_a_persons_word_outranks_the_rules_and_survives_runs(project):
    first, twin = bring(project, ARTICLE, TWIN)
    dedupe.run_deduplication(project, "ada")
    decide(project, first, "include")
    decide(project, twin, "exclude", "ben")
    line = dedupe.settle_pair(project, (twin, first), "different", "ada", "two trials")
    assert line == f"{first} and {twin}: different, by ada; now two studies."
    dedupe.run_deduplication(project, "ada")
    assert groups(project)[twin] == (twin, twin)
    with project.store.read() as conn:
        given = {(one.record, one.reviewer, one.verdict) for one in decisions.list_decisions(conn)}
    assert given == {(1, "ada", "include"), (2, "ben", "exclude")}
    assert "by hand" in dedupe.explain_pair(project, first, twin).rule


def test_undo_takes_back_only_ones_own_word(project):
    first, twin = bring(project, ARTICLE, TWIN)
    dedupe.run_deduplication(project, "ada")
    dedupe.settle_pair(project, (first, twin), "different", "ada")
    with pytest.raises(ReviewError, match="ben has no decision"):
        dedupe.undo_answer(project, "ben", (first, twin))
    dedupe.settle_pair(project, (first, twin), "same", "ben")
    dedupe.undo_answer(project, "ben")
    assert groups(project)[twin] == (twin, twin)
    dedupe.undo_answer(project, "ada", (twin, first))
    assert groups(project)[twin] == (first, first)
    with pytest.raises(ReviewError, match="no decision on possible duplicates to undo"):
        dedupe.undo_answer(project, "ada")


def test_words_that_cannot_all_hold_keep_apart_and_ask_again(project):
    a, b, c = bring(
        project,
        *(
            dataclasses.replace(OTHER, doi=None, title=t, authors=(f"{t}, A",))
            for t in ("Wages", "Rivers", "Bridges")
        ),
    )
    dedupe.settle_pair(project, (a, c), "different", "ada")
    dedupe.settle_pair(project, (b, c), "same", "ada")
    dedupe.settle_pair(project, (a, b), "same", "ben")
    found = groups(project)
    assert found[a][0] != found[c][0]
    assert [(row["a"], row["b"]) for row in dedupe.list_waiting_pairs(project)] == [(b, c)]


def test_words_on_unknown_or_equal_records_are_refused(project):
    [first] = bring(project, ARTICLE)
    with pytest.raises(ReviewError, match="a single record"):
        dedupe.settle_pair(project, (first, first), "same", "ada")
    with pytest.raises(ReviewError, match="R000099"):
        dedupe.settle_pair(project, (first, "R000099"), "same", "ada")
    with pytest.raises(ReviewError, match="not a valid decision"):
        dedupe.settle_pair(project, (first, "R000099"), "perhaps", "ada")
    assert log(project) == []


def test_a_registrys_word_is_kept_with_who_said_it(project):
    said = Relation("published_as", "doi:10.1007/s1", "medrxiv", "2021-03-01")
    bring(project, dataclasses.replace(PREPRINT, title="Shadows", relations=(said,)), ARTICLE)
    dedupe.run_deduplication(project, "ada")
    [link] = [one for one in log(project) if one.verdict == "study"]
    assert (link.rule, link.note) == ("stated: published_as", "stated by medrxiv, 2021-03-01")
    told = dedupe.explain_pair(project, "R000001", "R000002")
    assert told.verdict == "study"
    assert told.together == "two reports of one study"
    assert any("medrxiv" in word for word in told.statements)


def learn(project, key, relation, at=None):
    with project.store.write() as conn:
        harvests.add_relations(
            conn, records.parse_record_key(key), [relation], at or utc_now(), None
        )


def test_what_a_registry_says_later_joins_records_compared_long_ago(project):
    preprint, article = bring(
        project,
        dataclasses.replace(PREPRINT, title="Shadows"),
        dataclasses.replace(ARTICLE, authors=("Ray, C",)),
    )
    assert dedupe.run_deduplication(project, "ada").studies == 2
    learn(project, preprint, Relation("published_as", "doi:10.1007/s1", "crossref", "2024-05-01"))
    done = dedupe.run_deduplication(project, "ada")
    assert (done.compared, done.links, done.studies) == (0, 1, 1)
    [link] = [one for one in log(project) if one.verdict == "study"]
    assert (link.rule, link.note) == ("stated: published_as", "stated by crossref, 2024-05-01")
    assert any(
        "crossref, 2024-05-01" in word
        for word in dedupe.explain_pair(project, preprint, article).statements
    )
    assert dedupe.run_deduplication(project, "ada").links == 0
    assert duplicates_report.compute_counts(project).preprint_links_by == {"registry": 1}


def test_an_undated_statement_bears_the_day_it_was_read(project):
    said = Relation("published_as", "doi:10.1007/s1", "arxiv")
    preprint, _ = bring(
        project, dataclasses.replace(PREPRINT, title="Shadows", relations=(said,)), ARTICLE
    )
    learn(
        project,
        preprint,
        Relation("preprint_of", "pmid:77", "openalex"),
        datetime(2030, 2, 3, tzinfo=UTC),
    )
    dedupe.run_deduplication(project, "ada")
    notes = {one.note for one in log(project) if one.rule.startswith("stated")}
    assert notes == {f"stated by arxiv, {utc_now():%Y-%m-%d}", "stated by openalex, 2030-02-03"}


def test_a_retraction_learned_later_keeps_the_notice_apart(project):
    title = dataclasses.replace(ARTICLE, doi=None, pmid="78", source="scopus")
    _, notice = bring(project, ARTICLE, title)
    learn(project, notice, Relation("erratum_for", "pmid:77", "pubmed"))
    assert dedupe.run_deduplication(project, "ada").studies == 2


def test_a_word_changes_the_groups_as_computing_all_anew_would(project):
    rows = [
        dataclasses.replace(
            one,
            title=f"{one.title} {n}" if n else one.title,
            year=2015 + n % 3,
            doi=None if n % 4 == 1 else f"10.1007/s{n}",
            pages=str(n % 5 + 1),
        )
        for n in range(12)
        for one in (ARTICLE, TWIN, PREPRINT)
    ]
    keys = bring(project, *rows)
    dedupe.run_deduplication(project, "ada")
    dice = random.Random(5)
    for _ in range(25):
        pair = tuple(dice.sample(keys, 2))
        if dice.random() < 0.3:
            with suppress(ReviewError):
                dedupe.undo_answer(project, "ada")
            asked = dedupe.find_possible_duplicates(project)
        else:
            asked = dedupe.find_possible_duplicates(project)
            dedupe.settle_pair(project, pair, dice.choice(list(dedupe.VERDICT_BY_ANSWER)), "ada")
        left = reports_of(project, dedupe.filter_open_pairs(project, asked))
        assert left >= reports_of(project, dedupe.find_possible_duplicates(project)) & reports_of(
            project, asked
        )
        kept, standing = groups(project), standings_kept(project)
        with project.store.write() as conn:
            regroup_records(project, conn)
        assert groups(project) == kept
        assert standings_kept(project) == standing


def reports_of(project, asked):
    found = groups(project)
    return {frozenset(found[one.key][0] for one in pair[1:]) for pair in asked}


def standings_kept(project):
    with project.store.read() as conn:
        return decisions.list_statuses(conn, "screening")


def test_the_figures_add_up_and_tell_tool_from_hand(project):
    second = dataclasses.replace(PREPRINT, version=2, year=2021)
    bring(project, ARTICLE, OTHER, source="pubmed")
    bring(project, ARTICLE, OTHER, source="pubmed", kind="harvest")
    bring(
        project,
        TWIN,
        dataclasses.replace(OTHER, source="embase", doi=None, title="Wage study"),
        source="embase",
    )
    bring(project, PREPRINT, second, source="medrxiv")
    dedupe.run_deduplication(project, "ada")
    dedupe.settle_pair(project, ("R000002", "R000004"), "same", "ada")
    found = duplicates_report.compute_counts(project)
    for one in found.sources:
        lost = one.unread + one.harvested_again + one.repeated
        assert one.found == lost + one.by_tool + one.by_hand + one.kept
    pubmed, embase, medrxiv = (
        next(one for one in found.sources if one.source == name)
        for name in ("pubmed", "embase", "medrxiv")
    )
    assert (pubmed.found, pubmed.harvested_again, pubmed.kept) == (4, 2, 2)
    assert (embase.by_tool, embase.by_hand, embase.kept) == (1, 1, 0)
    assert (medrxiv.by_tool, medrxiv.kept) == (1, 1)
    assert found.overlap["pubmed"] == {"embase": 2, "medrxiv": 0, "pubmed": 2}
    assert found.only_here == {"medrxiv": 1}
    assert found.versions_collapsed == 1
    assert (found.preprint_links, found.preprint_links_by) == (1, {"rule": 1})
    assert found.merges_undone == 0
    dedupe.settle_pair(project, ("R000001", "R000003"), "different", "ada")
    dedupe.undo_answer(project, "ada", ("R000002", "R000004"))
    assert duplicates_report.compute_counts(project).merges_undone == 2


def test_the_figures_stand_in_the_exports_with_their_sums(project):
    bring(project, ARTICLE, OTHER, source="pubmed")
    bring(project, ARTICLE, source="pubmed", kind="harvest")
    bring(project, TWIN, source="embase")
    bring(project, PREPRINT, source="medrxiv")
    dedupe.run_deduplication(project, "ada")
    made = duplicates_report.build_table(duplicates_report.compute_counts(project))
    rows = [dict(zip(made.columns, row, strict=True)) for row in made.rows]
    assert [row["Source"] for row in rows] == ["embase", "medrxiv", "pubmed", "All sources"]
    for row in rows:
        parts = (
            "Unreadable",
            "Harvested again",
            "Repeated",
            "Removed automatically",
            "Removed manually",
            "Kept",
        )
        assert row["Found"] == sum(row[name] for name in parts)
    assert (rows[-1]["Found"], rows[-1]["Harvested again"], rows[-1]["Kept"]) == (5, 1, 3)
    assert made.notes[1] == "Preprints linked to their articles: 1 (1 by rule)."
    text = "\n".join(duplicates_report.format_counts(duplicates_report.compute_counts(project)))
    assert "unique" in text and "Preprint versions merged: 0" in text


def test_the_flow_and_the_figures_count_the_same(project):
    bring(project, ARTICLE, TWIN, OTHER, PREPRINT)
    dedupe.run_deduplication(project, "ada")
    found = duplicates_report.compute_counts(project)
    flow = compute_flow(project)
    assert flow is not None
    assert sum(one.kept for one in found.sources) == 3


def call(project, *words):
    done = CliRunner().invoke(app, ["-r", str(project.folder), "-u", "ada", "dedupe", *words])
    if isinstance(done.exception, ReviewError):
        return done, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done, done.output


def test_the_commands_run_explain_settle_and_undo(project):
    bring(project, ARTICLE, TWIN, PREPRINT, OTHER)
    done, text = call(project)
    assert done.exit_code == 0
    assert "3 reports of 2 studies" in text
    _, text = call(project, "run", "--json")
    assert json.loads(text)["studies"] == 2
    _, text = call(project, "--explain", "R000001", "R000002")
    assert text.startswith("R000001 and R000002: duplicate (doi")
    _, same = call(project, "explain", "R000001", "R000002")
    assert same == text
    _, text = call(project, "settle", "R000001", "R000002", "different", "--note", "two trials")
    assert "now two studies" in text
    _, text = call(project, "undo")
    assert "was undone" in text
    _, text = call(project, "doubts")
    assert text == "0 possible duplicates to review.\n"
    _, text = call(project, "report", "--json")
    assert json.loads(text)["preprint_links"] == 1
    _, text = call(project, "report")
    assert "embase and pubmed" in text or "pubmed" in text
    _, text = call(project, "explain", "R000001", "R000001")
    assert "a single record" in text
