"""Hostile files that are read by other doors than an import: labels, tables to deduplicate, images,
documents and kept responses. Each ends in one line, within a minute of one core and a gigabyte."""

import gzip
import hashlib
import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from support import bombs

from review.errors import StoreError
from review.store import raw_answers

ROOT = Path(__file__).parents[2]
CPU_SECONDS, MEMORY_MB = 60, 1024
RUN = """
import json, re, resource, sys
from pathlib import Path
from review.errors import ReviewError
path = Path(sys.argv[1])
try:
    {call}
    line = "read"
except ReviewError as error:
    line = str(error)
used = resource.getrusage(resource.RUSAGE_SELF)
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read()).group(1)) // 1024
print(json.dumps([line, used.ru_utime + used.ru_stime, peak]))
"""
LABELS = "from review.imaging.labels import read_labels; read_labels(path)"
TABLE = "from review.tools.dedupe_csv import iter_rows; [None for _ in iter_rows(path)]"
IMAGE = "from review.imaging.files import decode_image; decode_image(path)"
RESPONSE = (
    "from review.store.raw_answers import load_response; load_response(path.parents[2], path.stem)"
)
EXPORT = "from review.formats import read_file; read_file(path)"


def pack_docx(megabytes):
    """A Word document whose text swells."""
    text = b"<w:p><w:r><w:t>ha</w:t></w:r></w:p>"
    return bombs.pack_zip(
        {
            "[Content_Types].xml": iter([b"<Types/>"]),
            "word/document.xml": bombs.repeat(text, megabytes, b"<w:document><w:body>"),
        }
    )


def swell(piece, megabytes, head=b""):
    """A gzip file that unpacks to so many megabytes."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    parts = [packer.compress(block) for block in bombs.repeat(piece, megabytes, head)]
    return b"".join([*parts, packer.flush()])


CASES = {
    "labels of 2 GB in a gzip": (
        LABELS,
        "labels.csv.gz",
        lambda: swell(b"a.png,Mass\n", 2048),
        "unpacks to over 300 MB",
    ),
    "labels of 100 million empty rows": (
        LABELS,
        "labels.csv.gz",
        lambda: swell(b",\n", 200, b"file,labels\n"),
        "more than 5 million rows, or a row without end",
    ),
    "labels in one line of 200 MB": (
        LABELS,
        "labels.csv.gz",
        lambda: swell(b"x", 200, b"file,labels\n"),
        "more than 5 million rows, or a row without end",
    ),
    "a table to deduplicate in one line of 2 GB": (
        TABLE,
        "table.csv.gz",
        lambda: swell(b"x", 2048, b"record_id,title\n1,"),
        "line 2 is longer than 16 million letters",
    ),
    "a table to deduplicate with one cell of 200 MB": (
        TABLE,
        "table.csv.gz",
        lambda: swell(b"x\n", 200, b'record_id,title\n1,"'),
        "cannot be read as CSV",
    ),
    "a table to deduplicate without end of its head": (
        TABLE,
        "table.csv",
        lambda: b"record_id," + b"x" * (200 * bombs.MEGABYTE),
        "line 1 is longer than 16 million letters",
    ),
    "an image that claims ten thousand million pixels": (
        IMAGE,
        "film.png",
        lambda: bombs.build_png(100_000, 100_000),
        "has more than 120,000,000 pixels",
    ),
    "an image of 100 million pixels with one line": (
        IMAGE,
        "film.png",
        lambda: bombs.build_png(10_000, 10_000),
        "read",  # the decoder fills the rest with black; only time and memory matter here
    ),
    "an image given as an export": (
        EXPORT,
        "film.png",
        lambda: bombs.build_png(100_000, 100_000),
        "an image",
    ),
    "a document of 2 GB given as an export": (
        EXPORT,
        "notes.docx",
        lambda: pack_docx(2048),
        "a Word document",
    ),
    "a kept response that swells": (
        RESPONSE,
        f"raw/{'a' * 2}/{'a' * 64}.gz",
        lambda: swell(b"\x00", 2048),
        "has been changed since it was saved",
    ),
}
"""What is read how, under which name, made how, and what its line says."""


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_ends_in_one_line(tmp_path, name):
    call, file_name, make, end = CASES[name]
    path = tmp_path / file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make())
    words = [sys.executable, "-c", RUN.format(call=call), str(path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=900)
    path.unlink()
    assert done.returncode == 0, done.stderr[-2000:]
    line, seconds, peak = json.loads(done.stdout)
    assert end in line
    assert "\n" not in line and len(line) < 700
    assert seconds < CPU_SECONDS, seconds
    assert peak < MEMORY_MB, peak


def test_a_kept_response_of_a_fair_size_comes_back_and_a_changed_one_is_named(tmp_path):
    body = b"<xml/>" * 100_000
    digest = raw_answers.save_response(tmp_path, body)
    assert digest == hashlib.sha256(body).hexdigest()
    assert raw_answers.load_response(tmp_path, digest) == body
    raw_answers.get_path(tmp_path, digest).write_bytes(gzip.compress(body + b" "))
    with pytest.raises(StoreError, match="has been changed"):
        raw_answers.load_response(tmp_path, digest)
