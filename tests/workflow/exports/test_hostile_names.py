"""Hostile names in every field of a review: no file of the report runs, loads or counts anything
that a record, a reason, a reviewer or the protocol put into it."""

import csv
import io
import re
import zipfile
from dataclasses import replace

import openpyxl
import pytest
from lxml import etree, html
from support import appraising, reporting
from support.sites import find_faults, find_feed_faults

from review.workflow.exports import bundle, snapshot
from review.workflow.publishing.publish import publish_zip
from review.workflow.setup.loading import open_project

MARKS = (
    "=HYPERLINK('http://evil.example/a')",
    "<script src=http://evil.example/s.js></script><img src=http://evil.example/i.png>",
    "![x](http://evil.example/m.png) [click](javascript:alert(1))",
    "\\input{/etc/passwd} \\write18{id} $x^2$ 5 % & #1 _a {b",
    '"><svg onload=alert(1)><image href="http://evil.example/v.png"/></svg>',
    "@SUM(A1) ]]> --> <!-- %s {0} {{7*7}}",
)
"""Each in another field of each record."""
PLAIN = reporting.plain


def spread(source, n):
    """A record with a mark in each field, every mark in every field over the records."""
    record = PLAIN(source, n)
    marks = [MARKS[(n + place) % len(MARKS)] for place in range(len(MARKS))]
    return replace(
        record,
        title=f"{marks[0]} {n}",
        authors=(f"{marks[1]}, A", f"{marks[2]}, B"),
        journal=marks[3],
        abstract=f"{marks[4]} {marks[5]}",
        doi=record.doi,
    )


@pytest.fixture(scope="module")
def project(module_store, tmp_path_factory):
    """A review whose records, protocol, people, notes and reasons are hostile."""
    folder = tmp_path_factory.mktemp("hostile") / "review"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reporting, "plain", spread)
        text = appraising.PROTOCOL.replace("title: Imaging AI", f"title: {quote(MARKS[1])}")
        text = text.replace("How well is it reported?", quote(MARKS[2] + MARKS[3]))
        text = text.replace("[not imaging]", f"[{quote(MARKS[0])}, {quote(MARKS[4])}]")
        text = text.replace("preparation of images not documented", quote(MARKS[5]))
        text = text.replace("name: dan", f"name: {quote(MARKS[1])}")
        patch.setattr(appraising, "PROTOCOL", text)
        decide = reporting.decide

        def decide_hostile(project, record, stage, verdict, on, reason=None, **other):
            kept = MARKS[record % len(MARKS)] if reason else None
            decide(project, record, stage, verdict, on, kept, **other)

        patch.setattr(reporting, "decide", decide_hostile)
        missed = reporting.missed
        patch.setattr(
            reporting, "missed", lambda project, n, on, why: missed(project, n, on, MARKS[0])
        )
        reporting.whole(folder)
    return open_project(folder, who="ada")


@pytest.fixture(scope="module")
def files(project):
    """The files of its report."""
    return bundle.build_report_files(snapshot.snapshot_at(project, "2020-06-01"))


def quote(text):
    """Text as one YAML value."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def pick(files, *endings):
    chosen = {name: data for name, data in files.items() if name.endswith(endings)}
    assert chosen, endings
    return chosen


def test_the_marks_reach_the_report(files):
    """Otherwise nothing here would be tested."""
    everything = b"".join(
        data for name, data in files.items() if name.endswith((".csv", ".md", ".jsonl", ".ris"))
    ).decode()
    for mark in MARKS:
        assert mark[:14] in everything or mark[1:14] in everything, mark


def test_no_page_of_tables_loads_or_runs_anything(files):
    for name, data in pick(files, ".html").items():
        tree = html.fromstring(data)
        found = tree.xpath(
            "//script|//img|//iframe|//link|//object|//embed|//svg|//image|//*[@src]|//*[@onload]"
        )
        assert not found, (name, [etree.tostring(one)[:200] for one in found[:2]])
        for link in tree.xpath("//@href"):
            assert not str(link).startswith("javascript"), name


def test_no_figure_loads_or_runs_anything(files):
    for name, data in pick(files, ".svg").items():
        tree = etree.fromstring(data, etree.XMLParser(resolve_entities=False))
        for element in tree.iter():
            kind = etree.QName(element).localname if isinstance(element.tag, str) else "comment"
            assert kind not in ("script", "image", "foreignObject", "iframe"), name
            for key, value in element.attrib.items():
                local = etree.QName(key).localname
                assert not local.startswith("on"), (name, key)
                assert local not in ("href", "src") or value.startswith("#"), (name, value)


def test_no_cell_of_a_csv_is_a_formula(files):
    for name, data in pick(files, ".csv").items():
        for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")):
            for cell in row:
                assert cell[:1] not in ("=", "+", "@", "\t", "\r"), (name, cell[:60])
                assert cell[:1] != "-" or re.fullmatch(r"-[\d.,%]*", cell), (name, cell[:60])


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(files):
    for name, data in pick(files, ".xlsx").items():
        book = openpyxl.load_workbook(io.BytesIO(data))
        kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
        assert "f" not in kinds, name
        linked = [
            cell.hyperlink
            for sheet in book
            for row in sheet.iter_rows()
            for cell in row
            if cell.hyperlink
        ]
        assert not any("evil.example" in str(link.target) for link in linked), name


def test_no_document_loads_anything(files):
    for name, data in pick(files, ".docx").items():
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                if member.endswith(".rels"):
                    assert b"evil.example" not in archive.read(member), (name, member)
                if member.endswith(".xml"):
                    etree.fromstring(archive.read(member))


def test_latex_holds_no_command_of_a_record(files):
    for name, data in pick(files, ".tex").items():
        text = data.decode()
        assert not re.search(r"\\(input|write|include|href|url|immediate|catcode)\b", text), name
        assert text.count("\n") and not re.search(r"(?<!\\)[$#]", text), name


def test_markdown_loads_no_image_and_has_no_tags(files):
    for name, data in pick(files, ".md").items():
        text = data.decode()
        assert not re.search(r"(?<!\\)!\[", text), name
        assert not re.search(r"(?<!\\)<(script|img|svg|image|iframe)", text, re.I), name
        assert not re.search(r"(?<!\\)\]\(\s*(javascript|http://evil)", text, re.I), name


def test_a_diagram_for_mermaid_holds_no_tags_and_no_links(files):
    for name, data in pick(files, ".mmd").items():
        text = data.decode()
        assert not re.search(r"<(script|img|svg|image|iframe)", text, re.I), name
        assert "click " not in re.sub(r'"[^"]*"', "", text), name


def test_entries_for_reference_managers_keep_their_fields(files):
    """No mark ends an entry or begins another one."""
    for name, data in pick(files, ".ris").items():
        lines = data.decode().splitlines()
        begins = [line for line in lines if line.startswith("TY  -")]
        ends = [line for line in lines if line.startswith("ER  -")]
        assert len(begins) == len(ends), name
    for name, data in pick(files, ".bib").items():
        text = re.sub(r"\\[{}]", "", data.decode())
        assert text.count("{") == text.count("}"), name


def test_the_published_page_and_its_feed_load_and_run_nothing(project):
    published = publish_zip(project, who="ada").files
    pages = b"".join(data for name, data in published.items() if name.endswith(".html")).decode()
    assert "&lt;script src=http://evil.example/s.js&gt;" in pages  # the names are there, as text
    assert "javascript:alert(1)" in pages
    assert find_faults(published) == []
    assert find_feed_faults(published["feed.xml"]) == []
    for name, page in pick(published, ".html").items():
        tree = html.fromstring(page)
        assert not [one for one in tree.xpath("//@href") if "evil.example" in one], name
    feed = etree.fromstring(published["feed.xml"], etree.XMLParser(resolve_entities=False))
    for element in feed.iter(etree.Element):
        assert etree.QName(element).namespace == "http://www.w3.org/2005/Atom"
        assert "evil.example" not in "".join(element.attrib.values())
        if element.get("type") == "html":
            shown = html.fromstring(f"<div>{element.text}</div>")
            assert {node.tag for node in shown.iter()} <= {"div", "ul", "li", "p"}
