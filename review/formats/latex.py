"""Converts LaTeX in BibTeX values to plain text: accents, letters, escapes, protecting braces."""

import re
import unicodedata

from review.text.greek import GREEK_LETTERS

RESERVED_CHARACTERS = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
}
"""Characters TeX reserves. Braces become commands: BibTeX counts even those behind a backslash."""

_MARKS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "h": "\u0309",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
}
_LETTERS = {
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "aa": "å",
    "AA": "Å",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "i": "ı",
    "j": "ȷ",
    "ohorn": "ơ",
    "OHORN": "Ơ",
    "uhorn": "ư",
    "UHORN": "Ư",
    "dj": "đ",
    "DJ": "Đ",
    "dh": "ð",
    "DH": "Ð",
    "th": "þ",
    "TH": "Þ",
    "textendash": "–",
    "textemdash": "—",
    "textquoteright": "’",
    "textquoteleft": "‘",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "textregistered": "®",
    "texttrademark": "™",
    "textcopyright": "©",
    "textdegree": "°",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textbackslash": "\\",
    "textless": "<",
    "textgreater": ">",
    "textbraceleft": "\ue000",
    "textbraceright": "\ue001",
    "textbar": "|",
    "textunderscore": "_",
    "textpm": "±",
    "texttimes": "×",
    "textmu": "µ",
    **GREEK_LETTERS,
    "varepsilon": "ε",
    "varphi": "φ",
    "Delta": "Δ",
    "pm": "±",
    "times": "×",
    "leq": "≤",
    "le": "≤",
    "geq": "≥",
    "ge": "≥",
    "approx": "≈",
    "sim": "∼",
}
_ACCENT = re.compile(
    r"\\(?:([`'^~=.\"])\s*|([uvHtcdbkrh])(?:\s+|(?=[{\\])))"
    r"(?:\{\s*(?:\\([ij])(?![A-Za-z])|([^\W\d_]))\s*\}|\\([ij])(?![A-Za-z])\s?|([^\W\d_]))"
)
_LETTER = re.compile(r"\\([A-Za-z]+)(?:\{\}|(?![A-Za-z])[ ]?)")
_STYLE = re.compile(
    r"\\(?:emph|textit|textbf|textrm|textsc|textsf|texttt|textsuperscript|textsubscript|mathrm|"
    r"mathbf|mathit|ensuremath|url|mbox|enquote)(?=\s*\{)"
)


def to_plain_text(value: str) -> str:
    """The text a LaTeX value represents; unknown commands are left as they are.

    Percent signs stay: databases write them unescaped, so they never begin a comment here.
    """
    if " " in value:
        value = re.sub(r"(?<!\\)~", " ", value)
    if "\\" in value:
        value = _STYLE.sub("", value)
        before = None
        while before != value:  # \\~\\^e carries two accents: the inner one first
            before, value = value, _ACCENT.sub(_compose_accent, value)
        value = re.sub(r"\\([&%$#_])", r"\1", value)
        value = value.replace("\\{", "\ue000").replace("\\}", "\ue001")
        value = _LETTER.sub(lambda m: _LETTERS.get(m.group(1), m.group()), value)
    return re.sub(r"[{}]", "", value).replace("\ue000", "{").replace("\ue001", "}")


def _compose_accent(match: re.Match[str]) -> str:
    mark = _MARKS.get(match.group(1) or match.group(2), "")
    letter = next(g for g in match.groups()[2:] if g)
    return unicodedata.normalize("NFC", letter + mark)
