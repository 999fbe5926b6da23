"""Samples for label audits, and the arithmetic of the marks."""

import pytest

from review.errors import ReviewError
from review.imaging.audit import (
    AuditMark,
    Claim,
    audit_label,
    compare_readers,
    draw_sample,
    estimate_proportion,
    estimate_wrong_labels,
    merge_readers,
)
from review.imaging.labels import LabelRow


def make_rows(patients=40, films=3, *, known=True):
    rows = {}
    for patient in range(patients):
        for film in range(films):
            name = f"{patient:03d}_{film}.png"
            labels = frozenset({"Mass"} if patient % 2 else {"Hernia"})
            rows[name] = LabelRow(
                file=name, labels=labels, patient=f"P{patient}" if known else None
            )
    return rows


def mark(verdicts, reader="Ann", strata=None):
    strata = strata or {}
    return [
        AuditMark(
            path=f"{place}.png", reader=reader, verdict=verdict,
            strata=frozenset(strata.get(place, ())),
        )
        for place, verdict in enumerate(verdicts)
    ]  # fmt: skip


def test_a_sample_is_drawn_by_patient_without_replacement():
    rows = make_rows()
    sample = draw_sample(rows, "Mass", n=15, seed=4)
    assert len(set(sample.paths)) == 15
    assert len({rows[path].patient for path in sample.paths}) == 15
    assert all("Mass" in rows[path].labels for path in sample.paths)
    assert (sample.images, sample.patients, sample.note) == (60, 20, None)


def test_a_sample_depends_on_the_seed_and_not_on_the_order():
    rows = make_rows()
    sample = draw_sample(rows, "Mass", n=10, seed=4)
    backwards = dict(reversed(rows.items()))
    assert draw_sample(backwards, "Mass", n=10, seed=4) == sample
    assert draw_sample(rows, "Mass", n=10, seed=5).paths != sample.paths
    assert not set(draw_sample(rows, "Hernia", n=10, seed=4).paths) & set(sample.paths)


def test_every_image_of_a_patient_can_be_drawn():
    rows = make_rows(patients=2, films=3)
    drawn = {draw_sample(rows, "Mass", n=1, seed=seed).paths[0] for seed in range(40)}
    assert drawn == {"001_0.png", "001_1.png", "001_2.png"}


def test_too_few_patients_and_unknown_patients_are_said():
    few = draw_sample(make_rows(), "Mass", n=21, seed=1)
    assert len(few.paths) == 20 and "only 20 patients" in few.note
    unknown = draw_sample(make_rows(known=False), "Mass", n=25, seed=1)
    assert len(unknown.paths) == 25 and unknown.patients is None
    assert "no patient is known" in unknown.note


def test_sheets_hold_eighteen():
    sample = draw_sample(make_rows(patients=100), "Mass", n=40, seed=1)
    assert [len(sheet) for sheet in sample.sheets] == [18, 18, 4]


def test_what_cannot_be_drawn():
    with pytest.raises(ReviewError, match="there are Hernia, Mass"):
        draw_sample(make_rows(), "Oedema", seed=1)
    with pytest.raises(ReviewError, match="at least 1"):
        draw_sample(make_rows(), "Mass", n=0, seed=1)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_as_published(count, n, low, high):
    proportion = estimate_proportion(count, n)
    assert round(proportion.low, 4) == low and round(proportion.high, 4) == high


def test_nothing_counted_has_no_share():
    empty = estimate_proportion(0, 0)
    assert empty.value is None and empty.low is None and empty.high is None


def test_doubtful_counts_both_ways_and_cannot_tell_not_at_all():
    verdicts = ["fine"] * 10 + ["doubtful"] * 4 + ["wrong"] * 6 + ["cannot tell"] * 3
    audit = audit_label("Mass", mark(verdicts))
    assert (audit.ppv_strict.count, audit.ppv_strict.n) == (10, 20)
    assert (audit.ppv_lenient.count, audit.ppv_lenient.n) == (14, 20)
    assert audit.counts.cannot_tell == 3 and audit.counts.judged == 20


@pytest.mark.parametrize(("value", "holds"), [(0.95, False), (0.45, True), (0.85, True)])
def test_a_claim_stands_beside_the_figure(value, holds):
    verdicts = ["fine"] * 10 + ["doubtful"] * 4 + ["wrong"] * 6
    claim = Claim("Mass", value, "a paper")
    audit = audit_label("Mass", mark(verdicts), claim=claim)
    assert audit.claim_holds is holds


def test_strata():
    verdicts = ["fine", "wrong", "fine", "wrong", "cannot tell", "fine"]
    strata = {0: ["drain"], 2: ["drain"], 4: ["drain"], 5: ["lateral"]}
    drain, lateral = audit_label("Mass", mark(verdicts, strata=strata)).strata
    assert (drain.stratum, drain.share.count, drain.share.n) == ("drain", 3, 6)
    assert (drain.within.count, drain.within.n) == (2, 2)
    assert (drain.without.count, drain.without.n) == (1, 3)
    assert lateral.within.n == 1


def test_marks_are_of_one_reader_and_one_per_image():
    with pytest.raises(ReviewError, match="mixed"):
        audit_label("Mass", [*mark(["fine"]), *mark(["fine", "fine"], "Bob")[1:]])
    with pytest.raises(ReviewError, match=r"0\.png is marked 2 times"):
        audit_label("Mass", mark(["fine"]) * 2)
    with pytest.raises(ReviewError, match="not a verdict"):
        audit_label("Mass", mark(["good"]))


def test_two_readers():
    first = mark(["fine"] * 5 + ["wrong"] * 5)
    second = mark(["fine"] * 4 + ["doubtful"] + ["wrong"] * 4 + ["fine"], "Bob")
    comparison = compare_readers(first, second[:9])
    assert comparison.readers == ("Ann", "Bob")
    assert comparison.both == 9 and comparison.first_only == ("9.png",)
    assert comparison.disagreements == ("4.png",)
    # Observed 8/9; by chance 5/9 x 4/9 + 4/9 x 4/9 = 36/81.
    assert comparison.kappa.value == pytest.approx((8 / 9 - 36 / 81) / (1 - 36 / 81))
    assert comparison.kappa_wrong.value == 1
    with pytest.raises(ReviewError, match="two readers"):
        compare_readers(first, first)


def test_the_adjudicator_settles_what_readers_leave_open():
    first = mark(["fine", "wrong", "fine"], strata={0: ["drain"]})
    second = mark(["fine", "fine"], "Bob")
    settled, still_open = merge_readers(first, second)
    assert [(one.path, one.verdict) for one in settled] == [("0.png", "fine")]
    assert settled[0].strata == {"drain"} and settled[0].reader == "consensus"
    assert still_open == ("1.png", "2.png")
    final = [AuditMark(path="1.png", reader="Cy", verdict="doubtful")]
    settled, still_open = merge_readers(first, second, final)
    assert [one.verdict for one in settled] == ["fine", "doubtful"]
    assert still_open == ("2.png",)


def test_wrong_labels_of_the_set():
    mass = audit_label("Mass", mark(["fine"] * 15 + ["wrong"] * 5))
    hernia = audit_label("Hernia", mark(["fine"] * 18 + ["doubtful"] * 2))
    single, total = estimate_wrong_labels([mass, hernia], {"Mass": 1000, "Hernia": 200})
    assert [round(estimate.wrong) for estimate in single] == [250, 20]
    assert single[0].low == pytest.approx(1000 * (1 - mass.ppv_strict.high))
    assert total.images == 1200 and total.wrong == pytest.approx(270)
    widths = [estimate.high - estimate.wrong for estimate in single]
    assert total.high - total.wrong == pytest.approx((widths[0] ** 2 + widths[1] ** 2) ** 0.5)
    lenient, _ = estimate_wrong_labels([hernia], {"Hernia": 200}, doubtful_is_wrong=False)
    assert lenient[0].wrong == 0
    with pytest.raises(ReviewError, match="'Hernia' is not given"):
        estimate_wrong_labels([hernia], {})
    nothing = audit_label("Mass", mark(["cannot tell"]))
    with pytest.raises(ReviewError, match="mark some first"):
        estimate_wrong_labels([nothing], {"Mass": 3})
