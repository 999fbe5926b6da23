"""Finds section headings among the lines of a paper, and gives each its normal name."""

import re

NAMES: tuple[tuple[str, str], ...] = (
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

_KNOWN = [(name, re.compile(f"(?:{pattern})", re.I)) for name, pattern in NAMES]
_NUMBER = re.compile(
    r"^(?:section\s+)?(?:(?P<no>\d{1,2}(?:\s?\.\s?\d{1,2}){0,3})(?:\s?[.):]|\s)|"
    r"(?P<roman>[IVX]{1,5})(?:\s?[.):]|\s(?=[A-Z]))|(?P<letter>[A-H])\s?[.):])\s*(?=\S)"
)
_RUN_IN = re.compile(
    r"^(?P<head>[A-Z][A-Za-z&,/ -]{2,45}?)\s?(?::|\.\s?[-–—]|[-–—]{1,2}(?=\s?[A-Z])|\.)\s*(?=\S)"
)
_LONGEST = 90


def known(text: str) -> str | None:
    """The normal name of a heading as printed, numbering and end marks put aside; else None."""
    bare = re.sub(r"^[\W_]+|[\s:.\-–—*]+$", "", text)
    if len(bare) > _LONGEST:
        return None
    if re.fullmatch(r"(?:\S ){3,}\S", bare):
        bare = bare.replace(" ", "")
    bare = bare.replace("’", "'")
    bare = " ".join(bare.split())
    for name, pattern in _KNOWN:
        if pattern.fullmatch(bare):
            return name
    return None


def split_number(text: str) -> tuple[str | None, str]:
    """A heading's number ('3', '2.1', 'IV', 'A') and the rest; None where it bears none."""
    found = _NUMBER.match(text)
    if not found:
        return None, text
    rest = text[found.end() :]
    if not rest or not (rest[0].isupper() or rest[0].isdigit()):
        return None, text
    return (found["no"] or found["roman"] or found["letter"]).replace(" ", ""), rest


def depth(number: str | None) -> int:
    """1 for '3' and 'IV', 2 for '3.1' and 'A'; 1 where there is no number."""
    if number is None:
        return 1
    return 2 if re.fullmatch(r"[A-H]", number) and number not in "IVX" else number.count(".") + 1


def run_in(text: str) -> tuple[str, str, int] | None:
    """(normal name, heading, letters it takes) where a paragraph opens with a known heading.

    'Methods: We trained ...', 'Abstract—The ...'. After a full stop only one-word headings count
    (so that 'Results. We ...' is one and 'Data were split. We ...' is not).
    """
    _, rest = split_number(text)
    taken = len(text) - len(rest)
    found = _RUN_IN.match(rest)
    if not found:
        return None
    head = found["head"].strip()
    name = known(head)
    mark = rest[len(found["head"]) : found.end()].strip()
    if name is None or (mark == "." and (" " in head or rest[found.end()].islower())):
        return None
    return name, head, taken + found.end()


def looks_like_heading(text: str, *, bold: bool, size: float, body: float) -> bool:
    """Whether a short line of its own, in heavier or larger print or numbered, is a heading."""
    number, rest = split_number(text)
    words = rest.split()
    if not 1 <= len(words) <= 14 or len(text) > _LONGEST or not rest[0].isupper():
        return False
    if text.rstrip()[-1] in ".,;:?!" and number is None:
        return False
    if re.search(r"[a-z]\.\s+[A-Z]", rest):
        return False  # a run-in heading with its paragraph
    if "%" in rest or re.search(r"\([A-Za-z]\)", rest):
        return False  # the head of a table's column
    letters = sum(c.isalpha() for c in rest)
    if letters < 0.6 * len(rest.replace(" ", "")) or letters < 3:
        return False
    larger = size >= body * 1.1
    return larger or bold or (number is not None and rest.isupper())
