"""Agreement figures agree with published values, and say so if they are undefined."""

import pytest
import yaml

from review.agreement import (
    compute_icc_forms,
    fleiss_kappa,
    gwet_ac,
    kappa,
    krippendorff_alpha,
    percent_agreement,
)


@pytest.fixture(scope="module")
def cases(corpora):
    path = corpora / "reference" / "agreement" / "known_answers.yaml"
    return {one["id"]: one for one in yaml.safe_load(path.read_text())["cases"]}


def ratings_of(case):
    data = case["data"]
    if case["layout"] == "counts":
        return [[str(k) for k, n in enumerate(row) for _ in range(n)] for row in data]
    if case["layout"] == "table":
        return [
            [str(a), str(b)]
            for a, row in enumerate(data)
            for b, n in enumerate(row)
            for _ in range(n)
        ]
    return [[None if one is None else str(one) for one in row] for row in data]


def found(case, wanted):
    rows, stat = ratings_of(case), wanted["stat"]
    labels = sorted({one for row in rows for one in row if one is not None}, key=float)
    if case["layout"] == "table":
        labels = [str(k) for k in range(len(case["data"]))]
    first, second = [row[0] for row in rows], [row[-1] for row in rows]
    weights = wanted.get("weights")
    if stat == "icc":
        return compute_icc_forms(case["data"])[wanted["form"]]
    figure = {
        "fleiss_kappa": lambda: fleiss_kappa(rows),
        "fleiss_kappa_with_gaps": lambda: fleiss_kappa(rows),
        "cohen_kappa": lambda: kappa(first, second, labels=labels),
        "weighted_kappa": lambda: kappa(
            first,
            second,
            labels=labels,
            weights=case["disagreement_weights"] if weights == "given" else weights,
        ),
        "krippendorff_alpha": lambda: krippendorff_alpha(
            rows, labels=labels, level=wanted["level"]
        ),
        "gwet_ac1": lambda: gwet_ac(rows, labels=labels),
        "gwet_ac2": lambda: gwet_ac(rows, labels=labels, weights=weights),
        "percent_agreement": lambda: percent_agreement(rows),
    }[stat]()
    if figure.value is None:
        assert figure.note
    return figure.value


NOT_SHOWN = {"randolph_kappa", "conger_kappa", "brennan_prediger", "pabak"}
"""Figures of the reference that Funnel does not show."""


def test_every_known_answer_is_met(cases):
    checked = 0
    for case in cases.values():
        for wanted in case["expected"]:
            if wanted["stat"] in NOT_SHOWN:
                continue
            value = found(case, wanted)
            if wanted["value"] is None:
                assert value is None, (case["id"], wanted)
            else:
                close = 0.51 * 10 ** -wanted["digits"]
                assert value == pytest.approx(wanted["value"], abs=close), (case["id"], wanted)
            checked += 1
    assert checked >= 35
