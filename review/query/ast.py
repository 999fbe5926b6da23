"""The parts of a query as frozen trees, how they are joined, and how they are written back."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from review.query.tokens import words_of

Field = Literal["tiab", "title", "abstract", "mesh"]

_PLAIN = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_OPERATORS = frozenset({"and", "or", "not"})


@dataclass(frozen=True, slots=True)
class Term:
    """A word, a phrase, or the beginning of either."""

    text: str
    """As written, without quotes and without the closing *."""
    field: Field = "tiab"
    stem: bool = False
    """True where the last word is only a beginning (written word*)."""


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts hold. Two parts or more, none of them an And."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of the parts holds. Two parts or more, none of them an Or."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold. The part is not itself a Not."""

    part: "Node"


Node = Term | And | Or | Not


def all_of(parts: Iterable[Node]) -> Node:
    """The parts joined by AND: nested ones drawn up, repeated ones dropped, order kept."""
    flat = _drawn_up(parts, And)
    return flat[0] if len(flat) == 1 else And(flat)


def any_of(parts: Iterable[Node]) -> Node:
    """The parts joined by OR: nested ones drawn up, repeated ones dropped, order kept."""
    flat = _drawn_up(parts, Or)
    return flat[0] if len(flat) == 1 else Or(flat)


def none_of(part: Node) -> Node:
    """The opposite of a part; twice gives the part itself."""
    return part.part if isinstance(part, Not) else Not(part)


def _drawn_up(parts: Iterable[Node], kind: type[And] | type[Or]) -> tuple[Node, ...]:
    flat: dict[Node, None] = {}
    for part in parts:
        inner: tuple[Node, ...] = part.parts if isinstance(part, kind) else (part,)
        flat |= dict.fromkeys(inner)
    if not flat:
        raise ValueError("nothing to join")
    return tuple(flat)


def terms_of(node: Node) -> Iterator[Term]:
    """All terms from left to right, repeats included."""
    waiting: list[Node] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Term):
            yield one
        elif isinstance(one, Not):
            waiting.append(one.part)
        else:
            waiting.extend(reversed(one.parts))


def term_words(term: Term) -> tuple[str, ...]:
    """The folded words of a term; with `stem` the last is a beginning."""
    return words_of(term.text)


def to_text(node: Node) -> str:
    """The query written in our own language; `parse` reads it back to the same tree."""
    return _written(node, outer=True)


def _written(node: Node, *, outer: bool = False) -> str:
    if isinstance(node, Term):
        return _term(node)
    if isinstance(node, Not):
        return f"NOT {_written(node.part)}"
    word = " AND " if isinstance(node, And) else " OR "
    inner = word.join(_written(part) for part in node.parts)
    return inner if outer else f"({inner})"


def _term(term: Term) -> str:
    star = "*" if term.stem else ""
    bare = _PLAIN.fullmatch(term.text) and term.text.casefold() not in _OPERATORS
    body = f"{term.text}{star}" if bare else f'"{term.text}{star}"'
    return body if term.field == "tiab" else f"{term.field}:{body}"
