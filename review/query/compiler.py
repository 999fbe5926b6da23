"""What is put to a source: its query text, what it could not be asked, and the window of days."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from review.errors import QueryError
from review.query.ast import And, Node, Not, Or, Term, all_of, any_of, none_of, to_text


@dataclass(frozen=True, slots=True)
class Window:
    """Days of publication or entry, both ends included; None leaves an end open."""

    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query in a source's own language."""

    text: str
    lost: tuple[str, ...] = ()
    """What this source could not be asked, or was asked in another way: one sentence each."""
    notes: tuple[str, ...] = ()
    """What a reader should know of how the source reads it; nothing is lost by these."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of a tree after parts were taken out."""

    node: Node
    lost: tuple[str, ...]


def without_mesh(node: Node, where: str) -> Kept:
    """The tree without its MeSH terms: taken out of OR they find less, out of AND more.

    Raises:
        QueryError: nothing is left.
    """
    lost: list[str] = []
    kept = _without(node, lambda term: term.field == "mesh", lost, where)
    if kept is None:
        raise QueryError(
            f"Query: nothing of it can be asked of {where}, which know no MeSH headings; "
            "add words of title or abstract, for example OR covid*."
        )
    return Kept(kept, tuple(dict.fromkeys(lost)))


def _without(
    node: Node, out: Callable[[Term], bool], lost: list[str], where: str, inside: str = ""
) -> Node | None:
    if isinstance(node, Term):
        if not out(node):
            return node
        effect = {"AND": "more is found", "OR": "less is found", "NOT": "more is found"}
        what = f"; {effect[inside]}" if inside else ""
        lost.append(f"{to_text(node)}: {where} know no MeSH headings, left out{what}.")
        return None
    if isinstance(node, Not):
        part = _without(node.part, out, lost, where, "NOT")
        return None if part is None else none_of(part)
    word = "AND" if isinstance(node, And) else "OR"
    parts = [_without(part, out, lost, where, word) for part in node.parts]
    kept = [part for part in parts if part is not None]
    if not kept:
        return None
    return all_of(kept) if word == "AND" else any_of(kept)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a source writes operators, so that one function can write any tree."""

    both: str
    either: str
    except_: str
    """Between what is wanted and what is not."""
    everything: str
    """A clause that every document meets, for queries that only exclude."""


def written(node: Node, dialect: Dialect, term: Callable[[Term], str]) -> str:
    """A tree in a dialect, every operator inside parentheses.

    `a NOT b` is asked as a difference; a part that only excludes is taken from `everything`.
    """
    if isinstance(node, Term):
        return term(node)
    if isinstance(node, Not):
        return f"({dialect.everything} {dialect.except_} {written(node.part, dialect, term)})"
    if isinstance(node, Or):
        return f"({f' {dialect.either} '.join(written(p, dialect, term) for p in node.parts)})"
    wanted = [written(part, dialect, term) for part in node.parts if not isinstance(part, Not)]
    refused = [part.part for part in node.parts if isinstance(part, Not)]
    text = f" {dialect.both} ".join(wanted or [dialect.everything])
    if not refused:
        return f"({text})"
    if len(wanted) > 1:
        text = f"({text})"
    return f"({text} {dialect.except_} {written(any_of(refused), dialect, term)})"


def bare(text: str) -> str:
    """The text without the parentheses around all of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth, quoted = 0, False
    for place, sign in enumerate(text):
        quoted ^= sign == '"'
        depth += 0 if quoted else (sign == "(") - (sign == ")")
        if depth == 0 and place < len(text) - 1:
            return text
    return text[1:-1]
