"""Finds sentences in which several public data sets become one."""

import re
from collections.abc import Sequence

_MERGED = re.compile(
    r"\b(?:merg\w+|combin\w+|pool(?:ed|ing)|join(?:ed|ing|tly)|fus(?:ed|ing|ion)|unif(?:ied|"
    r"ying|y)|"
    r"concatenat\w+|amalgamat\w+|mixture of|mix(?:ed|ing)|together|union of)\b|"
    r"\b(?:compiled|assembled|gathered|collected|taken|drawn|sourced|curated|composed|built|"
    r"obtained|"
    r"downloaded|came|come|derived|aggregated)\s+(?:\w+\s+)?(?:from|of|out of)\b",
    re.I,
)
_TRAINED = re.compile(
    r"\b(?:pre-?)?train(?:ed|ing|s)?\b[^.;]{0,60}?\b(?:on|from|with|using|use of)\b", re.I
)
_APART = re.compile(
    r"\b(?:respectively|separate(?:ly)?|each|either|individual(?:ly)?|test(?:ed|ing|s)?|evaluat\w+|"
    r"validat\w+|experiments?|compar\w+|respective|versus|vs|or|external\w*|unseen|transfer\w*|"
    r"fine-?tun\w+|target|source domain|while|whereas)\b",
    re.I,
)
_NO_DATA = re.compile(
    r"\b(?:features?|predictions?|modalit\w+|channels?|loss(?:es)?|outputs?|networks|models|views|"
    r"scores?|embeddings?|weights|metrics|probabilit\w+|decoders?|encoders?|strateg\w+|code|"
    r"software|"
    r"implementation)\b",
    re.I,
)
_PLACE = re.compile(
    r"\b(?P<name>kaggle|figshare|git ?hub|radiopaedia|sirm|mendeley|zenodo|eurorad|roboflow|"
    r"google images|"
    r"cancer imaging archive|tcia|dermnet|hugging ?face|physionet|stanford aimi)\b",
    re.I,
)
_HOSTS = re.compile(r"\b(?:from|on|at|via|in|by|hosted|available)\s+(?:the\s+)?$", re.I)
"""Before a place: it offers the set named before it."""
_CAPTION = re.compile(r"^\s*(?:fig(?:ure)?|table)\b", re.I)
_MIN_SETS = 2


def find_merged_sets(text: str, names: Sequence[str]) -> str | None:
    """The words by which a sentence makes one body of data from two or more public sets.

    Args:
        names: words that name public data sets in the sentence.
    """
    text = re.sub(r"\([^()]*\)", " ", text)
    if _NO_DATA.search(text) or _APART.search(text) or _CAPTION.match(text):
        return None
    sources = {name.lower() for name in names if name.lower() in text.lower()}
    places = {
        re.sub(r"^tcia$", "cancer imaging archive", place["name"].lower())
        for place in _PLACE.finditer(text)
        if not any(place["name"].lower() in name for name in sources)
        and not (sources and _HOSTS.search(text[: place.start()]))
    }
    sources |= places
    if len(sources) < _MIN_SETS:
        return None
    match = _MERGED.search(text) or _TRAINED.search(text)
    return f"{match.group()}: {', '.join(sorted(sources))}" if match else None
