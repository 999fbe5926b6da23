"""Escapes Unicode for LaTeX and transliterates what pdfLaTeX's fonts lack.

Letters that pdfLaTeX has no font for appear twice: as they are, for XeLaTeX and LuaLaTeX, and
romanised, for pdfLaTeX, which would stop at them.
"""

import re
import unicodedata

from review.formats.latex import RESERVED_CHARACTERS
from review.formats.plain import clean_cell
from review.text.greek import GREEK_LETTERS

_ESCAPES = {
    **RESERVED_CHARACTERS,
    "{": r"\{",
    "}": r"\}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "…": r"\ldots{}",
    "–": "--",
    "—": "---",
    "―": "---",
    "‐": "-",
    "‑": "-",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
    "„": r"\quotedblbase{}",
    "‚": r"\quotesinglbase{}",
    "\u00a0": "~",
    "•": r"\textbullet{}",
    "†": r"\dag{}",
    "‡": r"\ddag{}",
    "‰": r"\textperthousand{}",
    "€": r"\texteuro{}",
    "™": r"\texttrademark{}",
    "℃": r"\textcelsius{}",
    "№": r"\textnumero{}",
}
_MATH_SYMBOLS = {
    "−": "-",
    "≥": r"\geq",
    "⩾": r"\geq",
    "≤": r"\leq",
    "⩽": r"\leq",
    "×": r"\times",
    "±": r"\pm",
    "∓": r"\mp",
    "≈": r"\approx",
    "≠": r"\neq",
    "≡": r"\equiv",
    "≪": r"\ll",
    "≫": r"\gg",
    "∼": r"\sim",
    "≃": r"\simeq",
    "≅": r"\cong",
    "∝": r"\propto",
    "∞": r"\infty",
    "√": r"\surd",
    "∑": r"\sum",
    "∏": r"\prod",
    "∫": r"\int",
    "∂": r"\partial",
    "∇": r"\nabla",
    "∆": r"\Delta",
    "∈": r"\in",
    "∉": r"\notin",
    "∩": r"\cap",
    "∪": r"\cup",
    "⊂": r"\subset",
    "⊆": r"\subseteq",
    "∀": r"\forall",
    "∃": r"\exists",
    "∅": r"\emptyset",
    "∧": r"\wedge",
    "∨": r"\vee",
    "∘": r"\circ",
    "∙": r"\cdot",
    "⋅": r"\cdot",
    "∗": "*",
    "⊕": r"\oplus",
    "⊗": r"\otimes",
    "→": r"\rightarrow",
    "←": r"\leftarrow",
    "↑": r"\uparrow",
    "↓": r"\downarrow",
    "↔": r"\leftrightarrow",
    "⇒": r"\Rightarrow",
    "⇐": r"\Leftarrow",
    "⇔": r"\Leftrightarrow",
    "′": "'",
    "″": "''",
    "ℓ": r"\ell",
    "⁻": "^{-}",
    "⁺": "^{+}",
    "Ω": r"\Omega",
    **{char: f"^{{{n}}}" for n, char in zip("0456789", "⁰⁴⁵⁶⁷⁸⁹", strict=True)},
    **{char: f"_{{{n}}}" for n, char in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}
_GREEK_LETTERS = {
    **{letter: name for name, letter in GREEK_LETTERS.items() if name != "omicron"},
    **{"ε": "varepsilon", "φ": "varphi", "ς": "varsigma"},
    **{
        GREEK_LETTERS[name.lower()].upper(): name
        for name in ("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon")
    },
    **{GREEK_LETTERS[name.lower()].upper(): name for name in ("Phi", "Psi", "Omega")},
}
"""Letters used as symbols; Greek words are romanised like words in other scripts."""
_T1_CHARACTERS = frozenset(map(chr, range(0xA1, 0x180))) - frozenset("\u00adĦħĸĿŀŉŦŧſ") | frozenset(
    "ȘșȚț"
)
"""Characters in T1 fonts that LaTeX accepts as UTF-8; determined by typesetting each."""
_LONG_WORD_LENGTH, _BREAK_INTERVAL = 24, 20
"""Words longer than this (characters) may break: after punctuation, or else at this length."""
_BREAK_PIECES = re.compile(rf"[^-/._:;,)=?&]{{1,{_BREAK_INTERVAL}}}[-/._:;,)=?&]*|[-/._:;,)=?&]+")


def escape_latex(text: str) -> str:
    """Text escaped for LaTeX; line breaks become spaces."""
    single_line = unicodedata.normalize("NFC", " ".join(clean_cell(text).split(" ")))
    return " ".join(_escape_word(word) for word in single_line.split())


def split_breakable(word: str) -> list[str]:
    """The pieces between which a word may break; the word itself unless it is long."""
    return _BREAK_PIECES.findall(word) if len(word) > _LONG_WORD_LENGTH else [word]


def measure_longest_piece(text: str) -> int:
    """Length of the longest unbreakable piece of a text, as printed by pdfLaTeX (characters)."""
    from anyascii import anyascii

    return max(
        (len(part) for word in anyascii(text).split() for part in split_breakable(word)), default=1
    )


def _escape_word(word: str) -> str:
    return r"\allowbreak{}".join(_escape_letters(part) for part in split_breakable(word))


def _escape_letters(text: str) -> str:
    escaped, foreign_run = "", ""
    for char in text:
        if char.isascii() or char in _T1_CHARACTERS or char in _ESCAPES or char in _MATH_SYMBOLS:
            escaped += _escape_foreign(foreign_run) + _escape_character(char)
            foreign_run = ""
        else:
            foreign_run += char
    return escaped + _escape_foreign(foreign_run)


def _escape_character(char: str) -> str:
    return f"${_MATH_SYMBOLS[char]}$" if char in _MATH_SYMBOLS else _ESCAPES.get(char, char)


def _escape_foreign(run: str) -> str:
    """A run of letters that pdfLaTeX cannot typeset; single Greek letters become math symbols."""
    from anyascii import anyascii

    if len(run) <= 1:
        if run in _GREEK_LETTERS:
            return rf"$\{_GREEK_LETTERS[run]}$"
        if not run:
            return ""
    plain = unicodedata.normalize("NFKC", run)
    if plain.isascii():
        return "".join(_ESCAPES.get(char, char) for char in plain)
    roman = r"\allowbreak{}".join(
        "".join(_ESCAPES.get(char, char) for char in part)
        for part in split_breakable(anyascii(run))
    )
    return rf"\ifdefined\Umathchar {run}\else {roman}\fi{{}}"
