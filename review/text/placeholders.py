"""Texts that databases write where they know nothing: 'NA', '[No abstract available]', 'n.pag'."""

import re
import unicodedata

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
_OPENINGS = sorted(
    {
        *(phrase.split(" ")[0] for phrase in (*_WORDS, *_THINGS.split("|"))),
        *("no", "there", "this", "the", "an", "a", "currently", "not", "none", "nothing"),
        "publisher",
    }
)
_MAYBE = re.compile(rf"[\W_]*(?:(?:{'|'.join(_OPENINGS)})(?![^\W_])|$)", re.I)
"""How every placeholder begins; what begins otherwise is settled without looking closer."""
_BETWEEN = re.compile(r"[\W_]+")


def is_placeholder(text: str | None) -> bool:
    """Whether the text says only that something is unknown; None and '' say so too.

    Case, brackets, punctuation and repetition do not matter: 'N/A', '[Not Available].',
    'N.PAG-N.PAG' and 'NA, NA' are placeholders. 'NA Smith' and 'Not available light' are none.
    """
    if not text:
        return True
    if len(text) > MAX_LENGTH:
        return False
    if text.isascii():
        if not _MAYBE.match(text):
            return False
        plain = text
    else:
        plain = unicodedata.normalize("NFKC", text)
    words = _BETWEEN.sub(" ", plain).strip().casefold()
    if not words:
        return True
    if " " not in words:
        return words in _WORDS
    return words in _WORDS or _is_repeated(words) or _ABSENT.fullmatch(words) is not None


def _is_repeated(words: str) -> bool:
    """Whether one placeholder stands several times: 'na na', 'n pag n pag'."""
    parts = words.split(" ")
    for size in (1, 2, 3):
        piece = parts[:size]
        if len(parts) > size and len(parts) % size == 0 and piece * (len(parts) // size) == parts:
            return " ".join(piece) in _WORDS
    return False
