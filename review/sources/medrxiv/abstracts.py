"""Cleans medRxiv and bioRxiv abstracts: separates glued headings, removes leftover codes."""

import re

from review.text.greek import GREEK_LETTERS
from review.text.markup import strip_tags

_CODE = re.compile(
    r"\b([OC])_(ST_ABS|TABLECAPTION|DISPLAYFIG|INLINEFIG|BLOCKFIG|FLOATNO|TEXTBOX|SCPLOW|SCPCAP|"
    r"LINEBREAK|FIG|TBL|AFF|QD|LI|UL|OL|SM)|(?<=[A-Za-z.,;)])([OC])_(ST_ABS|SCPLOW|SCPCAP|LI|UL|OL|"
    r"QD|FIG|TBL)"
)
"""Typesetting codes the service leaves in, O_ opening and C_ closing; often glued to words."""
_PICTURE = re.compile(
    r"O_LINKSMALLFIG[^>]*>|\(?View larger version \([^)]*\):?|org\.highwire\.dtl\.\S*|"
    r"\bM_(?:FIG|TBL)\b"
)
"""What is left of a picture in the text."""
_SMALL_CAPS = ("SCPLOW", "SCPCAP")
_SYMBOLS = {
    "+/-": "±",
    "-/+": "∓",
    "degrees": "°",
    "degree": "°",
    "circ": "°",
    "micro": "µ",
    "middle dot": "·",
    "middot": "·",
    "bullet": "•",
    "approx": "≈",
    "sim": "~",
    "cong": "≅",
    "le": "≤",
    "ge": "≥",
    "leq": "≤",
    "geq": "≥",
    "ne": "≠",
    "neq": "≠",
    "times": "×",
    "div": "÷",
    "infty": "∞",
    "infinity": "∞",
    "rightarrow": "→",
    "leftarrow": "←",
    "uparrow": "↑",
    "downarrow": "↓",
    "leftrightarrow": "↔",
    "prime": "′",
    "Prime": "″",
    "surd": "√",
    "Sigma": "Σ",
    "propto": "∝",
    "partial": "∂",
    "nabla": "∇",
    "in": "∈",
    "cap": "∩",
    "cup": "∪",
    "AA": "Å",
    **GREEK_LETTERS,
    "varepsilon": "ε",
    "vartheta": "ϑ",
    "varsigma": "ς",
    "varphi": "φ",
    "Gamma": "Γ",
    "Delta": "Δ",
    "Theta": "Θ",
    "Lambda": "Λ",
    "Xi": "Ξ",
    "Pi": "Π",
    "Phi": "Φ",
    "Psi": "Ψ",
    "Omega": "Ω",
}
_SYMBOL = re.compile(r"\{([A-Za-z+/ -]{2,15})\}")
_BOXED_SYMBOL = re.compile(r"\[([≤≥≠≈~±×→←↑↓∼≃≅])\]")
_HEADINGS = (
    "Materials and Methods|Material and Methods|Patients and Methods|Subjects and Methods|"
    "Methods and Findings|Methods and Results|Methods and Analysis|Methods and Materials|"
    "Methods/Findings|Methodology/Principal Findings|Methods/Principal Findings|"
    "Results and Discussion|Results and Conclusions?|Conclusions? and Relevance|"
    "Conclusions? and Significance|Conclusions?/Significance|Background and Objectives?|"
    "Background and Aims?|Background and Purpose|Background/Objectives?|Background/Aims?|"
    "Background & Aims|Aims? and Objectives?|Design and Methods|Study Design|Study Objectives?|"
    "Research Design and Methods|Design, Setting,? and Participants|Main Outcomes? and Measures?|"
    "Main Outcome Measures?|Data Sources?|Study Selection|Data Extraction|Data Synthesis|"
    "Statistical Analysis|Key Results|Main Results|Key Findings|Principal Findings|"
    "Ethics and Dissemination|Clinical Trial Registration|Trial Registration(?: Number)?|"
    "Withdrawal Statement|Author Summary|Significance Statement|Clinical Relevance|"
    "Clinical Significance|"
    "Clinical Implications|Added value of this study|Evidence before this study|"
    "Implications of all the available evidence|Background|Backgrounds|Introduction|Objectives?|"
    "Aims?|Purpose|Rationale|Importance|Motivation|Context|Question|Hypothesis|Design|Settings?|"
    "Participants?|Patients|Population|Exposures?|Interventions?|Measurements?|Outcomes?|"
    "Methodology|Methods?|Results?|Findings|Discussion|Interpretation|Conclusions?|Significance|"
    "Relevance|Implications|Limitations?|Strengths and Limitations|Funding|Registration|Summary|"
    "Abstract|Approach|Availability(?: and Implementation)?|Keywords|Contact"
)
_GLUED_HEADING = re.compile(
    rf"(?:^|(?<=[.?!\n)\]]))[ ]*({_HEADINGS})(?=(?:[A-Z][A-Za-z'’-]|[A-Z] |\d|\())"
)
_CAPITAL_HEADING = re.compile(
    rf"(?:^|(?<=[.?!\n)\]]))[ ]*((?:{_HEADINGS.upper()}))(?=[A-Z][a-z]|[A-Z] [a-z])"
)


def clean_preprint_text(text: str | None) -> str | None:
    """The text with headings as 'Heading: text' lines and codes replaced by what they represent.

    'MethodsUsing data' becomes 'Methods: Using data'; O_LI begins a line; {rho} becomes ρ.
    """
    if not text:
        return None
    text = _PICTURE.sub(" ", text)
    text = re.sub(r"O_ST_ABS\s*(.*?)\s*C_ST_ABS\s*", r"\n\1: ", text, flags=re.S)
    text = _CODE.sub(_replace_code, text)
    text = _SYMBOL.sub(lambda m: _SYMBOLS.get(m.group(1).strip(), m.group()), text)
    text = re.sub(r"[ \t]+", " ", text).strip()
    text = _GLUED_HEADING.sub(r"\n\1: ", text)
    text = _CAPITAL_HEADING.sub(r"\n\1: ", text)
    lines = (strip_tags(line) for line in text.split("\n"))
    joined = "\n".join(line for line in lines if line)
    return _BOXED_SYMBOL.sub(r"\1", joined) or None


def _replace_code(match: re.Match[str]) -> str:
    """What a code represents: nothing inside a word set in small capitals, else a new line."""
    code = match.group(2) or match.group(4)
    if code in _SMALL_CAPS:
        return ""
    return "\n" if code in ("LI", "UL", "OL", "QD", "LINEBREAK", "TBL", "FIG") else " "
