"""Every format of a report, opened by an independent reader and compared."""

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import bibtexparser
import docx
import openpyxl
import pypdfium2
import pytest
import rispy
import yaml
from PIL import Image
from support import reporting

from review.workflow.exports import bundle, snapshot

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).parent / "golden" / "readings.json"
JUDGED = GOLDEN.with_name("readings-judgements.json")
"""Readings of the tables of judgements."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return reporting.whole(tmp_path_factory.mktemp("formats") / "review").folder


@pytest.fixture(scope="module")
def files(folder):
    return bundle.build_report_files(
        snapshot.snapshot_at(reporting.open_project(folder, who="ada"), "2020-06-01")
    )


def xlsx(data):
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {
        sheet.title: {
            "frozen": sheet.freeze_panes,
            "widths": [round(one.width) for one in sheet.column_dimensions.values()],
            "cells": [[cell.value for cell in row] for row in sheet.iter_rows()],
        }
        for sheet in book
    }


def word(data):
    document = docx.Document(io.BytesIO(data))
    return {
        "paragraphs": [[one.style.name, one.text] for one in document.paragraphs],
        "tables": [
            [one.style.name, [[cell.text for cell in row.cells] for row in one.rows]]
            for one in document.tables
        ],
    }


def pdf(data):
    with pypdfium2.PdfDocument(data) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
        sizes = [[round(side) for side in page.get_size()] for page in document]
    return {"sizes": sizes, "words": sorted(" ".join(pages).split())}


def png(data):
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return {"size": list(picture.size), "dpi": [round(one) for one in picture.info["dpi"]]}


class Page(HTMLParser):
    """Cells and addresses of a page."""

    def __init__(self):
        super().__init__()
        self.cells, self.addresses, self.open = [], [], False

    def handle_starttag(self, tag, attrs):
        self.open = tag in ("td", "th")
        if self.open:
            self.cells.append("")
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action")]

    def handle_endtag(self, tag):
        self.open = self.open and tag not in ("td", "th")

    def handle_data(self, data):
        if self.open:
            self.cells[-1] += data


def html(data):
    page = Page()
    page.feed(data.decode())
    return {"cells": page.cells, "addresses": page.addresses}


def rows(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def bibtex(data):
    found = bibtexparser.parse_string(data.decode())
    assert not found.failed_blocks
    return [
        {"type": one.entry_type, "key": one.key, **{k: v.value for k, v in one.fields_dict.items()}}
        for one in found.entries
    ]


READERS = {
    "tables/xlsx/probast-2019-judgements.xlsx": xlsx,
    "tables/docx/probast-2019-judgements.docx": word,
    "tables/html/flow.html": html,
    "tables/csv/characteristics.csv": rows,
    "figures/probast-2019-robvis.csv": rows,
    "prisma.csv": rows,
    "prisma.pdf": pdf,
    "prisma.png": png,
    "prisma-600dpi.png": png,
    "records/included.bib": bibtex,
    "records/included.csv": rows,
    "records/excluded.ris": lambda data: rispy.loads(data.decode("utf-8-sig")),
    "log.jsonl": lambda data: [
        one["event"] for one in map(json.loads, data.splitlines()) if one["event"] != "outcome"
    ],
    "protocol.yaml": lambda data: sorted(yaml.safe_load(data)),
}
WHOLE = {".svg", ".mmd", ".tex", ".md"}
"""Forms of which whole files are kept beside this list; pdflatex sets the .tex files elsewhere."""


@pytest.mark.parametrize("name", READERS)
def test_another_reader_reads_what_was_looked_at(files, name):
    """Where a change is meant, look at the files and write their readings anew with
    FUNNEL_GOLDEN=1 pytest tests/test_reports_formats.py."""
    reading = json.loads(json.dumps(READERS[name](files[name]), default=str))
    place = JUDGED if "judgements" in name else GOLDEN
    kept = json.loads(place.read_text()) if place.exists() else {}
    if os.environ.get("FUNNEL_GOLDEN"):
        kept[name] = reading
        place.write_text(json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    assert reading == kept[name]


def test_every_form_in_the_report_has_a_reading(files):
    forms = {Path(name).suffix for name in files} - {Path("manifest.json").suffix}
    assert forms == {Path(name).suffix for name in READERS} | WHOLE
    assert {one.suffix for one in GOLDEN.parent.iterdir()} >= WHOLE


def test_pages_ask_the_network_for_nothing(files):
    pages = [name for name in files if name.endswith(".html")]
    assert len(pages) > 10
    for name in pages:
        assert [one for one in html(files[name])["addresses"] if not one.startswith("#")] == []
        assert "@import" not in files[name].decode() and "url(" not in files[name].decode()


def test_two_processes_in_two_time_zones_write_the_same_bytes(folder, tmp_path):
    made = []
    for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/New_York")):
        out = tmp_path / f"{seed}.zip"
        words = ["--review", str(folder), "--user", "ada", "export", "all", str(out)]
        subprocess.run(
            [sys.executable, "-m", "review.cli", *words, "--as-of", "2020-06-01"],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            timeout=240,
        )
        made.append(hashlib.sha256(out.read_bytes()).hexdigest())
    assert made[0] == made[1]
    with zipfile.ZipFile(tmp_path / "1.zip") as packed:
        assert packed.testzip() is None and "manifest.json" in packed.namelist()
