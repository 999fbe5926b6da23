"""Parses responses of NCBI's E-utilities to records and search results, with Biopython.

The parser is given a document type it has on disk, so that it never fetches one; where one
article of a whole answer cannot be read, the others are kept and that one is reported.
"""

import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from review.errors import SourceError
from review.formats.pubmed.article import build_article_record, build_book_record
from review.formats.pubmed.legacy_xml import modernize_articles
from review.formats.pubmed.summaries import (
    build_summary_v1,
    build_summary_v2,
    read_json_entries,
    read_xml_entries,
)
from review.models import ParseResult, Record, UnreadableEntry
from review.text.encodings import convert_to_utf8
from review.text.markup import parse_json, parse_xml, reject_web_page, to_one_line

_DTD = {
    "PubmedArticleSet": "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd",
    "eSearchResult": "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd",
    "eSummaryResult": "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20041029/esummary-v1.dtd",
    "ePostResult": "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20090526/epost.dtd",
    "eInfoResult": "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20190110/einfo.dtd",
    "eLinkResult": "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20101123/elink.dtd",
}
"""Document types that ship with Biopython, by root element."""
_JSON = {"einfo": "eInfoResult", "elink": "eLinkResult", "esummary": "eSummaryResult"}
"""Kinds of JSON answers besides eSearch's, by what their header says."""
_ROOT = re.compile(rb"<([A-Za-z][\w.-]*)(?=[\s>/])")
_PIECE = re.compile(rb"<(PubmedArticle|PubmedBookArticle)(?=[\s>]).*?</\1\s*>", re.S)
_START = re.compile(rb"<(?:PubmedArticle|PubmedBookArticle)(?=[\s>])")
_PMID = re.compile(rb"<PMID[^>]*>\s*(\d+)")
_ERROR = re.compile(rb"<ERROR>(.*?)</ERROR>", re.S | re.I)
_MEDLINE = re.compile(rb"^PMID- ?\d", re.M)


@dataclass(frozen=True, slots=True)
class ESearchResult:
    """What an eSearch or ePost answer says."""

    count: int
    ids: tuple[str, ...]
    start: int = 0
    webenv: str | None = None
    query_key: str | None = None
    translation: str | None = None
    """The query as PubMed ran it."""
    translated: tuple[tuple[str, str], ...] = ()
    """Words PubMed mapped, and to what."""
    not_found: tuple[str, ...] = ()
    """Phrases and fields PubMed dropped."""
    warnings: tuple[str, ...] = ()


def parse(body: bytes) -> ParseResult:
    """Records of an eFetch (XML or MEDLINE text) or eSummary answer.

    An eSearch answer gives no records, and announces its count.

    Raises:
        SourceError: an error message, a web page, an answer cut short, or one without records.
    """
    body = convert_to_utf8(body).lstrip()
    reject_web_page(body, "pubmed", "XML")
    if body[:1] in (b"{", b"["):
        return _parse_json_answer(body)
    if _MEDLINE.search(body[:2000]) and not body.startswith(b"<"):
        from review.formats import nbib

        return nbib.parse(body, "pubmed")
    root = get_root_name(body)
    if root == "PubmedArticleSet":
        return _parse_articles(body)
    if root == "eSummaryResult" and re.search(rb"<DocumentSummary(?=[\s>])", body):
        return _parse_entries(read_xml_entries(parse_xml(body, "pubmed")), build_summary_v2)
    error_match = _ERROR.search(body)
    if error_match:
        raise SourceError(f"pubmed: {_format_error(error_match.group(1))}")
    if root == "eSearchResult":
        return ParseResult((), (), read_search(body).count)
    if root == "eSummaryResult":
        return _parse_entries(list(read_structure(body)), build_summary_v1)
    raise SourceError(f"pubmed: the response is of type {root}, which contains no records.")


def _parse_json_answer(body: bytes) -> ParseResult:
    answer_kind = detect_kind(body)
    if answer_kind == "eSummaryResult":
        return _parse_entries(read_json_entries(parse_json(body, "pubmed")), build_summary_v2)
    if answer_kind == "eSearchResult":
        return ParseResult((), (), read_search(body).count)
    raise SourceError(f"pubmed: the response is of type {answer_kind}, which contains no records.")


def detect_kind(body: bytes) -> str:
    """What an answer is: eSearchResult (XML or JSON), PubmedArticleSet, ..., MEDLINE text.

    Raises:
        SourceError: none of them.
    """
    body = convert_to_utf8(body).lstrip()
    reject_web_page(body, "pubmed", "XML")
    if body[:1] in (b"{", b"["):
        answer = parse_json(body, "pubmed")
        if isinstance(answer, Mapping) and isinstance(answer.get("result"), Mapping):
            return "eSummaryResult" if "uids" in answer["result"] else "eSearchResult"
        header = answer.get("header") if isinstance(answer, Mapping) else None
        header_type = header.get("type") if isinstance(header, Mapping) else None
        return _JSON.get(str(header_type), "eSearchResult")
    if _MEDLINE.search(body[:2000]) and not body.startswith(b"<"):
        return "MEDLINE"
    return get_root_name(body)


def get_root_name(body: bytes) -> str:
    """Name of the root element. Raises SourceError where there is none."""
    start = 0
    for _ in range(20):
        tag_match = re.compile(rb"<([!?]?)").search(body, start)
        if tag_match is None:
            break
        if not tag_match.group(1):
            root_match = _ROOT.match(body, tag_match.start())
            if root_match:
                return root_match.group(1).decode()
            break
        start = _find_prolog_end(body, tag_match.start())
    raise SourceError("pubmed: the response is not XML.")


def _find_prolog_end(body: bytes, start: int) -> int:
    """Where a declaration, comment or document type that begins at `start` ends."""
    if body.startswith(b"<!--", start):
        end = body.find(b"-->", start)
    elif body.startswith(b"<!DOCTYPE", start) and b"[" in body[start : body.find(b">", start)]:
        if b"<!ENTITY" in body[start : start + 100_000]:
            raise SourceError(
                "pubmed: the response declares XML entities; for safety it was not read."
            )
        end = body.find(b"]", start)
    else:
        end = body.find(b">", start)
    return len(body) if end < 0 else end + 1


def read_structure(body: bytes) -> Any:
    """A whole answer as Biopython's dicts and lists of text (markup and entities kept).

    Raises:
        SourceError: an error message of NCBI, or not whole XML of a known kind.
    """
    from Bio import Entrez

    body = convert_to_utf8(body).lstrip()
    reject_web_page(body, "pubmed", "XML")
    if body[:1] in (b"{", b"["):
        return parse_json(body, "pubmed")
    root = get_root_name(body)
    error_match = _ERROR.search(body)
    if error_match:
        raise SourceError(f"pubmed: {_format_error(error_match.group(1))}")
    if root == "PubmedArticleSet":
        body = modernize_articles(body)
    if root not in _DTD:
        raise SourceError(f"pubmed: a {root} response is not supported.")
    if b"Math/MathML" in body:
        body = _DEFAULT_MATH.sub(_prefix_math, body)
    start = _find_root(body, root)
    head = f'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE {root} PUBLIC "" "{_DTD[root]}">'
    try:
        return Entrez.read(  # type: ignore[no-untyped-call]
            io.BytesIO(head.encode() + body[start:]), validate=False, escape=True
        )
    except (ValueError, RuntimeError, AssertionError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"pubmed: the response is incomplete XML ({_format_error(error)})."
        ) from error


_DEFAULT_MATH = re.compile(
    rb"<math\b(?P<attributes>[^<>]*?)(?<=\s)xmlns\s*=\s*(?P<uri>[\"'][^\"']*Math/MathML[\"'])"
    rb"(?P<more>[^<>]*?)(?:(?P<empty>/)>|>(?P<inside>.*?)</math\s*>)",
    re.S,
)


def _prefix_math(match: re.Match[bytes]) -> bytes:
    """A formula in the default namespace with the prefix mml, as Biopython's parser wants it."""
    opening = b"<mml:math%s xmlns:mml=%s%s" % (match["attributes"], match["uri"], match["more"])
    if match["empty"]:
        return opening + b"/>"
    inside = re.sub(rb"<(/?)(?=[A-Za-z][\w-]*[\s/>])", rb"<\1mml:", match["inside"] or b"")
    return opening + b">" + inside + b"</mml:math>"


def _find_root(body: bytes, root: str) -> int:
    match = re.search(rb"<" + root.encode() + rb"(?=[\s>/])", body)
    return match.start() if match else 0


def _format_error(text: bytes | object) -> str:
    """The service's message, in one line of at most 300 characters."""
    message = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    message = to_one_line(message) or "an error without a message"
    message = message.removeprefix("Failed to parse the XML data (")
    return message.split("). Please make sure")[0][:300]


def _parse_articles(body: bytes) -> ParseResult:
    if not re.search(rb"</PubmedArticleSet\s*>\s*$|<PubmedArticleSet\s*/>\s*$", body[-500:]):
        raise SourceError("pubmed: the response is truncated: </PubmedArticleSet> is missing.")
    counted = len(_START.findall(body))
    try:
        answer = read_structure(body)
    except SourceError:
        if not counted:
            raise
        return _parse_one_by_one(body, counted)
    articles, books = answer.get("PubmedArticle", ()), answer.get("PubmedBookArticle", ())
    if len(articles) + len(books) != counted:
        return _parse_one_by_one(body, counted)
    # Biopython parts articles from books; the file's order is that of their start tags.
    kinds = {
        b"<PubmedArticle": (build_article_record, iter(articles)),
        b"<PubmedBookArticle": (build_book_record, iter(books)),
    }
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for number, tag in enumerate(_START.findall(body), 1):
        build_record, entries = kinds[tag]
        try:
            records.append(build_record(next(entries)))
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            pieces = [m.group() for m in _PIECE.finditer(body)]
            piece = pieces[number - 1] if len(pieces) == counted else b""
            rejected.append(_build_rejection(number, error, piece))
    deleted_pmids = [
        str(pmid) for group in answer.get("DeleteCitation", ()) for pmid in _to_list(group)
    ]
    for number, pmid in enumerate(deleted_pmids, counted + 1):
        rejected.append(UnreadableEntry(number, f"PMID {pmid}: deleted from PubMed", pmid))
    return ParseResult(tuple(records), tuple(rejected), counted + len(deleted_pmids))


def _to_list(group: Any) -> list[Any]:
    return [group] if isinstance(group, str) else list(group)


def _parse_one_by_one(body: bytes, counted: int) -> ParseResult:
    """Each article of an answer by itself, so that a broken one costs only itself."""
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    pieces = [m.group() for m in _PIECE.finditer(body)]
    for number, piece in enumerate(pieces, 1):
        try:
            answer = read_structure(b"<PubmedArticleSet>" + piece + b"</PubmedArticleSet>")
            records += [build_article_record(entry) for entry in answer.get("PubmedArticle", ())]
            records += [build_book_record(entry) for entry in answer.get("PubmedBookArticle", ())]
        except (SourceError, ValueError, KeyError, AttributeError, TypeError) as error:
            rejected.append(_build_rejection(number, error, piece))
    for number in range(len(pieces) + 1, counted + 1):
        rejected.append(UnreadableEntry(number, "its end tag is missing", ""))
    return ParseResult(tuple(records), tuple(rejected), counted)


def _build_rejection(number: int, error: Exception, raw: bytes) -> UnreadableEntry:
    pmid_match = _PMID.search(raw)
    prefix = f"PMID {pmid_match.group(1).decode()}: " if pmid_match else ""
    problem = (
        f"the element {error} is missing" if isinstance(error, KeyError) else _format_error(error)
    )
    return UnreadableEntry(
        number, prefix + problem.removeprefix("pubmed: "), raw.decode("utf-8", "replace")
    )


def _parse_entries(entries: list[Any], build_record: Callable[[Any], Record]) -> ParseResult:
    records: list[Record] = []
    rejected: list[UnreadableEntry] = []
    for number, entry in enumerate(entries, 1):
        try:
            records.append(build_record(entry))
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raw = json.dumps(entry, ensure_ascii=False, default=str)
            rejected.append(UnreadableEntry(number, _format_error(error), raw))
    return ParseResult(tuple(records), tuple(rejected), len(entries))


def read_search(body: bytes) -> ESearchResult:
    """What an eSearch (XML or JSON) or ePost answer says. Raises SourceError as `parse` does."""
    body = convert_to_utf8(body).lstrip()
    if body[:1] in (b"{", b"["):
        return _read_json_search(parse_json(body, "pubmed"))
    answer = read_structure(body)
    errors, warnings = answer.get("ErrorList", {}), answer.get("WarningList", {})
    if "Count" not in answer and "WebEnv" not in answer:
        raise SourceError("pubmed: the response has neither a count nor a history entry.")
    return ESearchResult(
        count=_parse_count(answer.get("Count", 0)),
        ids=tuple(str(pmid) for pmid in answer.get("IdList", ())),
        start=_parse_count(answer.get("RetStart", 0)),
        webenv=to_one_line(answer.get("WebEnv")),
        query_key=to_one_line(answer.get("QueryKey")),
        translation=_unescape_text(answer.get("QueryTranslation")),
        translated=tuple(
            (
                _unescape_text(term_mapping.get("From")) or "",
                _unescape_text(term_mapping.get("To")) or "",
            )
            for term_mapping in answer.get("TranslationSet", ())
        ),
        not_found=_collect_texts(errors, ("PhraseNotFound", "FieldNotFound")),
        warnings=_collect_texts(
            warnings, ("PhraseIgnored", "QuotedPhraseNotFound", "OutputMessage")
        ),
    )


def _collect_texts(lists: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    """The texts under some keys; Biopython gives one text or a list of them."""
    texts: list[str] = []
    for key in keys:
        value = lists.get(key, ())
        values = [value] if isinstance(value, str) else value
        texts += [text for item in values if (text := _unescape_text(str(item)))]
    return tuple(texts)


def _unescape_text(text: str | None) -> str | None:
    import html

    return to_one_line(html.unescape(str(text))) if text else None


def _parse_count(text: object) -> int:
    try:
        return int(str(text))
    except ValueError:
        raise SourceError(f"pubmed: a count is not a number ({text!s:.40}).") from None


def _read_json_search(answer: Any) -> ESearchResult:
    if not isinstance(answer, Mapping):
        raise SourceError("pubmed: the JSON response is not an eSearch result.")
    if "error" in answer:
        raise SourceError(f"pubmed: {_format_error(answer['error'])}")
    result = answer.get("esearchresult")
    if not isinstance(result, Mapping) or "ERROR" in result or "count" not in result:
        message = result.get("ERROR") if isinstance(result, Mapping) else None
        raise SourceError(
            f"pubmed: {_format_error(message or 'the JSON response is not an eSearch result.')}"
        )
    errors, warnings = result.get("errorlist", {}), result.get("warninglist", {})
    return ESearchResult(
        count=_parse_count(result["count"]),
        ids=tuple(str(pmid) for pmid in result.get("idlist", ())),
        start=_parse_count(result.get("retstart", 0)),
        webenv=to_one_line(result.get("webenv")),
        query_key=to_one_line(result.get("querykey")),
        translation=to_one_line(result.get("querytranslation")),
        translated=tuple(
            (str(term_mapping.get("from", "")), str(term_mapping.get("to", "")))
            for term_mapping in result.get("translationset", ())
        ),
        not_found=_collect_texts(errors, ("phrasesnotfound", "fieldsnotfound", "fieldnotfound")),
        warnings=_collect_texts(
            warnings, ("phrasesignored", "quotedphrasesnotfound", "outputmessages")
        ),
    )
