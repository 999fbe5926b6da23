"""Small files that are costly to read: bombs, deep and cyclic ones, lines without end."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

MEGABYTE = 1 << 20


def pack_zip(members: dict[str, Iterator[bytes]]) -> bytes:
    """A zip archive of members that are written piece by piece."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, pieces in members.items():
            with archive.open(name, "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)
    return buffer.getvalue()


def repeat(piece: bytes, megabytes: int, head: bytes = b"", tail: bytes = b"") -> Iterator[bytes]:
    """So many megabytes of a piece, between a head and a tail."""
    block = piece * (MEGABYTE // len(piece) + 1)
    yield head
    for _ in range(megabytes):
        yield block
    yield tail


def shrink_headers(data: bytes) -> bytes:
    """The archive with headers that claim each member is ten bytes long."""
    out = bytearray(data)
    place = 0
    while (place := data.find(b"PK\x01\x02", place)) >= 0:
        struct.pack_into("<I", out, place + 24, 10)
        place += 4
    return bytes(out)


XLSX = {
    "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-'
    b'types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
    b'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override '
    b'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    b'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    b'"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    b'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/'
    b'officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>'
    b"</Relationships>",
    "xl/workbook.xml": b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
    b'main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    b'<sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/'
    b'package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.'
    b'org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
    b"</Relationships>",
}
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
SHEET_END = b"</sheetData></worksheet>"


def pack_xlsx(sheet: Iterator[bytes]) -> bytes:
    """A workbook of one sheet."""
    members = {name: iter([content]) for name, content in XLSX.items()}
    return pack_zip({**members, "xl/worksheets/sheet1.xml": sheet})


ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
ODS = (
    b'<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    b'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    b'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
    b'<office:body><office:spreadsheet><table:table table:name="A">'
)
ODS_END = b"</table:table></office:spreadsheet></office:body></office:document-content>"
ODS_ROW = b"<table:table-row><table:table-cell><text:p>Title</text:p></table:table-cell>"


def pack_ods(content: Iterator[bytes]) -> bytes:
    """An OpenDocument spreadsheet."""
    return pack_zip({"mimetype": iter([ODS_TYPE]), "content.xml": content})


LAUGHS = b"<!DOCTYPE r [<!ENTITY a 'ha'>" + b"".join(
    b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
)
RIS = b"TY  - JOUR\nTI  - One\nER  - \n"


def build_png(width: int, height: int) -> bytes:
    """A grey PNG that claims to be this large, with the first line alone in it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    line = chunk(b"IDAT", zlib.compress(b"\x00" * (width + 1)))
    return b"\x89PNG\r\n\x1a\n" + head + line + chunk(b"IEND", b"")


EXPORTS: dict[str, Callable[[], bytes]] = {
    "zip of 2 GB": lambda: pack_zip({"a.ris": repeat(RIS, 2048)}),
    "zip of 2 GB that claims ten bytes": lambda: shrink_headers(
        pack_zip({"a.ris": repeat(RIS, 2048)})
    ),
    "zip in a zip": lambda: pack_zip({"a.zip": iter([pack_zip({"b.ris": iter([RIS])})])}),
    "zip of 60,000 exports": lambda: pack_zip({f"{n}.ris": iter([RIS]) for n in range(60_000)}),
    "workbook of 2 GB": lambda: pack_xlsx(
        repeat(b"<row><c><v>1</v></c></row>", 2048, SHEET, SHEET_END)
    ),
    "workbook 200,000 deep": lambda: pack_xlsx(
        iter([SHEET, b"<row>" * 200_000, b"</row>" * 200_000, SHEET_END])
    ),
    "workbook with swelling entities": lambda: pack_xlsx(
        iter([LAUGHS, b"]>", SHEET, b"<row><c><v>&j;</v></c></row>", SHEET_END])
    ),
    "ods of 2 GB": lambda: pack_ods(repeat(ODS_ROW + b"</table:table-row>", 2048, ODS, ODS_END)),
    "ods with a thousand million rows": lambda: pack_ods(
        iter(
            [
                ODS,
                ODS_ROW.replace(b"row>", b'row table:number-rows-repeated="1000000000">', 1)
                + b"</table:table-row>",
                ODS_END,
            ]
        )
    ),
    "ods 200,000 deep": lambda: pack_ods(
        iter([ODS, b"<text:p>" * 200_000, b"</text:p>" * 200_000, ODS_END])
    ),
    "json 1,000,000 deep": lambda: b"[" * 1_000_000,
    "json objects 300,000 deep": lambda: b'{"a":' * 300_000 + b"1" + b"}" * 300_000,
    "json that is a number": lambda: b'[1, "two", null, [3]]',
    "json with a number of a million digits": lambda: b'[{"title": ' + b"9" * 1_000_000 + b"}]",
    "xml 300,000 deep": lambda: b"<xml><records>" + b"<record>" * 300_000,
    "xml with swelling entities": lambda: (
        b'<?xml version="1.0"?>' + LAUGHS + b"]><xml><records><record><title>&j;</title>"
        b"</record></records></xml>"
    ),
    "xml of a file on this machine": lambda: (
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b"<xml><records><record><titles><title>&x;</title></titles></record></records></xml>"
    ),
    "pubmed xml with swelling entities": lambda: (
        b'<?xml version="1.0"?>' + LAUGHS + b"]><PubmedArticleSet><PubmedArticle>&j;"
        b"</PubmedArticle></PubmedArticleSet>"
    ),
    "csv with one line of 200 MB": lambda: b"Title,Year\n" + b"x" * (200 * MEGABYTE),
    "csv with one quoted cell of 200 MB": lambda: (
        b'Title,Year\n"' + b"x\n" * (100 * MEGABYTE) + b'",2020\n'
    ),
    "csv of 50 million commas": lambda: b"Title,Year\n" + b"," * 50_000_000,
    "ris with one line of 200 MB": lambda: b"TY  - JOUR\nTI  - " + b"x" * (200 * MEGABYTE),
    "bibtex 500,000 deep": lambda: b"@article{a, title = " + b"{" * 500_000,
    "text without end of line": lambda: b"a" * (200 * MEGABYTE),
    "gzip of 2 GB": lambda: gzip.compress(b"\x00" * (64 * MEGABYTE)) * 32,
}
"""Exports of databases, by what is wrong with them."""

YAMLS: dict[str, Callable[[], str]] = {
    "lists 100,000 deep": lambda: "title: " + "[" * 100_000,
    "blocks 3,000 deep": lambda: "".join(" " * n + "a:\n" for n in range(3_000)),
    "a list that contains itself": lambda: "title: &a [*a]\n",
    "a mapping that contains itself": lambda: "question: &a {b: *a}\n",
    "laughs": lambda: (
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
    ),
    "merges that double": lambda: (
        "a0: &a0 {k: v}\n"
        + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40))
    ),
    "ten megabytes of one word": lambda: "title: " + "x" * (10 * MEGABYTE),
    "two million keys": lambda: "".join(f"k{n}: 1\n" for n in range(2_000_000)),
    "a control character": lambda: "title: \x00\x01",
    "a python object": lambda: "title: !!python/object/apply:os.system ['true']\n",
}
"""YAML files, by what is wrong with them."""
