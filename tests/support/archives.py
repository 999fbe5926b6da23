"""ZIP archives that zipfile opens and cannot read: locked, or packed by an unknown method."""

import io
import re
import zipfile

LOCKED, UNKNOWN_METHOD = "locked", "packed by an unknown method"


def spoil(data: bytes, fault: str) -> bytes:
    """The archive with each entry marked as locked or as packed by method 99."""
    spoiled = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        starts = [info.header_offset for info in archive.infolist()]
    places = [(start + 6, start + 8) for start in starts]
    places += [(m.start() + 8, m.start() + 10) for m in re.finditer(rb"PK\x01\x02", data)]
    for flags, method in places:
        if fault == LOCKED:
            spoiled[flags] |= 1
        else:
            spoiled[method] = 99
    return bytes(spoiled)
