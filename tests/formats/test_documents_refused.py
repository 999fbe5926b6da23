"""A document that is a ZIP archive inside is refused by its own name, with what to do."""

import io
import zipfile

import docx
import pytest

from review.errors import SourceError
from review.formats import read_file


def pack(*members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member in members:
            archive.writestr(member, "<x/>")
    return buffer.getvalue()


def write_docx():
    """A Word document as Word writes it."""
    buffer = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("Smith A. A study. Radiology 2020.")
    document.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (write_docx(), "a Word document"),
        (pack("[Content_Types].xml", "ppt/presentation.xml"), "a PowerPoint presentation"),
        (pack("mimetype", "META-INF/container.xml"), "an e-book"),
    ],
    ids=["Word", "PowerPoint", "e-book"],
)
def test_a_document_is_refused_by_its_name(data, kind):
    with pytest.raises(SourceError, match=kind) as refused:
        read_file(data)
    assert "as RIS" in str(refused.value)


def test_an_archive_with_one_export_is_read_whatever_else_lies_in_it():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("articles.ris", "TY  - JOUR\nTI  - One\nER  - \n")
        archive.writestr("word/readme.html", "no document")
    assert [record.title for record in read_file(buffer.getvalue()).records] == ["One"]
