"""Groups depend on the records alone, not on their order or the size of batches."""

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.dedupe import (
    append_columns,
    build_columns,
    compute_groups,
    find_links,
    find_stale_links,
    pack_columns,
    unpack_columns,
)
from review.dedupe.similarity import compare_pairs
from review.models import Link, Record, Relation, StoredRecord

AT = datetime(2026, 11, 20, tzinfo=UTC)
WORDS = [
    "lung",
    "chest",
    "radiograph",
    "radiographs",
    "network",
    "detection",
    "pneumonia",
    "part ii",
    "study 2",
    "cohort",
    "of",
    "editorial",
]
NAMES = ["Fox, Ann", "Hu, Bo", "Fox A", "Diaz, Carla", "Kim D", "Fox, Bert"]
DOIS = [
    None,
    None,
    "10.1007/a1",
    "10.1007/a2",
    "10.1101/2020.05.01.20087654",
    "10.1101/2020.05.02.20087655",
    "10.48550/arXiv.2005.01234",
    "10.21203/rs.3.rs-1",
]
SAID = Relation("published_as", "doi:10.1007/a1", "medrxiv")
STATED = [
    (SAID,),
    (Relation("preprint_of", "pmid:11", "europepmc"),),
    (Relation("erratum_for", "doi:10.1007/a2", "pubmed"),),
    (Relation("version_of", "doi:10.1101/2020.05.02.20087655", "medrxiv"),),
]


@st.composite
def titles(draw: st.DrawFn, stems: list[list[str]]) -> str:
    """One of a few titles with a word more or less, so that many are nearly equal."""
    words = list(draw(st.sampled_from(stems)))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(words)))
        if draw(st.booleans()) and place < len(words) > 1:
            del words[place]
        else:
            words.insert(place, draw(st.sampled_from(WORDS)))
    return " ".join(words)


def records(stems: list[list[str]], teams: list[tuple[str, ...]]) -> st.SearchStrategy[Record]:
    return st.builds(
        Record,
        source=st.sampled_from(["pubmed", "embase", "medrxiv", "arxiv"]),
        title=titles(stems),
        authors=st.sampled_from(teams),
        year=st.sampled_from([None, 2020, 2021]),
        journal=st.sampled_from([None, "Radiology", "Eur Radiol", "medRxiv"]),
        volume=st.sampled_from([None, "3", "4"]),
        issue=st.sampled_from([None, "1", "2"]),
        pages=st.sampled_from([None, "7-9", "7-12", "10"]),
        doi=st.sampled_from(DOIS),
        pmid=st.sampled_from([None, None, None, "11", "12"]),
        version=st.sampled_from([None, None, 1, 2]),
        abstract=st.sampled_from([None, None, "We read forty films of adults in one ward."]),
        relations=st.sampled_from([(), (), (), (), *STATED]),
    )


@st.composite
def corpora(draw: st.DrawFn) -> list[Record]:
    """Records of a few works that overlap in every field. A store never holds one record twice, so
    no two of a corpus are alike in everything."""
    stem = st.lists(st.sampled_from(WORDS), min_size=1, max_size=7)
    stems = draw(st.lists(stem, min_size=1, max_size=3))
    team = st.lists(st.sampled_from(NAMES), max_size=4, unique=True).map(tuple)
    teams = draw(st.lists(team, min_size=1, max_size=3))
    one = records(stems, teams)
    return draw(st.lists(one, min_size=2, max_size=20, unique_by=repr))


def stored(given: list[Record], order: list[int]) -> list[StoredRecord]:
    return [StoredRecord(n, f"R{n:06d}", 1, given[place]) for n, place in enumerate(order, 1)]


def parts(order: list[int], lead: dict[int, int]) -> frozenset[frozenset[int]]:
    """The groups as sets of places in the corpus."""
    found: dict[int, set[int]] = {}
    for number, place in enumerate(order, 1):
        found.setdefault(lead[number], set()).add(place)
    return frozenset(frozenset(one) for one in found.values())


def at_once(given: list[Record], order: list[int]):
    kept = stored(given, order)
    found = compute_groups(kept, find_links(kept, at=AT))
    return parts(order, found.report), parts(order, found.study)


def step_by_step(given: list[Record], order: list[int], cuts: list[int]):
    kept, links, columns, before = stored(given, order), [], None, 0
    for step, cut in enumerate([*cuts, len(kept)]):
        fresh = kept[before:cut]
        if not fresh:
            continue
        more = build_columns((one.id, one.record) for one in fresh)
        columns = (
            more if columns is None else append_columns(unpack_columns(pack_columns(columns)), more)
        )
        at = AT + timedelta(minutes=step)
        links += find_stale_links(columns, links, at=at)
        links += find_links(columns, at=at, new={one.id for one in fresh})
        before = cut
    found = compute_groups(columns, links)
    return parts(order, found.report), parts(order, found.study)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(corpora(), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_reports_and_studies(given, random):
    order = list(range(len(given)))
    expected = at_once(given, order)
    random.shuffle(order)
    assert at_once(given, order) == expected


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(corpora(), st.data())
def test_batches_give_the_groups_of_all_at_once(given, data):
    order = data.draw(st.permutations(range(len(given))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(given)), max_size=3)))
    assert step_by_step(given, order, cuts) == at_once(given, list(range(len(given))))


@settings(max_examples=40, deadline=None)
@given(corpora())
def test_running_twice_adds_nothing(given):
    kept = stored(given, list(range(len(given))))
    links = find_links(kept, at=AT)
    again = find_links(kept, at=AT)
    assert again == links
    assert find_stale_links(kept, links, at=AT) == []
    assert find_links(kept, at=AT, new=set()) == []
    assert compute_groups(kept, links + again) == compute_groups(kept, links)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(corpora(), st.data())
def test_leaving_out_records_without_a_link_changes_no_group(given, data):
    kept = stored(given, list(range(len(given))))
    rule_links = find_links(kept, at=AT)
    links = [link for link in rule_links if data.draw(st.booleans())]
    for _ in range(data.draw(st.integers(0, 3))):
        a, b = sorted(data.draw(st.permutations([one.id for one in kept]))[:2])
        verdict = data.draw(st.sampled_from(["duplicate", "version", "study", "distinct"]))
        links.append(Link(a, b, verdict, "by hand", "ada", AT))
    columns = build_columns((one.id, one.record) for one in kept)
    found = compute_groups(kept, links)
    assert found == compute_groups(columns, links)
    assert list(found.report) == list(found.study) == [one.id for one in kept]


@settings(max_examples=200, deadline=None)
@given(corpora())
def test_a_pair_reads_alike_whichever_record_came_first(given):
    ahead, turned = build_columns(enumerate(given)), build_columns(enumerate(reversed(given)))
    last = len(given) - 1
    pairs = np.array([(a, b) for a in range(last) for b in range(a + 1, last + 1)])
    one, other = compare_pairs(ahead, pairs), compare_pairs(turned, last - pairs[:, ::-1])
    for spec in dataclasses.fields(one):
        assert np.array_equal(getattr(one, spec.name), getattr(other, spec.name)), spec.name


def test_of_two_titles_of_one_length_the_same_one_is_the_sequel():
    given = [
        Record(source="medrxiv", title="detection of lung part ii", authors=("Hu, Bo",), year=2020),
        Record(source="pubmed", title="detection of lung radiograph x", authors=("Hu, Bo",)),
    ]
    pair = np.array([[0, 1]])
    found = [
        compare_pairs(build_columns(enumerate(one)), pair).sequel[0] for one in (given, given[::-1])
    ]
    assert found[0] == found[1]


def test_a_crowd_of_one_title_gives_the_same_groups_in_batches_and_at_once():
    given = [
        Record(
            source=f"pubmed {n}",
            title="Letter on screening",
            authors=(f"Fox{n % 40}, A",),
            year=2000 + n % 3,
            journal="Radiology",
            volume=str(n % 5 + 1),
            pages=str(n % 30 + 1),
        )
        for n in range(150)
    ]
    order = [int(n) for n in np.random.default_rng(7).permutation(len(given))]
    assert step_by_step(given, order, [20, 60, 100]) == at_once(given, order)


def test_kept_columns_come_back_as_they_were():
    given = [
        Record(source="arxiv", title="A\nB <i>x</i>", authors=("Fox, Ann",)),
        Record(source="x", relations=(SAID,)),
    ]
    columns = build_columns(enumerate(given, 1))
    back = unpack_columns(pack_columns(columns))
    for name in ("ids", "exact", "page", "mark"):
        assert np.array_equal(getattr(back, name), getattr(columns, name))
    for name in ("title", "families", "journal", "snippet", "relations"):
        assert getattr(back, name) == getattr(columns, name)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 torn", b"x" * 100])
def test_damaged_columns_are_read_anew_not_trusted(data):
    assert unpack_columns(data) is None


def test_a_number_given_twice_is_refused():
    one = Record(source="x", title="A")
    with pytest.raises(ValueError, match="one number"):
        build_columns([(1, one), (1, one)])
    with pytest.raises(ValueError, match="both"):
        append_columns(build_columns([(1, one)]), build_columns([(1, one)]))
