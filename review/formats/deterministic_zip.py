"""Writes reproducible ZIP files: fixed times and a fixed order of entries."""

import io
import re
import zipfile
from collections.abc import Mapping

FIXED_TIMESTAMP = (1980, 1, 1, 0, 0, 0)
"""The earliest time a ZIP can hold; means that none is given."""
_SAVE_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")


def build_zip(files: Mapping[str, bytes]) -> bytes:
    """A ZIP of files by path, in the order given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, FIXED_TIMESTAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def strip_save_times(data: bytes) -> bytes:
    """An Office file (a ZIP) without the moment it was saved, so that equal files are equal."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    core_path = "docProps/core.xml"
    if core_path in files:
        files[core_path] = _SAVE_TIMES.sub(rb"\g<1>2000-01-01T00:00:00Z\g<3>", files[core_path])
    return build_zip(files)
