"""Bytes of files to text: UTF-8, UTF-16 with or without a mark, and stray Windows-1252."""

import codecs
import re


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


CHUNK = 1_000_000
SAMPLE = 200_000
_HIGH_RUN = re.compile(rb"[\x80-\xff]{4,}")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")


def find_other_encoding(data: bytes) -> tuple[str, bool] | None:
    """A word with a letter that is not UTF-8, and whether the text cannot be Windows-1252.

    None where all of the data is UTF-8, and for XML, which names its encoding. In Western text
    letters with accents are single; if most of them come in long runs, the text is Chinese,
    Japanese, Korean, Cyrillic, Greek or the like, in an encoding that its bytes do not tell.
    """
    if data[:200].lstrip().startswith(b"<"):
        return None
    start = 0
    while start < len(data):
        stop = len(data)
        if stop - start > CHUNK:
            stop = data.find(b"\n", start + CHUNK) + 1 or len(data)
        piece = data[start:stop]
        if not piece.isascii():
            try:
                piece.decode("utf-8")
            except UnicodeDecodeError as error:
                position = start + error.start
                return _get_word(data, position), _is_foreign(data, position)
        start = stop
    return None


def _get_word(data: bytes, position: int) -> str:
    """The word around a position, as it will be read."""
    head = re.search(rb"[^\s,;\"|]*\Z", data[max(0, position - 30) : position])
    tail = re.match(rb"[^\s,;\"|]*", data[position : position + 30])
    return decode_utf8((head.group() if head else b"") + (tail.group() if tail else b""))


def _is_foreign(data: bytes, position: int) -> bool:
    """Whether most letters beyond ASCII from a position on are no UTF-8 and in long runs."""
    sample = data[max(0, position - SAMPLE) : position + SAMPLE]
    text = sample.decode("utf-8", "surrogateescape")
    undecoded = sum("\udc80" <= letter <= "\udcff" for letter in text)
    decoded = sum(letter > "\x7f" for letter in text) - undecoded
    in_runs = sum(map(len, _HIGH_RUN.findall(sample)))
    in_all = sum(map(len, _HIGH_BYTES.findall(sample)))
    return undecoded > decoded and in_runs * 2 > in_all
