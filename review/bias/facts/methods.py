"""Facts on how a study was done: population, preparation of images, moment of the split, choice."""

import re
from collections.abc import Iterator

from review.bias.facts.models import Cell

_PEOPLE = (
    r"(?:patients?|subjects?|participants?|individuals|volunteers|people|children|adults|women|men)"
)
_CHOSEN = (
    r"\b(?:inclusion|exclusion|eligib\w+) criteri\w+|\bconsecutive (?:\w+ ){0,2}"
    rf"{_PEOPLE}|"
    r"\b(?:retro|pro)spective(?:ly)?\s+(?:\w+\s+){0,2}(?:collect\w+|enrol\w+|recruit\w+|stud\w+|"
    r"acquir\w+|cohort\w*|data|ehr|includ\w+|review\w+|identif\w+|multi\w*|single\w*|trial|design)|"
    r"\b(?:mean|median|average) age\b|\bage range\b|\byears old\b|"
    rf"{_PEOPLE}\b[^.;]{{0,60}}\b(?:recruited|enrol+ed)\b|\b(?:recruited|enrol+ed)\b[^.;]{{0,60}}"
    rf"{_PEOPLE}\b|\bage(?:d)? (?:\w+ )?\d+"
)
_POPULATION_STRONG = re.compile(_CHOSEN, re.I)
_POPULATION = re.compile(
    rf"{_CHOSEN}|\b\d[\d,]*\s+(?:[\w-]+\s+){{0,3}}?{_PEOPLE}\b[^.;]{{0,80}}\b(?:who|with|"
    r"undergoing|underwent|aged|diagnosed|suspected of|referred|admitted|included|from)\b|"
    rf"\b(?:included|excluded)\b[^.;]{{0,60}}\b{_PEOPLE}\b",
    re.I,
)
_OTHERS_NAMED = re.compile(r"^[A-Z][\w-]+ et al\.|\b(?:consent|ethic\w*)\b")
_STEPS = {
    "resizing": r"re-?siz\w+|re-?scal\w+ to \d|scaled to \d|down-?sampl\w+ (?:to|by)\b",
    "resampling": r"re-?sampl\w+(?= (?:[\w-]+ ){0,4}?(?:to|voxel|resolution|spacing|isotropic|\d))",
    "cropping": r"(?:center|centre|random(?:ly)?)?[- ]?cropp\w+|\bcrops?\b",
    "tiling": r"(?:tiles?|patch(?:es)?) (?:of|were|are) |(?:divided|split|cut) into (?:\w+ )?"
    r"(?:tiles|patches)|patch extraction",
    "padding": r"(?:zero-)?padd(?:ed|ing)",
    "intensity normalisation": r"(?:intensit\w+|pixel\w*)(?: \w+)? (?:normali[sz]|standardi[sz])"
    r"(?:ed|ing|ation)|(?:was|were|are|is|and|then|been) (?:\w+ly )?"
    r"(?:normali[sz]|standardi[sz])ed|"
    r"(?:normali[sz]|standardi[sz])(?:ed|ing|ation) (?:to|by|using|of|with|into|methods?)\b|"
    r"z-?score\w*|min-?max|zero mean|unit variance",
    "skull stripping": r"skull[- ]strip\w*|brain extraction|\bHD-BET\b",
    "bias field correction": r"bias[- ]field|\bN4\b|inhomogeneity correction",
    "registration": r"(?:co-?)?registered (?:\w+(?:-\w+)? )?(?:to|with|into)|"
    r"(?:co-?)?registration\b|"
    r"(?:rigid|affine)\w* align\w+|aligned to the",
    "denoising": r"de-?nois\w+|median filter\w*|smooth(?:ed|ing)\b[^.;]{0,20}kernel|"
    r"gaussian filter",
    "windowing": r"window(?:ed|ing)\b|window (?:level|width)|\bHU\b[^.;]{0,30}(?:clip|window)|"
    r"clipp(?:ed|ing)\b",
    "contrast enhancement": r"\bCLAHE\b|histogram (?:equali[sz]\w+|match\w+)|contrast enhance\w+",
    "hair removal": r"hair(?:s)?\b[^.;]{0,20}remov\w+|dull-?razor|remov\w+ (?:of )?(?:the )?hairs?",
    "grey-level discretisation": r"discreti[sz]\w+|bin width|grey-?level bins|quanti[sz]ed to",
    "segmentation of the organ": r"(?:lung|liver|brain|prostate|breast)s?\b[^.;]{0,25}"
    r"(?:segmented|masks?|masked)\b",
    "colour": r"grey-?scale|gray-?scale|stain normali[sz]\w+|colou?r normali[sz]\w+",
}
_STEP_PATTERNS = {name: re.compile(rf"\b(?:{words})", re.I) for name, words in _STEPS.items()}
_PREPARED = re.compile(
    r"\b(images?|scans?|volumes?|slices?|pixels?|voxels?|intensit\w+|radiographs?|x-?rays?|slides?|"
    r"patch(?:es)?|tiles|photographs?|frames|mri|ct|inputs?|pre-?process\w+|contrast|features|"
    r"hairs?)\b",
    re.I,
)
_DONE = re.compile(
    r"\b(?:was|were|is|are|been|we|by|using|pre-?process\w+|includ\w+|appl\w+|steps?)\b", re.I
)
_CHANGES = {
    "flips": r"flip\w*|mirror\w*",
    "rotations": r"rotat\w+",
    "shifts": r"shift\w*|translat(?:ion|ions|ed|ing)",
    "scaling": r"zoom\w*|\bscal(?:ing|ed)\b|random(?:ly)? resiz\w+",
    "crops": r"random(?:ly)?(?: resized)? crop\w*|crop and resize|random crops?",
    "shear": r"shear\w*",
    "affine": r"affine",
    "elastic": r"elastic\w*",
    "brightness and contrast": r"brightness|contrast(?! agent| media|-enhanced|ive)|gamma",
    "colour jitter": r"colou?r jitter\w*|jitter\w*|saturation|\bhue\b",
    "noise": r"(?:gaussian |random )?noise\b",
    "blur": r"blur\w*",
    "erasing": r"cut-?out|random erasing|cut-?mix",
    "mixup": r"mix-?up",
    "synthetic images": r"\bGANs?\b|synthetic images|generative",
}
_CHANGE_PATTERNS = {name: re.compile(rf"\b(?:{words})", re.I) for name, words in _CHANGES.items()}
_AUGMENTED = re.compile(r"\baugment\w*", re.I)
_MOMENT = re.compile(
    r"\b(?P<first>before|prior to|after|following|then|subsequently)\b[^.;]{0,25}?"
    r"\b(?P<what>augment\w+|over-?sampl\w+|balanc\w+|patch\w*|tiles?|tiling|slic\w+|pre-?process\w+|"
    r"normali[sz]\w+|feature selection|split\w*|divid\w+|partition\w*)",
    re.I,
)
_SPLIT_WORD = re.compile(r"\b(split\w*|divid\w+|partition\w*|cross[- ]validation)\b", re.I)
_SELECTION = re.compile(
    r"\bearly stopping\b|\bbest (?:performing )?(?:\w+ ){0,2}(?:on|in|for) (?:the )?validation|"
    r"\b(?:lowest|highest|best|minimal|minimum|maximum) (?:\w+ ){0,2}validation (?:\w+ )?"
    r"(?:loss|score|accuracy|auc|auroc|dice|performance|f1|error)|"
    r"\b(?:check-?points?|epochs?|models?|weights)\b[^.;]{0,50}\b(?:selected|chosen|saved|kept|best)\b"
    r"[^.;]{0,60}\bvalidation\b|"
    r"\bhyper-?parameters?\b[^.;]{0,80}\b(?:tun\w+|search\w*|optimi[sz]\w+|selected|chosen|"
    r"determined|grid)\b|"
    r"\b(?:tun\w+|optimi[sz]\w+|search\w*|selected|chose\w*)\b[^.;]{0,50}\bhyper-?parameters?\b|"
    r"\b(?:grid|random|bayesian) (?:search|optimi[sz]ation)\b|"
    r"\b(?:selected|chosen|select|chose|choose)\b[^.;]{0,60}\b(?:based on|using|on|by)\b[^.;]{0,30}"
    r"\b(?:validation|cross[- ]validation|held-?out)\b",
    re.I,
)
_MAX_QUOTE = 160
_MAX_SENTENCE = 450
"""Length (characters) above which a 'sentence' is a list or a broken table."""


def find_population(text: str) -> Iterator[Cell]:
    """Who was studied and how they were found, in the paper's words; the label ranks it."""
    if _OTHERS_NAMED.search(text) and not _POPULATION_STRONG.search(text):
        return
    if len(text) < _MAX_SENTENCE and _POPULATION.search(text):
        yield "population", "", shorten(text)


def is_strong_population(text: str) -> bool:
    """Whether a sentence says how people were chosen or who they were, not only that they are."""
    return bool(_POPULATION_STRONG.search(text))


def find_preparation(text: str) -> Iterator[Cell]:
    """Steps of preprocessing and of augmentation, each list in the order of the sentence."""
    if len(text) > _MAX_SENTENCE:
        return
    if _AUGMENTED.search(text):
        changes = _list_in_order(text, _CHANGE_PATTERNS)
        if changes:
            yield "augmentation", "", ", ".join(changes)
        return
    steps = _list_in_order(text, _STEP_PATTERNS)
    is_prepared = _PREPARED.search(text) and _DONE.search(text)
    if steps and is_prepared and not re.search(r"\bembeddings?\b", text, re.I):
        yield "preprocessing", "", ", ".join(steps)


def find_moment(text: str) -> Iterator[Cell]:
    """Whether the split came before or after another step, if one sentence says so."""
    match = _MOMENT.search(text)
    if match is None or not _SPLIT_WORD.search(text):
        return
    if _SPLIT_WORD.fullmatch(match["what"]):
        step = next((m[0] for m in _OTHER_STEP.finditer(text)), None)
        if step is None or match["first"].lower() in ("then", "subsequently"):
            return
        is_before = match["first"].lower() in ("after", "following")
        yield "split moment", "", f"{'before' if is_before else 'after'} {_name_step(step)}"
    elif match["first"].lower() in ("before", "prior to", "after", "following"):
        order = "before" if match["first"].lower() in ("before", "prior to") else "after"
        yield "split moment", "", f"{order} {_name_step(match['what'])}"


_STEP_NAMES = (
    ("augment", "augmentation"),
    ("over", "oversampling"),
    ("balanc", "balancing"),
    ("patch", "patch extraction"),
    ("til", "tiling"),
    ("slic", "slicing"),
    ("pre", "preprocessing"),
    ("normal", "normalisation"),
)


def _name_step(words: str) -> str:
    text = words.lower()
    return next((name for stem, name in _STEP_NAMES if text.startswith(stem)), text)


_OTHER_STEP = re.compile(
    r"\b(augment\w+|over-?sampl\w+|balanc\w+|tiling|pre-?process\w+|normali[sz]ation|"
    r"feature selection)\b",
    re.I,
)


def find_selection(text: str) -> Iterator[Cell]:
    """How the model, its epoch or its settings were chosen."""
    if len(text) < _MAX_SENTENCE and _SELECTION.search(text) and " better than " not in text:
        yield "model selection", "", shorten(text)


def _list_in_order(text: str, patterns: dict[str, re.Pattern[str]]) -> list[str]:
    places = [
        (match.end(), name)
        for name, pattern in patterns.items()
        if (match := pattern.search(text)) is not None
    ]
    return [name for _, name in sorted(places)]


def shorten(text: str, length: int = _MAX_QUOTE) -> str:
    """The text, cut to a length with three dots."""
    return text if len(text) <= length else text[: length - 3].rstrip() + "..."
