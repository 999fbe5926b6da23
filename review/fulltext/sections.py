"""Finds section headings among the lines of a paper and gives each its standard name."""

import re

SECTION_PATTERNS: tuple[tuple[str, str], ...] = (
    ("abstract", r"(structured )?abstract|summary|a b s t r a c t|author summary"),
    ("keywords", r"key ?-?words( and phrases)?|index terms|ccs concepts|categories and .*"),
    ("introduction", r"(general )?introduction( and .*)?|background( and .*)?|motivation"),
    (
        "related work",
        r"(related|prior|previous|existing) (works?|research|studies|literature)( and .*)?|"
        r"(literature|related work) (review|survey)|state of the art|review of literature",
    ),
    (
        "methods",
        r"(the )?(proposed |our )?(study |research )?(materials?|patients?|subjects?|data|design|"
        r"participants?) (and|&) (the )?(proposed )?(methods?|methodology|materials?)|"
        r"(proposed |our |research |online |star ?|experimental )?(method|methods|methodology|"
        r"methodologies|approach|procedures?)( and (materials?|data|procedures?))?|"
        r"(proposed|our) (models?|framework|system|network|architecture|technique)|"
        r"(the )?(data|image|imaging|study|training|test)? ?(data ?sets?|data|databases?|corpus)"
        r"( (description|collection|acquisition|preparation|sources?|generation|used|augmentation|"
        r"and .*))?|"
        r"data (pre-?)?processing|image (pre-?)?processing|pre-?processing|augmentation|"
        r"study (design|population|participants|cohort|setting|sample)|patients?|participants|"
        r"(inclusion|exclusion|eligibility)( and exclusion)? criteria|image acquisition|"
        r"experimental (set-?up|design|settings?|protocols?|methods)|"
        r"(model|network) (architecture|design|training|development)s?( and .*)?|architecture|"
        r"(model )?training( (details|procedure|and .*))?|implementation( details)?|"
        r"(statistical|data) (analysis|analyses|methods)|feature (extraction|selection)|"
        r"(evaluation|performance) (metrics?|measures?)|reference standard|ground truth|"
        r"segmentation|experiment setting",
    ),
    (
        "results",
        r"(experimental |main |simulation |numerical |empirical )?(results?|findings)"
        r"( (and|&) (discussions?|analysis|evaluation))?|experiments?( and results?)?|"
        r"(performance |experimental )?evaluations?|results analysis|comparison with .*",
    ),
    ("limitations", r"(study |potential )?(strengths? and )?limitations?( and .*|s of .*)?"),
    ("discussion", r"(general )?discussions?( (and|&) (conclusions?|future work|limitations))?"),
    (
        "conclusion",
        r"(summary and |discussion and )?conclu(sions?|ding remarks)( (and|&) .*)?|future works?|"
        r"(limitations and )?future (directions?|research)",
    ),
    (
        "references",
        r"references?( and notes| cited)?|bibliography|(literature|works) cited|literature",
    ),
    (
        "supplement",
        r"appendi(x|ces)( [a-z0-9])?([:.] .*)?|(electronic )?supplement(s|al|ary)?( (materials?|"
        r"information|data|methods|figures?|tables?))?( legends)?|supporting information|"
        r"additional (files?|information)",
    ),
    (
        "statements",
        r"acknowledge?ments?|funding( (sources?|statement|information))?|"
        r"(author|authors['’]?)s? (contributions?|information|details)|ethic(s|al) .*|"
        r"(declarations?|conflicts?) of (competing )?interests?|competing (financial )?interests?|"
        r"(data|code|data and code|code and data|materials?) availability( statement)?|"
        r"availability of .*|disclosures?|declarations|consent (for publication|to participate)|"
        r"abbreviations|credit author.*|financial support|reporting summary",
    ),
)

_SECTION_REGEXES = [
    (name, re.compile(f"(?:{pattern})", re.I)) for name, pattern in SECTION_PATTERNS
]
_SPACED_REGEXES = [
    (name, re.compile(f"(?:{pattern.replace(' ', '')})", re.I))
    for name, pattern in SECTION_PATTERNS
]
_NUMBER = re.compile(
    r"^(?:section\s+)?(?:(?P<no>\d{1,2}(?:\s?\.\s?\d{1,2}){0,3})(?:\s?[.):|]|\s)|"
    r"(?P<roman>[IVX]{1,5})(?:\s?[.):]|\s(?=[A-Z]))|(?P<letter>[A-H])\s?[.):])\s*(?=\S)"
)
_RUN_IN = re.compile(
    r"^(?P<head>[A-Z][A-Za-z&,/ -]{2,45}?)\s?(?::|\.\s?[-–—]|[-–—]{1,2}(?=\s?[A-Z])|\.)\s*(?=\S)"
)
_MAX_HEADING_LENGTH = 90


def find_section_name(text: str) -> str | None:
    """The normal name of a heading as printed, numbering and end marks put aside; else None."""
    heading_text = re.sub(r"^[\W_]+|[\s:.\-–—*]+$", "", text)
    if len(heading_text) > _MAX_HEADING_LENGTH:
        return None
    if re.fullmatch(r"(?:\S ){3,}\S", heading_text):
        heading_text = heading_text.replace(" ", "")
    heading_text = heading_text.replace("’", "'")
    heading_text = " ".join(heading_text.split())
    for name, pattern in _SECTION_REGEXES:
        if pattern.fullmatch(heading_text):
            return name
    if heading_text.isupper():  # 'MATERIAL S AND ME THODS', 'MATERIALSANDMETHODS'
        squeezed = heading_text.replace(" ", "")
        for name, pattern in _SPACED_REGEXES:
            if pattern.fullmatch(squeezed):
                return name
    return None


def split_number(text: str) -> tuple[str | None, str]:
    """A heading's number ('3', '2.1', 'IV', 'A') and the rest; None where it bears none."""
    match = _NUMBER.match(text)
    if not match:
        return None, text
    remainder = text[match.end() :]
    if match["roman"] and match.group().strip().isalpha() and find_section_name(text):
        return None, text  # 'I N T R O D U C T I O N', 'I NTRODUCTION'
    if not remainder or not (remainder[0].isupper() or remainder[0].isdigit()):
        return None, text
    return (match["no"] or match["roman"] or match["letter"]).replace(" ", ""), remainder


def get_depth(number: str | None) -> int:
    """1 for '3' and 'IV', 2 for '3.1' and 'A'; 1 where there is no number."""
    if number is None:
        return 1
    return 2 if re.fullmatch(r"[A-H]", number) and number not in "IVX" else number.count(".") + 1


def parse_run_in(text: str) -> tuple[str, str, int] | None:
    """(normal name, heading, letters it takes) where a paragraph opens with a known heading.

    'Methods: We trained ...', 'Abstract—The ...'. After a full stop only one-word headings count
    (so that 'Results. We ...' is one and 'Data were split. We ...' is not).
    """
    _, remainder = split_number(text)
    number_length = len(text) - len(remainder)
    match = _RUN_IN.match(remainder)
    if not match:
        return None
    head = match["head"].strip()
    name = find_section_name(head)
    mark = remainder[len(match["head"]) : match.end()].strip()
    if name is None or (mark == "." and (" " in head or remainder[match.end()].islower())):
        return None
    return name, head, number_length + match.end()


def looks_like_heading(text: str, *, bold: bool, size: float, body_size: float) -> bool:
    """Whether a short line of its own, in heavier or larger print or numbered, is a heading."""
    number, remainder = split_number(text)
    words = remainder.split()
    if not 1 <= len(words) <= 14 or len(text) > _MAX_HEADING_LENGTH or not remainder[0].isupper():
        return False
    if text.rstrip()[-1] in ".,;:?!" and number is None:
        return False
    if re.search(r"[a-z]\.\s+[A-Z]", remainder):
        return False  # a run-in heading with its paragraph
    if "%" in remainder or re.search(r"\([A-Za-z]\)", remainder):
        return False  # the head of a table's column
    letter_count = sum(c.isalpha() for c in remainder)
    if letter_count < 0.6 * len(remainder.replace(" ", "")) or letter_count < 3:
        return False
    is_larger = size >= body_size * 1.1
    return is_larger or bold or (number is not None and remainder.isupper())
