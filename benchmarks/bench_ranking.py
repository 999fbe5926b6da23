"""Screening order and stopping: the policy that Funnel ships, beside ASReview, on labelled reviews.

Needs the labelled sets of the folder that CORPORA names (else ../shared). ASReview runs beside it
if ASREVIEW_PYTHON names an interpreter that has it:

    python -m venv asreview && asreview/bin/pip install asreview
    ASREVIEW_PYTHON=asreview/bin/python python benchmarks/bench_ranking.py

Three tables. The first simulates each review from nothing known, with `review.ranking.plan_order`,
the function that orders the records of a review in the app; ASReview reads at random until it has
one included and one excluded record. The second gives every ranker the same included and excluded
record to begin with, as simulations of screening usually do, and counts neither. The third says
when the stopping rules would have stopped the runs of the first, and what they would have missed.
SEEDS and STOPPING_SEEDS are the runs per review (5 and 30), SETS limits the reviews. With
ORDERS=folder, finished runs are kept there, so that the command can be stopped and started again;
they are repeated after a change of review/ranking.py. `bench_ranking.py stopping` prints the third
table alone.
"""

import hashlib
import importlib.metadata
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from review import ranking, stopping  # noqa: E402
from review.ranking import (  # noqa: E402
    PlannedOrder,
    PlannedPlace,
    RankingFeatures,
    RankingPolicy,
    TrainingLabel,
)

BENCH = Path(os.environ.get("CORPORA", ROOT.parent / "shared")) / "bench" / "screening"
SEEDS = int(os.environ.get("SEEDS", "5"))
STOPPING_SEEDS = int(os.environ.get("STOPPING_SEEDS", "30"))
ORDERS = os.environ.get("ORDERS")
SETS = os.environ.get("SETS", "").split()
"""Only sets whose name contains one of these; all where it is empty."""
MEASURES = ("recall@10%", "wss95", "loss")
TARGET = 0.95
"""Recall that stopping aims at."""
CHECK_SHARE = 0.01
"""The stopping rules are looked at after each further hundredth of the records."""

Planner = Callable[[RankingFeatures, dict[int, TrainingLabel], list[int], int], PlannedOrder]


@dataclass(frozen=True, slots=True)
class SimulatedReview:
    """One run: the labels in the order of screening, and which records were drawn at random."""

    labels: list[int]
    drawn: list[bool]


def plan_shipped_order(
    features: RankingFeatures, labels: dict[int, TrainingLabel], candidates: list[int], seed: int
) -> PlannedOrder:
    """The policy that ships."""
    return ranking.plan_order(features, labels, candidates, RankingPolicy(seed=seed))


def plan_former_order(
    features: RankingFeatures, labels: dict[int, TrainingLabel], candidates: list[int], seed: int
) -> PlannedOrder:
    """The policy until version 1.0: random until six are included and six excluded, then one
    record in ten."""
    included = sum(label.relevant for label in labels.values())
    if min(included, len(labels) - included) >= 6:
        policy = RankingPolicy(seed=seed, random_share=0.1)
        return ranking.plan_order(features, labels, candidates, policy)
    everything = np.ones(len(candidates), dtype=bool)
    return PlannedOrder("random", None, np.array(candidates, dtype=np.int64), everything)


def is_former_order_due(judged: int, trained_on: int) -> bool:
    """The same policy's pace: after ten decisions, or a twentieth more."""
    return judged - trained_on >= max(10, int(0.05 * judged))


def simulate_review(
    features: RankingFeatures,
    truth: Sequence[int],
    planner: Planner,
    seed: int,
    is_due: Callable[[int, int], bool] = ranking.is_order_due,
) -> SimulatedReview:
    """Screens a review from nothing known until all relevant records are found.

    The rest stays in the last order. Each decision is the true one.
    """
    candidates = list(range(len(truth)))
    random.Random(seed).shuffle(candidates)  # the order that records are given on arrival
    run = SimulatedReview([], [])
    labels: dict[int, TrainingLabel] = {}
    places: tuple[PlannedPlace, ...] = ()
    while sum(run.labels) < sum(truth):
        places = planner(features, labels, candidates, seed).places
        trained_on = len(labels)
        for place in places:
            labels[place.position] = TrainingLabel(bool(truth[place.position]))
            run.labels.append(truth[place.position])
            run.drawn.append(place.drawn)
            if is_due(len(labels), trained_on):
                break
        candidates = [position for position in candidates if position not in labels]
    rest = [place for place in places if place.position not in labels]
    run.labels.extend(truth[place.position] for place in rest)
    run.drawn.extend(place.drawn for place in rest)
    return run


@dataclass(frozen=True, slots=True)
class SimulatedPolicy:
    """A way of ordering the records that is simulated on each review."""

    name: str
    asks: bool
    """Whether it is given the review's question."""
    planner: Planner
    is_due: Callable[[int, int], bool] = ranking.is_order_due


POLICIES = (
    SimulatedPolicy("former", True, plan_former_order, is_former_order_due),
    SimulatedPolicy("no question", False, plan_shipped_order),
    SimulatedPolicy("question", True, plan_shipped_order),
)
"""The last one is what the stopping rules are tried on."""


def simulate_peer(harness: Any, records: list[dict[str, str]], truth: list[int], seed: int) -> Any:
    """ASReview from nothing known: random records until one is included and one excluded, then its
    default model, which learns again after each hundredth more."""
    peer = harness.Asreview(records, "", seed)
    candidates = list(range(len(truth)))
    random.Random(seed).shuffle(candidates)
    labelled: list[int] = []
    while sum(truth[n] for n in labelled) < sum(truth):
        labels = [truth[n] for n in labelled]
        if len(set(labels)) < 2:
            batch = candidates[:1]
        else:
            values = peer.scores(labelled, labels)
            count = harness.batch_size(len(labelled), 1, 0.01)
            batch = sorted(candidates, key=lambda n: -values[n])[:count]
        labelled.extend(batch)
        chosen = set(batch)
        candidates = [n for n in candidates if n not in chosen]
    return [truth[n] for n in labelled + candidates]


def load_harness() -> Any:
    """The benchmark's own script, which reads the sets and measures an order."""
    sys.path.insert(0, str(BENCH))
    import score_screening

    return score_screening


def iter_sets(harness: Any) -> Iterator[tuple[str, list[dict[str, str]], list[int]]]:
    """Name, records and labels of each set, small ones first."""
    for path in sorted(harness.find_sets(BENCH), key=lambda path: path.stat().st_size):
        name = harness.set_name(path)
        if not SETS or any(part in name for part in SETS):
            yield (name, *harness.read_set(path))


def get_code_version(policy: str) -> str:
    """What the runs of a policy depend on: ASReview's version, or the text of our ranking."""
    if policy == "asreview":
        return "asreview " + importlib.metadata.version("asreview")
    return hashlib.sha256((ROOT / "review" / "ranking.py").read_bytes()).hexdigest()


def read_kept(run: str, version: str) -> Any:
    """A finished run of this version of the code from the folder ORDERS; None where there is
    none."""
    path = Path(ORDERS) / f"{run}.json" if ORDERS else None
    if not path or not path.exists():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    return kept["outcome"] if kept["version"] == version else None


def keep(run: str, version: str, outcome: Any) -> None:
    """Keeps a finished run in the folder ORDERS, if there is one; never half of it."""
    if ORDERS:
        Path(ORDERS).mkdir(parents=True, exist_ok=True)
        path = Path(ORDERS) / f"{run}.json"
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps({"version": version, "outcome": outcome}), encoding="utf-8")
        partial.replace(path)


def run_policies(
    harness: Any, *, only_stopping: bool = False
) -> dict[str, dict[str, list[SimulatedReview]]]:
    """Policy -> set -> runs; of the shipped policy with the question alone if `only_stopping`.

    One seed after the other, so that a command that is stopped leaves runs of every review.
    """
    policies = POLICIES[-1:] if only_stopping else POLICIES
    seeds = {policy.name: SEEDS for policy in policies}
    seeds["question"] = STOPPING_SEEDS if only_stopping else max(SEEDS, STOPPING_SEEDS)
    questions = json.loads((BENCH / "queries.json").read_text(encoding="utf-8"))
    sets = list(iter_sets(harness))
    prepared: dict[tuple[str, bool], RankingFeatures] = {}
    runs: dict[str, dict[str, list[SimulatedReview]]] = {}
    for seed in range(max(seeds.values())):
        for name, records, truth in sets:
            for policy in policies:
                if seed >= seeds[policy.name]:
                    continue
                version = get_code_version(policy.name)
                kept_run = read_kept(f"{name}.{policy.name}.{seed}", version)
                if kept_run is None:
                    if (name, policy.asks) not in prepared:
                        texts = [
                            ranking.build_text(one["title"], one["abstract"]) for one in records
                        ]
                        prepared[name, policy.asks] = ranking.prepare_features(
                            texts, questions.get(name, "") if policy.asks else ""
                        )
                    run = simulate_review(
                        prepared[name, policy.asks], truth, policy.planner, seed, policy.is_due
                    )
                    outcome = {"labels": run.labels, "drawn": run.drawn}
                    keep(f"{name}.{policy.name}.{seed}", version, outcome)
                else:
                    run = SimulatedReview(**kept_run)
                runs.setdefault(policy.name, {}).setdefault(name, []).append(run)
        print(f"simulated all reviews with seed {seed}", file=sys.stderr, flush=True)
    return runs


def run_peer(python: str) -> dict[str, list[list[int]]]:
    """Set -> orders of ASReview, from the interpreter that has it."""
    command = [python, str(Path(__file__).resolve()), "peer"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit("ASReview failed; its messages are above")
    peer_runs: dict[str, list[list[int]]] = json.loads(done.stdout.splitlines()[-1])
    return peer_runs


def print_peer_runs() -> None:
    """ASReview's orders as JSON; this runs in the interpreter that has ASReview."""
    harness = load_harness()
    version = get_code_version("asreview")
    runs: dict[str, list[Any]] = {}
    for name, records, truth in iter_sets(harness):
        for seed in range(SEEDS):
            order = read_kept(f"{name}.asreview.{seed}", version)
            if order is None:
                order = simulate_peer(harness, records, truth, seed)
                keep(f"{name}.asreview.{seed}", version, order)
            runs.setdefault(name, []).append(order)
        print(f"simulated {name} with ASReview", file=sys.stderr, flush=True)
    print(json.dumps(runs))


def measure_runs(harness: Any, runs: dict[str, list[list[int]]]) -> dict[str, dict[str, float]]:
    """Set -> measure -> mean over the runs."""
    measured: dict[str, dict[str, float]] = {}
    for name, orders in runs.items():
        metrics = [harness.metrics(order) for order in orders]
        measured[name] = {m: statistics.fmean(one[m] for one in metrics) for m in MEASURES}
    return measured


def print_order_table(
    title: str, sizes: dict[str, tuple[int, int]], columns: dict[str, dict[str, dict[str, float]]]
) -> None:
    """Each set's measures by policy, and their means over the sets.

    Args:
        sizes: set -> its records, and how many are relevant.
        columns: policy -> set -> measure -> mean over the runs.
    """
    width = 1 + max(9, *map(len, columns))
    print(f"\n{title}")
    print(f"  {'':50}" + "".join(f"{measure:<{width * len(columns)}}" for measure in MEASURES))
    headings = "".join(f"{policy:>{width}}" for policy in columns) * len(MEASURES)
    print(f"  {'':32}{'records':>8}{'relevant':>9}{headings}")
    for name, (records, relevant) in sizes.items():
        figures = "".join(
            f"{columns[policy][name][measure]:{width}.3f}"
            for measure in MEASURES
            for policy in columns
        )
        print(f"  {name:32}{records:8,}{relevant:9,}{figures}")
    means = "".join(
        f"{statistics.fmean(by_set[measure] for by_set in columns[policy].values()):{width}.3f}"
        for measure in MEASURES
        for policy, by_set in columns.items()
    )
    print(f"  {'mean':49}{means}")


def find_stop(run: SimulatedReview, is_met: "StoppingCheck") -> int:
    """Records screened when a rule is first met; all of them if it never is."""
    total = len(run.labels)
    step = max(1, math.ceil(CHECK_SHARE * total))
    for screened in range(step, total, step):
        if is_met(run, screened):
            return screened
    return total


StoppingCheck = Callable[[SimulatedReview, int], bool]
"""Whether a rule supports stopping after so many records of a run."""


def has_long_run(run: SimulatedReview, screened: int) -> bool:
    """The last twentieth of all records brought nothing relevant."""
    irrelevant = stopping.count_trailing_irrelevant(run.labels[:screened])
    return irrelevant >= stopping.LONG_RUN_SHARE * len(run.labels)


def is_significant(run: SimulatedReview, screened: int, *, bias: float) -> bool:
    """The stopping test at a bias."""
    p = compute_p(tuple(run.labels[:screened]), len(run.labels) - screened, bias)
    return p is not None and p < stopping.SIGNIFICANCE


def is_recommended(run: SimulatedReview, screened: int) -> bool:
    """The rule that Funnel recommends."""
    labels = run.labels[:screened]
    return stopping.meets_recommended_rule(
        stopping.count_trailing_irrelevant(labels),
        len(run.labels),
        compute_p(tuple(labels), len(run.labels) - screened, stopping.RANKED_BIAS),
    )


def allows_estimate(run: SimulatedReview, screened: int) -> bool:
    """The upper end of the estimate's interval is within what the recall target allows."""
    labels = run.labels[:screened]
    estimate = stopping.estimate_remaining(labels, run.drawn[:screened], len(run.labels) - screened)
    return estimate is not None and stopping.meets_target(sum(labels), estimate[2], TARGET)


@lru_cache(maxsize=400)
def compute_p(labels: tuple[int, ...], unscreened: int, bias: float) -> float | None:
    """The test's p-value; two rules ask for the same one."""
    return stopping.compute_hypergeometric_p(labels, unscreened, TARGET, bias=bias)


RULES: dict[str, StoppingCheck] = {
    "50 irrelevant in a row": lambda run, screened: (
        stopping.count_trailing_irrelevant(run.labels[:screened]) >= 50
    ),
    "5 % irrelevant in a row": has_long_run,
    "test, bias 2, p < 0.05": partial(is_significant, bias=stopping.RANKED_BIAS),
    "test, bias 1, p < 0.05": partial(is_significant, bias=1.0),
    "estimate from random records": allows_estimate,
    "recommended": is_recommended,
}


def print_stopping_table(runs: dict[str, list[SimulatedReview]]) -> None:
    """What each rule would have cost and missed, and how often the interval holds the truth."""
    print(f"\nStopping rules on the runs with the question ({STOPPING_SEEDS} per review)")
    print(f"  {'':28} {'read':>7} {'recall':>8} {'recall >= 95 %':>15} {'lowest recall':>14}")
    simulated = [run for by_seed in runs.values() for run in by_seed[:STOPPING_SEEDS]]
    stops: dict[str, list[int]] = {rule: [] for rule in RULES}
    for run in simulated:
        for rule, is_met in RULES.items():
            stops[rule].append(find_stop(run, is_met))
    for rule, stops_of_runs in stops.items():
        pairs = list(zip(simulated, stops_of_runs, strict=True))
        shares = [stop / len(run.labels) for run, stop in pairs]
        recalls = [sum(run.labels[:stop]) / sum(run.labels) for run, stop in pairs]
        reached = sum(recall >= TARGET for recall in recalls) / len(recalls)
        print(
            f"  {rule:28} {statistics.fmean(shares):7.1%} {statistics.fmean(recalls):8.1%} "
            f"{reached:15.1%} {min(recalls):14.1%}"
        )
    print("\nThe recommended rule on each review")
    print(f"  {'':32} {'runs':>5} {'read':>7} {'recall':>8} {'recall >= 95 %':>15}")
    recommended = iter(stops["recommended"])
    for name, by_seed in runs.items():
        pairs = [(run, next(recommended)) for run in by_seed[:STOPPING_SEEDS]]
        recalls = [sum(run.labels[:stop]) / sum(run.labels) for run, stop in pairs]
        print(
            f"  {name:32} {len(pairs):5} "
            f"{statistics.fmean(stop / len(run.labels) for run, stop in pairs):7.1%} "
            f"{statistics.fmean(recalls):8.1%} "
            f"{sum(recall >= TARGET for recall in recalls) / len(recalls):15.1%}"
        )
    print("\nInterval of the relevant records left, at shares of the records screened")
    print(f"  {'screened':10} {'intervals':>10} {'hold the truth':>15} {'median width':>13}")
    for share in (0.1, 0.2, 0.3, 0.5, 0.7):
        print_coverage(simulated, share)


def print_coverage(simulated: list[SimulatedReview], share: float) -> None:
    """How often the interval held the number that was left."""
    held, widths = [], []
    for run in simulated:
        screened = math.ceil(share * len(run.labels))
        estimate = stopping.estimate_remaining(
            run.labels[:screened], run.drawn[:screened], len(run.labels) - screened
        )
        if estimate is None:
            continue
        _, low, high = estimate
        held.append(low <= sum(run.labels[screened:]) <= high)
        widths.append(high - low)
    if held:
        print(
            f"  {share:<10.0%} {len(held):10,} {sum(held) / len(held):15.1%} "
            f"{statistics.median(widths):13,.0f}"
        )


def run_harness(policy: str, python: str, ranker: str, *words: str) -> dict[str, dict[str, float]]:
    """Set -> measure -> mean over the runs of the benchmark's own script with one ranker."""
    version = get_code_version(policy)
    kept = read_kept(f"harness.{policy}.{SEEDS}", version)
    if kept is None:
        with tempfile.TemporaryDirectory() as folder:
            outcome = Path(folder) / "outcome.json"
            command = [python, str(BENCH / "score_screening.py"), "simulate", "--ranker", ranker]
            command += ["--seeds", str(SEEDS), "--json", str(outcome), *words]
            if SETS:
                command += ["--only", *SETS]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL).returncode:
                sys.exit(f"the simulation of {policy} failed; its messages are above")
            kept = json.loads(outcome.read_text(encoding="utf-8"))["sets"]
        keep(f"harness.{policy}.{SEEDS}", version, kept)
    return {one["set"]: one for one in kept}


def find_peer() -> str | None:
    """The interpreter that has ASReview; None, with a line that says so, where there is none."""
    peer = os.environ.get("ASREVIEW_PYTHON", sys.executable)
    if subprocess.run([peer, "-c", "import asreview"], capture_output=True).returncode == 0:
        return peer
    print(
        "ASReview is left out: install it in an environment of its own (python -m venv asreview; "
        "asreview/bin/pip install asreview) and set ASREVIEW_PYTHON=asreview/bin/python"
    )
    return None


def main() -> None:
    """Prints all tables."""
    if not BENCH.is_dir():
        sys.exit(f"no genuine files at {BENCH}: name their folder in CORPORA")
    if sys.argv[1:] == ["peer"]:
        print_peer_runs()
        return
    harness = load_harness()
    if sys.argv[1:] == ["stopping"]:
        print_stopping_table(run_policies(harness, only_stopping=True)["question"])
        return
    peer = find_peer()
    runs = run_policies(harness)
    sizes = {
        name: (len(one[0].labels), sum(one[0].labels)) for name, one in runs["question"].items()
    }
    columns = {
        policy: measure_runs(
            harness, {name: [run.labels for run in one[:SEEDS]] for name, one in by_set.items()}
        )
        for policy, by_set in runs.items()
    }
    if peer:
        columns["ASReview"] = measure_runs(harness, run_peer(peer))
    print_order_table(f"From nothing known ({SEEDS} runs per review)", sizes, columns)
    ranker = "review.ranking:bench_ranker"
    questions = ("--queries", str(BENCH / "queries.json"))
    columns = {
        "no question": run_harness("no question", sys.executable, ranker),
        "question": run_harness("question", sys.executable, ranker, *questions),
    }
    if peer:
        columns["ASReview"] = run_harness("ASReview", peer, "asreview")
    print_order_table(
        f"From one included and one excluded record ({SEEDS} runs per review)", sizes, columns
    )
    print(
        "  milliseconds a ranking: "
        + ", ".join(
            f"{policy} {statistics.fmean(one['ms_per_rank'] for one in by_set.values()):.1f}"
            for policy, by_set in columns.items()
        )
    )
    print(
        "\nformer: at random until six are included and six excluded (until version 1.0); "
        "question: with the review's question; ASReview: its default model"
    )
    print_stopping_table(runs["question"])


if __name__ == "__main__":
    main()
