"""Ranks records for screening, learned from decisions and reproducible from a seed.

Word counts of titles and abstracts and a linear model. Before anything is decided, records are
ordered by how alike they are to the review's question and key papers; both count as relevant
texts later too, beside ever more decisions. `plan_order` is the policy of a review, and what the
benchmark of screening orders simulates.
"""

import heapq
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple

DEFAULT_MODEL = "light"
MARGIN_SOFTNESS = 0.03
"""Softness of the margin; measured on the development sets of the screening benchmark."""
FIT_TOLERANCE = 1e-2
"""When the fit is good enough; the order of the development sets is the same with 1e-4."""
CLASS_WEIGHT_RATIO = 9.8
"""Weight of all relevant records against all irrelevant ones. Source: ASReview's ELAS u4."""
MAX_DOCUMENT_SHARE = 0.95
"""Words in more than this share of the records carry no information."""
QUERY_SHARE = 0.5
"""Weight of the search's terms beside the question; they are many, and every record has some."""
MIN_NEW_DECISIONS = 2
"""A new order is due after this many new decisions, or after MIN_NEW_SHARE more."""
MIN_NEW_SHARE = 0.05
MAX_IRRELEVANT = 4_000
"""So many irrelevant records are learned from at most; of more, a sample stands for all."""
COUNTING_VERSION = 2
"""To be raised when prepare_features changes."""
WORD_PATTERN = re.compile(r"\b\w\w+\b")
"""What counts as a word, as in scikit-learn."""

OrderBasis = Literal["decisions", "question", "random"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingPolicy:
    """How the order of a review is made."""

    seed: int = 1
    min_included: int = 1
    min_excluded: int = 1
    """Learning starts once both numbers are reached; before, the question orders the records."""
    random_share: float = 0.05
    """Share of places (0 to 1) that are drawn at random."""


@dataclass(frozen=True, slots=True)
class TrainingLabel:
    """What the team's decisions on one record teach."""

    relevant: bool
    weight: float = 1.0
    """Above 0, up to 1: less where the record is open or its reviewers differ."""


class PlannedPlace(NamedTuple):
    """One place of an order."""

    position: int
    """Position of the record among the features."""
    drawn: bool
    """Whether it was drawn at random."""


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """An order of the records not screened yet, and what it rests on."""

    basis: OrderBasis
    scores: Any
    """One number a record, screened ones too; None in a random order."""
    positions: Any
    """Positions of the records among the features, first to be screened first; an array."""
    drawn: Any
    """Whether each of them was drawn at random; an array."""

    @property
    def places(self) -> tuple[PlannedPlace, ...]:
        """Positions and draws together; a large review has a hundred thousand of them."""
        pairs = zip(self.positions.tolist(), self.drawn.tolist(), strict=True)
        return tuple(map(PlannedPlace._make, pairs))


@dataclass(frozen=True, slots=True)
class RankingFeatures:
    """Texts as word counts, ready to be ranked again and again."""

    matrix: Any
    """Records by words, sparse."""
    question: Any
    """One row: the question, criteria and search terms in the same words."""
    words: tuple[str, ...]
    rarity: Any
    """One number a word: higher the fewer records have it (inverse document frequency)."""
    dense: Any = None
    """Records by dimensions, where sentence embeddings are used; rows of length 1."""
    dense_question: Any = None


def build_text(title: str | None, abstract: str | None) -> str:
    """What is learned from: the title counts twice."""
    return f"{title or ''} {title or ''} {abstract or ''}"


def prepare_features(
    texts: Sequence[str],
    question: str = "",
    *,
    query_terms: Iterable[str] = (),
    model: str = DEFAULT_MODEL,
    encode: Callable[[Sequence[str], str], Any] | None = None,
) -> RankingFeatures:
    """Counts the words of all texts.

    Args:
        texts: one per record, from build_text.
        question: the review's question and criteria; '' where there is none.
        query_terms: words and phrases the search looks for.
        model: light, or 'embeddings:NAME' with an installed sentence-transformers model or folder.
        encode: gives the embeddings instead of encode_texts, for example those it has kept.

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
    words, rarity = vectorizer.get_feature_names_out(), vectorizer.idf_
    question_row = vectorizer.transform([question])
    terms_row = vectorizer.transform(["\n".join(query_terms)])
    if terms_row.nnz:
        question_row = _scale_rows(question_row + QUERY_SHARE * terms_row)
    spread = np.bincount(matrix.indices, minlength=matrix.shape[1])
    by_spread = np.argsort(-spread, kind="stable")  # frequent words side by side are scored faster
    shared_columns = by_spread[: np.count_nonzero(spread > 1)]
    if len(shared_columns):  # a word of one record alone says nothing about another
        matrix, question_row = matrix[:, shared_columns], question_row[:, shared_columns]
        words, rarity = words[shared_columns], rarity[shared_columns]
    matrix.sort_indices()  # else each fit sorts its rows anew
    if model == DEFAULT_MODEL:
        return RankingFeatures(matrix, question_row, tuple(words), rarity)
    if not model.startswith("embeddings:"):
        raise ValueError(f"unknown model {model!r}; use light, random or embeddings:NAME")
    name = model.removeprefix("embeddings:")
    dense = (encode or encode_texts)([*safe_texts, question], name)
    return RankingFeatures(
        matrix=matrix,
        question=question_row,
        words=tuple(words),
        rarity=rarity,
        dense=dense[:-1],
        dense_question=dense[-1],
    )


def get_counting_version() -> str:
    """Changes whenever the same texts may be counted otherwise."""
    import sklearn

    return f"{COUNTING_VERSION}, scikit-learn {sklearn.__version__}"


def pack_features(features: RankingFeatures) -> dict[str, Any]:
    """The features as named arrays of numbers, to be kept in a file."""
    import numpy as np

    arrays = {
        "rarity": features.rarity,
        "words": np.frombuffer("\n".join(features.words).encode(), np.uint8),
    }
    for name, rows in (("matrix", features.matrix), ("question", features.question.tocsr())):
        arrays |= {
            f"{name}_data": rows.data,
            f"{name}_indices": rows.indices,
            f"{name}_indptr": rows.indptr,
            f"{name}_shape": np.array(rows.shape),
        }
    if features.dense is not None:
        arrays |= {"dense": features.dense, "dense_question": features.dense_question}
    return arrays


def unpack_features(arrays: Mapping[str, Any]) -> RankingFeatures:
    """The features from the arrays of pack_features.

    Raises:
        KeyError: an array is missing.
        ValueError: arrays do not fit together.
    """
    from scipy.sparse import csr_matrix

    rows = {}
    for name in ("matrix", "question"):
        parts = tuple(arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
        rows[name] = csr_matrix(parts, shape=tuple(arrays[f"{name}_shape"]))
    words = tuple(bytes(arrays["words"]).decode().split("\n"))
    rarity = arrays["rarity"]
    if not len(words) == len(rarity) == rows["matrix"].shape[1] == rows["question"].shape[1]:
        raise ValueError("words and counts do not fit together")
    dense = arrays.get("dense")
    return RankingFeatures(
        matrix=rows["matrix"],
        question=rows["question"],
        words=words,
        rarity=rarity,
        dense=dense,
        dense_question=arrays.get("dense_question"),
    )


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
    features: RankingFeatures,
    labelled: Sequence[int],
    labels: Sequence[int],
    seed: int,
    *,
    weights: Sequence[float] | None = None,
    key_papers: Sequence[int] = (),
) -> Any:
    """One number a record, higher is screened sooner; the same input gives the same numbers.

    Args:
        labelled: positions of the records decided on.
        labels: 1 or 0 for each of them.
        weights: how much each label counts, above 0 up to 1; all alike where None.
        key_papers: positions of records the team knows to be relevant, decided on or not.
    """
    included = [position for position, label in zip(labelled, labels, strict=True) if label]
    model, training_data = _fit_model(
        features, labelled, labels=labels, seed=seed, label_weights=weights, key_papers=key_papers
    )
    if model is None:
        return _score_likeness(features, {*included, *key_papers})
    record_scores = features.matrix @ model.coefficients + model.intercept
    if features.dense is None:
        return record_scores
    return _standardize_scores(record_scores) + _standardize_scores(
        _score_embeddings(features, training_data)
    )


def _build_example(features: RankingFeatures, relevant: Collection[int]) -> Any:
    """One row that represents what is sought: the question and the relevant records."""
    example = features.question
    for position in sorted(relevant):
        example = example + features.matrix[position]
    return _scale_rows(example)


def _scale_rows(rows: Any) -> Any:
    from sklearn.preprocessing import normalize

    return normalize(rows)


def _score_likeness(features: RankingFeatures, relevant: Collection[int]) -> Any:
    """How alike each record is to the question and the relevant records, for the first ones."""
    words = (features.matrix @ _build_example(features, relevant).T).toarray().ravel()
    if features.dense is None:
        return words
    dense_example = features.dense_question + features.dense[sorted(relevant)].sum(axis=0)
    return _standardize_scores(words) + _standardize_scores(features.dense @ dense_example)


def _standardize_scores(values: Any) -> Any:
    return (values - values.mean()) / (values.std() + 1e-9)


class _LinearModel(NamedTuple):
    """What a record scores is the sum of its words' coefficients, and the intercept."""

    coefficients: Any
    """One number a word, of the same precision as the counts."""
    intercept: Any


def _fit_model(
    features: RankingFeatures,
    labelled: Sequence[int],
    *,
    labels: Sequence[int],
    seed: int,
    label_weights: Sequence[float] | None = None,
    key_papers: Sequence[int] = (),
) -> Any:
    """The linear model, and what it was trained on; None where only one verdict is known.

    The question and each key paper nobody has judged are relevant texts of their own. Where more
    than MAX_IRRELEVANT records are irrelevant, so many of them count for all.
    """
    import numpy as np
    from scipy.sparse import vstack

    has_question = features.question.nnz > 0
    examples = sorted(set(key_papers) - set(labelled))
    positions = np.array([*labelled, *examples], dtype=np.int64)
    targets = np.array([*map(int, labels), *[1] * (len(examples) + has_question)])
    weights = np.ones(len(targets))
    if label_weights is not None:
        weights[: len(labelled)] = label_weights
    relevant, irrelevant = weights[targets == 1].sum(), weights[targets == 0].sum()
    if not relevant or not irrelevant:
        return None, None
    count = len(targets)
    kept = _sample_irrelevant(positions, targets, features.matrix.shape[0], seed)
    positions, targets, weights = positions[kept[: len(positions)]], targets[kept], weights[kept]
    kept_irrelevant = weights[targets == 0].sum()
    weights[targets == 0] *= relevant / (CLASS_WEIGHT_RATIO * kept_irrelevant)
    weights *= count / weights.sum()
    rows = features.matrix[positions]
    if has_question:
        rows = vstack([rows, features.question.astype(rows.dtype)], format="csr")
    model = _fit_rows(rows, targets, weights, seed)
    return model, (positions, targets, weights, has_question)


def _sample_irrelevant(positions: Any, targets: Any, records: int, seed: int) -> Any:
    """Which texts to learn from: all relevant ones and at most MAX_IRRELEVANT others.

    The sample follows one order of all records, so that from one ranking to the next it changes
    by no more than what was decided in between.
    """
    import numpy as np

    kept = np.ones(len(targets), dtype=bool)
    irrelevant = np.flatnonzero(targets == 0)
    if len(irrelevant) > MAX_IRRELEVANT:
        ranks = np.random.default_rng(seed).permutation(records)[positions[irrelevant]]
        kept[irrelevant[np.argsort(ranks)[MAX_IRRELEVANT:]]] = False
    return kept


def _fit_rows(rows: Any, targets: Any, weights: Any, seed: int) -> _LinearModel:
    """Fits the words that occur in the rows; the others of a large review weigh nothing."""
    import numpy as np
    from scipy.sparse import csr_matrix
    from sklearn import config_context
    from sklearn.svm import LinearSVC

    occurs = np.zeros(rows.shape[1], dtype=bool)
    occurs[rows.indices] = True
    columns = np.flatnonzero(occurs)
    new_columns = np.empty(rows.shape[1], dtype=rows.indices.dtype)
    new_columns[columns] = np.arange(len(columns))
    parts = (rows.data, new_columns[rows.indices], rows.indptr)
    model = LinearSVC(C=MARGIN_SOFTNESS, tol=FIT_TOLERANCE, random_state=seed)
    with config_context(assume_finite=True, skip_parameter_validation=True):  # both are ours
        model.fit(csr_matrix(parts, shape=(len(targets), len(columns))), targets, weights)
    coefficients = np.zeros(rows.shape[1], dtype=rows.dtype)
    coefficients[columns] = model.coef_.ravel()
    return _LinearModel(coefficients, model.intercept_[0])


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


def is_order_due(judged: int, trained_on: int) -> bool:
    """Whether enough was decided since the newest order was made to make a new one."""
    return judged - trained_on >= max(MIN_NEW_DECISIONS, int(MIN_NEW_SHARE * judged))


def plan_order(
    features: RankingFeatures,
    labels: Mapping[int, TrainingLabel],
    candidates: Sequence[int],
    policy: RankingPolicy,
    *,
    key_papers: Sequence[int] = (),
) -> PlannedOrder:
    """The policy of a review: in which order the records that nobody has judged are screened.

    The question and key papers order the records from the first one on. Once enough are included
    and excluded, a linear model learns from the decisions, the question and the key papers. In
    either order a share of the places is drawn at random. Without a question, key papers or
    inclusions the order is random.

    Args:
        labels: position -> label, of the records decided on.
        candidates: positions of those to order; of equals, the earlier one comes first.
        key_papers: positions of records the team knows to be relevant.
    """
    basis, scores = _score_by_policy(features, labels, policy, key_papers)
    positions, drawn = order_candidates(
        [0.0] * features.matrix.shape[0] if scores is None else scores,
        candidates,
        policy.seed + len(labels),
        random_share=1.0 if scores is None else policy.random_share,
    )
    return PlannedOrder(basis, scores, positions, drawn)


def _score_by_policy(
    features: RankingFeatures,
    labels: Mapping[int, TrainingLabel],
    policy: RankingPolicy,
    key_papers: Sequence[int],
) -> tuple[OrderBasis, Any]:
    """What an order rests on, and one number a record; None where it is random."""
    included = {position for position, label in labels.items() if label.relevant}
    key_papers = [position for position in key_papers if position not in labels]
    if can_learn(labels, policy):
        labelled = sorted(labels)
        scores = score_records(
            features,
            labelled,
            [int(position in included) for position in labelled],
            policy.seed,
            weights=[labels[position].weight for position in labelled],
            key_papers=key_papers,
        )
        return "decisions", scores
    if features.question.nnz or key_papers or included:
        return "question", _score_likeness(features, {*included, *key_papers})
    return "random", None


def can_learn(labels: Mapping[int, TrainingLabel], policy: RankingPolicy) -> bool:
    """Whether enough records are included and excluded; at least one of each."""
    included = sum(label.relevant for label in labels.values())
    excluded = len(labels) - included
    return included >= max(1, policy.min_included) and excluded >= max(1, policy.min_excluded)


def order_candidates(
    values: Sequence[float], candidates: Sequence[int], seed: int, *, random_share: float = 0.1
) -> tuple[Any, Any]:
    """Candidates in the order to screen them, and whether each place was drawn at random; arrays.

    One generator made once draws which places are random and which records go there, so that a
    share of the order is an honest sample of what is left.

    Args:
        values: scores of all records.
        candidates: positions of those not screened; of equals, the earlier one comes first.
        random_share: 0 to 1.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    candidate_array = np.asarray(candidates, dtype=np.int64)
    by_score = np.argsort(-np.asarray(values)[candidate_array], kind="stable")
    count = len(candidate_array)
    random_ranks = rng.permutation(count)
    is_random = rng.random(count) < random_share
    drawn_ranks = _draw_ranks(random_ranks.tolist(), np.flatnonzero(is_random).tolist())
    is_left = np.ones(count, dtype=bool)
    is_left[drawn_ranks] = False
    ranks = np.empty(count, dtype=np.int64)
    ranks[is_random] = drawn_ranks
    ranks[~is_random] = np.flatnonzero(is_left)  # the best of the others come first
    return candidate_array[by_score[ranks]], is_random


def _draw_ranks(random_ranks: Sequence[int], places: Sequence[int]) -> list[int]:
    """The rank (0 for the best) that goes to each random place.

    Each is the next of `random_ranks` that no earlier place has, drawn or by its score. Only the
    random places are gone through, as they are few.
    """
    is_drawn = bytearray(len(random_ranks))
    ahead: list[int] = []  # drawn ranks the places by score have yet to pass over, as a heap
    ranks: list[int] = []
    next_draw = best_rank = last_place = 0
    for place in places:
        best_rank += place - last_place
        while ahead and ahead[0] < best_rank:
            heapq.heappop(ahead)
            best_rank += 1
        while is_drawn[random_ranks[next_draw]] or random_ranks[next_draw] < best_rank:
            next_draw += 1
        rank = random_ranks[next_draw]
        is_drawn[rank] = 1
        heapq.heappush(ahead, rank)
        ranks.append(rank)
        last_place = place + 1
    return ranks


def explain_score(
    features: RankingFeatures,
    labels: Mapping[int, TrainingLabel],
    policy: RankingPolicy,
    position: int,
    *,
    key_papers: Sequence[int] = (),
) -> list[tuple[str, float]]:
    """The words that put a record where it is, with their share of its score; strongest first.

    Positive words pull it to the front. Before anything is learned: the words it shares with the
    question, the key papers and what was included.
    """
    row = features.matrix[position]
    coefficients = _weigh_words(features, labels, policy, key_papers)
    word_shares = [
        (features.words[column], float(value * coefficients[column]))
        for column, value in zip(row.indices, row.data, strict=True)
    ]
    return sorted(
        (word_share for word_share in word_shares if word_share[1]),
        key=lambda word_share: (-abs(word_share[1]), word_share[0]),
    )


def _weigh_words(
    features: RankingFeatures,
    labels: Mapping[int, TrainingLabel],
    policy: RankingPolicy,
    key_papers: Sequence[int],
) -> Any:
    """One number a word: what it adds to the score of a record that has it."""
    included = {n for n, label in labels.items() if label.relevant}
    key_papers = [n for n in key_papers if n not in labels]
    if not can_learn(labels, policy):
        return _build_example(features, {*included, *key_papers}).toarray().ravel()
    labelled = sorted(labels)
    targets = [int(n in included) for n in labelled]
    weights = [labels[n].weight for n in labelled]
    model, _ = _fit_model(
        features,
        labelled,
        labels=targets,
        seed=policy.seed,
        label_weights=weights,
        key_papers=key_papers,
    )
    return model.coefficients


def list_pulling_words(
    features: RankingFeatures,
    labels: Mapping[int, TrainingLabel],
    policy: RankingPolicy,
    *,
    key_papers: Sequence[int] = (),
    most: int = 1000,
) -> dict[str, float]:
    """The words and phrases that pull records to the front most, with what one occurrence adds;
    strongest first, without function words and numbers. For name_pulling_words."""
    import numpy as np

    pull = _weigh_words(features, labels, policy, key_papers) * features.rarity
    pulling: dict[str, float] = {}
    columns = np.flatnonzero(pull > 0)
    for column in columns[np.argsort(-pull[columns], kind="stable")]:
        if len(pulling) == most:
            break
        if not _is_plain(features.words[column]):
            pulling[features.words[column]] = float(pull[column])
    return pulling


def name_pulling_words(
    pulling_words: Mapping[str, float], text: str, most: int = 3
) -> tuple[str, ...]:
    """The words and phrases that pull a record to the front most, spelt as its text spells them.

    Args:
        pulling_words: from list_pulling_words.
        text: of the record, from build_text.
    """
    tokens = WORD_PATTERN.findall(text.lower())
    counts = Counter([*tokens, *(" ".join(pair) for pair in pairwise(tokens))])
    word_shares = [
        (phrase, pulling_words[phrase] * (1 + math.log(count)))
        for phrase, count in counts.items()
        if phrase in pulling_words
    ]
    word_shares.sort(key=lambda word_share: (-word_share[1], word_share[0]))
    return _pick_main_words(word_shares, text, most)


def name_main_words(
    word_shares: Sequence[tuple[str, float]], text: str, most: int = 3
) -> tuple[str, ...]:
    """The words and phrases that pull a record to the front most, spelt as its text spells them.

    Function words are passed over, and so is what shares a word with one already named.

    Args:
        word_shares: from explain_score, strongest first.
    """
    pulling = [(phrase, share) for phrase, share in word_shares if share > 0]
    return _pick_main_words([word for word in pulling if not _is_plain(word[0])], text, most)


def _is_plain(phrase: str) -> bool:
    """Whether a word or phrase has a function word or number, and so says little to a reader."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return any(word in ENGLISH_STOP_WORDS or word.isdecimal() for word in phrase.split())


def _pick_main_words(
    word_shares: Sequence[tuple[str, float]], text: str, most: int
) -> tuple[str, ...]:
    """The strongest that share no word, spelt as the text spells them."""
    named: list[str] = []
    seen_words: set[str] = set()
    for phrase, _ in word_shares:
        words = set(phrase.split())
        if words & seen_words:
            continue
        seen_words |= words
        spelling = re.search(
            r"\b" + r"\W+".join(re.escape(word) for word in phrase.split()) + r"\b", text, re.I
        )
        named.append(spelling.group() if spelling else phrase)
        if len(named) == most:
            break
    return tuple(named)


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
