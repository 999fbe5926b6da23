"""Prepares numbered records as columns for comparison."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

import numpy as np

from review.dedupe import normalize
from review.dedupe.columns import NAME_SEPARATOR, FeatureColumns, Ints, hash_text
from review.dedupe.names import parse_family_name, parse_person
from review.identifiers import (
    PREPRINT_SERVERS,
    find_preprint_server,
    fold_doi,
    get_own_identifiers,
    normalize_doi,
    normalize_pmcid,
    normalize_pmid,
)
from review.models import Record, Relation
from review.text.placeholders import is_placeholder

MAX_FAMILIES = 24
"""Authors compared per record; longer lists (consortia) keep the first ones."""
HEAD_LETTERS = 25
"""Letters a title must have to count as the beginning of a longer one."""
SNIPPET_LENGTH = 240
"""Characters of the folded abstract kept for comparing."""

SERVERS = ("", *PREPRINT_SERVERS)
"""Preprint servers by number; 0 is no server. bioRxiv and medRxiv share one DOI space."""
_SERVER_NUMBERS = {name: number for number, name in enumerate(SERVERS)}


@lru_cache(maxsize=300_000)
def _hash_short_text(text: str) -> int:
    return hash_text(text)


def _parse_number(digits: str) -> int:
    """A volume or page as a number; 0 for '' and for what is too long to be one."""
    return int(digits) if digits and len(digits) < 16 else 0


@lru_cache(maxsize=300_000)
def _hash_family_name(name: str) -> int:
    return hash_text(parse_family_name(name))


_PLACE_SUFFIX = re.compile(
    r"(?<=\w)-(?:argentina|australia|austria|baltimore|basel|beijing|belgium|berlin|boston|brazil"
    r"|bulgaria|cambridge|canada|chile|china|colombia|copenhagen|croatia|czech republic|denmark"
    r"|egypt|england|estonia|finland|france|germany|greece|hungary|iceland|india|indonesia|iran"
    r"|ireland|israel|italy|japan|kenya|korea|lithuania|london|malaysia|mexico|moscow|netherlands"
    r"|new york|new zealand|nigeria|norway|oslo|oxford|pakistan|paris|philadelphia|poland|portugal"
    r"|romania|russia|saudi arabia|scotland|serbia|shanghai|singapore|slovakia|slovenia"
    r"|south africa|south korea|spain|stockholm|sweden|switzerland|taiwan|thailand|tokyo|turkey"
    r"|turkiye|uk|ukraine|united kingdom|united states|usa|vienna|vietnam|wales|zurich)$",
    re.I,
)
"""Place that Web of Science appends to a name shared by several journals: 'FIRE-SWITZERLAND'."""


@lru_cache(maxsize=100_000)
def _normalize_journal(text: str) -> str:
    if is_placeholder(text):
        return ""
    text = _PLACE_SUFFIX.sub("", html.unescape(text) if "&" in text else text)
    text = re.sub(r"\barxiv:\S+.*", "arxiv", text, flags=re.I)
    text = re.split(r"\s[:=—]\s", text, maxsplit=1)[0]  # NLM: 'Name : other words = Nom'
    text = re.split(r"[.:]\s*(?:Conference|Official)\b", text, maxsplit=1)[0]
    text = re.sub(
        r"[.:,]?\s*\bsuppl(?:ement(?:s|um)?)?\b\.?(?:\s+[A-Z0-9])?$", "", text, flags=re.I
    )
    return normalize.normalize_text(re.sub(r"\([^)]*\)", " ", text) if "(" in text else text)


_SUPPLEMENT = re.compile(
    r"suppl|meeting|conference|congress|symposium|annual|proceeding|abstract|^\W*\d+\)", re.I
)
_SUPPLEMENT_PAGE = re.compile(r"^\s*[sap]\s*\d|\d\s*a\b|abstract", re.I)


def is_in_supplement(record: Record) -> bool:
    """Whether the record's place is a supplement or a collection of meeting abstracts."""
    for text in (record.volume, record.issue, record.journal):
        if text and _SUPPLEMENT.search(text):
            return True
    return bool(record.pages and _SUPPLEMENT_PAGE.search(record.pages))


def _get_year(record: Record) -> int:
    if record.year:
        return record.year
    return int(record.date[:4]) if record.date and record.date[:4].isdigit() else 0


def _get_published_doi(record: Record, own_doi: str | None) -> str:
    """The DOI an arXiv entry gives of its journal article; '' where it gives none."""
    if record.source != "arxiv":
        return ""
    doi = fold_doi(normalize_doi(record.doi) or "")
    return doi if doi and doi != own_doi and not doi.startswith("10.48550/") else ""


def _drop_placeholders(record: Record) -> Record:
    """The record without texts that only say that something is unknown: they are no evidence."""
    changes: dict[str, Any] = {
        name: None
        for name in ("title", "abstract", "journal", "volume", "issue", "pages")
        if (text := getattr(record, name)) and is_placeholder(text)
    }
    if any(map(_is_placeholder_name, record.authors)):
        changes["authors"] = tuple(
            name for name in record.authors if not _is_placeholder_name(name)
        )
    return replace(record, **changes) if changes else record


@lru_cache(maxsize=300_000)
def _is_placeholder_name(name: str) -> bool:
    return is_placeholder(name)


def _extract_features(original: Record) -> tuple[Any, ...]:
    record = _drop_placeholders(original)
    bare = normalize.clean_title(record.title)
    title = normalize.normalize_text(bare)
    compact_title = title.replace(" ", "")
    doi, arxiv = get_own_identifiers(record)
    prefix, first, last = normalize.parse_pages(record.pages)
    families = [_hash_family_name(name) for name in record.authors[:MAX_FAMILIES]]
    lead = parse_person(record.authors[0]) if record.authors else ""
    return (
        title,
        hash_text(compact_title),
        hash_text(compact_title[:HEAD_LETTERS]) if len(compact_title) >= HEAD_LETTERS else 0,
        normalize.classify_title(record.title),
        normalize.is_truncated(record.title),
        normalize.count_distinctive_words(title),
        _hash_short_text(" ".join(sorted(normalize.extract_numerals(title)))),
        tuple(family_code for family_code in families if family_code),
        _combine_bits(families),
        _hash_short_text(lead.partition("|")[2][:1]),
        lead,
        NAME_SEPARATOR.join(record.authors[:MAX_FAMILIES]).replace("\n", " "),
        len(record.authors),
        _get_year(record),
        _normalize_journal(record.journal) if record.journal else "",
        _parse_number(normalize.parse_volume(record.volume)),
        normalize.parse_issue(record.issue, record.volume),
        _hash_short_text(prefix),
        _parse_number(first),
        _parse_number(last),
        hash_text(doi or ""),
        hash_text(normalize_pmid(record.pmid) or ""),
        hash_text(normalize_pmcid(record.pmcid) or ""),
        hash_text(arxiv or ""),
        hash_text(_get_published_doi(record, doi)),
        _SERVER_NUMBERS[find_preprint_server(record, doi) or ""],
        record.version or 0,
        is_in_supplement(record),
        normalize.normalize_text(record.abstract[: 2 * SNIPPET_LENGTH])[:SNIPPET_LENGTH]
        if record.abstract
        else "",
        _hash_content(original),
    )


def _combine_bits(families: Iterable[int]) -> int:
    bits = 0
    for family_code in families:
        if family_code:
            bits |= 1 << (family_code >> 1) % 62
    return bits


def _hash_content(record: Record) -> int:
    parts = (
        record.title,
        record.authors,
        record.year,
        record.journal,
        record.volume,
        record.issue,
        record.pages,
        record.doi,
        record.pmid,
        record.source,
        record.source_id,
        record.version,
        record.abstract,
        record.pmcid,
        record.arxiv_id,
        record.date,
        record.types,
        record.keywords,
        record.urls,
        record.relations,
        record.language,
        record.mesh,
        record.categories,
        record.affiliations,
        sorted(record.extra.items()),
    )
    return hash_text(repr(parts))


_LISTS = {"title", "families", "lead", "team", "journal", "snippet"}
_TYPES: dict[str, Any] = {
    "kind": np.int8,
    "cut": np.bool_,
    "informative": np.int16,
    "people": np.int16,
    "year": np.int16,
    "server": np.int8,
    "version": np.int16,
    "supplement": np.bool_,
}
_NAMES = [spec.name for spec in fields(FeatureColumns)][1:-1]


def build_columns(records: Iterable[tuple[int, Record]]) -> FeatureColumns:
    """The columns of numbered records; numbers must differ. Records are not kept.

    Raises:
        ValueError: a number comes twice.
    """
    ids: list[int] = []
    values_by_column: list[list[Any]] = [[] for _ in _NAMES]
    relations_by_row: dict[int, tuple[Relation, ...]] = {}
    for number, record in records:
        if record.relations:
            relations_by_row[len(ids)] = record.relations
        ids.append(number)
        for column, value in zip(values_by_column, _extract_features(record), strict=True):
            column.append(value)
    if len(set(ids)) != len(ids):
        raise ValueError("two records carry one number")
    columns: dict[str, Any] = {}
    for name, column in zip(_NAMES, values_by_column, strict=True):
        columns[name] = column if name in _LISTS else np.array(column, _TYPES.get(name, np.int64))
    columns["people"] = np.minimum(columns["people"], 30_000)
    return FeatureColumns(np.array(ids, np.int64), **columns, relations=relations_by_row)


def mix_in_names(columns: FeatureColumns, names: Sequence[str]) -> FeatureColumns:
    """The columns with a name's code in each mark, where rows may be alike in all they say."""
    marks = [
        mark ^ _hash_short_text(name)
        for mark, name in zip(columns.mark.tolist(), names, strict=True)
    ]
    return replace(columns, mark=np.array(marks, np.int64))


def select_rows(columns: FeatureColumns, rows: Sequence[int] | Ints) -> FeatureColumns:
    """The columns of some rows, in the order given."""
    indices = np.asarray(rows, np.int64)
    values: dict[str, Any] = {}
    for spec in fields(FeatureColumns):
        column = getattr(columns, spec.name)
        if spec.name == "relations":
            values[spec.name] = {
                new: column[old] for new, old in enumerate(indices.tolist()) if old in column
            }
        elif isinstance(column, list):
            values[spec.name] = [column[row] for row in indices.tolist()]
        else:
            values[spec.name] = column[indices]
    return FeatureColumns(**values)
