"""Ranks records for screening, learned from decisions and reproducible from a seed.

Word counts of titles and abstracts and a linear model; the review's question counts as one more
relevant text, so the order is better than chance from the first decision on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

DEFAULT_MODEL = "light"
MARGIN_SOFTNESS = 0.03
"""Softness of the margin; measured on the development sets of the screening benchmark."""
FIT_TOLERANCE = 1e-2
"""When the fit is good enough; the order of the development sets is the same with 1e-4."""
CLASS_WEIGHT_RATIO = 9.8
"""Weight of all relevant records against all irrelevant ones. Source: ASReview's ELAS u4."""
MAX_DOCUMENT_SHARE = 0.95
"""Words in more than this share of the records tell nothing."""


@dataclass(frozen=True, slots=True)
class RankingFeatures:
    """Texts as word counts, ready to be ranked again and again."""

    matrix: Any
    """Records by words, sparse."""
    question: Any
    """One row: the question and criteria in the same words."""
    words: tuple[str, ...]
    dense: Any = None
    """Records by dimensions, where sentence embeddings are used; rows of length 1."""
    dense_question: Any = None


def build_text(title: str | None, abstract: str | None) -> str:
    """What is learned from: the title counts twice."""
    return f"{title or ''} {title or ''} {abstract or ''}"


def prepare_features(
    texts: Sequence[str], question: str = "", *, model: str = DEFAULT_MODEL
) -> RankingFeatures:
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

    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, max_df=MAX_DOCUMENT_SHARE, dtype=np.float32
    )
    safe_texts = [text if any(map(str.isalnum, text)) else "empty text" for text in texts]
    try:
        matrix = vectorizer.fit_transform(safe_texts)
    except ValueError:  # so few or so equal records that no word is left
        vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32)
        matrix = vectorizer.fit_transform([*safe_texts, "no words remain"])[:-1]
    words, question_row = vectorizer.get_feature_names_out(), vectorizer.transform([question])
    shared_columns = np.flatnonzero(np.bincount(matrix.indices, minlength=matrix.shape[1]) > 1)
    if len(shared_columns):  # what stands in one record alone tells nothing of another
        matrix, question_row, words = (
            matrix[:, shared_columns],
            question_row[:, shared_columns],
            words[shared_columns],
        )
    matrix.sort_indices()  # else each fit sorts its rows anew
    if model == DEFAULT_MODEL:
        return RankingFeatures(matrix, question_row, tuple(words))
    if not model.startswith("embeddings:"):
        raise ValueError(f"unknown model {model!r}; use light, random or embeddings:NAME")
    dense = encode_texts([*safe_texts, question], model.removeprefix("embeddings:"))
    return RankingFeatures(matrix, question_row, tuple(words), dense[:-1], dense[-1])


def encode_texts(texts: Sequence[str], name: str) -> Any:
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
            "or give its folder"
        ) from error
    return model.encode(list(texts), normalize_embeddings=True, batch_size=32)


def score_records(
    features: RankingFeatures, labelled: Sequence[int], labels: Sequence[int], seed: int
) -> Any:
    """One number a record, higher is screened sooner; the same input gives the same numbers.

    Args:
        labelled: positions of the records decided on.
        labels: 1 or 0 for each of them.
    """

    if not labelled:
        return _score_likeness(features)
    model, training_data = _fit_model(features, labelled, labels, seed)
    if model is None:
        return _score_likeness(features)
    weights = model.coef_.ravel().astype(features.matrix.dtype)  # else all counts are copied
    record_scores = features.matrix @ weights + model.intercept_[0]
    if features.dense is None:
        return record_scores
    return _standardize_scores(record_scores) + _standardize_scores(
        _score_embeddings(features, training_data)
    )


def _score_likeness(features: RankingFeatures) -> Any:
    """How alike each record and the question are, for the first records."""
    words = (features.matrix @ features.question.T).toarray().ravel()
    if features.dense is None:
        return words
    return _standardize_scores(words) + _standardize_scores(
        features.dense @ features.dense_question
    )


def _standardize_scores(values: Any) -> Any:
    return (values - values.mean()) / (values.std() + 1e-9)


def _fit_model(
    features: RankingFeatures, labelled: Sequence[int], labels: Sequence[int], seed: int
) -> Any:
    """The linear model, and what it was trained on; None where only one verdict is known."""
    from scipy.sparse import vstack
    from sklearn import config_context
    from sklearn.svm import LinearSVC

    rows, targets = features.matrix[list(labelled)], [int(label) for label in labels]
    has_question = features.question.nnz > 0
    relevant, irrelevant = sum(targets) + has_question, len(targets) - sum(targets)
    if relevant == 0 or irrelevant == 0:
        return None, None
    if has_question:
        rows, targets = vstack([rows, features.question]), [*targets, 1]
    weights = [1.0 if label else relevant / (CLASS_WEIGHT_RATIO * irrelevant) for label in targets]
    scale = len(targets) / sum(weights)
    model = LinearSVC(C=MARGIN_SOFTNESS, tol=FIT_TOLERANCE, random_state=seed)
    with config_context(assume_finite=True, skip_parameter_validation=True):  # both are ours
        model.fit(rows, targets, sample_weight=[weight * scale for weight in weights])
    return model, (list(labelled), targets, [weight * scale for weight in weights], has_question)


def _score_embeddings(features: RankingFeatures, training_data: Any) -> Any:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    positions, targets, weights, has_question = training_data
    centre = features.dense.mean(axis=0)
    rows = features.dense[positions] - centre
    if has_question:
        rows = np.vstack([rows, features.dense_question - centre])
    model = LogisticRegression(C=10.0, max_iter=300)
    model.fit(rows, targets, sample_weight=weights)
    return model.decision_function(features.dense - centre)


def order_candidates(
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
    best_order = sorted(candidates, key=lambda position: (-values[position], position))
    random_order = [best_order[i] for i in rng.permutation(len(best_order))]
    random_draws = rng.random(len(best_order)) < random_share
    used_positions: set[int] = set()
    ordering: list[tuple[int, bool]] = []
    iterators = {False: iter(best_order), True: iter(random_order)}
    for is_random in random_draws.tolist():
        position = next(
            candidate for candidate in iterators[is_random] if candidate not in used_positions
        )
        used_positions.add(position)
        ordering.append((position, is_random))
    return ordering


def explain_score(
    features: RankingFeatures,
    labelled: Sequence[int],
    labels: Sequence[int],
    seed: int,
    position: int,
) -> list[tuple[str, float]]:
    """The words that put a record where it is, with their share of its score; strongest first.

    Positive words pull it to the front. Without decisions: the words it shares with the question.
    """
    row = features.matrix[position]
    model, _ = _fit_model(features, labelled, labels, seed) if labelled else (None, None)
    weights = features.question.toarray().ravel() if model is None else model.coef_.ravel()
    word_shares = [
        (features.words[column], float(value * weights[column]))
        for column, value in zip(row.indices, row.data, strict=True)
    ]
    return sorted(
        (word_share for word_share in word_shares if word_share[1]),
        key=lambda word_share: (-abs(word_share[1]), word_share[0]),
    )


class BenchRanker:
    """The light model in the shape that screening benchmarks take; owns the prepared texts."""

    def __init__(self, prepared: RankingFeatures, seed: int) -> None:
        self.prepared = prepared
        self.seed = seed

    def scores(self, labelled: Sequence[int], labels: Sequence[int]) -> list[float]:
        """One number a record, higher is screened sooner."""
        values: list[float] = score_records(self.prepared, labelled, labels, self.seed).tolist()
        return values


def bench_ranker(
    records: Sequence[dict[str, str]], query: str, seed: int, *, model: str = DEFAULT_MODEL
) -> BenchRanker:
    """The default ranker for a benchmark.

    Args:
        records: each with title and abstract.
        query: the review question, or ''.
    """
    texts = [build_text(record.get("title"), record.get("abstract")) for record in records]
    return BenchRanker(prepare_features(texts, query, model=model), seed)
