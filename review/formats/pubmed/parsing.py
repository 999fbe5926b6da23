"""Answers of NCBI's E-utilities to records and search results, through Biopython's parser.

The parser is given a document type it has on disk, so that it never fetches one; where one
article of a whole answer cannot be read, the others are kept and that one is told of.
"""

import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from review.errors import SourceError
from review.formats.fields import as_utf8
from review.formats.pubmed.article import article, book
from review.formats.pubmed.legacy_xml import modern
from review.formats.pubmed.summaries import of_json, of_xml, summary, summary2
from review.models import Parsed, Record, Rejected
from review.text.markup import data, one_line, refuse_page, tree

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
class Found:
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


def parse(body: bytes) -> Parsed:
    """Records of an eFetch (XML or MEDLINE text) or eSummary answer.

    An eSearch answer gives no records, and announces its count.

    Raises:
        SourceError: an error message, a web page, an answer cut short, or one without records.
    """
    body = as_utf8(body).lstrip()
    refuse_page(body, "pubmed", "XML")
    if body[:1] in (b"{", b"["):
        return _of_json(body)
    if _MEDLINE.search(body[:2000]) and not body.startswith(b"<"):
        from review.formats import nbib

        return nbib.parse(body, "pubmed")
    root = root_of(body)
    if root == "PubmedArticleSet":
        return _articles(body)
    if root == "eSummaryResult" and re.search(rb"<DocumentSummary(?=[\s>])", body):
        return _listed(of_xml(tree(body, "pubmed")), summary2)
    said = _ERROR.search(body)
    if said:
        raise SourceError(f"pubmed: {_words(said.group(1))}")
    if root == "eSearchResult":
        return Parsed((), (), read_search(body).count)
    if root == "eSummaryResult":
        return _listed(list(structure(body)), summary)
    raise SourceError(f"pubmed: the answer is of the kind {root}, which holds no records.")


def _of_json(body: bytes) -> Parsed:
    named = kind(body)
    if named == "eSummaryResult":
        return _listed(of_json(data(body, "pubmed")), summary2)
    if named == "eSearchResult":
        return Parsed((), (), read_search(body).count)
    raise SourceError(f"pubmed: the answer is of the kind {named}, which holds no records.")


def kind(body: bytes) -> str:
    """What an answer is: eSearchResult (XML or JSON), PubmedArticleSet, ..., MEDLINE text.

    Raises:
        SourceError: none of them.
    """
    body = as_utf8(body).lstrip()
    refuse_page(body, "pubmed", "XML")
    if body[:1] in (b"{", b"["):
        read = data(body, "pubmed")
        if isinstance(read, Mapping) and isinstance(read.get("result"), Mapping):
            return "eSummaryResult" if "uids" in read["result"] else "eSearchResult"
        header = read.get("header") if isinstance(read, Mapping) else None
        said = header.get("type") if isinstance(header, Mapping) else None
        return _JSON.get(str(said), "eSearchResult")
    if _MEDLINE.search(body[:2000]) and not body.startswith(b"<"):
        return "MEDLINE"
    return root_of(body)


def root_of(body: bytes) -> str:
    """Name of the root element. Raises SourceError where there is none."""
    start = 0
    for _ in range(20):
        found = re.compile(rb"<([!?]?)").search(body, start)
        if found is None:
            break
        if not found.group(1):
            named = _ROOT.match(body, found.start())
            if named:
                return named.group(1).decode()
            break
        start = _end_of_prolog(body, found.start())
    raise SourceError("pubmed: the answer is not XML.")


def _end_of_prolog(body: bytes, start: int) -> int:
    """Where a declaration, comment or document type that begins at `start` ends."""
    if body.startswith(b"<!--", start):
        end = body.find(b"-->", start)
    elif body.startswith(b"<!DOCTYPE", start) and b"[" in body[start : body.find(b">", start)]:
        if b"<!ENTITY" in body[start : start + 100_000]:
            raise SourceError("pubmed: the answer declares XML entities; it was not read.")
        end = body.find(b"]", start)
    else:
        end = body.find(b">", start)
    return len(body) if end < 0 else end + 1


def structure(body: bytes) -> Any:
    """A whole answer as Biopython's dicts and lists of text (markup and entities kept).

    Raises:
        SourceError: an error message of NCBI, or not whole XML of a known kind.
    """
    from Bio import Entrez

    body = as_utf8(body).lstrip()
    refuse_page(body, "pubmed", "XML")
    if body[:1] in (b"{", b"["):
        return data(body, "pubmed")
    root = root_of(body)
    said = _ERROR.search(body)
    if said:
        raise SourceError(f"pubmed: {_words(said.group(1))}")
    if root == "PubmedArticleSet":
        body = modern(body)
    if root not in _DTD:
        raise SourceError(f"pubmed: a {root} answer is of no kind known here.")
    start = _root_at(body, root)
    head = f'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE {root} PUBLIC "" "{_DTD[root]}">'
    try:
        return Entrez.read(  # type: ignore[no-untyped-call]
            io.BytesIO(head.encode() + body[start:]), validate=False, escape=True
        )
    except (ValueError, RuntimeError, AssertionError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"pubmed: the answer is not whole XML ({_words(error)}).") from error


def _root_at(body: bytes, root: str) -> int:
    found = re.search(rb"<" + root.encode() + rb"(?=[\s>/])", body)
    return found.start() if found else 0


def _words(text: bytes | object) -> str:
    """What was said, in one line of at most 300 characters."""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    said = one_line(said) or "an error without words"
    said = said.removeprefix("Failed to parse the XML data (")
    return said.split("). Please make sure")[0][:300]


def _articles(body: bytes) -> Parsed:
    if not re.search(rb"</PubmedArticleSet\s*>\s*$|<PubmedArticleSet\s*/>\s*$", body[-500:]):
        raise SourceError("pubmed: the answer is cut short: </PubmedArticleSet> is missing.")
    counted = len(_START.findall(body))
    try:
        read = structure(body)
    except SourceError:
        if not counted:
            raise
        return _one_by_one(body, counted)
    articles, books = read.get("PubmedArticle", ()), read.get("PubmedBookArticle", ())
    if len(articles) + len(books) != counted:
        return _one_by_one(body, counted)
    # Biopython parts articles from books; the file's order is that of their start tags.
    kinds = {
        b"<PubmedArticle": (article, iter(articles)),
        b"<PubmedBookArticle": (book, iter(books)),
    }
    records: list[Record] = []
    rejected: list[Rejected] = []
    for number, tag in enumerate(_START.findall(body), 1):
        made, given = kinds[tag]
        try:
            records.append(made(next(given)))
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            pieces = [m.group() for m in _PIECE.finditer(body)]
            piece = pieces[number - 1] if len(pieces) == counted else b""
            rejected.append(_bad(number, error, piece))
    gone = [str(pmid) for group in read.get("DeleteCitation", ()) for pmid in _each(group)]
    for number, pmid in enumerate(gone, counted + 1):
        rejected.append(Rejected(number, f"PMID {pmid}: deleted from PubMed", pmid))
    return Parsed(tuple(records), tuple(rejected), counted + len(gone))


def _each(group: Any) -> list[Any]:
    return [group] if isinstance(group, str) else list(group)


def _one_by_one(body: bytes, counted: int) -> Parsed:
    """Each article of an answer by itself, so that a broken one costs only itself."""
    records: list[Record] = []
    rejected: list[Rejected] = []
    pieces = [m.group() for m in _PIECE.finditer(body)]
    for number, piece in enumerate(pieces, 1):
        try:
            read = structure(b"<PubmedArticleSet>" + piece + b"</PubmedArticleSet>")
            records += [article(one) for one in read.get("PubmedArticle", ())]
            records += [book(one) for one in read.get("PubmedBookArticle", ())]
        except (SourceError, ValueError, KeyError, AttributeError, TypeError) as error:
            rejected.append(_bad(number, error, piece))
    for number in range(len(pieces) + 1, counted + 1):
        rejected.append(Rejected(number, "its end tag is missing", ""))
    return Parsed(tuple(records), tuple(rejected), counted)


def _bad(number: int, error: Exception, raw: bytes) -> Rejected:
    found = _PMID.search(raw)
    who = f"PMID {found.group(1).decode()}: " if found else ""
    what = f"the element {error} is missing" if isinstance(error, KeyError) else _words(error)
    return Rejected(number, who + what.removeprefix("pubmed: "), raw.decode("utf-8", "replace"))


def _listed(entries: list[Any], made: Callable[[Any], Record]) -> Parsed:
    records: list[Record] = []
    rejected: list[Rejected] = []
    for number, one in enumerate(entries, 1):
        try:
            records.append(made(one))
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raw = json.dumps(one, ensure_ascii=False, default=str)
            rejected.append(Rejected(number, _words(error), raw))
    return Parsed(tuple(records), tuple(rejected), len(entries))


def read_search(body: bytes) -> Found:
    """What an eSearch (XML or JSON) or ePost answer says. Raises SourceError as `parse` does."""
    body = as_utf8(body).lstrip()
    if body[:1] in (b"{", b"["):
        return _json_search(data(body, "pubmed"))
    read = structure(body)
    errors, warnings = read.get("ErrorList", {}), read.get("WarningList", {})
    if "Count" not in read and "WebEnv" not in read:
        raise SourceError("pubmed: the answer has neither a count nor a history entry.")
    return Found(
        count=_number(read.get("Count", 0)),
        ids=tuple(str(one) for one in read.get("IdList", ())),
        start=_number(read.get("RetStart", 0)),
        webenv=one_line(read.get("WebEnv")),
        query_key=one_line(read.get("QueryKey")),
        translation=_said(read.get("QueryTranslation")),
        translated=tuple(
            (_said(one.get("From")) or "", _said(one.get("To")) or "")
            for one in read.get("TranslationSet", ())
        ),
        not_found=_all(errors, ("PhraseNotFound", "FieldNotFound")),
        warnings=_all(warnings, ("PhraseIgnored", "QuotedPhraseNotFound", "OutputMessage")),
    )


def _all(lists: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    """The texts under some keys; Biopython gives one text or a list of them."""
    found: list[str] = []
    for key in keys:
        value = lists.get(key, ())
        values = [value] if isinstance(value, str) else value
        found += [said for one in values if (said := _said(str(one)))]
    return tuple(found)


def _said(text: str | None) -> str | None:
    import html

    return one_line(html.unescape(str(text))) if text else None


def _number(text: object) -> int:
    try:
        return int(str(text))
    except ValueError:
        raise SourceError(f"pubmed: a count is not a number ({text!s:.40}).") from None


def _json_search(read: Any) -> Found:
    if not isinstance(read, Mapping):
        raise SourceError("pubmed: the JSON answer is not an eSearch result.")
    if "error" in read:
        raise SourceError(f"pubmed: {_words(read['error'])}")
    result = read.get("esearchresult")
    if not isinstance(result, Mapping) or "ERROR" in result or "count" not in result:
        said = result.get("ERROR") if isinstance(result, Mapping) else None
        raise SourceError(f"pubmed: {_words(said or 'the JSON answer is not an eSearch result.')}")
    errors, warnings = result.get("errorlist", {}), result.get("warninglist", {})
    return Found(
        count=_number(result["count"]),
        ids=tuple(str(one) for one in result.get("idlist", ())),
        start=_number(result.get("retstart", 0)),
        webenv=one_line(result.get("webenv")),
        query_key=one_line(result.get("querykey")),
        translation=one_line(result.get("querytranslation")),
        translated=tuple(
            (str(one.get("from", "")), str(one.get("to", "")))
            for one in result.get("translationset", ())
        ),
        not_found=_all(errors, ("phrasesnotfound", "fieldsnotfound", "fieldnotfound")),
        warnings=_all(warnings, ("phrasesignored", "quotedphrasesnotfound", "outputmessages")),
    )
