"""Bytes of files to text: UTF-8, UTF-16 with or without a mark, and stray Windows-1252."""

import codecs


def _decode_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Reads the bytes UTF-8 refuses as Windows-1252, the commonest other encoding of exports."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", "replace").replace("\ufffd", "?"), error.end


codecs.register_error("review-windows", _decode_windows_1252)


def decode_utf8(data: bytes) -> str:
    """Text of a piece of UTF-8; a byte that is not UTF-8 is read as Windows-1252."""
    return data.decode("utf-8", "review-windows")


def convert_to_utf8(data: bytes) -> bytes:
    """The file without byte order mark, UTF-16 and UTF-32 turned to UTF-8, line ends to \\n."""
    for mark, encoding in (
        (codecs.BOM_UTF8, None),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            data = data[len(mark) :]
            if encoding:
                data = data.decode(encoding, "replace").encode("utf-8", "replace")
            break
    else:
        data = _decode_unmarked_utf16(data)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data


def _decode_unmarked_utf16(data: bytes) -> bytes:
    """Data as UTF-8 if it looks like Western UTF-16 without a mark (every other byte is 0)."""
    head = data[:2000]
    if len(head) >= 4:
        even, odd = head[::2].count(0), head[1::2].count(0)
        half = len(head) // 2
        if odd > 0.7 * half and even < 0.05 * half:
            return data.decode("utf-16-le", "replace").encode()
        if even > 0.7 * half and odd < 0.05 * half:
            return data.decode("utf-16-be", "replace").encode()
    return data
