"""Checks that a number said to rise or to fall between two values does so.

'The error decreased from 0.12 to 0.19'; 'a median increase of 26% (0.0035 at baseline, 0.0026 at
follow-up)'.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.models import Sentence

_LEFT_OUT = frozenset({"references", "statements", "keywords"})
_NUMBER = r"(?:(?<![\w.,])[-−–])?(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\d.,]*\d)|" + (
    r"(?:(?<![\w.,])[-−–])?(?<![\w.,])\d+(?:\.\d+)?(?![\d.,]*\d)"
)
_NOT_MORE = r"(?!\s?(?:[×x^*/]|e[-−]|10[-−]|k\b|m\b|[-−–]\s?\d))"
_UP = (
    r"increas(?:e|es|ed|ing)|rises?|rose|risen|rising|grows?|grew|grown|climb(?:s|ed)|"
    r"rais(?:es|ed|ing)"
)
_DOWN = (
    r"decreas(?:e|es|ed|ing)|reduc(?:es?|ed|ing|tions?)|drop(?:s|ped|ping)?|falls?|fell|fallen|"
    r"declin(?:e|es|ed|ing)|diminish(?:es|ed|ing)?|shr[aiu]nks?|lower(?:s|ed|ing)"
)
_DIRECTION = re.compile(rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN}))\b", re.I)
_UNIT = r"(?:\s?%|\s?percent\b)?"
_FROM_TO = re.compile(
    rf"\bfrom\s+(?P<a>{_NUMBER})(?P<p>{_UNIT}){_NOT_MORE}(?P<between>(?:\s+[A-Za-z()-]+){{0,5}}?)"
    rf"\s+to\s+(?P<b>{_NUMBER})(?P<q>{_UNIT}){_NOT_MORE}(?!\s?to\b)",
    re.I,
)
_NO_SUBJECT = re.compile(
    r"\b(?:for|when|as|while|whereas|with|over|between|collected|obtained|acquired|rang\w+|var\w+|"
    r"if|resolution|spacing|thickness|rank\w*|p[- ]?values?|magnification|rates?|ratio|factor|"
    r"interval|patients|years?|ages?|that|which|but|and|not|no|never|without|epochs?|p|stages?|"
    r"grades?|gap|layers?|strides?)\b|[;:()\d]",
    re.I,
)
_NOT_A_CHANGE = re.compile(
    r"\b(?:learning rate|not|no|never|neither|without|instead of|did not|inverse\w*|negative\w*|"
    r"magnitude|absolute value|resolution|spacing|thickness|rank\w*)\b",
    re.I,
)
_MAX_WORDS = 9
_EARLIER = r"baseline|before|pre[- ]?\w*|initial\w*|first|admission|start|beginning"
_LATER = r"interim|follow[- ]?up|after|post[- ]?\w*|end|final\w*|second|discharge|last|later"
_BRACKET = re.compile(r"\(([^()]{5,200})\)")
_PAIR = re.compile(
    rf"^(?:from\s+)?(?P<a>{_NUMBER}){_UNIT}\s*(?:to|→|->)\s*(?P<b>{_NUMBER}){_UNIT}$", re.I
)
_SHARE = r"(?P<share>\d+(?:\.\d+)?)\s?(?:%|percent\b)"
_SHARE_BEFORE = re.compile(rf"{_SHARE}\s*$", re.I)
_SHARE_AFTER = re.compile(
    rf"\b(?P<word>increase|decrease|reduction|rise|drop|decline)\s+(?:of|by)\s+{_SHARE}", re.I
)
_YEARS = (1900, 2100)


@dataclass(frozen=True, slots=True)
class _Change:
    """Two values in the order of time."""

    before: str
    after: str
    has_times: bool
    """Whether the text says which value is the earlier one."""


def check_directions(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Sentences that call a rise a fall or the other way round."""
    for index, sentence in enumerate(sentences):
        if sentence.section in _LEFT_OUT or not _DIRECTION.search(sentence.text):
            continue
        found = [*_check_from_to(sentence.text), *_check_brackets(sentence.text)]
        for before, after, is_up in found:
            said, real = ("an increase", "falls") if is_up else ("a decrease", "rises")
            yield (
                index,
                Contradiction(
                    "direction", f"the text says {said}, but from {before} to {after} it {real}."
                ),
            )


def _parse(text: str) -> float:
    return float(re.sub(r"[−–]", "-", text).replace(",", ""))


def _is_wrong(before: str, after: str, *, is_up: bool) -> bool:
    first, last = _parse(before), _parse(after)
    return last < first if is_up else last > first


def _check_from_to(text: str) -> Iterator[tuple[str, str, bool]]:
    if _NOT_A_CHANGE.search(text):
        return
    for match in _FROM_TO.finditer(text):
        words = list(_DIRECTION.finditer(text, 0, match.start()))
        if not words or match["p"].strip() != match["q"].strip():
            continue
        subject = text[words[-1].end() : match.start()]
        is_near = len(subject.split()) <= _MAX_WORDS
        if not is_near or _NO_SUBJECT.search(subject) or _is_compound(text, words[-1], subject):
            continue
        values = [_parse(match[name]) for name in "ab"]
        if all(_YEARS[0] <= value <= _YEARS[1] and value.is_integer() for value in values):
            continue
        is_up = bool(words[-1]["up"])
        if _is_wrong(match["a"], match["b"], is_up=is_up):
            yield match["a"], match["b"], is_up


def _is_compound(text: str, word: re.Match[str], subject: str) -> bool:
    """'dose reduction from 20% to 40%': the size of the fall is meant, not what falls."""
    if not re.fullmatch(r"increase|decrease|reductions?|rise|drop|decline", word[0], re.I):
        return False
    return not re.match(r"\s+(?:in|of)\b", subject) and not re.search(
        r"\b(?:an?|to|can|will|may|would|could|significant\w*|slight\w*|further)\s+$",
        text[: word.start()],
        re.I,
    )


def _check_brackets(text: str) -> Iterator[tuple[str, str, bool]]:
    brackets = list(_BRACKET.finditer(text))
    stops = [*(bracket.start() for bracket in brackets[1:]), len(text)]
    for bracket, stop in zip(brackets, stops, strict=False):
        change = _read_change(bracket[1])
        if change is None:
            continue
        stated = _find_share(text, bracket, stop)
        if stated is None:
            continue
        share, is_up = stated
        if not change.has_times and not _is_share(share, change):
            continue
        if _is_wrong(change.before, change.after, is_up=is_up):
            yield change.before, change.after, is_up


def _read_change(text: str) -> _Change | None:
    pair = _PAIR.match(text.strip())
    if pair:
        return _Change(pair["a"], pair["b"], text.strip().lower().startswith("from"))
    parts = re.split(r"[,;]\s+(?:and\s+)?", text)
    if len(parts) != 2 or not re.search(rf"\b(?:{_EARLIER})\b", parts[0], re.I):
        return None
    if not re.search(rf"\b(?:{_LATER}|{_EARLIER})\b", parts[1], re.I):
        return None
    values = [re.search(_NUMBER, part) for part in parts]
    if values[0] is None or values[1] is None:
        return None
    return _Change(values[0][0], values[1][0], has_times=True)


def _find_share(text: str, bracket: re.Match[str], stop: int) -> tuple[str, bool] | None:
    """The change in per cent that belongs to a bracket, and whether the text calls it a rise."""
    words = list(_DIRECTION.finditer(re.sub(r"\([^()]*\)", _blank, text), 0, bracket.start()))
    before = _SHARE_BEFORE.search(text[: bracket.start()])
    if before:
        return (before["share"], bool(words[-1]["up"])) if words else None
    after = _SHARE_AFTER.search(text[bracket.end() : stop])
    if after:
        return after["share"], after["word"].lower() in ("increase", "rise")
    return None


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _is_share(printed: str, change: _Change) -> bool:
    """Whether the change in per cent, or in points, is what the two values make."""
    first, last, share = _parse(change.before), _parse(change.after), float(printed)
    decimals = len(change.before.partition(".")[2])
    slack = 10.0**-decimals
    if abs(abs(last - first) - share) <= slack:
        return True
    if first == 0:
        return False
    return abs(100 * abs(last - first) / abs(first) - share) <= 100 * slack / abs(first) + 0.1
