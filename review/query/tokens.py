"""Splits text into comparable words: one spelling for hyphens, forms, case, Greek, headings.

Queries and records are normalised in the same way, so that 'X‑ray', 'x ray' and 'X-Ray' are equal.
"""

import re
import unicodedata

from review.text.folding import strip_accents
from review.text.greek import GREEK_LETTERS

_WORD = re.compile(r"[^\W_]+")
_GREEK = GREEK_LETTERS | {"varepsilon": "ε", "varphi": "φ"}
_GREEK_NAMES = str.maketrans(
    {sign: name for name, sign in reversed(_GREEK.items())} | {"ς": "sigma"}
)
_SIGN_CODE = re.compile(r"\{(" + "|".join(_GREEK) + r"|degrees)\}")
_TYPESETTING_CODE = re.compile(
    r"[OC]_(?:ST_ABS|SCPLOW|SCPCAP|TEXTBOX|TABLECAPTION|DISPLAYFIG|INLINEFIG|BLOCKFIG|FLOATNO|"
    r"FIG|TBL|LI|UL|OL|QD|AFF|SM)|O_LINKSMALLFIG[^>]*>|M_FIG|M_TBL"
)
"""Typesetting codes left in medRxiv and bioRxiv abstracts, opening O_ and closing C_."""
_HEADINGS = (
    "Background|Introduction|Objectives?|Aims?|Purpose|Rationale|Importance|Motivation|Context|"
    "Design|Setting|Settings|Participants|Patients|Interventions?|Exposures?|Measurements?|"
    "Outcomes?|Methodology|Methods?|Results?|Findings|Discussion|Interpretation|Conclusions?|"
    "Significance|Relevance|Implications|Limitations?|Funding|Registration|Summary|Abstract|Approach"
)
_GLUED_HEADING = re.compile(rf"({_HEADINGS})(?=[A-Z0-9])")
_SPACES = "\u200b\u2028\u2029\u0085"
_INVISIBLE = "\u00ad\u200c\u200d\u2060\ufeff"
_WORD_BREAKS = str.maketrans(
    dict.fromkeys(
        "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\u2010\u2011\u2012\u2013\u2014\u2015\u2212", " "
    )
    | dict.fromkeys(_SPACES, " ")
    | dict.fromkeys(_INVISIBLE, None)
)


def extract_words(text: str) -> tuple[str, ...]:
    """The normalised words of a text: runs of letters and digits.

    Compatibility forms are unified (NFKC), accents and case removed, Greek letters spelled out;
    hyphens, apostrophes and all other marks separate words.
    """
    return tuple(" ".join(normalize_token(part) for part in split_tokens(text)).split())


def split_tokens(text: str) -> list[str]:
    """The text split at spaces, hyphens and ASCII marks, with codes decoded; case is kept."""
    if "_" in text:
        text = _TYPESETTING_CODE.sub(" ", text)
    if "{" in text:
        text = _SIGN_CODE.sub(lambda m: _GREEK.get(m[1], "°"), text)
    return text.translate(_WORD_BREAKS).split()


def normalize_token(token: str) -> str:
    """A normalised token: zero, one or several words separated by single spaces."""
    token = _GLUED_HEADING.sub(r"\1 ", token, count=1)
    if token.isascii():
        return token.lower()
    folded = strip_accents(unicodedata.normalize("NFKC", token).casefold())
    text = folded.translate(_GREEK_NAMES)
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text)))
