"""Conference names and their acronyms: whether two normalised names mean the same venue."""

from functools import lru_cache

from review.dedupe.normalize import is_common


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MIN_ACRONYM_LETTERS = 3
MAX_PREFIX_LETTERS = 4
"""Letters an acronym may take from one word: 'NeurIPS' begins with four of 'Neural'."""
_MEETING_WORDS = _words(
    "conference conferences conf congress convention symposium symposia symp workshop workshops "
    "meeting meetings colloquium forum seminar"
)
_JOURNAL_WORDS = _words(
    "journal j transactions trans letters lett magazine record records review reviews rev bulletin "
    "bull newsletter communications surveys notices archives annals"
)
_FRAME_WORDS = _MEETING_WORDS | _words(
    "proceedings proc international intl int annual national european asian world joint ieee acm "
    "cvf ifip siam aaai biennial digest technical papers companion the of on and for in"
)
"""Words around the name of a meeting that every meeting may have."""
_INTEREST_GROUP = "sig"
"""How the names of ACM's special interest groups begin: SIGMOD is that on Management of Data."""


@lru_cache(maxsize=200_000)
def is_acronym_of(short: str, long: str) -> bool:
    """Whether a folded name is the acronym of a meeting that the other spells out.

    'vldb' is 'very large data bases', 'sigmod conference' the 'international conference on
    management of data', 'miccai 2019' the '22nd international conference on medical image computing
    and computer assisted intervention'. The acronym must use up all that tells the meeting from
    others, and a journal is no meeting.
    """
    short_words = [word for word in short.split() if not _is_frame(word)]
    long_words = long.split()
    if len(short_words) != 1 or len(long_words) < MIN_ACRONYM_LETTERS:
        return False
    acronym = short_words[0]
    if len(acronym) < MIN_ACRONYM_LETTERS or not acronym.isalpha():
        return False
    if _JOURNAL_WORDS & set(long_words):
        return False
    telling = [index for index, word in enumerate(long_words) if not _is_frame(word)]
    if not telling:
        return False
    spelt = [acronym]
    if acronym.startswith(_INTEREST_GROUP) and len(acronym) > len(_INTEREST_GROUP) + 2:
        spelt.append(acronym.removeprefix(_INTEREST_GROUP))
    return any(
        _spells(letters, long_words[start : telling[-1] + 1])
        for letters in spelt
        for start in range(telling[0] + 1)
    )


def _is_frame(word: str) -> bool:
    """Whether a word, an ordinal or a year says nothing of which meeting it is."""
    return word in _FRAME_WORDS or word[0].isdigit()


def _spells(acronym: str, words: list[str]) -> bool:
    """Whether the acronym takes the first letters of the words in order; small words may be left
    out, others not."""
    if not words:
        return not acronym
    word = words[0]
    if (is_common(word) or word[0].isdigit()) and _spells(acronym, words[1:]):
        return True
    for length in range(1, min(MAX_PREFIX_LETTERS, len(word), len(acronym)) + 1):
        if word[:length] == acronym[:length] and _spells(acronym[length:], words[1:]):
            return True
    return False
