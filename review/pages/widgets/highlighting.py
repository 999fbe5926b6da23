"""Words marked in titles and abstracts: green to include, red to exclude, blue for the search,
violet for a person's own."""

import html
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from review import query
from review.errors import QueryError

HIGHLIGHT_COLOURS = {
    "own": "light-dark(#eadcf5, #472a66)",
    "include": "light-dark(#d3efd6, #1d4a26)",
    "exclude": "light-dark(#f9d7d3, #64201a)",
    "search": "light-dark(#dde9f7, #21405f)",
}
"""Backgrounds in light and dark; each keeps the text above a contrast of 7 to 1."""
HIGHLIGHT_TITLES = {
    "own": "one of your own words",
    "include": "an include word",
    "exclude": "an exclude word",
    "search": "a search word",
}

MARKDOWN_CHARACTERS = "\\`*_{}[]<>#$~|:&"
"""What Markdown would read as more than a letter."""
FREE_TEXT_STYLE = 'dir="auto" style="overflow-wrap:anywhere;'
"""Begins an element with text in any script, words of any length."""


def highlight_words(text: str, lists: Mapping[str, Sequence[str]]) -> str:
    """The text as HTML with listed words marked; safe for any text.

    Args:
        lists: own, include, exclude, search -> words or phrases; a trailing * marks every word with
            that stem, a hyphen and a space mean the same. Earlier lists win where two would mark.
    """
    spans: list[tuple[int, int, str]] = []
    for kind, words in lists.items():
        pattern = _compile_pattern(tuple(words))
        if pattern is None:
            continue
        for match in pattern.finditer(text):
            if all(match.end() <= a or match.start() >= b for a, b, _ in spans):
                spans.append((match.start(), match.end(), kind))
    parts, position = [], 0
    for start, end, kind in sorted(spans):
        parts.append(html.escape(text[position:start]))
        parts.append(
            f'<mark title="{HIGHLIGHT_TITLES[kind]}" '
            f'style="background:{HIGHLIGHT_COLOURS[kind]};color:inherit;'
            f'border-radius:3px;padding:0 .12em">{html.escape(text[start:end])}</mark>'
        )
        position = end
    parts.append(html.escape(text[position:]))
    return "".join(parts).replace("\n", "<br>")


def escape_markdown(text: str) -> str:
    """A source's or a person's words for a place that reads Markdown, shown as they are: no sum in
    dollars becomes a formula, no "~5% to ~10%" is struck through."""
    return "".join(
        f"\\{character}" if character in MARKDOWN_CHARACTERS else character for character in text
    )


@lru_cache(maxsize=64)
def _compile_pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    forms = []
    for word in sorted(set(words), key=lambda phrase: (-len(phrase), phrase)):
        body, stem = word.strip().removesuffix("*"), word.strip().endswith("*")
        if not body.strip():
            continue
        inner = r"[\s\-‐-―]+".join(re.escape(p) for p in re.split(r"[\s\-]+", body) if p)
        forms.append(inner + (r"\w*" if stem else ""))
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)", re.I) if forms else None


@lru_cache(maxsize=16)
def extract_search_words(text: str) -> tuple[str, ...]:
    """Words and phrases of the query to mark: text terms only, none that NOT excludes."""
    try:
        node = query.parse(text)
    except QueryError:
        return ()
    return tuple(
        dict.fromkeys(
            term.text + ("*" if term.stem else "")
            for term in query.iter_positive_terms(node)
            if term.field in ("tiab", "title", "abstract")
        )
    )
