"""Detects the format of an export from its content, not from its name."""

import csv
import re

from review.errors import SourceError
from review.formats.tabular import columns
from review.text.encodings import decode_utf8

HEAD = 200_000
"""Bytes looked at from the beginning."""

_BINARY = (
    (
        b"%PDF",
        "a PDF. PDFs are attached to records; to import references, export them from the database",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "an old Excel or Word file. Save it as .xlsx or CSV and import that file",
    ),
    (b"\x1f\x8b", "compressed (gzip). Unpack it first"),
    (b"Rar!", "a RAR archive. Unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive. Unpack it first"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"SQLite format", "a database file. Export the references from the program that uses it"),
)
_RIS = re.compile(
    rb"^(?:\xc2\xa0|\xe3\x80\x80|[ \t])*TY"
    rb"(?:\xc2\xa0|\xe3\x80\x80|\xe2\x80[\x80-\x8b\xaf]|[ \t]){1,3}"
    rb"(?:-|\xe2\x80[\x90-\x95]|\xe2\x88\x92|\xef\xbc\x8d)",
    re.M,
)
_WOS = re.compile(rb"^PT [A-Z][ \t]*$", re.M)
_MEDLINE = re.compile(
    rb"^(?:PMID-|OWN {0,1}-|STAT-|FAU -|JT  -|DP  -|UI  -|VN  -|<\d+\.? ?>[ \t]*$)", re.M
)
_REFWORKS = re.compile(rb"^RT \S.*\n(?:[A-Za-z][A-Za-z0-9](?: .*)?\n){2}", re.M)
_NOTEEXPRESS = re.compile(rb"^\{Reference Type\}:", re.M)
_GBT = re.compile(
    rb"^\[\d+\].*(?:\[|\xef\xbc\xbb)(?:[JDMCNRPSAGZ]|DB|CP|EB)(?:/(?:OL|CD|MT|DK))?(?:\]|\xef\xbc\xbd)",
    re.M,
)
_KNOWN_TEXTS = (
    (
        re.compile(rb"\A\s*Record #\d+ of \d+\s*\nID: ", re.I),
        "the Cochrane Library's plain text. There choose Export: RIS, or CSV, and import that file",
    ),
    (
        re.compile(rb"^(?:Title-\xe9\xa2\x98\xe5\x90\x8d|SrcDatabase-\S+): ", re.M),
        "CNKI's E-Study text. In CNKI choose Export: RefWorks, EndNote or NoteExpress, and import "
        "that file",
    ),
    (
        re.compile(rb"<Trials_downloaded_from_ICTRP[\s>]"),
        "the XML of WHO's ICTRP. In ICTRP choose Export results to CSV, and import that file",
    ),
    (
        re.compile(rb"\A\s*(?:<\?xml[^>]*>\s*)?<clinical_study[\s>]"),
        "the XML of ClinicalTrials.gov. There choose Download: CSV, all fields, and import that "
        "file",
    ),
)
"""Texts that databases offer and that are not read, with the way to an export that is."""
_LABEL = re.compile(
    rb"^(?:Title|Authors?|Source|Abstract|Publication title|Publication year|Database|Journal|"
    rb"Accession Number|Document Type|Subject Terms|Publication Type|Author Affiliations?|DOI|"
    rb"Keywords|Year|Language|ISSN|Publisher|Pages|Volume|Issue|Document URL|ProQuest document ID|"
    rb"Autor(?:es)?|T\xc3\xadtulo|Fuente|Resumen|Fonte|Resumo|Id)(?: ?\(.*\))?: ?\S?",
    re.M | re.I,
)
_BIBTEX = re.compile(rb"^[ \t]*@[A-Za-z]\w*\s*[{(]", re.M)
_PERCENT = re.compile(rb"^%[0TAD] \S", re.M)
_SUMMARY = re.compile(rb"\A\s*1[.:] \S")
_PMID_LINE = re.compile(rb"^(?:.*[ .;])?PMID: ?\d+", re.M)
_VERTICAL = re.compile(rb'^"?TITLE"?[,\t;]', re.M)


def detect_format(data: bytes, name: str) -> str:
    """The name of the kind: a key of `formats.FORMATS`, or xlsx or csv.

    Args:
        data: the file as UTF-8 with \\n line ends (or a workbook as it is).
        name: the file's name, for the message.

    Raises:
        SourceError: the file is empty, binary, a web page or no export we know.
    """
    for magic, description in _BINARY:
        if data.startswith(magic):
            raise SourceError(f"{name}: this is {description}.")
    if data.startswith(b"PK"):
        return "xlsx"
    head = data[:HEAD]
    if not head.strip():
        raise SourceError(f"{name}: the file is empty.")
    if b"\0" in head:
        raise SourceError(f"{name}: the file is binary, not an export of references.")
    if _SUMMARY.search(head) and _PMID_LINE.search(head) and not _RIS.search(head):
        raise SourceError(
            f"{name}: this is PubMed's Summary or Abstract text, which has no fields. In PubMed "
            "choose Send to: Citation manager, or Save with Format: PubMed, and import that file."
        )
    for pattern, description in _KNOWN_TEXTS:
        if pattern.search(head):
            raise SourceError(f"{name}: this is {description}.")
    if len(_GBT.findall(head)) * 2 > head.count(b"\n["):
        raise SourceError(
            f"{name}: this is a list of references in GB/T 7714 style, which has no fields. In "
            "CNKI choose Export: RefWorks, EndNote or NoteExpress, and import that file."
        )
    if _is_header(head.lstrip(b"\n").split(b"\n", 1)[0]):
        return "csv"
    kind = _detect_markup(head, name) or _detect_tagged(head)
    labels = {label.split(b":")[0].lower() for label in _LABEL.findall(head)}
    if kind is None and len(labels) > 2:
        raise SourceError(
            f"{name}: this is a text of labelled fields ('Title: ...'), as saved by ProQuest, "
            "EBSCO and BVS, in which records cannot be separated reliably. Export RIS from the "
            "database and import that file."
        )
    return kind or "csv"


def _is_header(line: bytes) -> bool:
    """Whether the first line names columns of a table, a title among them."""
    rows = (next(csv.reader([decode_utf8(line)], delimiter=mark), []) for mark in ",;\t|")
    return any(columns.has_title(row) and columns.count_known(row) > 2 for row in rows)


def _detect_markup(head: bytes, name: str) -> str | None:
    start = head.lstrip()[:1]
    if start == b"<" and not re.match(rb"<\d+\.? ?>", head.lstrip()):
        if re.search(rb"<(?:Pubmed(?:Article|BookArticle)(?:Set)?)[\s>]", head):
            return "pubmed_xml"
        if re.search(rb"<records?[\s>]", head):
            return "endnote_xml"
        if re.search(rb"<!doctype html|<html", head, re.I):
            raise SourceError(
                f"{name}: this is a web page, not an export. Use the export function of the "
                "database."
            )
        first = decode_utf8(head.lstrip()[:80]).split("\n")[0]
        raise SourceError(
            f"{name}: unknown type of XML (it begins with {first!r}). "
            "Accepted: EndNote XML with <records>, PubMed XML with <PubmedArticleSet>."
        )
    if start == b"{" and _NOTEEXPRESS.search(head):
        return "noteexpress"
    return "json" if start in (b"[", b"{") else None


def _detect_tagged(head: bytes) -> str | None:
    """The kind whose mark comes first, as an abstract may quote another format's mark."""
    matches = [
        (match.start(), name)
        for name, pattern in (
            ("ris", _RIS),
            ("wos", _WOS),
            ("nbib", _MEDLINE),
            ("bibtex", _BIBTEX),
            ("endnote", _PERCENT),
            ("refworks", _REFWORKS),
            ("vertical", _VERTICAL),
        )
        if (match := pattern.search(head))
    ]
    if not matches:
        return None
    kinds = {name for _, name in matches}
    # Ovid numbers RIS entries '<1>' too, and RIS shares JT and DP lines with MEDLINE.
    if "ris" in kinds and min(matches)[1] in ("ris", "nbib"):
        return "ris"
    if min(matches)[1] == "vertical":
        labels = re.findall(
            rb'^"?(?:TITLE|SOURCE|AUTHOR NAMES|SOURCE TITLE|ABSTRACT|DOI)"?[,\t;]', head, re.M
        )
        return "vertical" if len(set(labels)) > 1 else None
    return min(matches)[1]
