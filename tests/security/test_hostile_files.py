"""Hostile files end in one line or in rejected entries, within a minute of one core and a gigabyte:
what counts is what comes out of a file, not what its headers say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import bombs

from review.checklists.yaml_loader import parse_yaml_text
from review.errors import ChecklistError, ProtocolError, SourceError
from review.formats import json as json_export
from review.formats import read_file
from review.protocol.loading import parse_protocol
from review.text.yaml_bounds import MAX_DEPTH, MAX_VALUES, find_yaml_excess

ROOT = Path(__file__).parents[2]
CPU_SECONDS, MEMORY_MB = 60, 1024
READ = """
import json, re, resource, sys
from review.errors import ReviewError
from review.formats import read_file
try:
    parsed = read_file(sys.argv[1])
    line = f"{len(parsed.records)} records, {len(parsed.rejected)} rejected"
except ReviewError as error:
    line = str(error)
used = resource.getrusage(resource.RUSAGE_SELF)
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read()).group(1)) // 1024
print(json.dumps([line, used.ru_utime + used.ru_stime, peak]))
"""
ENDS = {
    "zip of 2 GB": "unpacks to over 300 MB",
    "zip of 2 GB that claims ten bytes": "damaged ZIP archive",
    "zip in a zip": "containing 0 exports",
    "zip of 60,000 exports": "containing 60000 exports",
    "workbook of 2 GB": "unpacks to over 300 MB",
    "workbook 200,000 deep": "no title column found",
    "workbook with swelling entities": "not a readable Excel workbook",
    "ods of 2 GB": "unpacks to over 300 MB",
    "ods with a thousand million rows": "repeats too many cells",
    "ods 200,000 deep": "no title column found",
    "json 1,000,000 deep": "lists within lists without end",
    "json objects 300,000 deep": "lists within lists without end",
    "json that is a number": "0 records, 4 rejected",
    "json with a number of a million digits": "not readable JSON",
    "xml 300,000 deep": "0 records",
    "xml with swelling entities": "0 records, 1 rejected",
    "xml of a file on this machine": "0 records, 1 rejected",
    "pubmed xml with swelling entities": "0 records, 1 rejected",
    "csv with one line of 200 MB": "line 2 is longer than 16 million letters",
    "csv with one quoted cell of 200 MB": "more than 15 million lines",
    "csv of 50 million commas": "line 2 is longer than 16 million letters",
    "ris with one line of 200 MB": "line 2 is longer than 16 million letters",
    "bibtex 500,000 deep": "0 records, 1 rejected",
    "text without end of line": "line 1 is longer than 16 million letters",
    "gzip of 2 GB": "compressed (gzip)",
}
"""What the line of each says."""


def test_each_bomb_has_its_line():
    assert set(ENDS) == set(bombs.EXPORTS)


@pytest.mark.parametrize("name", bombs.EXPORTS)
def test_a_hostile_export_ends_in_one_line(tmp_path, name):
    path = tmp_path / "export"
    path.write_bytes(bombs.EXPORTS[name]())
    words = [sys.executable, "-c", READ, str(path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=900)
    path.unlink()
    assert done.returncode == 0, done.stderr[-2000:]
    line, seconds, peak = json.loads(done.stdout)
    assert ENDS[name] in line
    assert "\n" not in line and len(line) < 700
    assert seconds < CPU_SECONDS, seconds
    assert peak < MEMORY_MB, peak


YAML_ENDS = {
    "lists 100,000 deep": "deeper than 60",
    "blocks 3,000 deep": "deeper than 60",
    "a list that contains itself": "'a' contains itself",
    "a mapping that contains itself": "'a' contains itself",
    "laughs": "more than 200,000 values",
    "merges that double": "more than 200,000 values",
    "ten megabytes of one word": "longer than 5,000,000 letters",
    "two million keys": "longer than 5,000,000 letters",
    "a control character": "not YAML",
    "a python object": "not YAML",
}


@pytest.mark.parametrize("name", bombs.YAMLS)
def test_a_hostile_yaml_ends_in_one_line(name):
    text = bombs.YAMLS[name]()
    with pytest.raises(ProtocolError) as refused:
        parse_protocol(text)
    assert YAML_ENDS[name] in str(refused.value)
    assert "\n" not in str(refused.value)
    if name not in ("a python object",):
        with pytest.raises(ChecklistError, match=r"YAML|deeper|itself|more than|longer"):
            parse_yaml_text(text, "a checklist")


def test_the_bounds_of_yaml_hold_on_both_sides():
    deep = MAX_DEPTH - 1
    assert find_yaml_excess("[" * deep + "]" * deep) is None
    assert "deeper" in (find_yaml_excess("[" * (deep + 1) + "]" * (deep + 1)) or "")
    many = MAX_VALUES - 2
    assert find_yaml_excess("[" + "a," * (many - 1) + "a]") is None
    assert "values" in (find_yaml_excess("[" + "a," * many + "a]") or "")
    assert find_yaml_excess("a: &x [1, 2]\nb: *x\nc: [*x, *x]\n") is None
    assert find_yaml_excess("a: [") is None  # no YAML: its reader says so


def test_a_file_of_a_fair_size_is_read_as_before(tmp_path):
    packed = bombs.pack_zip({"a.ris": bombs.repeat(bombs.RIS, 1)})
    assert len(read_file(packed).records) > 30_000
    assert len(read_file(b"Title,Year\n" + b"x" * 1_000_000 + b",2020\n").records) == 1
    with pytest.raises(SourceError, match="no list of references"):
        json_export.parse(b"3")
