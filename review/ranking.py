"""The order in which records are best screened: learned from decisions, made again from a seed.

Word counts of titles and abstracts and a linear model; the review's question counts as one more
relevant text, so the order is better than chance from the first decision on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MODEL = "light"
C = 0.03
"""Softness of the margin; measured on the development sets of the screening benchmark."""
TOLERANCE = 1e-2
"""When the fit is good enough; the order of the development sets is the same with 1e-4."""
RATIO = 9.8
"""Weight of all relevant records against all irrelevant ones. Source: ASReview's ELAS u4."""
MAX_SHARE = 0.95
"""Words in more than this share of the records tell nothing."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Texts as word counts, ready to be ranked again and again."""

    matrix: Any
    """Records by words, sparse."""
    question: Any
    """One row: the question and criteria in the same words."""
    words: tuple[str, ...]
    dense: Any = None
    """Records by dimensions, where sentence embeddings are used; rows of length 1."""
    dense_question: Any = None


def text_of(title: str | None, abstract: str | None) -> str:
    """What is learned from: the title counts twice."""
    return f"{title or ''} {title or ''} {abstract or ''}"


def prepare(texts: Sequence[str], question: str = "", *, model: str = MODEL) -> Prepared:
    """Counts the words of all texts.

    Args:
        texts: one a record, from text_of.
        question: the review's question and criteria; '' where there is none.
        model: light, or 'embeddings:NAME' with an installed sentence-transformers model or folder.

    Raises:
        ValueError: an unknown model, or one that is not installed.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    counter = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, max_df=MAX_SHARE, dtype=np.float32
    )
    safe = [text if any(map(str.isalnum, text)) else "empty text" for text in texts]
    try:
        matrix = counter.fit_transform(safe)
    except ValueError:  # so few or so equal records that no word is left
        counter = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32)
        matrix = counter.fit_transform([*safe, "no word is left"])[:-1]
    words, asked = counter.get_feature_names_out(), counter.transform([question])
    shared = np.flatnonzero(np.bincount(matrix.indices, minlength=matrix.shape[1]) > 1)
    if len(shared):  # what stands in one record alone tells nothing of another
        matrix, asked, words = matrix[:, shared], asked[:, shared], words[shared]
    matrix.sort_indices()  # else each fit sorts its rows anew
    if model == MODEL:
        return Prepared(matrix, asked, tuple(words))
    if not model.startswith("embeddings:"):
        raise ValueError(f"there is no model {model!r}; use light, random or embeddings:NAME")
    dense = embed([*safe, question], model.removeprefix("embeddings:"))
    return Prepared(matrix, asked, tuple(words), dense[:-1], dense[-1])


def embed(texts: Sequence[str], name: str) -> Any:
    """Sentence embeddings of texts, each of length 1; nothing is downloaded.

    Raises:
        ValueError: sentence-transformers or the model is not installed.
    """
    import os

    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(name, device="cpu", local_files_only=True)
    except (ImportError, OSError, ValueError) as error:
        raise ValueError(
            f"the model {name!r} is not installed: install the extra 'embeddings' and the model, "
            "or name its folder"
        ) from error
    return model.encode(list(texts), normalize_embeddings=True, batch_size=32)


def scores(prepared: Prepared, labelled: Sequence[int], labels: Sequence[int], seed: int) -> Any:
    """One number a record, higher is screened sooner; the same input gives the same numbers.

    Args:
        labelled: positions of the records decided on.
        labels: 1 or 0 for each of them.
    """

    if not labelled:
        return _likeness(prepared)
    model, flat = _fit(prepared, labelled, labels, seed)
    if model is None:
        return _likeness(prepared)
    weights = model.coef_.ravel().astype(prepared.matrix.dtype)  # else all counts are copied
    found = prepared.matrix @ weights + model.intercept_[0]
    if prepared.dense is None:
        return found
    return _even(found) + _even(_dense_scores(prepared, flat))


def _likeness(prepared: Prepared) -> Any:
    """How alike each record and the question are, for the first records."""
    words = (prepared.matrix @ prepared.question.T).toarray().ravel()
    if prepared.dense is None:
        return words
    return _even(words) + _even(prepared.dense @ prepared.dense_question)


def _even(values: Any) -> Any:
    return (values - values.mean()) / (values.std() + 1e-9)


def _fit(prepared: Prepared, labelled: Sequence[int], labels: Sequence[int], seed: int) -> Any:
    """The linear model, and what it was trained on; None where only one verdict is known."""
    from scipy.sparse import vstack
    from sklearn import config_context
    from sklearn.svm import LinearSVC

    rows, given = prepared.matrix[list(labelled)], [int(one) for one in labels]
    asked = prepared.question.nnz > 0
    relevant, irrelevant = sum(given) + asked, len(given) - sum(given)
    if relevant == 0 or irrelevant == 0:
        return None, None
    if asked:
        rows, given = vstack([rows, prepared.question]), [*given, 1]
    weights = [1.0 if one else relevant / (RATIO * irrelevant) for one in given]
    scale = len(given) / sum(weights)
    model = LinearSVC(C=C, tol=TOLERANCE, random_state=seed)
    with config_context(assume_finite=True, skip_parameter_validation=True):  # both are ours
        model.fit(rows, given, sample_weight=[one * scale for one in weights])
    return model, (list(labelled), given, [one * scale for one in weights], asked)


def _dense_scores(prepared: Prepared, trained: Any) -> Any:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    places, given, weights, asked = trained
    centre = prepared.dense.mean(axis=0)
    rows = prepared.dense[places] - centre
    if asked:
        rows = np.vstack([rows, prepared.dense_question - centre])
    model = LogisticRegression(C=10.0, max_iter=300)
    model.fit(rows, given, sample_weight=weights)
    return model.decision_function(prepared.dense - centre)


def order(
    values: Sequence[float], candidates: Sequence[int], seed: int, *, random_share: float = 0.1
) -> list[tuple[int, bool]]:
    """Candidates in the order to screen them, and whether each place was drawn at random.

    One generator made once draws which places are random and what stands there, so that a share of
    the order is an honest sample of what is left.

    Args:
        values: scores of all records.
        candidates: positions of those not screened.
        random_share: 0 to 1.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    best = sorted(candidates, key=lambda place: (-values[place], place))
    lot = [best[i] for i in rng.permutation(len(best))]
    by_lot = rng.random(len(best)) < random_share
    taken: set[int] = set()
    found: list[tuple[int, bool]] = []
    heads = {False: iter(best), True: iter(lot)}
    for drawn in by_lot.tolist():
        place = next(one for one in heads[drawn] if one not in taken)
        taken.add(place)
        found.append((place, drawn))
    return found


def explain(
    prepared: Prepared, labelled: Sequence[int], labels: Sequence[int], seed: int, place: int
) -> list[tuple[str, float]]:
    """The words that put a record where it is, with their share of its score; strongest first.

    Positive words pull it to the front. Without decisions: the words it shares with the question.
    """
    row = prepared.matrix[place]
    model, _ = _fit(prepared, labelled, labels, seed) if labelled else (None, None)
    weights = prepared.question.toarray().ravel() if model is None else model.coef_.ravel()
    parts = [
        (prepared.words[column], float(value * weights[column]))
        for column, value in zip(row.indices, row.data, strict=True)
    ]
    return sorted((one for one in parts if one[1]), key=lambda one: (-abs(one[1]), one[0]))


class BenchRanker:
    """The light model in the shape that screening benchmarks take; owns the prepared texts."""

    def __init__(self, prepared: Prepared, seed: int) -> None:
        self.prepared = prepared
        self.seed = seed

    def scores(self, labelled: Sequence[int], labels: Sequence[int]) -> list[float]:
        """One number a record, higher is screened sooner."""
        found: list[float] = scores(self.prepared, labelled, labels, self.seed).tolist()
        return found


def bench_ranker(
    records: Sequence[dict[str, str]], query: str, seed: int, *, model: str = MODEL
) -> BenchRanker:
    """The default ranker for a benchmark.

    Args:
        records: each with title and abstract.
        query: the review question, or ''.
    """
    texts = [text_of(one.get("title"), one.get("abstract")) for one in records]
    return BenchRanker(prepare(texts, query, model=model), seed)
