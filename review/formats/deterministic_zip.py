"""ZIP files that are the same bytes for the same content: fixed times, fixed order of entries."""

import io
import re
import zipfile
from collections.abc import Mapping

STAMP = (1980, 1, 1, 0, 0, 0)
"""The earliest time a ZIP can hold; says that none is told."""
_SAVED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")


def pack(files: Mapping[str, bytes]) -> bytes:
    """A ZIP of files by path, in the order given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            book.writestr(info, data)
    return out.getvalue()


def settled(data: bytes) -> bytes:
    """An Office file (a ZIP) without the moment it was saved, so that equal files are equal."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        files = {name: book.read(name) for name in book.namelist()}
    core = "docProps/core.xml"
    if core in files:
        files[core] = _SAVED.sub(rb"\g<1>2000-01-01T00:00:00Z\g<3>", files[core])
    return pack(files)
