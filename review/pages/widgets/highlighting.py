"""Words marked in titles and abstracts: green to include, red to exclude, blue for the search."""

import html
import re
from collections.abc import Sequence
from functools import lru_cache

COLOURS = {"include": "#d3efd6", "exclude": "#f9d7d3", "search": "#dde9f7"}
"""Backgrounds; each keeps black text above a contrast of 7 to 1."""
TITLES = {"include": "an include word", "exclude": "an exclude word", "search": "a search word"}

SIGNS = "\\`*_{}[]<>#$~|:&"
"""What Markdown would read as more than a letter."""
FREE = 'dir="auto" style="overflow-wrap:anywhere;'
"""Begins an element with text in any script, words of any length."""


def marked(text: str, lists: dict[str, Sequence[str]]) -> str:
    """The text as HTML with listed words marked; safe for any text.

    Args:
        lists: include, exclude, search -> words or phrases; a trailing * marks every word with
            that stem, a hyphen and a space mean the same. Earlier lists win where two would mark.
    """
    spans: list[tuple[int, int, str]] = []
    for kind, words in lists.items():
        pattern = _pattern(tuple(words))
        if pattern is None:
            continue
        for found in pattern.finditer(text):
            if all(found.end() <= a or found.start() >= b for a, b, _ in spans):
                spans.append((found.start(), found.end(), kind))
    parts, at = [], 0
    for start, end, kind in sorted(spans):
        parts.append(html.escape(text[at:start]))
        parts.append(
            f'<mark title="{TITLES[kind]}" style="background:{COLOURS[kind]};color:inherit;'
            f'border-radius:3px;padding:0 .12em">{html.escape(text[start:end])}</mark>'
        )
        at = end
    parts.append(html.escape(text[at:]))
    return "".join(parts).replace("\n", "<br>")


def plain(text: str) -> str:
    """A source's or a person's words for a place that reads Markdown, shown as they are: no sum in
    dollars becomes a formula, no "~5% to ~10%" is struck through."""
    return "".join(f"\\{sign}" if sign in SIGNS else sign for sign in text)


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    forms = []
    for word in sorted(set(words), key=lambda w: (-len(w), w)):
        body, stem = word.strip().removesuffix("*"), word.strip().endswith("*")
        if not body.strip():
            continue
        inner = r"[\s\-‐-―]+".join(re.escape(p) for p in re.split(r"[\s\-]+", body) if p)
        forms.append(inner + (r"\w*" if stem else ""))
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)", re.I) if forms else None


def search_words(query: str) -> list[str]:
    """Words and phrases of a boolean query, for marking; words after NOT are left out."""
    wanted = re.sub(r"\bNOT\b\s*(\([^()]*\)|\"[^\"]*\"|\S+)", " ", query)
    found = re.findall(r"\"([^\"]+)\"|([^\s()\"]+)", wanted)
    words = [phrase or re.sub(r"^\w+:|\[\w+\]$", "", word) for phrase, word in found]
    return [word for word in words if word and word not in ("AND", "OR", "NOT")]
