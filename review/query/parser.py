"""Query text -> tree, or one clear line that says where it goes wrong and what was expected."""

import re
from dataclasses import dataclass, field, replace
from typing import NoReturn

from review.errors import QueryError
from review.query.ast import Field, Node, Term, all_of, any_of, none_of
from review.query.tokens import words_of

LONGEST = 500_000  # characters; a query of 5,000 terms has about 100,000
DEEPEST = 60  # AND inside OR inside AND ...; people write three
SHORTEST_STEM = 2  # letters before *; fewer would match nearly every text
FIELDS: dict[str, Field] = {
    "tiab": "tiab", "title/abstract": "tiab", "title-abs": "tiab", "title_abs": "tiab",
    "ti": "title", "title": "title",
    "ab": "abstract", "abs": "abstract", "abstract": "abstract",
    "mh": "mesh", "mesh": "mesh", "mesh terms": "mesh",
}  # fmt: skip
"""Names of fields in small letters, as prefix (title:) or PubMed tag ([ti])."""
_SHOWN = "title:, abstract:, tiab:, mesh: or [ti], [ab], [tiab], [mh]"
_SAME = str.maketrans(
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
_STRAY = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_TOKEN = re.compile(
    r"""(?P<open>\() | (?P<close>\)) | "(?P<phrase>[^"]*)" | (?P<quote>") | \[(?P<tag>[^\[\]]*)\]
      | (?P<bracket>[\[\]]) | (?P<word>[^\s()"\[\]]+)""",
    re.X,
)
_PREFIX = re.compile(r"([A-Za-z][A-Za-z_/-]*):(?!//)")
_OVID = re.compile(r"\.(?:ti|ab|mp|tw|kw|hw|kf|af|sh)(?:,\w+)*\.?$", re.I)
_HEADING = re.compile(r"(.+)/(?:exp|de|mj|br)?", re.I)
_EMBASE = re.compile(r":(?:ti|ab|kw|de|lnk|exp|au)(?:,\w+)*", re.I)
_FUNCTION = re.compile(r"(?:title|abs|key|all|auth|affil|srctitle|pubyear)(?:-\w+)*", re.I)
_LISTED = re.compile(r"[,;，；、](?=\S)")
_HINTS = (
    (re.compile(r"date|\b(?:dp|pdat|edat|crdt|mdat|dep|ppdat)\b"),
     "the days belong in search.from and search.to, or --from and --to"),
    (re.compile(r"noexp|majr|major topic"),
     "no source but PubMed knows it; use [mh], or PubMed's own query under search.native"),
    (re.compile(r"^(?:all|all fields|tw|text word|text words|ot|other term)$"),
     "other sources search less than PubMed does there; use [tiab]"),
)  # fmt: skip
"""Tags pasted from PubMed, and what to write instead."""
_NEAR = re.compile(r"(?:near|adj|pre|within|w|n)/?\d+", re.I)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the query and where it stands."""

    kind: str
    """( ) and or not term field"""
    text: str
    start: int
    quoted: bool = False
    tag: "Token | None" = None
    """The [field] right behind a term."""


@dataclass(slots=True)
class _Level:
    """What is being read between two parentheses."""

    start: int
    scope: Field | None
    parts: list[tuple[Node, int]] = field(default_factory=list)
    """Parts read so far, each with its depth."""
    joint: str | None = None
    negated: bool = False
    pending: Token | None = None
    """The operator or field that waits for what follows; None after a part."""
    last: str = ""
    """The word read last, as written; "" after a phrase or a parenthesis."""


def parse(text: str) -> Node:
    """The tree of a query.

    AND and OR may not be mixed without parentheses; words side by side need quotes or an operator.

    Raises:
        QueryError: with the position, what was expected, and a line that points at the place.
    """
    if len(text) > LONGEST:
        shown = f"{len(text):,} characters, more than the {LONGEST:,} that are read"
        raise QueryError(f"Query: it has {shown}. Split it, or use a query of the source's own.")
    levels = [_Level(0, None)]
    for token in tokens(text):
        _take(text, levels, token)
    if len(levels) > 1:
        fail(text, levels[-1].start, "a closing ')' is missing for this '('")
    return _closed(text, levels[0], len(text))[0]


def tokens(text: str) -> list[Token]:
    """The pieces of a query. Raises QueryError for a quote or bracket without its partner."""
    found: list[Token] = []
    plain = _STRAY.sub(" ", text.translate(_SAME))
    for match in _TOKEN.finditer(plain):
        start = match.start()
        if match["quote"]:
            fail(text, start, 'a closing " is missing for this one')
        elif match["bracket"]:
            fail(text, start, "a square bracket without its partner; fields are written word[ti]")
        elif match["open"] or match["close"]:
            found.append(Token(match[0], match[0], start))
        elif match["phrase"] is not None:
            found.append(Token("term", match["phrase"], start, quoted=True))
        elif match["tag"] is not None:
            _tag(text, found, Token("tag", match["tag"], start))
        else:
            found += _worded(text, match["word"], start)
    return found


def _tag(text: str, found: list[Token], tag: Token) -> None:
    """Hangs a [field] on the term before it."""
    last = found[-1] if found else None
    if last is not None and last.kind == "term" and last.tag is None:
        found[-1] = replace(last, tag=tag)
    elif last is not None and last.kind == ")":
        fail(text, tag.start, "a field cannot follow ')'; write tiab:( ... ) or tag each term")
    else:
        fail(text, tag.start, "a field must follow one term directly, as in covid*[tiab]")


def _worded(text: str, word: str, start: int) -> list[Token]:
    if word.lower() in ("and", "or", "not"):
        return [Token(word.lower(), word, start)]
    prefix = _PREFIX.match(word)
    if not prefix:
        return [Token("term", word, start)]
    if _EMBASE.fullmatch(word[prefix.end() - 1 :]):
        fail(text, start, f"this is Embase's way to name a field; expected {_SHOWN}")
    if prefix[1].lower() not in FIELDS:
        fail(text, start, f"'{prefix[1]}:' is no field we search; expected {_SHOWN}")
    rest = word[prefix.end() :]
    head = Token("field", prefix[1], start)
    return [head, Token("term", rest, start + prefix.end())] if rest else [head]


def _take(text: str, levels: list[_Level], token: Token) -> None:
    level = levels[-1]
    if token.kind in ("and", "or"):
        _join(text, level, token)
    elif token.kind == "not":
        if level.parts and level.pending is None:
            _join(text, level, Token("and", token.text, token.start))
        elif level.pending is not None and level.pending.kind == "field":
            fail(text, token.start, f"expected a term or '(' after {level.pending.text}:")
        level.negated = not level.negated
        level.pending = token
    elif token.kind == ")":
        _close(text, levels, token)
    else:
        _begin(text, levels, token)


def _begin(text: str, levels: list[_Level], token: Token) -> None:
    """Takes what may begin a part: a field, a parenthesis, a term."""
    level = levels[-1]
    if level.parts and level.pending is None:
        fail(text, token.start, _side_by_side(level, token))
    if level.pending is not None and level.pending.kind == "field" and token.kind == "field":
        fail(text, token.start, f"expected a term or '(' after {level.pending.text}:")
    if token.kind == "field":
        level.pending = token
        return
    named = level.pending if level.pending is not None and level.pending.kind == "field" else None
    scope = FIELDS[named.text.lower()] if named else level.scope
    if token.kind == "(":
        levels.append(_Level(token.start, scope))
        return
    if token.tag is not None:
        if named:
            fail(text, token.tag.start, f"this term has a field already ({named.text}:)")
        scope = _tagged(text, token.tag)
    shown = "" if token.quoted else token.text
    _add(level, (_term(text, token, scope or "tiab"), 0), shown)


def _tagged(text: str, tag: Token) -> Field:
    name = " ".join(tag.text.lower().split())
    if name in FIELDS:
        return FIELDS[name]
    if "~" in name:
        fail(text, tag.start, "distances between words are not searched everywhere; use AND")
    for known, hint in _HINTS:
        if known.search(name):
            fail(text, tag.start, f"[{tag.text}] is no field we search; {hint}")
    return fail(text, tag.start, f"[{tag.text}] is no field we search; expected {_SHOWN}")


def _add(level: _Level, part: tuple[Node, int], shown: str) -> None:
    node, depth = part
    level.parts.append((none_of(node) if level.negated else node, depth))
    level.negated, level.pending, level.last = False, None, shown


def _join(text: str, level: _Level, token: Token) -> None:
    word = token.text.upper()
    if not level.parts or level.pending is not None:
        what = f"after {level.pending.text}" if level.pending is not None else f"before {word}"
        fail(text, token.start, f"expected a term, '(' or NOT {what}")
    if level.joint not in (None, token.kind):
        fail(
            text,
            token.start,
            "AND (or NOT) and OR are mixed without parentheses, which sources read differently; "
            "write (a OR b) AND c, or a OR (b AND c)",
        )
    level.joint, level.pending = token.kind, token


def _close(text: str, levels: list[_Level], token: Token) -> None:
    if len(levels) == 1:
        fail(text, token.start, "this ')' closes nothing; expected AND, OR, NOT or the end")
    part = _closed(text, levels[-1], token.start)
    if part[1] > DEEPEST:
        fail(text, levels[-1].start, f"more than {DEEPEST} levels of AND and OR inside each other")
    levels.pop()
    _add(levels[-1], part, "")


def _closed(text: str, level: _Level, end: int) -> tuple[Node, int]:
    """The tree of a level that has ended, and its depth."""
    if level.pending is not None:
        shown = f"{level.pending.text}:" if level.pending.kind == "field" else level.pending.text
        fail(text, end, f"expected a term or '(' after {shown}")
    if not level.parts:
        if end >= len(text) and not level.start:
            fail(text, 0, "the query is empty; expected a term, for example covid*")
        fail(text, level.start, "nothing between these parentheses; expected a term")
    depth = max(depth for _, depth in level.parts) + (len(level.parts) > 1)
    parts = [node for node, _ in level.parts]
    return (any_of(parts) if level.joint == "or" else all_of(parts)), depth


def _term(text: str, token: Token, name: Field) -> Term:
    """The term of a token. Raises QueryError for stray wildcards and words without letters."""
    body = " ".join(token.text.split())
    stem = body.endswith("*")
    bare = body.rstrip("*").rstrip() if stem else body
    if not token.quoted:
        _refuse_other_syntax(text, token, body)
    if "*" in bare:
        fail(text, token.start, "* stands only at the end of a word or phrase")
    words = words_of(bare)
    if not words:
        what = "a * alone would match everything" if stem else "no letter or digit here"
        fail(text, token.start, f"{what}; expected a word or a phrase")
    if stem and len(words[-1]) < SHORTEST_STEM:
        fail(text, token.start, f"at least {SHORTEST_STEM} letters must stand before *")
    if stem and not words_of(bare[-1]):
        fail(text, token.start, "* must follow a letter or digit")
    return Term(bare, name, stem)


def _refuse_other_syntax(text: str, token: Token, body: str) -> None:
    if _OVID.search(body):
        fail(text, token.start, f"this is Ovid's way to name a field; expected {_SHOWN}")
    heading = _HEADING.fullmatch(body)
    if heading:
        said = heading[1].strip("'‘’")
        fail(text, token.start, f'this is another database\'s heading; expected mesh:"{said}"')
    if body[0] in "{'‘" and body[-1] not in "}'’":
        fail(text, token.start, 'a phrase stands between double quotes, as in "deep learning"')
    if _NEAR.fullmatch(body):
        fail(text, token.start, "distances between words are not searched everywhere; use AND")
    if re.fullmatch(r"#\d+", body):
        fail(text, token.start, f"{body} is a line of a search history; write the line out")
    if body[0] in "-+!~^":
        fail(text, token.start, f"{body[0]} before a word is no operator here; expected NOT or AND")
    for sign in "?#$":
        if sign in body:
            fail(text, token.start + token.text.index(sign), f"{sign} is no wildcard here; only *")
    listed = _LISTED.search(body)
    if listed and not re.fullmatch(r"\d{1,3}(?:,\d{3})+", body):
        place = token.start + token.text.index(listed[0])
        fail(text, place, f"{listed[0]} joins no words here; expected AND or OR")
    if body.endswith(("=", ":")) or "=" in body:
        fail(
            text, token.start, f"this is another database's way to name a field; expected {_SHOWN}"
        )


def _side_by_side(level: _Level, token: Token) -> str:
    elsewhere = f"this is another database's way to name a field; expected {_SHOWN}"
    if token.kind == "(" and _FUNCTION.fullmatch(level.last):
        return elsewhere
    if token.kind == "term" and not token.quoted and _EMBASE.fullmatch(token.text):
        return elsewhere
    if level.last.lower() in ("exp", "explode"):
        return 'exp before a heading is Ovid\'s; expected mesh:"...", which PubMed explodes'
    if level.last[:1] in ("'", "‘", "{"):
        return 'a phrase stands between double quotes, as in "deep learning"'
    if token.kind == "term" and not token.quoted:
        if not words_of(token.text):
            return f"'{token.text}' is no operator here; expected AND, OR or NOT"
        if _NEAR.fullmatch(token.text):
            return "distances between words are not searched everywhere; expected AND, OR or NOT"
    if token.kind == "term" and not token.quoted and level.last:
        pair = f"{level.last} {token.text}".replace('"', "")
        return f'expected AND, OR or NOT before this; for a phrase write "{pair[:60]}"'
    return "expected AND, OR or NOT before this"


def fail(text: str, position: int, said: str) -> NoReturn:
    """Raises QueryError: one line of explanation, then the place with a caret below it."""
    raise QueryError(f"Query, character {position + 1}: {said}.\n{pointed(text, position)}")


def pointed(text: str, position: int, room: int = 34) -> str:
    """The part of the query around a place, and below it a caret."""
    low, high = max(0, position - room), min(len(text), position + room)
    before, behind = "..." if low else "", "..." if high < len(text) else ""
    shown = "".join(c if c.isprintable() else " " for c in text[low:high])
    return f"  {before}{shown}{behind}\n  {' ' * (len(before) + position - low)}^"
