"""Evaluates the services' query strings over sets; shares no code with Funnel's parser.

One reader serves four dialects: 'pubmed' (tags after the term, left to right), 'arxiv' (prefixes,
ANDNOT, a space means OR), 'europepmc' (prefixes, AND binds tighter) and 'protocol' (the product's
own language, read strictly), so that the truth of a search does not come from the code under test.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from standin.index import fold


class BadQuery(Exception):
    """The service would refuse this query; the text is what it would say."""


@dataclass(frozen=True, slots=True)
class Term:
    """One searched thing: words of a field, or a range of a field."""

    field: str | None
    """In small letters, without brackets; None where the query names none."""
    text: str
    quoted: bool = False
    range: tuple[str, str] | None = None

    @property
    def stem(self) -> bool:
        return self.text.endswith("*")

    @property
    def words(self) -> list[str]:
        return fold(self.text)


Finder = Callable[[Term], set[int]]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>(?:(?P<scope>[A-Za-z_]+):)?\()
    | (?P<close>\))
    | (?P<range>(?P<range_field>[A-Za-z_]+):[\[{]\s*(?P<low>\S+)\s+TO\s+(?P<high>[^\s\]}]+)\s*[\]}])
    | (?P<dates>"?(?P<from>\d{4}(?:/\d\d?){0,2})"?(?:\[[^\]]+\])?\s*:\s*
        "?(?P<to>\d{4}(?:/\d\d?){0,2})"?\[(?P<date_tag>[^\]]+)\])
    | (?:(?P<field>[A-Za-z_]+):)?
      (?:"(?P<phrase>[^"]*)"|(?P<word>[^\s()"\[\]]+))(?P<tag>\[[^\]]*\])?
    )""",
    re.X,
)
_OPERATORS = {"AND", "OR", "NOT", "ANDNOT"}
_ADJACENT = {"pubmed": "AND", "arxiv": "OR", "europepmc": "AND"}


def evaluate(query: str, dialect: str, find: Finder, everything: set[int]) -> set[int]:
    """The positions a service finds for a query in its dialect. Raises BadQuery."""
    tokens = _tokens(query, dialect)
    values: list[set[int]] = []
    waiting: list[str] = []
    expect_term = True
    for token in tokens:
        if isinstance(token, Term) or token == "(":
            if not expect_term:
                if dialect not in _ADJACENT:
                    raise BadQuery("two terms without an operator")
                _push(waiting, values, _ADJACENT[dialect], dialect, everything)
            if token == "(":
                waiting.append("(")
            else:
                assert isinstance(token, Term)
                values.append(find(token))
            expect_term = token == "("
        elif token == ")":
            if expect_term:
                raise BadQuery("missing operand")
            while waiting and waiting[-1] != "(":
                _apply(waiting.pop(), values, everything)
            if not waiting:
                raise BadQuery("unbalanced parentheses")
            waiting.pop()
        else:
            expect_term = _operator(token, expect_term, (waiting, values), dialect, everything)
    if expect_term:
        raise BadQuery("missing operand" if tokens else "empty query")
    while waiting:
        if waiting[-1] == "(":
            raise BadQuery("unbalanced parentheses")
        _apply(waiting.pop(), values, everything)
    return values[0]


def _operator(
    token: str,
    expect_term: bool,
    stacks: tuple[list[str], list[set[int]]],
    dialect: str,
    everything: set[int],
) -> bool:
    """Takes an operator; True as a term must follow."""
    waiting, values = stacks
    if expect_term:
        if token != "NOT" or (dialect == "arxiv"):
            raise BadQuery(f"operator {token} without a left operand")
        waiting.append("not")  # unary
        return True
    if token == "NOT" and dialect == "arxiv":
        raise BadQuery("NOT is not an operator here; use ANDNOT")
    _push(waiting, values, token, dialect, everything)
    return True


def _rank(operator: str, dialect: str) -> int:
    if operator == "not":
        return 3
    if dialect in ("europepmc", "protocol"):
        return 1 if operator == "OR" else 2
    return 1


def _push(
    waiting: list[str], values: list[set[int]], operator: str, dialect: str, everything: set[int]
) -> None:
    rank = _rank(operator, dialect)
    while waiting and waiting[-1] != "(" and _rank(waiting[-1], dialect) >= rank:
        _apply(waiting.pop(), values, everything)
    waiting.append(operator)


def _apply(operator: str, values: list[set[int]], everything: set[int]) -> None:
    last = values.pop()
    if operator == "not":
        values.append(everything - last)
    elif operator == "AND":
        values[-1] = values[-1] & last
    elif operator == "OR":
        values[-1] = values[-1] | last
    else:
        values[-1] = values[-1] - last


def terms(query: str, dialect: str) -> list[Term]:
    """The terms of a query in order."""
    return [token for token in _tokens(query, dialect) if isinstance(token, Term)]


def _tokens(query: str, dialect: str) -> list[Term | str]:
    place, found = 0, list[Term | str]()
    scopes: list[str | None] = []
    query = query.strip()
    while place < len(query):
        match = _TOKEN.match(query, place)
        if not match or match.end() == place:
            raise BadQuery(f"cannot read the query at {query[place : place + 20]!r}")
        place = match.end()
        if match["open"]:
            scopes.append((match["scope"] or "").lower() or (scopes[-1] if scopes else None))
            found.append("(")
        elif match["close"]:
            if scopes:
                scopes.pop()
            found.append(")")
        elif match["range"]:
            found.append(
                Term(match["range_field"].lower(), "", False, (match["low"], match["high"]))
            )
        elif match["dates"]:
            found.append(Term(match["date_tag"].lower(), "", False, (match["from"], match["to"])))
        else:
            found += _word(match, dialect, scopes[-1] if scopes else None)
    return _joined(found) if dialect == "pubmed" else found


def _word(match: re.Match[str], dialect: str, scope: str | None) -> list[Term | str]:
    tag = (match["tag"] or "")[1:-1].strip().lower()
    field = tag or (match["field"] or "").lower() or scope
    if match["phrase"] is not None:
        return [Term(field, match["phrase"], True)]
    word = match["word"]
    if not match["field"] and not tag and word in _OPERATORS:
        return [word]
    if dialect == "protocol" and not match["field"] and not tag and word.upper() in _OPERATORS:
        return [word.upper()]
    if dialect == "arxiv" and "-" in word.strip("-"):
        # A known fault of the service: what follows a bare hyphen is taken as NOT.
        first, rest = word.split("-", 1)
        return ["(", Term(field, first), "ANDNOT", Term(field, rest.replace("-", " ")), ")"]
    return [Term(field, word)]


def _joined(tokens: list[Term | str]) -> list[Term | str]:
    """PubMed reads bare words before a tag as one phrase: deep learning[tiab]."""
    found: list[Term | str] = []
    for token in tokens:
        last = found[-1] if found else None
        while (
            isinstance(token, Term)
            and token.field
            and not token.quoted
            and not token.range
            and isinstance(last, Term)
            and last.field is None
            and not last.quoted
        ):
            found.pop()
            token = Term(token.field, f"{last.text} {token.text}")
            last = found[-1] if found else None
        found.append(token)
    return found
