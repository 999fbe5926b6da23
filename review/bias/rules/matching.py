"""Finds compiled cues in sentences, allowing for negation and for whose work a sentence
describes."""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import Any

from review.bias.rules.patterns import (
    NEGATORS,
    TokenRequirement,
    compile_pattern,
    get_tokenizer,
    list_own_negators,
    list_requirements,
    normalize_spelling,
)
from review.models import Sentence

_NEGATION_WINDOW = 6
"""Words before a cue in which a negator turns it."""
_REPORTING_VERB = (
    r"(used|use|uses|reported|proposed|trained|achieved|developed|presented|showed|found|applied|"
    r"introduced|employed|studied)"
)
OTHERS_WORK = re.compile(
    r"\b(previous|prior|earlier|other|existing|several|many|most|some|these|recent) "
    r"((published|reported|related|similar) )?"
    r"(studies|works?|authors|papers|reports|approaches|systems|publications|research)\b|"
    r"\b(previous|prior|earlier|existing|published) (models|methods|networks|algorithms)\b|"
    r"\bet al\b\.?.{0,60}(?<!\bwas )(?<!\bwere )(?<!\bis )(?<!\bare )(?<!\bbeen )"
    rf"\b{_REPORTING_VERB}\b|"
    r"\b(scientists|researchers|investigators|others|groups|teams) (have |had )?(also |recently )?"
    rf"(revealed|observed|demonstrated|{_REPORTING_VERB[1:]}\b|"
    rf"^in \[\d[^\]]*\]|\bauthors (of|in) \[?\d?|\[\d[^\]]*\] (also |have |has "
    rf")?{_REPORTING_VERB}\b|"
    r"^their (study|work|data ?set|data|model|method|sample|cohort|approach|system|results)\b|"
    r"\b(in|by) the literature\b",
    re.I,
)
OWN_WORK = re.compile(
    r"\b(we|our|us)\b|\b(this|the present|the current|presented) (study|work|paper|article)\b", re.I
)
FUTURE_WORK = re.compile(
    r"\bfuture (work|works|stud(y|ies)|research|directions?|development)\b|"
    r"\b(should|could|would|will|needs? to|remains? to|ought to) be\b"
    r"(?! (noted|mentioned|emphasi|observed|seen|stressed|pointed|acknowledged|interpreted|"
    r"read with|"
    r"viewed|treated with|taken with))|"
    r"\b(one|researchers|others|clinicians|readers) (can|could|might|may|would|should)\b|"
    r"\bwe (might|may|should)\b|"
    r"\bwe (plan|intend|aim|hope) to\b|\bwill (also )?(include|use|collect|perform|extend)\b",
    re.I,
)


HYPOTHETICAL = re.compile(
    r"^(if|had|were|suppose|imagine) (the|a|an|one|we|these|all|images|patients|data|there)\b|"
    r"\bwould (have |then |otherwise )?(allow|let|lead|make|enable|cause|give|inflate|result|leak)",
    re.I,
)
"""Hypothetical wording, wherever it occurs."""
_CONTRAST_PHRASE = (
    r"(unlike|in contrast (to|with)|contrary to|as opposed to|different(ly)? from|"
    r"compared (to|with))"
)
_OTHERS_NOUN = r"(et al|studies|works?|authors|others|papers|approaches|methods|\[\d[^\]]*\])"
_CONTRAST = re.compile(
    rf"(\b{_CONTRAST_PHRASE}\b[^;]*?\b{_OTHERS_NOUN}[^;]*?,\s+(?=(we|our|this|here|the "
    rf"present)\b))|"
    rf"(,?\s*\b{_CONTRAST_PHRASE}\b[^;]*?\b{_OTHERS_NOUN}[^;]*$)",
    re.I,
)
_CITATION = re.compile(
    r"\s?\[\d[\d,;–\s-]*\]|\s?\((?:cf\.?|see|fig|figs|figure|table|eq|sec|section|ref|supplement)"
    r"\b[^()]*\)",
    re.I,
)
_AUTHOR_CITATION = re.compile(r"\s?\([^()]*\bet al\b[^()]*\)", re.I)
_BRACKETS = re.compile(r"\s?\([^()]*\)")


def strip_contrast(text: str) -> str:
    """A sentence without the work it is contrasted with ('Unlike Li et al., who ..., we ...')."""
    return _CONTRAST.sub(" ", text).strip()


def list_readings(text: str) -> list[str]:
    """Variants of a sentence: without citations, and without brackets if it has any.

    'The images [3] (Fig. 2) were randomly split' is about images that were randomly split.
    """
    without_citations = _CITATION.sub("", strip_contrast(text))
    without_brackets = _BRACKETS.sub("", without_citations)
    return (
        [without_citations]
        if without_brackets == without_citations
        else [without_citations, without_brackets]
    )


@dataclass(frozen=True, slots=True)
class Hit:
    """A cue met in a sentence."""

    key: str
    """What the caller called the set of cues."""
    words: str
    """The words that met it."""
    negated: bool


@dataclass(frozen=True, slots=True)
class Cue:
    """One compiled cue."""

    key: str
    own_negators: frozenset[str]
    """Negators that are part of the cue: if one of them matched, no other negates it."""
    pattern: str


@dataclass(frozen=True, slots=True)
class CueMatcher:
    """Compiled cues; made once, used on any number of texts."""

    cues: tuple[Cue, ...]
    index: Mapping[str, tuple[tuple[int, tuple[TokenRequirement, ...]], ...]]
    """Word, or stem with a star, to (cue, other words its pattern needs). Most sentences match
    few, so the costly matching of gaps is rarely needed."""


def compile_cues(cues: Mapping[str, Iterable[str]]) -> CueMatcher:
    """Compile sets of cues, each under its key. Raises ChecklistError for an invalid cue."""
    cue_list: list[Cue] = []
    index: dict[str, list[tuple[int, tuple[TokenRequirement, ...]]]] = {}
    for key, patterns in cues.items():
        for pattern in patterns:
            for variant in compile_pattern(pattern):
                first, *rest = list_requirements(variant) or [(frozenset([""]), ())]
                for word in (*first[0], *(f"{stem}*" for stem in first[1])):
                    index.setdefault(word, []).append((len(cue_list), tuple(rest)))
            cue_list.append(Cue(key, list_own_negators(pattern), pattern))
    return CueMatcher(tuple(cue_list), {word: tuple(entries) for word, entries in index.items()})


@cache
def _get_matcher(pattern: str) -> Any:
    """The spaCy matcher of a cue, built when a sentence first has all its words: one paper needs
    about a third of them."""
    from spacy.matcher import Matcher

    matcher = Matcher(get_tokenizer().vocab, validate=False)
    matcher.add("cue", compile_pattern(pattern))
    return matcher


def find_hits(cue_matcher: CueMatcher, text: str) -> list[Hit]:
    """The cues matched in one sentence, each once, in the given order."""
    hits_by_reading = [_find_reading_hits(cue_matcher, reading) for reading in list_readings(text)]
    best_hits = hits_by_reading[0]
    for other_hits in hits_by_reading[1:]:
        for cue_index, hit in other_hits.items():
            if cue_index not in best_hits or (best_hits[cue_index].negated and not hit.negated):
                best_hits[cue_index] = hit
    return [best_hits[cue_index] for cue_index in sorted(best_hits)]


def _find_reading_hits(cue_matcher: CueMatcher, text: str) -> dict[int, Hit]:
    """The cues matched in one variant of a sentence, by position."""
    doc = get_tokenizer()(normalize_spelling(text))
    words = {token.lower_ for token in doc}
    prefixes = {word[:end] for word in words for end in range(2, len(word) + 1)}
    hits_by_cue: dict[int, Hit] = {}
    for cue_index in _select_candidates(cue_matcher, words, prefixes):
        cue = cue_matcher.cues[cue_index]
        best_hit: Hit | None = None
        for _, start, stop in _get_matcher(cue.pattern)(doc):
            has_own_negator = any(
                doc[token_index].lower_ in cue.own_negators for token_index in range(start, stop)
            )
            negated = not has_own_negator and (
                _is_negated(doc, start, stop) or _is_denied(doc, stop)
            )
            if best_hit is None or (best_hit.negated and not negated):
                best_hit = Hit(cue.key, doc[start:stop].text, negated)
        if best_hit is not None:
            hits_by_cue[cue_index] = best_hit
    return hits_by_cue


def _select_candidates(cue_matcher: CueMatcher, words: Set[str], prefixes: Set[str]) -> set[int]:
    """The cues of which one pattern has all its words in the sentence."""
    candidates: set[int] = set()
    keys = [*words, *(f"{prefix}*" for prefix in prefixes), ""]
    for key in keys:
        for cue_index, requirements in cue_matcher.index.get(key, ()):
            if cue_index not in candidates and all(
                not words.isdisjoint(exact_words) or any(stem in prefixes for stem in stems)
                for exact_words, stems in requirements
            ):
                candidates.add(cue_index)
    return candidates


_CLAUSE_ENDS = frozenset({";", ":", "but", "although", "however", "whereas", "("})
"""Words past which a negator does not reach."""
_CLAUSE_SUBJECTS = frozenset(
    {"the", "we", "our", "all", "these", "both", "it", "they", "this", "images"}
)
"""Words that begin a clause of their own when they follow a comma."""
_AVOIDANCE_PHRASES = frozenset(
    {("instead", "of"), ("rather", "than"), ("to", "avoid"), ("to", "prevent"), ("avoid", "")}
    | {("avoids", ""), ("avoided", ""), ("avoiding", ""), ("prevents", ""), ("preventing", "")}
)
"""Words that negate what follows up to the next comma: 'instead of splitting images, we ...'."""
_AUXILIARY_WORDS = frozenset(
    {
        "was",
        "were",
        "is",
        "are",
        "be",
        "been",
        "has",
        "have",
        "had",
        "did",
        "do",
        "does",
        "could",
        "can",
    }
    | {"still", "also", "therefore", "deliberately", "yet", "thus", "hence"}
)
_DENIAL_WORDS = frozenset(
    {"not", "never", "n't", "avoided", "needed", "required", "necessary", "warranted", "lacking"}
    | {"missing", "absent", "unavailable", "impossible", "impractical", "infeasible", "unfeasible"}
    | {"pending", "planned", "desirable", "unknown"}
)
_DENIAL_WINDOW = 4
"""Number of words after a cue within which 'was not done' negates it."""


def _is_negated(doc: Any, start: int, stop: int) -> bool:
    """Whether there is a negator shortly before the cue or inside it, in the same clause."""
    past_comma = False
    for token_index in range(stop - 1, max(-1, start - _NEGATION_WINDOW - 1), -1):
        word, next_word = doc[token_index].lower_, _get_next_word(doc, token_index)
        if token_index < start and (
            word in _CLAUSE_ENDS or (word in (",", "and") and next_word in _CLAUSE_SUBJECTS)
        ):
            return False
        if not past_comma and {(word, next_word), (word, "")} & _AVOIDANCE_PHRASES:
            return True
        past_comma = past_comma or (word == "," and token_index < start)
        if word in NEGATORS and not _is_no_denial(word, next_word):
            return True
    return False


def _get_next_word(doc: Any, token_index: int) -> str:
    return str(doc[token_index + 1].lower_) if token_index + 1 < len(doc) else ""


def _is_no_denial(word: str, next_word: str) -> bool:
    """'No. 3' and 'not only' are not negations."""
    return (word == "no" and next_word == ".") or (word == "not" and next_word == "only")


def _is_denied(doc: Any, stop: int) -> bool:
    """Whether the words directly after the cue negate it: 'was not used', 'is needed'."""
    for token_index in range(stop, min(len(doc), stop + _DENIAL_WINDOW)):
        word = doc[token_index].lower_
        if word in _DENIAL_WORDS:
            return not _is_no_denial(word, _get_next_word(doc, token_index))
        if word not in _AUXILIARY_WORDS:
            return False
    return False


_OTHERS_RESULTS = re.compile(
    r"\b(results?|values?|scores?|figures?|numbers) (reported )?(in|of|from|by) "
    r"\([^()]*\d{4}[^()]*\)",
    re.I,
)


def is_about_others(text: str) -> bool:
    """Whether a sentence refers to other studies and not its own."""
    if _OTHERS_RESULTS.search(text) and not OWN_WORK.search(text):
        return True
    own_text = _AUTHOR_CITATION.sub(" ", strip_contrast(text))
    return bool(OTHERS_WORK.search(own_text)) and not OWN_WORK.search(own_text)


_VERB = re.compile(
    r"\b(is|was|were|are|be|been|has|have|had|did|do|does|used|we|came|come|contains?|consists?|"
    r"comprises?|includes?)\b",
    re.I,
)
_MAX_HEADING_WORDS = 8
_TABLE_NUMBER_SHARE = 0.4


def is_fragment(text: str) -> bool:
    """Whether a 'sentence' is a heading or a row of a table: no verb, no full stop, or numbers."""
    words = text.split()
    if not words or _VERB.search(text) or text.lstrip()[:1] in "•-–*":
        return not words
    numbers = sum(word[0].isdigit() for word in words)
    heading = len(words) <= _MAX_HEADING_WORDS and text.rstrip()[-1] not in ".!?:;"
    return heading or (len(words) > 3 and numbers >= _TABLE_NUMBER_SHARE * len(words))


def is_hypothetical(text: str) -> bool:
    """Whether a sentence is hypothetical or about the future."""
    return bool(HYPOTHETICAL.search(text))


_ADMISSION_START = re.compile(
    r"\b(limitations? (of|to|in) (this|our|the (present|current)) (study|work|paper|research|"
    r"analysis|approach|model)|(has|have|had|are|were|with|without) (\w+ ){0,4}(limitations|"
    r"shortcomings|drawbacks|caveats)|(main|major|first|another|second|important|key|further|one|"
    r"potential) (limitation|drawback|shortcoming|weakness)|(limitation|drawback|weakness|"
    r"shortcoming)s? (is|was|include)|(study|work) (is|was) limited (by|in)\b)",
    re.I,
)
_ADMISSION_END = re.compile(
    r"^(in (conclusion|summary)|to (conclude|summari[sz]e)|(despite|notwithstanding) (these|this)|"
    r"conclusions?\b|overall\b|taken together|we conclude)",
    re.I,
)
_MAX_ADMISSION_SENTENCES = 15
"""Sentences after which a paragraph on limitations is taken to have ended."""


def find_admissions(sentences: Sequence[Sentence]) -> set[int]:
    """The sentences of a discussion on the limitations of the study itself.

    From 'our study has several limitations' up to 'in conclusion', a new section, or fifteen on.
    """
    indexes: set[int] = set()
    last_index, section = -1, ""
    for index, sentence in enumerate(sentences):
        if sentence.section not in ("discussion", "conclusion", "results", ""):
            last_index = -1
            continue
        if _ADMISSION_START.search(sentence.text) and not is_about_others(sentence.text):
            last_index, section = index + _MAX_ADMISSION_SENTENCES, sentence.section
        elif last_index >= index and (
            sentence.section != section or _ADMISSION_END.search(sentence.text)
        ):
            last_index = -1
        if last_index >= index:
            indexes.add(index)
    return indexes


_MAX_PASSAGE_SENTENCES = 6
"""Sentences after which a passage on another study is taken to have ended."""
_OTHERS_STUDY = re.compile(
    r"\bet al\b|\b(in|of|by) (their|that|this|a|another) (study|work|approach)\b.*\[\d|"
    r"\b(authors|researchers|investigators) (of|in|from|at|have|had|used|trained|reported)\b",
    re.I,
)
_PASSAGE_END = re.compile(
    r"^(in contrast|by contrast|unlike|compared (to|with)|however, (we|our)|here,?|in this "
    r"(study|work|paper)|in summary|overall|taken together|finally|in conclusion|these "
    r"(results|findings)|the (present|current|proposed) )|\b(we|our|us)\b|"
    r"\b(this|the present|the current|presented|proposed) (study|work|paper|article|method|model|"
    r"approach)\b",
    re.I,
)


def find_others_passages(sentences: Sequence[Sentence]) -> set[int]:
    """The sentences that go on about another study that the discussion has just introduced.

    'Li et al. classified 40 lesions. The data were divided into two sets.' It ends with the first
    sentence about the study itself, with the section, or after six sentences.
    """
    indexes: set[int] = set()
    last_index, section = -1, ""
    for index, sentence in enumerate(sentences):
        if sentence.section not in ("discussion", "introduction", "conclusion"):
            last_index = -1
            continue
        is_own = bool(_PASSAGE_END.search(sentence.text))
        introduces_study = bool(_OTHERS_STUDY.search(sentence.text)) and is_about_others(
            sentence.text
        )
        if introduces_study:
            last_index, section = index + _MAX_PASSAGE_SENTENCES, sentence.section
        elif is_own or sentence.section != section:
            last_index = -1
        if index <= last_index:
            indexes.add(index)
    return indexes


_LICENCE = re.compile(
    r"\b(creative commons|cc[- ]by|licen[cs]es?|licen[cs]ed under|all rights reserved|copyright\w*|"
    r"open[- ]access article|publisher.s note)\b|©",
    re.I,
)


def is_licence(text: str) -> bool:
    """Whether a sentence is on the licence of the article, its data or software."""
    return bool(_LICENCE.search(text))


_KNOWLEDGE = re.compile(
    r"\b(?:to (?:the best of )?our knowledge|as far as we (?:know|are aware)|we know)\b", re.I
)


def names_own_work(text: str) -> bool:
    """Whether a sentence names the study or its authors; 'to our knowledge' does not."""
    return bool(OWN_WORK.search(_KNOWLEDGE.sub(" ", text)))


def is_about_future(text: str) -> bool:
    """Whether a sentence speaks of what is yet to be done."""
    return bool(FUTURE_WORK.search(text))


_LEFT_UNDONE = re.compile(
    r"\b(?:in|for|to|left for|left to) (?:the )?(?:near )?future\b|"
    r"\bfuture (?:work|stud(?:y|ies)|research|directions?)\b|"
    r"\bwill (?:then )?(?:enable|allow|help|assist|support|facilitate|be able)\b|"
    r"\b(?:should|would|could|must|needs? to|remains? to) be (?:\w+ )?(?:performed|reported|done|"
    r"conducted|carried out|investigated|examined|evaluated|assessed|needed|required|desirable|"
    r"preferable|removed|checked|added|included)\b|"
    r"\b(?:not|never)(?: yet| been| be| further)* (?:performed|reported|done|conducted|carried out|"
    r"investigated|examined|evaluated|assessed|available|possible|analy[sz]ed|studied|considered|"
    r"tested|recorded|collected)\W*$",
    re.I,
)


def is_left_undone(text: str) -> bool:
    """Whether a sentence says that something remains to be done or, at its end, was not done."""
    return bool(_LEFT_UNDONE.search(text))


_OWN_ABSTRACT = re.compile(
    r"\d|\b(we|our|us|was|were|here|study|paper|article|work|proposed?|proposes|presents?|"
    r"introduces?|(?:re)?trained|tested|validated|evaluated|assessed|reviewed|interpreted|"
    r"performed|reached|achieved|showed|outperformed|collected|included|gathered|gathering|"
    r"annotated|labell?ed|compared|confirmed)\b",
    re.I,
)
_MAX_BACKGROUND_SENTENCES = 4


def find_background(sentences: Sequence[Sentence]) -> set[int]:
    """The first sentences of an abstract, up to four, before it turns to the study itself."""
    abstract = [n for n, sentence in enumerate(sentences) if sentence.section == "abstract"]
    own = [n for n in abstract if _OWN_ABSTRACT.search(sentences[n].text)]
    background = {n for n in abstract if own and n < own[0]}
    return background if len(background) <= _MAX_BACKGROUND_SENTENCES else set()
