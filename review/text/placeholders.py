"""Placeholders that databases write for unknown: 'NA', '[No abstract available]', 'n.pag'."""

import itertools
import re
import string
import unicodedata
from functools import lru_cache

MAX_LENGTH = 120
"""A longer text says something."""

_THINGS = (
    "abstracts?|authors?|author names?|titles?|article title|summary|summaries|doi|date|"
    "publication date|year|journal|source|source title|pages?|page numbers?|pagination|volume|"
    "issue|keywords?|author keywords?|languages?|affiliations?|addresses|address|pmid|issn|isbn|"
    "publisher|editors?|urls?|links?|data|information|text|creators?|description"
)
_STATES = (
    "available|applicable|given|listed|provided|supplied|specified|stated|found|present|known|"
    "recorded|reported|indexed|assigned|entered|disclosed|identified|determined|named"
)
_PLACE = (
    r"(?: (?:for|in|from|on|with|by|at) (?:this|the|that) "
    r"(?:article|paper|record|item|document|publication|entry|source|reference|publisher|author|"
    r"authors|journal|database|citation|study|issue|time|moment))*"
)
_BE = r"(?: (?:is|are|was|were|has been|have been))?"
_ABSENT = re.compile(
    r"(?:there (?:is|are|was|were) |(?:this|the) (?:article|paper|record|item|document|"
    r"publication|entry|source) (?:has|contains) )?"
    rf"no (?:{_THINGS}){_BE}(?: (?:{_STATES}|exists?))?{_PLACE}"
    rf"|(?:an? |the )?(?:{_THINGS}){_BE} (?:currently |yet |presently )?"
    rf"(?:not (?:yet |currently )?(?:{_STATES})|unavailable|unknown|missing|unspecified|pending)"
    rf"{_PLACE}(?: this article is available as .*)?"
    rf"|(?:currently )?(?:not|none|nothing)(?: yet| currently)? (?:{_STATES}){_PLACE}"
    r"|(?:publisher )?abstract available from the publisher"
)
_PHRASES = """
na|n a|nan|null|none|undefined|unspecified|unknown|untitled|unavailable|not available
no available|no specified|no entry|no value|n pag|npag|n d|s n|s l|sine nomine|sine loco|sine anno
anonymous|anon|anonymus|anonym|anonyme|anonimo|anónimo|anônimo|author anonymous|unknown author
unknown authors|unknown title|no listed author|no listed authors
sin resumen|resumen no disponible|sin autor|no disponible|sem resumo|resumo não disponível
resumo indisponível|não disponível|não informado|pas de résumé|résumé non disponible
non disponible|non disponibile|riassunto non disponibile|kein abstract|kein abstract verfügbar
keine zusammenfassung|nicht verfügbar|unbekannt|ohne autor|inconnu|desconocido|desconhecido
sconosciuto|geen samenvatting
无|無|暂无|无摘要|無摘要|暂无摘要|未知|佚名|作者不详|不详|抄録なし|なし|不明|없음|초록없음|초록 없음
"""
_WORDS = frozenset(re.split(r"[|\n]", _PHRASES.strip()))
_OPENINGS = frozenset(
    {
        *(phrase.split(" ")[0] for phrase in _WORDS),
        *(thing.split(" ")[0] for thing in _THINGS.replace("s?", "").split("|")),
        *(thing.split(" ")[0] for thing in _THINGS.replace("s?", "s").split("|")),
        *("no", "there", "this", "the", "an", "a", "currently", "not", "none", "nothing"),
        *("publisher", ""),
    }
)
"""The first words of all placeholders; what begins otherwise is settled without looking closer."""
CLEAR_STARTS = frozenset(
    (
        *(first + second for first in string.ascii_letters for second in string.ascii_letters),
        *(first + second for first in string.digits for second in ("", *string.printable)),
    )
) - {
    start
    for opening in _OPENINGS
    for start in (
        opening[:2],
        opening[:2].upper(),
        opening[:2].title(),
        opening[:1] + opening[1:2].upper(),
    )
}
"""First two signs that no placeholder has: they settle most texts in one look."""
_CLEAR_LETTERS = frozenset(string.ascii_letters) - {
    letter for opening in _OPENINGS for letter in (opening[:1], opening[:1].upper())
}
"""Letters that no placeholder begins with, whatever follows them ('Müller')."""
_POSSIBLE_STARTS = frozenset(
    "".join(letters)
    for opening in _OPENINGS
    for letters in itertools.product(*((low, low.upper()) for low in opening[:3]))
)
"""First three letters of a placeholder, in any case."""
_FIRST_WORD = re.compile(r"[\W_]*([^\W_]*)")
_BETWEEN = re.compile(r"[\W_]+")


def is_placeholder(text: str | None) -> bool:
    """Whether the text says only that something is unknown; None and '' say so too.

    Case, brackets, punctuation and repetition do not matter: 'N/A', '[Not Available].',
    'N.PAG-N.PAG' and 'NA, NA' are placeholders. 'NA Smith' and 'Not available light' are none.
    """
    if not text:
        return True
    head = text[:3]
    if (
        head[:2] in CLEAR_STARTS
        or head[0] in _CLEAR_LETTERS
        or len(text) > MAX_LENGTH
        or "0" <= head[0] <= "9"
        or (head.isalpha() and head.isascii() and len(head) == 3 and head not in _POSSIBLE_STARTS)
    ):
        return False
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    match = _FIRST_WORD.match(text)
    return (match is None or match[1].casefold() in _OPENINGS) and _says_nothing(text)


@lru_cache(maxsize=10_000)
def _says_nothing(text: str) -> bool:
    """Whether a text that begins as a placeholder does is one."""
    words = _BETWEEN.sub(" ", text).strip().casefold()
    if not words:
        return True
    if " " not in words:
        return words in _WORDS
    return words in _WORDS or _is_repeated(words) or _ABSENT.fullmatch(words) is not None


def _is_repeated(words: str) -> bool:
    """Whether one placeholder is repeated: 'na na', 'n pag n pag'."""
    parts = words.split(" ")
    for size in (1, 2, 3):
        piece = parts[:size]
        if len(parts) > size and len(parts) % size == 0 and piece * (len(parts) // size) == parts:
            return " ".join(piece) in _WORDS
    return False
