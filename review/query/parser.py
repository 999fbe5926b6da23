"""Parses a query to a syntax tree, or raises an error with the position and what was expected."""

import re
from dataclasses import dataclass, field, replace
from typing import NoReturn

from review.errors import QueryError
from review.query.ast import Node, QueryField, Term, join_with_and, join_with_or, negate_node
from review.query.tokens import extract_words

MAX_QUERY_LENGTH = 500_000  # characters; a query of 5,000 terms has about 100,000
MAX_NESTING = 60  # AND inside OR inside AND ...; people write three
MIN_STEM_LENGTH = 2  # letters before *; fewer would match nearly every text
FIELD_NAMES: dict[str, QueryField] = {
    "tiab": "tiab",
    "title/abstract": "tiab",
    "title-abs": "tiab",
    "title_abs": "tiab",
    "ti": "title",
    "title": "title",
    "ab": "abstract",
    "abs": "abstract",
    "abstract": "abstract",
    "mh": "mesh",
    "mesh": "mesh",
    "mesh terms": "mesh",
}
"""Field names in lower case, as prefix (title:) or PubMed tag ([ti])."""
_FIELD_EXAMPLES = "title:, abstract:, tiab:, mesh: or [ti], [ab], [tiab], [mh]"
_LOOKALIKES = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»＂″", '"'),
        "（": "(",
        "）": ")",
        "［": "[",
        "］": "]",
        "＊": "*",
        "：": ":",
    }
)
_CONTROL_CHARACTERS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_TOKEN = re.compile(
    r"""(?P<open>\() | (?P<close>\)) | "(?P<phrase>[^"]*)" | (?P<quote>") | \[(?P<tag>[^\[\]]*)\]
      | (?P<bracket>[\[\]]) | (?P<word>[^\s()"\[\]]+)""",
    re.X,
)
_PREFIX = re.compile(r"([A-Za-z][A-Za-z_/-]*):(?!//)")
_OVID = re.compile(r"\.(?:ti|ab|mp|tw|kw|hw|kf|af|sh)(?:,\w+)*\.?$", re.I)
_HEADING = re.compile(r"(.+)/(?:exp|de|mj|br)?", re.I)
_EMBASE = re.compile(r":(?:ti|ab|kw|de|lnk|exp|au)(?:,\w+)*", re.I)
_SCOPUS_FUNCTION = re.compile(r"(?:title|abs|key|all|auth|affil|srctitle|pubyear)(?:-\w+)*", re.I)
_LIST_SEPARATOR = re.compile(r"[,;，；、](?=\S)")
_TAG_HINTS = (
    (
        re.compile(r"date|\b(?:dp|pdat|edat|crdt|mdat|dep|ppdat)\b"),
        "dates belong in search.from and search.to, or --from and --to",
    ),
    (
        re.compile(r"noexp|majr|major topic"),
        "only PubMed supports it; use [mh], or a PubMed query under search.native",
    ),
    (
        re.compile(r"^(?:all|all fields|tw|text word|text words|ot|other term)$"),
        "other sources search less than PubMed does there; use [tiab]",
    ),
)
"""Tags pasted from PubMed, and what to write instead."""
_PROXIMITY = re.compile(r"(?:near|adj|pre|within|w|n)/?\d+", re.I)


@dataclass(frozen=True, slots=True)
class QueryToken:
    """A token of the query and its position."""

    kind: str
    """( ) and or not term field"""
    text: str
    start: int
    quoted: bool = False
    tag: "QueryToken | None" = None
    """The [field] directly after a term."""


@dataclass(slots=True)
class _ParserLevel:
    """State of the parser inside one pair of parentheses."""

    start: int
    scope: QueryField | None
    parts: list[tuple[Node, int]] = field(default_factory=list)
    """Parts parsed so far, each with its depth."""
    operator: str | None = None
    negated: bool = False
    pending: QueryToken | None = None
    """The operator or field that needs an operand; None after a part."""
    last_word: str = ""
    """The last word, as written; "" after a phrase or a parenthesis."""


def parse(text: str) -> Node:
    """Parse a query.

    AND and OR must not be mixed without parentheses; adjacent words need quotes or an operator.

    Raises:
        QueryError: with the position, what was expected, and a line that marks the position.
    """
    if len(text) > MAX_QUERY_LENGTH:
        length_text = f"{len(text):,} characters; the limit is {MAX_QUERY_LENGTH:,}"
        raise QueryError(f"Query: it has {length_text}. Split it, or use a source-specific query.")
    levels = [_ParserLevel(0, None)]
    for token in tokenize_query(text):
        _take_token(text, levels, token)
    if len(levels) > 1:
        raise_query_error(text, levels[-1].start, "a closing ')' is missing for this '('")
    return _build_level_tree(text, levels[0], len(text))[0]


def tokenize_query(text: str) -> list[QueryToken]:
    """The tokens of a query. Raises QueryError for an unmatched quotation mark or bracket."""
    query_tokens: list[QueryToken] = []
    clean_text = _CONTROL_CHARACTERS.sub(" ", text.translate(_LOOKALIKES))
    for match in _TOKEN.finditer(clean_text):
        start = match.start()
        if match["quote"]:
            raise_query_error(text, start, 'a closing " is missing for this one')
        elif match["bracket"]:
            raise_query_error(text, start, "unmatched square bracket; fields are written word[ti]")
        elif match["open"] or match["close"]:
            query_tokens.append(QueryToken(match[0], match[0], start))
        elif match["phrase"] is not None:
            query_tokens.append(QueryToken("term", match["phrase"], start, quoted=True))
        elif match["tag"] is not None:
            _attach_tag(text, query_tokens, QueryToken("tag", match["tag"], start))
        else:
            query_tokens += _tokenize_word(text, match["word"], start)
    return query_tokens


def _attach_tag(text: str, query_tokens: list[QueryToken], tag: QueryToken) -> None:
    """Attach a [field] to the preceding term."""
    previous = query_tokens[-1] if query_tokens else None
    if previous is not None and previous.kind == "term" and previous.tag is None:
        query_tokens[-1] = replace(previous, tag=tag)
    elif previous is not None and previous.kind == ")":
        raise_query_error(
            text, tag.start, "a field cannot follow ')'; write tiab:( ... ) or tag each term"
        )
    else:
        raise_query_error(
            text, tag.start, "a field must follow one term directly, as in covid*[tiab]"
        )


def _tokenize_word(text: str, word: str, start: int) -> list[QueryToken]:
    if word.lower() in ("and", "or", "not"):
        return [QueryToken(word.lower(), word, start)]
    prefix = _PREFIX.match(word)
    if not prefix:
        return [QueryToken("term", word, start)]
    if _EMBASE.fullmatch(word[prefix.end() - 1 :]):
        raise_query_error(text, start, f"this is Embase field syntax; expected {_FIELD_EXAMPLES}")
    if prefix[1].lower() not in FIELD_NAMES:
        raise_query_error(
            text, start, f"'{prefix[1]}:' is not a supported field; expected {_FIELD_EXAMPLES}"
        )
    remainder = word[prefix.end() :]
    field_token = QueryToken("field", prefix[1], start)
    return (
        [field_token, QueryToken("term", remainder, start + prefix.end())]
        if remainder
        else [field_token]
    )


def _take_token(text: str, levels: list[_ParserLevel], token: QueryToken) -> None:
    level = levels[-1]
    if token.kind in ("and", "or"):
        _join_parts(text, level, token)
    elif token.kind == "not":
        if level.parts and level.pending is None:
            _join_parts(text, level, QueryToken("and", token.text, token.start))
        elif level.pending is not None and level.pending.kind == "field":
            raise_query_error(
                text, token.start, f"expected a term or '(' after {level.pending.text}:"
            )
        level.negated = not level.negated
        level.pending = token
    elif token.kind == ")":
        _close_level(text, levels, token)
    else:
        _begin_part(text, levels, token)


def _begin_part(text: str, levels: list[_ParserLevel], token: QueryToken) -> None:
    """Read a token that may begin a part: a field, a parenthesis or a term."""
    level = levels[-1]
    if level.parts and level.pending is None:
        raise_query_error(text, token.start, _explain_missing_operator(level, token))
    if level.pending is not None and level.pending.kind == "field" and token.kind == "field":
        raise_query_error(text, token.start, f"expected a term or '(' after {level.pending.text}:")
    if token.kind == "field":
        level.pending = token
        return
    field_token = (
        level.pending if level.pending is not None and level.pending.kind == "field" else None
    )
    scope = FIELD_NAMES[field_token.text.lower()] if field_token else level.scope
    if token.kind == "(":
        levels.append(_ParserLevel(token.start, scope))
        return
    if token.tag is not None:
        if field_token:
            raise_query_error(
                text, token.tag.start, f"this term already has a field ({field_token.text}:)"
            )
        scope = _resolve_tag(text, token.tag)
    last_word = "" if token.quoted else token.text
    _add_part(level, (_build_term(text, token, scope or "tiab"), 0), last_word)


def _resolve_tag(text: str, tag: QueryToken) -> QueryField:
    name = " ".join(tag.text.lower().split())
    if name in FIELD_NAMES:
        return FIELD_NAMES[name]
    if "~" in name:
        raise_query_error(
            text, tag.start, "proximity operators are not supported by all sources; use AND"
        )
    for pattern, hint in _TAG_HINTS:
        if pattern.search(name):
            raise_query_error(text, tag.start, f"[{tag.text}] is not a supported field; {hint}")
    return raise_query_error(
        text, tag.start, f"[{tag.text}] is not a supported field; expected {_FIELD_EXAMPLES}"
    )


def _add_part(level: _ParserLevel, part: tuple[Node, int], last_word: str) -> None:
    node, depth = part
    level.parts.append((negate_node(node) if level.negated else node, depth))
    level.negated, level.pending, level.last_word = False, None, last_word


def _join_parts(text: str, level: _ParserLevel, token: QueryToken) -> None:
    word = token.text.upper()
    if not level.parts or level.pending is not None:
        context = f"after {level.pending.text}" if level.pending is not None else f"before {word}"
        raise_query_error(text, token.start, f"expected a term, '(' or NOT {context}")
    if level.operator not in (None, token.kind):
        raise_query_error(
            text,
            token.start,
            "AND (or NOT) and OR are mixed without parentheses, which sources interpret "
            "differently; write (a OR b) AND c, or a OR (b AND c)",
        )
    level.operator, level.pending = token.kind, token


def _close_level(text: str, levels: list[_ParserLevel], token: QueryToken) -> None:
    if len(levels) == 1:
        raise_query_error(text, token.start, "unmatched ')'; expected AND, OR, NOT or the end")
    part = _build_level_tree(text, levels[-1], token.start)
    if part[1] > MAX_NESTING:
        raise_query_error(
            text,
            levels[-1].start,
            f"more than {MAX_NESTING} nested levels of AND and OR",
        )
    levels.pop()
    _add_part(levels[-1], part, "")


def _build_level_tree(text: str, level: _ParserLevel, end: int) -> tuple[Node, int]:
    """The tree of a completed level, and its depth."""
    if level.pending is not None:
        pending_text = (
            f"{level.pending.text}:" if level.pending.kind == "field" else level.pending.text
        )
        raise_query_error(text, end, f"expected a term or '(' after {pending_text}")
    if not level.parts:
        if end >= len(text) and not level.start:
            raise_query_error(text, 0, "the query is empty; expected a term, for example covid*")
        raise_query_error(text, level.start, "nothing between these parentheses; expected a term")
    depth = max(depth for _, depth in level.parts) + (len(level.parts) > 1)
    parts = [node for node, _ in level.parts]
    return (join_with_or(parts) if level.operator == "or" else join_with_and(parts)), depth


def _build_term(text: str, token: QueryToken, name: QueryField) -> Term:
    """The term of a token. Raises QueryError for misplaced wildcards and words without letters."""
    body = " ".join(token.text.split())
    stem = body.endswith("*")
    stripped = body.rstrip("*").rstrip() if stem else body
    if not token.quoted:
        _reject_other_syntax(text, token, body)
    if "*" in stripped:
        raise_query_error(text, token.start, "* is allowed only at the end of a word or phrase")
    words = extract_words(stripped)
    if not words:
        problem = "a * alone would match everything" if stem else "no letter or digit here"
        raise_query_error(text, token.start, f"{problem}; expected a word or a phrase")
    if stem and len(words[-1]) < MIN_STEM_LENGTH:
        raise_query_error(
            text, token.start, f"at least {MIN_STEM_LENGTH} letters are required before *"
        )
    if stem and not extract_words(stripped[-1]):
        raise_query_error(text, token.start, "* must follow a letter or digit")
    return Term(stripped, name, stem)


def _reject_other_syntax(text: str, token: QueryToken, body: str) -> None:
    if _OVID.search(body):
        raise_query_error(
            text, token.start, f"this is Ovid field syntax; expected {_FIELD_EXAMPLES}"
        )
    heading = _HEADING.fullmatch(body)
    if heading:
        heading_words = heading[1].strip("'‘’")
        raise_query_error(
            text,
            token.start,
            f'this is another database\'s heading; expected mesh:"{heading_words}"',
        )
    if body[0] in "{'‘" and body[-1] not in "}'’":
        raise_query_error(text, token.start, 'put phrases in double quotes, as in "deep learning"')
    if _PROXIMITY.fullmatch(body):
        raise_query_error(
            text, token.start, "proximity operators are not supported by all sources; use AND"
        )
    if re.fullmatch(r"#\d+", body):
        raise_query_error(
            text, token.start, f"{body} refers to a line of a search history; write out the line"
        )
    if body[0] in "-+!~^":
        raise_query_error(
            text, token.start, f"{body[0]} before a word is not an operator; expected NOT or AND"
        )
    for character in "?#$":
        if character in body:
            raise_query_error(
                text,
                token.start + token.text.index(character),
                f"{character} is not a wildcard; use *",
            )
    separator = _LIST_SEPARATOR.search(body)
    if separator and not re.fullmatch(r"\d{1,3}(?:,\d{3})+", body):
        position = token.start + token.text.index(separator[0])
        raise_query_error(text, position, f"{separator[0]} is not an operator; expected AND or OR")
    if body.endswith(("=", ":")) or "=" in body:
        raise_query_error(
            text,
            token.start,
            f"this is the field syntax of another database; expected {_FIELD_EXAMPLES}",
        )


def _explain_missing_operator(level: _ParserLevel, token: QueryToken) -> str:
    other_syntax_message = (
        f"this is the field syntax of another database; expected {_FIELD_EXAMPLES}"
    )
    if token.kind == "(" and _SCOPUS_FUNCTION.fullmatch(level.last_word):
        return other_syntax_message
    if token.kind == "term" and not token.quoted and _EMBASE.fullmatch(token.text):
        return other_syntax_message
    if level.last_word.lower() in ("exp", "explode"):
        return 'exp before a heading is Ovid syntax; expected mesh:"...", which PubMed explodes'
    if level.last_word[:1] in ("'", "‘", "{"):
        return 'put phrases in double quotes, as in "deep learning"'
    if token.kind == "term" and not token.quoted:
        if not extract_words(token.text):
            return f"'{token.text}' is not an operator; expected AND, OR or NOT"
        if _PROXIMITY.fullmatch(token.text):
            return "proximity operators are not supported by all sources; expected AND, OR or NOT"
    if token.kind == "term" and not token.quoted and level.last_word:
        pair = f"{level.last_word} {token.text}".replace('"', "")
        return f'expected AND, OR or NOT before this; for a phrase write "{pair[:60]}"'
    return "expected AND, OR or NOT before this"


def raise_query_error(text: str, position: int, message: str) -> NoReturn:
    """Raise QueryError: one line of explanation, then the position marked with a caret."""
    raise QueryError(
        f"Query, character {position + 1}: {message}.\n{point_at_position(text, position)}"
    )


def point_at_position(text: str, position: int, context: int = 34) -> str:
    """The part of the query around a position, with a caret below it."""
    low, high = max(0, position - context), min(len(text), position + context)
    before, after = "..." if low else "", "..." if high < len(text) else ""
    excerpt = "".join(c if c.isprintable() else " " for c in text[low:high])
    return f"  {before}{excerpt}{after}\n  {' ' * (len(before) + position - low)}^"
