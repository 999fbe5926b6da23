"""Finds data sets that a paper names as its data and the registry does not describe.

Nothing is known about such a set: no ancestry, no labels, no known problems. It is told so that a
paper's data are complete.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from review.bias.datasets.mentions import Mention, SentenceLike
from review.bias.datasets.models import Registry, squeeze_name
from review.bias.datasets.scope import is_introduced, read_context
from review.bias.gate import find_front_matter


@dataclass(frozen=True, slots=True)
class UnlistedName:
    """A data set named in a paper that is not in the registry."""

    name: str
    """As the paper writes it, or the address of its page."""
    sentences: tuple[int, ...]
    """Indexes of the sentences that show that it was used."""


_NAME = r"(?:[A-Z0-9][\w+/-]*(?:\s+(?:[A-Z0-9][\w+/-]*|of|on|in|and|for)){0,6}?)"
_DATA = (
    r"(?:data ?-?sets?|data ?bases?|cohorts?|collections?|challenge data(?: ?set)?|biobank|"
    r"benchmark)"
)
_CITED = r"\s*(?:\((?=[^()]*(?:\bet al\b|(?:19|20)\d\d|https?:))|\[\d)"
_USED = re.compile(
    r"\b(?:we|our|this study|were|was|are|is)\b[^.;]{0,80}?\b(?:us(?:e|ed|ing)|train\w*|"
    r"evaluat\w*|test\w*|validat\w*|experiment\w*|conduct\w*|perform\w*|obtain\w*|download\w*|collect\w*|employ\w*|"
    r"utili[sz]\w*|includ\w*|consist\w*|contain\w*|compris\w*|select\w*|tak\w+|from|split|divided)\b|"
    r"\b(?:experiments?|results|evaluat\w+|trained|tested|validated)\s+(?:\w+\s+){0,2}?(?:on|with|using)\b|"
    r"\bdata ?sets? (?:is|was|are|were|used)\b",
    re.I,
)
_NAMED_DATA = re.compile(
    rf"\b(?P<name>{_NAME})\s+(?:(?:MRI|CT|MR|PET|X-ray|OCT|image|imaging)\s+)?(?P<data>{_DATA})\b(?:\s*\((?P<short>[A-Z][\w-]*[A-Z0-9])\))?(?P<cited>{_CITED})?"
)
_PROGRAMME = re.compile(
    r"\b(?P<full>[A-Z][\w’'-]+(?:\s+(?:[A-Z][\w’'-]+|of|on|in|and|for|the|to)){1,8}?)\s*"
    r"\(\s*(?P<short>[A-Z][A-Za-z0-9-]*[A-Z0-9][A-Za-z0-9-]*)\s*[),;]"
)
_PROGRAMME_WORD = re.compile(
    r"\b(?:Network|Initiative|Consortium|Study|Studies|Project|Cohort|Biobank|Challenge|Database|Dataset|Data|"
    r"Repository|Collection|Registry|Trial|Archive|Program|Programme|Bank|Atlas)\b"
)
_DATA_SENTENCE = re.compile(r"\b(?:data ?-?sets?|data ?bases?|data|cohorts?|images|scans)\b", re.I)
_ENTRY = re.compile(
    r"(?:^|[,:;]|\band\b|\bthe\b|\bwere\b)\s*(?:and\s+|the\s+)*"
    r"(?P<name>[A-Z][\w+-]*(?:\s+[A-Z0-9][\w+-]*){0,3})\s*"
    r"(?:\((?![^()]*(?:19|20)\d\d)[^()]*\)\s*)?(?=\([^()]*(?:19|20)\d\d[a-z]?[^()]*\)|\[\d)"
)
_PLAIN_ENTRY = re.compile(r"[,;]\s*(?:and\s+)?(?P<name>[A-Z][\w-]*[A-Z][\w-]*)\s*\([^()]*\)\s*[,;]")
_LIST_OF_SETS = re.compile(
    r"\b(?:data ?-?sets?|data ?bases?|studies|cohorts|sites|collections)\b[^.;]{0,60}?"
    r"\b(?:included|used|were|are|namely|from|:)",
    re.I,
)
_MIN_ENTRIES = 3
_ADDRESS = re.compile(
    r"(?:www\.)?(?:kaggle\.com/(?:datasets/)?(?!c/|code/|competitions/)[\w-]+/[\w-]{4,}|kaggle\.com/(?:c|competitions)/[\w-]{4,}|"
    r"openneuro\.org/datasets/ds\d+|physionet\.org/content/[\w-]+|[\w-]+\.grand-challenge\.org)",
    re.I,
)
_COMMON = re.compile(
    r"^(?:(?:the|our|a|an|this|these|each|all|both|two|three|four|five|public|private|internal|external|training|train|"
    r"test|testing|validation|tuning|target|source|labell?ed|unlabell?ed|whole|full|entire|final|first|second|third|"
    r"large|small|new|original|medical|clinical|image|images|imaging|mri|mr|ct|pet|x-?rays?|oct|us|ultrasound|cxr|"
    r"chest|brain|lung|breast|heart|cardiac|liver|kidney|prostate|retinal|fundus|histology|pathology|"
    r"histopathology|dermoscopy|wsi|wsis|3d|2d|4d|in-house|inhouse|hospital|university|department|multi-cent(?:er|re)|"
    r"single-cent(?:er|re)|benchmark|synthetic|simulated|toy|real|phantom|experimental|"
    r"no|t1|t2|t1-weighted|t2-weighted|t1w|t2w|flair|dwi|id|ood|in-distribution|out-of-distribution|pretraining|pre-training|fine-tuning|"
    r"development|discovery|replication|hold-?out|held-?out|annotated|segmentation|classification|"
    r"detection|natural|computer|vision|open|source|and|of|on|in|for|data|dataset|table|figure|fig|section|"
    r"appendix|results|methods|experiments?|evaluation|participants|patients?|subjects|healthy|controls?|"
    r"using|ai|ml|dl|cnn|gan|deep|learning|covid-?19|covid|cancer|tumou?r|for|with|from|to|supplementary|"
    r"ablation|unseen|proposed|multi-modal|multimodal|longitudinal|population|study|cohort|\d+)\b[\s-]*)+$",
    re.I,
)
_NO_SET = re.compile(
    r"\b(?:Kinetics\S*|ModelNet\w*|ShapeNet|Stanford Dogs|SDOGs|CUB|Omniglot|miniImageNet|"
    r"Flickr\w*|SQuAD|PTB-XL|MIT-BIH|CPSC|eICU|MIMIC-?\s?(?:III|IV)|SEER|NHANES|ImageNet|CIFAR|MNIST|COCO|"
    r"PASCAL|VOC|ADE20K|Cityscapes|Places|WebText|Wikipedia|PubMed|GLUE|CelebA|LAION|Net|UNet|U-Net|"
    r"ResNet\w*|VGG\w*|ViT|BERT|GPT\S*|Transformer|Adam|PyTorch|TensorFlow|MONAI|GAN|VAE|SGD|"
    r"Ethics|Committee|Institutional|Review Board|Helsinki|NVIDIA|GPU|Foundation|Grant|Appendix|"
    r"Table|Figure|Section|Equation)\b"
)
"""Models, institutions, and data that are no medical images."""
_ARCHIVES = frozenset(
    {"tcia", "kaggle", "github", "gitlab", "zenodo", "figshare", "mendeley", "dryad", "osf"}
    | {"physionet", "openneuro", "nitrc", "loni", "synapse", "grandchallenge", "dataverse"}
    | {"ieeedataport", "huggingface", "radiopaedia", "pacs", "geo"}
)
"""Where data lie, which is no data set."""
_MADE_INTO_ANOTHER = re.compile(
    r"\b(?:is|are|was|were) used to (?:create|build|construct|compile|form|curate) "
    r"(?:this|the|that|these) (?:\w+ )?(?:data ?-?sets?|data ?bases?|collections?|cohorts?)\b",
    re.I,
)
"""'Images of X are used to create this data set': where a set that was used comes from."""
_THANKS = re.compile(
    r"\b(?:grants?|funded|funding|supported by|preparation of this article|thank|approv\w+)\b", re.I
)
_OTHERS_MODEL = re.compile(r"\bpre-?trained (?:\w+ ){0,4}?(?:on|with)\b[^.;]*$", re.I)
_LEFT_OUT = frozenset({"references", "related work", "introduction", "keywords"})


def find_unlisted(
    sentences: Sequence[SentenceLike], mentions: Sequence[Mention], registry: Registry
) -> list[UnlistedName]:
    """Names of data sets that the paper uses and the registry lacks, in reading order.

    Args:
        mentions: what find_mentions found in these sentences.
    """
    front = find_front_matter(sentences)
    known = _collect_known(mentions, registry)
    terms = _find_terms(sentences)
    found: dict[str, tuple[str, list[int]]] = {}
    for index, sentence in enumerate(sentences):
        if index in front or sentence.section in _LEFT_OUT:
            continue
        for name, start, stop in _list_candidates(sentence.text):
            key = squeeze_name(name)
            if len(key) < 3 or _is_known(key, known) or not _may_be_set(name):
                continue
            if key in _ARCHIVES or name in terms or _MADE_INTO_ANOTHER.search(sentence.text[stop:]):
                continue
            if read_context(sentence.text, sentence.section or "methods", start, stop) != "used":
                continue
            if is_introduced(sentence.text, name):
                known.add(key)
                found.pop(key, None)
                continue
            found.setdefault(key, (name, []))[1].append(index)
    return _merge_addresses(one for one in found.values() if _is_published(one[0], sentences))


def _find_terms(sentences: Sequence[SentenceLike]) -> set[str]:
    """Acronyms of the paper's own terms, spelled out in small letters: 'brain graph (DBG)'."""
    return {
        match[3]
        for sentence in sentences
        if sentence.section != "references"
        for match in _TERM.finditer(sentence.text)
        if match[3][-1].lower() == match[2][0] and not _DATA_SENTENCE.search(match.group())
    }


_TERM = re.compile(r"\b([a-z][\w-]+)\s+([a-z][\w-]+)\s+\(([A-Z][A-Z0-9]{1,6})\)")
_PUBLISHED = re.compile(
    r"\bet al\b|\((?:[^()]*[ ,])?(?:19|20)\d\d[a-z]?\)|\[\d|https?:|www\.|"
    r"\b(?:public\w*|open(?:ly)?[- ](?:access|available|source))\b",
    re.I,
)


def _is_published(name: str, sentences: Sequence[SentenceLike]) -> bool:
    """Whether a sentence that names the set cites it, links to it or calls it public."""
    return "/" in name or any(
        _PUBLISHED.search(sentence.text)
        for sentence in sentences
        if sentence.section != "references" and name in sentence.text
    )


def _merge_addresses(found: Iterable[tuple[str, list[int]]]) -> list[UnlistedName]:
    """The names; one that only says where the data are ('the Kaggle data set') goes with the one
    address there."""
    names = [UnlistedName(name, tuple(places)) for name, places in found]
    merged: list[UnlistedName] = []
    for one in names:
        host = one.name.split()[0].lower()
        pages = [other for other in names if other.name.lower().startswith(f"{host}.")]
        if len(pages) != 1:
            merged.append(one)
    return merged


def _collect_known(mentions: Iterable[Mention], registry: Registry) -> set[str]:
    ids = {set_id for mention in mentions for set_id in mention.ids}
    known = {squeeze_name(mention.words) for mention in mentions}
    for set_id in ids & registry.keys():
        entry = registry[set_id]
        known |= {squeeze_name(text) for text in (entry.name, *entry.names, *entry.weak_names)}
    return known


def _is_known(key: str, known: Iterable[str]) -> bool:
    return any(key in one or (len(one) > 2 and one in key) for one in known if one)


def _may_be_set(name: str) -> bool:
    if "/" in name and "." in name:
        return True
    return not (_COMMON.match(name) or _NO_SET.search(name) or re.search(r"\bThe\b", name))


def _list_candidates(text: str) -> Iterator[tuple[str, int, int]]:
    """Names in a sentence that its words show to be those of data sets, with their places."""
    for match in _ADDRESS.finditer(text):
        yield match.group().removeprefix("www."), match.start(), match.end()
    if _DATA_SENTENCE.search(text) and not _THANKS.search(text):
        for match in _PROGRAMME.finditer(text):
            if _PROGRAMME_WORD.search(match["full"]) and _USED.search(text):
                yield match["short"], match.start("full"), match.end()
    entries = list(_ENTRY.finditer(text)) if _LIST_OF_SETS.search(text) else []
    if len(entries) >= _MIN_ENTRIES:
        for match in (*entries, *_PLAIN_ENTRY.finditer(text)):
            yield match["name"], match.start("name"), match.end("name")
    for match in _NAMED_DATA.finditer(text):
        name = _trim(match["name"])
        is_plural = match["data"].endswith("s")
        has_capitals = bool(re.search(r"[A-Z].*[A-Z]|\d", name))
        if not name or _OTHERS_MODEL.search(text[: match.start("name")]):
            continue
        if is_plural and " and " not in name:
            continue
        if match["cited"] or (has_capitals and _USED.search(text)):
            names = [match["short"]] if match["short"] else re.split(r"\s+and\s+", name)
            for one in names:
                yield one, match.end("name") - len(name), match.end("data")


def _trim(name: str) -> str:
    """The name without words before it that only begin the sentence."""
    words = name.split()
    while words and (_COMMON.match(words[0]) or words[0][0].islower()):
        words.pop(0)
    return " ".join(words)
