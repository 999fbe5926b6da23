"""Finds compiled cues in sentences, with negation and the speaker of the sentence minded."""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from review.bias.rules.patterns import NEGATORS, Need, blank, compiled, needs, own_negators, spelled
from review.models import Sentence

_WINDOW = 6
"""Words before a cue in which a negator turns it."""
_REPORTED = (
    r"(used|use|uses|reported|proposed|trained|achieved|developed|presented|showed|found|applied|"
    r"introduced|employed|studied)"
)
OTHERS = re.compile(
    r"\b(previous|prior|earlier|other|existing|several|many|most|some|these|recent) "
    r"((published|reported|related|similar) )?"
    r"(studies|works?|authors|papers|reports|approaches|systems|publications|research)\b|"
    r"\b(previous|prior|earlier|existing|published) (models|methods|networks|algorithms)\b|"
    r"\bet al\b\.?.{0,60}(?<!\bwas )(?<!\bwere )(?<!\bis )(?<!\bare )(?<!\bbeen )"
    rf"\b{_REPORTED}\b|"
    r"\b(scientists|researchers|investigators|others|groups|teams) (have |had )?(also |recently )?"
    rf"(revealed|observed|demonstrated|{_REPORTED[1:]}\b|"
    rf"^in \[\d[^\]]*\]|\bauthors (of|in) \[?\d?|\[\d[^\]]*\] (also |have |has )?{_REPORTED}\b|"
    r"^their (study|work|data ?set|data|model|method|sample|cohort|approach|system|results)\b|"
    r"\b(in|by) the literature\b",
    re.I,
)
OWN = re.compile(
    r"\b(we|our|us)\b|\b(this|the present|the current|presented) (study|work|paper|article)\b", re.I
)
FUTURE = re.compile(
    r"\bfuture (work|works|stud(y|ies)|research|directions?|development)\b|"
    r"\b(should|could|would|will|needs? to|remains? to|ought to) be\b"
    r"(?! (noted|mentioned|emphasi|observed|seen|stressed|pointed|acknowledged))|"
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
"""What is only thought of, wherever it stands."""
_SET_APART = (
    r"(unlike|in contrast (to|with)|contrary to|as opposed to|different(ly)? from|"
    r"compared (to|with))"
)
_OTHER_WORDS = r"(et al|studies|works?|authors|others|papers|approaches|methods|\[\d[^\]]*\])"
_CONTRAST = re.compile(
    rf"(\b{_SET_APART}\b[^;]*?\b{_OTHER_WORDS}[^;]*?,\s+(?=(we|our|this|here|the present)\b))|"
    rf"(,?\s*\b{_SET_APART}\b[^;]*?\b{_OTHER_WORDS}[^;]*$)",
    re.I,
)
_CITATION = re.compile(
    r"\s?\[\d[\d,;–\s-]*\]|\s?\((?:cf\.?|see|fig|figs|figure|table|eq|sec|section|ref|supplement)"
    r"\b[^()]*\)",
    re.I,
)
_CITED = re.compile(r"\s?\([^()]*\bet al\b[^()]*\)", re.I)
_BRACKETS = re.compile(r"\s?\([^()]*\)")


def own_part(text: str) -> str:
    """A sentence without what it sets itself apart from ('Unlike Li et al., who ..., we ...')."""
    return _CONTRAST.sub(" ", text).strip()


def readings(text: str) -> list[str]:
    """The ways in which a sentence is read: without citations, and without brackets if it has any.

    'The images [3] (Fig. 2) were randomly split' is about images that were randomly split.
    """
    plain = _CITATION.sub("", own_part(text))
    bare = _BRACKETS.sub("", plain)
    return [plain] if bare == plain else [plain, bare]


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
    own: frozenset[str]
    """Negators that are words of the cue: where one of them was met, no other turns it."""
    matcher: Any


@dataclass(frozen=True, slots=True)
class Finder:
    """Compiled cues; made once, used on any number of texts."""

    cues: tuple[Cue, ...]
    index: Mapping[str, tuple[tuple[int, tuple[Need, ...]], ...]]
    """Word, or beginning with a star, to (cue, what else its pattern needs). Most sentences meet
    hardly any, so that the costly matching of gaps runs for few."""


def finder(cues: Mapping[str, Iterable[str]]) -> Finder:
    """Compiles sets of cues, each under its key. Raises ChecklistError on one it cannot read."""
    from spacy.matcher import Matcher

    out: list[Cue] = []
    index: dict[str, list[tuple[int, tuple[Need, ...]]]] = {}
    for key, patterns in cues.items():
        for pattern in patterns:
            tokens = compiled(pattern)
            matcher = Matcher(blank().vocab, validate=False)
            matcher.add(key, tokens)
            for variant in tokens:
                first, *rest = needs(variant) or [(frozenset([""]), ())]
                for word in (*first[0], *(f"{stem}*" for stem in first[1])):
                    index.setdefault(word, []).append((len(out), tuple(rest)))
            out.append(Cue(key, own_negators(pattern), matcher))
    return Finder(tuple(out), {word: tuple(entries) for word, entries in index.items()})


def hits(found: Finder, text: str) -> list[Hit]:
    """The cues met in one sentence, each once, in the order they were given."""
    found_in = [_hits(found, one) for one in readings(text)]
    best = found_in[0]
    for more in found_in[1:]:
        for number, hit in more.items():
            if number not in best or (best[number].negated and not hit.negated):
                best[number] = hit
    return [best[number] for number in sorted(best)]


def _hits(found: Finder, text: str) -> dict[int, Hit]:
    """The cues met in one reading of a sentence, by their place."""
    doc = blank()(spelled(text))
    words = {token.lower_ for token in doc}
    starts = {word[:end] for word in words for end in range(2, len(word) + 1)}
    out: dict[int, Hit] = {}
    for number in _likely(found, words, starts):
        cue = found.cues[number]
        best: Hit | None = None
        for _, start, stop in cue.matcher(doc):
            says_no = any(doc[place].lower_ in cue.own for place in range(start, stop))
            negated = not says_no and (_negated(doc, start, stop) or _denied(doc, stop))
            if best is None or (best.negated and not negated):
                best = Hit(cue.key, doc[start:stop].text, negated)
        if best is not None:
            out[number] = best
    return out


def _likely(found: Finder, words: Set[str], starts: Set[str]) -> set[int]:
    """The cues of which one pattern has all its words in the sentence."""
    out: set[int] = set()
    keys = [*words, *(f"{start}*" for start in starts), ""]
    for key in keys:
        for number, rest in found.index.get(key, ()):
            if number not in out and all(
                not words.isdisjoint(exact) or any(stem in starts for stem in stems)
                for exact, stems in rest
            ):
                out.add(number)
    return out


_ENDS = frozenset({";", ":", "but", "although", "however", "whereas", "("})
"""Words past which a negator does not reach."""
_SUBJECTS = frozenset({"the", "we", "our", "all", "these", "both", "it", "they", "this", "images"})
"""Words that begin a clause of their own when they follow a comma."""
_AWAY = frozenset(
    {("instead", "of"), ("rather", "than"), ("to", "avoid"), ("to", "prevent"), ("avoid", "")}
    | {("avoids", ""), ("avoided", ""), ("avoiding", ""), ("prevents", ""), ("preventing", "")}
)
"""Words that turn what follows up to the next comma: 'instead of splitting images, we ...'."""
_HELPING = frozenset(
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
_UNDONE = frozenset(
    {"not", "never", "n't", "avoided", "needed", "required", "necessary", "warranted", "lacking"}
    | {"missing", "absent", "unavailable", "impossible", "impractical", "infeasible", "unfeasible"}
    | {"pending", "planned", "desirable", "unknown"}
)
_AFTER = 4
"""Words after a cue in which 'was not done' turns it."""


def _negated(doc: Any, start: int, stop: int) -> bool:
    """Whether a negator stands shortly before the cue or inside it, in the same clause."""
    comma = False
    for place in range(stop - 1, max(-1, start - _WINDOW - 1), -1):
        word, after = doc[place].lower_, _next(doc, place)
        if place < start and (word in _ENDS or (word in (",", "and") and after in _SUBJECTS)):
            return False
        if not comma and {(word, after), (word, "")} & _AWAY:
            return True
        comma = comma or (word == "," and place < start)
        if word in NEGATORS and not _is_no_denial(word, after):
            return True
    return False


def _next(doc: Any, place: int) -> str:
    return str(doc[place + 1].lower_) if place + 1 < len(doc) else ""


def _is_no_denial(word: str, after: str) -> bool:
    """'No. 3' and 'not only' deny nothing."""
    return (word == "no" and after == ".") or (word == "not" and after == "only")


def _denied(doc: Any, stop: int) -> bool:
    """Whether the words right after the cue take it back: 'was not used', 'is needed'."""
    for place in range(stop, min(len(doc), stop + _AFTER)):
        word = doc[place].lower_
        if word in _UNDONE:
            return not _is_no_denial(word, _next(doc, place))
        if word not in _HELPING:
            return False
    return False


def of_others(text: str) -> bool:
    """Whether a sentence speaks of other people's work and not of its own."""
    own = _CITED.sub(" ", own_part(text))
    return bool(OTHERS.search(own)) and not OWN.search(own)


_VERB = re.compile(r"\b(is|was|were|are|be|been|has|have|had|did|do|does|used|we)\b", re.I)
_FEW_WORDS = 8
_MOSTLY_NUMBERS = 0.4


def is_fragment(text: str) -> bool:
    """Whether a 'sentence' is a heading or a row of a table: no verb, no full stop, or numbers."""
    words = text.split()
    if not words or _VERB.search(text) or text.lstrip()[:1] in "•-–*":
        return not words
    numbers = sum(word[0].isdigit() for word in words)
    heading = len(words) <= _FEW_WORDS and text.rstrip()[-1] not in ".!?:;"
    return heading or (len(words) > 3 and numbers >= _MOSTLY_NUMBERS * len(words))


def is_hypothetical(text: str) -> bool:
    """Whether a sentence speaks of what might be done or happen, not of what was."""
    return bool(HYPOTHETICAL.search(text))


_OPENS = re.compile(
    r"\b(limitations? (of|to|in) (this|our|the (present|current)) (study|work|paper|research|"
    r"analysis|approach|model)|(has|have|had|are|were|with|without) (\w+ ){0,4}(limitations|"
    r"shortcomings|drawbacks|caveats)|(main|major|first|another|second|important|key|further|one|"
    r"potential) (limitation|drawback|shortcoming|weakness)|(limitation|drawback|weakness|"
    r"shortcoming)s? (is|was|include)|(study|work) (is|was) limited (by|in)\b)",
    re.I,
)
_CLOSES = re.compile(
    r"^(in (conclusion|summary)|to (conclude|summari[sz]e)|(despite|notwithstanding) (these|this)|"
    r"conclusions?\b|overall\b|taken together|we conclude)",
    re.I,
)
_LONGEST_ADMISSION = 15
"""Sentences after which a paragraph on limitations is taken to have ended."""


def admissions(sentences: Sequence[Sentence]) -> set[int]:
    """The sentences of a discussion that tell the limitations of the study itself.

    From 'our study has several limitations' up to 'in conclusion', a new section, or fifteen on.
    """
    out: set[int] = set()
    until, section = -1, ""
    for place, one in enumerate(sentences):
        if one.section not in ("discussion", "conclusion", "results", ""):
            until = -1
            continue
        if _OPENS.search(one.text) and not of_others(one.text):
            until, section = place + _LONGEST_ADMISSION, one.section
        elif until >= place and (one.section != section or _CLOSES.search(one.text)):
            until = -1
        if until >= place:
            out.add(place)
    return out


def of_future(text: str) -> bool:
    """Whether a sentence speaks of what is yet to be done."""
    return bool(FUTURE.search(text))
