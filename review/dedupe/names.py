"""Parses author names in any printed style into normalised family names."""

import html
import re
from functools import lru_cache

from rapidfuzz.distance import OSA

from review.dedupe.normalize import normalize_text

_INITIALS = re.compile(r"^(?:[A-ZÀ-Þ]\.?[ \-]?){1,4}$")
_ALL_CAPS = re.compile(r"^[A-Z][A-Z.\-]{0,4}$")
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv", "md", "phd"))
_GROUP = re.compile(
    r"\b(?:group|investigators|consortium|collaborat\w+|committee|network|society|association"
    r"|team|trialists|initiative|institute|foundation|et al|others|anonymous|anon)\b",
    re.I,
)
_UMLAUT = re.compile(r"([aou])e")
_ET_AL = re.compile(r"(?:[\s,;]|(?<!\b[^\W\d_])\.)*\bet\.? ?al\b\.?\s*$|\band others\s*$", re.I)
_MAY_BE_CUT = re.compile(r"\bal\b|\bothers\b", re.I)
_AND = re.compile(r"\s+(?:and|&)\s+")
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)")
"""What sources add to a name: '(Switzerland)', '(CH)'."""
_LOST_LETTER = re.compile(r"[?\ufffd](?=\w)|(?<=\w)[?\ufffd]")
"""A letter that an export could not write: 'G?ting'."""
_LOST_SIGN = "ʔ"
"""Put for it: a letter that no name in print has."""
_GLUED = re.compile(r"(?<=[A-Z]\.)(?=[A-ZÀ-Ýa-z][\w'’-]+ )")


@lru_cache(maxsize=300_000)
def parse_family_name(name: str) -> str:
    """The family name, folded to its last part ('von Pawel, J.' -> 'pawel'); '' for groups.

    Reads 'Family, Given', 'Family GI' and 'Given Family'.
    """
    pieces = [
        piece for piece in normalize_text(_split_name(name)[0]).split() if piece not in _SUFFIXES
    ]
    if not pieces:
        return ""
    last = pieces[-1]
    if all(len(piece) == 1 and not piece.isascii() for piece in pieces):
        last = "".join(pieces)  # scripts set letter by letter
    return _UMLAUT.sub(r"\1", last) if len(last) > 3 else last


@lru_cache(maxsize=300_000)
def parse_given_name(name: str) -> str:
    """The given names or initials as folded words; '' where there are none."""
    return normalize_text(_split_name(name)[1])


@lru_cache(maxsize=300_000)
def parse_person(name: str) -> str:
    """A name as 'family|given', folded; '' where no family name is known."""
    family_name = parse_family_name(name)
    return f"{family_name}|{parse_given_name(name)}" if family_name else ""


MIN_TYPO_LETTERS = 5
"""Letters of a family name in which one letter may be a slip: 'Li' and 'Lu' are two people."""
MIN_NAME_LETTERS = 3
"""Letters from which a word of a name is a name, not initials."""


@lru_cache(maxsize=100_000)
def is_same_person(a: str, b: str) -> bool:
    """Whether two people ('family|given', folded) of different family names are one.

    Family and given name may be swapped ('Amanda, Stronza' and 'Stronza, A.', 'J, Ferraro Paul' and
    'Ferraro, Paul J.'), a second family name left out, or one letter of the family name put wrong
    beside a like given name.
    """
    left_family, _, left_given = a.partition("|")
    right_family, _, right_given = b.partition("|")
    if not (left_family and right_family and left_given and right_given):
        return False
    if left_family == right_given and right_family == left_given:
        return len(left_family) > 1 and len(right_family) > 1
    if _is_given_name_of(right_family, right_given, left_family, left_given) or _is_given_name_of(
        left_family, left_given, right_family, right_given
    ):
        return True
    if _LOST_SIGN in a or _LOST_SIGN in b:
        names = (left_family, right_family), (left_given, right_given)
        return _fill_lost_letters(*names[0]) and (
            _fill_lost_letters(*names[1]) or _is_same_given_name(*names[1])
        )
    if min(len(left_family), len(right_family)) < MIN_TYPO_LETTERS:
        return False
    return OSA.distance(left_family, right_family, score_cutoff=1) <= 1 and _is_same_given_name(
        left_given, right_given
    )


def _fill_lost_letters(a: str, b: str) -> bool:
    """Whether one or two letters for each lost one of either text make it the other, which it has
    at least two letters in common with."""
    return any(
        len(damaged.replace(_LOST_SIGN, "")) > 1
        and re.fullmatch(re.escape(damaged).replace(_LOST_SIGN, ".{1,2}"), complete) is not None
        for damaged, complete in ((a, b), (b, a))
    )


def _is_given_name_of(family: str, given: str, other_family: str, other_given: str) -> bool:
    """Whether the family name is one of the other's given names, and the other words agree."""
    words = other_given.split()
    if len(family) < MIN_NAME_LETTERS or family not in words:
        return False
    words.remove(family)
    rest, own = [other_family, *words], given.split()
    rest_names = {word for word in rest if len(word) >= MIN_NAME_LETTERS}
    own_names = {word for word in own if len(word) >= MIN_NAME_LETTERS}
    if rest_names and own_names:
        return bool(rest_names & own_names)
    rest_initials, own_initials = {word[0] for word in rest}, set(_get_initials(own))
    return rest_initials <= own_initials or own_initials <= rest_initials


def _is_same_given_name(a: str, b: str) -> bool:
    """Whether one given name, or its initials, can represent the other."""
    left_words, right_words = a.split(), b.split()
    if len(left_words[0]) > 2 and len(right_words[0]) > 2:
        return left_words[0] == right_words[0]
    left_initials, right_initials = _get_initials(left_words), _get_initials(right_words)
    return left_initials.startswith(right_initials) or right_initials.startswith(left_initials)


def _get_initials(words: list[str]) -> str:
    """The initials of given names: 'ann maria', 'a m' and 'am' give 'am'."""
    if len(words) == 1 and len(words[0]) < MIN_NAME_LETTERS:
        return words[0]
    return "".join(word[0] for word in words)


def match_people(left: list[str], right: list[str]) -> list[int | None]:
    """For each person of the left team ('family|given'), who is the same in the right one.

    Each is matched once: first by family name, then allowing for a slip or swapped names.
    """
    families = [person.partition("|")[0] for person in right]
    free = list(range(len(right)))
    order: list[int | None] = [None] * len(left)

    def match(position: int, candidates: list[int]) -> None:
        if candidates:
            order[position] = candidates[0]
            free.remove(candidates[0])

    for position, person in enumerate(left):
        family_name = person.partition("|")[0]
        match(position, [index for index in free if families[index] == family_name])
    for position, person in enumerate(left):
        if order[position] is None:
            match(position, [i for i in free if is_same_person(*sorted((person, right[i])))])
    return order


@lru_cache(maxsize=300_000)
def _split_name(name: str) -> tuple[str, str]:
    """Family and given name as printed; ('', '') for groups."""
    name = name.strip()
    if "?" in name or "\ufffd" in name:
        name = _LOST_LETTER.sub(_LOST_SIGN, name)
    if "(" in name:
        name = _IN_BRACKETS.sub(" ", name).strip()
    if not name or _GROUP.search(name):
        return "", ""
    if "," in name:
        family_name, _, given_name = name.partition(",")
        return family_name, given_name
    parts = name.replace(".", ". ").split()
    while len(parts) > 1 and parts[-1].lower().strip(".") in _SUFFIXES:
        parts.pop()
    end = len(parts)
    while end > 1 and _ends_in_initials(parts[end - 1]):
        end -= 1
    if end < len(parts):
        return parts[end - 1], " ".join(parts[end:])
    return (parts[-1], " ".join(parts[:-1])) if parts else ("", "")


def _ends_in_initials(part: str) -> bool:
    return bool(_ALL_CAPS.match(part) or part.endswith(".")) and _is_initials(part)


def _is_initials(part: str) -> bool:
    return _INITIALS.match(part) is not None


def split_authors(text: str | None) -> tuple[tuple[str, ...], bool]:
    """The names in one cell of a spreadsheet, and whether the list is cut short ('et al.').

    Reads '; ', ' and ', ' & ', ', ' between names, and lists glued after initials
    ('Aziz A. A.Kenney L. S.').
    """
    if not text or not text.strip():
        return (), False
    text = text.strip()
    if "&" in text:
        text = html.unescape(text)  # '&#246;' holds the sign that parts names
    is_cut = _MAY_BE_CUT.search(text, max(0, len(text) - 16)) is not None
    is_cut = is_cut and _ET_AL.search(text) is not None
    if is_cut:
        text = _ET_AL.sub("", text)
    if ";" in text:
        names = text.split(";")
    elif _is_and_list(text):
        names = _AND.split(text)
    elif "|" in text:
        names = text.split("|")
    elif _GLUED.search(text) and "," not in text:
        names = _GLUED.split(text)
    elif "," in text:
        names = _split_commas(re.sub(r",?\s+(?:and|&)\s+", ", ", text))
    else:
        names = _AND.split(text)
    authors = tuple(name.strip(" ,") for name in names if name.strip(" ,"))
    return authors, is_cut


def _is_and_list(text: str) -> bool:
    """Whether 'and' parts all names ('Wu, B. and Li, C.'), not only the last ('A, B and C')."""
    pieces = _AND.split(text)
    return len(pieces) > 2 or (len(pieces) == 2 and all(p.count(",") == 1 for p in pieces))


def _split_commas(text: str) -> list[str]:
    """Names parted by commas; where every other piece is initials, pieces belong in pairs."""
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    second = pieces[1::2]
    if len(pieces) == 2 and " " not in pieces[0]:
        return [text]
    if second and len(pieces) % 2 == 0 and all(_is_initials(p) for p in second):
        return [", ".join(pair) for pair in zip(pieces[::2], second, strict=True)]
    return pieces
