"""The syntax tree of a query: its nodes, how they combine, and how they are written."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from review.query.tokens import extract_words

QueryField = Literal["tiab", "title", "abstract", "mesh"]

_PLAIN_TERM = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_OPERATORS = frozenset({"and", "or", "not"})


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase, optionally truncated."""

    text: str
    """Text without quotation marks and without the final *."""
    field: QueryField = "tiab"
    stem: bool = False
    """True if the last word is truncated (word*)."""


@dataclass(frozen=True, slots=True)
class And:
    """Conjunction of two or more parts, none of them an And."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Disjunction of two or more parts, none of them an Or."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Negation of a part that is not itself a Not."""

    part: "Node"


Node = Term | And | Or | Not


def join_with_and(parts: Iterable[Node]) -> Node:
    """The parts combined with AND: nested ones flattened, repeated ones dropped, order kept."""
    flat = _flatten_parts(parts, And)
    return flat[0] if len(flat) == 1 else And(flat)


def join_with_or(parts: Iterable[Node]) -> Node:
    """The parts combined with OR: nested ones flattened, repeated ones dropped, order kept."""
    flat = _flatten_parts(parts, Or)
    return flat[0] if len(flat) == 1 else Or(flat)


def negate_node(part: Node) -> Node:
    """The negation of a part; a double negation gives the part itself."""
    return part.part if isinstance(part, Not) else Not(part)


def _flatten_parts(parts: Iterable[Node], kind: type[And] | type[Or]) -> tuple[Node, ...]:
    flat: dict[Node, None] = {}
    for part in parts:
        inner: tuple[Node, ...] = part.parts if isinstance(part, kind) else (part,)
        flat |= dict.fromkeys(inner)
    if not flat:
        raise ValueError("nothing to join")
    return tuple(flat)


def iter_positive_terms(node: Node) -> Iterator[Term]:
    """Terms that a matching text may contain, from left to right: without those excluded by NOT,
    but with those under a double NOT."""
    pending: list[tuple[Node, bool]] = [(node, True)]
    while pending:
        current, is_positive = pending.pop()
        if isinstance(current, Term):
            if is_positive:
                yield current
        elif isinstance(current, Not):
            pending.append((current.part, not is_positive))
        else:
            pending.extend((part, is_positive) for part in reversed(current.parts))


def iter_terms(node: Node) -> Iterator[Term]:
    """All terms from left to right, repeats included."""
    pending: list[Node] = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, Term):
            yield current
        elif isinstance(current, Not):
            pending.append(current.part)
        else:
            pending.extend(reversed(current.parts))


def split_term(term: Term) -> tuple[str, ...]:
    """The normalised words of a term; with `stem` the last one is truncated."""
    return extract_words(term.text)


def format_query(node: Node) -> str:
    """The query in our own syntax; `parse` reads it back to the same tree."""
    return _format_node(node, outer=True)


def _format_node(node: Node, *, outer: bool = False) -> str:
    if isinstance(node, Term):
        return _format_term(node)
    if isinstance(node, Not):
        return f"NOT {_format_node(node.part)}"
    word = " AND " if isinstance(node, And) else " OR "
    inner = word.join(_format_node(part) for part in node.parts)
    return inner if outer else f"({inner})"


def _format_term(term: Term) -> str:
    star = "*" if term.stem else ""
    is_plain = _PLAIN_TERM.fullmatch(term.text) and term.text.casefold() not in _OPERATORS
    body = f"{term.text}{star}" if is_plain else f'"{term.text}{star}"'
    return body if term.field == "tiab" else f"{term.field}:{body}"
