"""Decides from title and abstract whether a paper is about a model that reads medical images.

What is missing from a text says something only if it is: a trial without a calibration curve, or a
review, has nothing to answer for.
"""

import re
from collections.abc import Sequence
from typing import Protocol


class TextPart(Protocol):
    """What is needed of a sentence."""

    @property
    def text(self) -> str:
        """Its words."""

    @property
    def section(self) -> str:
        """Standard name of its section."""


_MIN_PAPER_SENTENCES = 20
"""Number of sentences below which a text is an excerpt; the shortest labelled paper has 56."""
_MAX_TITLE_SENTENCES = 12
"""Sentences before the abstract that may be the title; what follows are addresses."""
_OPENING_SENTENCES = 15
"""Sentences used as the abstract if a paper has none."""
_BODY_SECTIONS = frozenset({"", "introduction", "methods", "results"})
_MIN_SHARE_IN_BODY = 0.05
"""Share of the body's sentences on machine learning that show a model if the opening does not."""
_MIN_IMAGES_IN_BODY = 3
"""Sentences of the body that must name images if the abstract names them once."""
_MIN_IMAGE_SHARE = 0.03
_MIN_PICTURE_SHARE = 0.1
"""Shares of the body that must name medical images, and pictures of any kind, if the abstract names
pictures only."""
_MIN_PICTURES_IN_ABSTRACT = 2
_MIN_IMAGES_UNDER_TITLE = 10
_MIN_SHARE_UNDER_TITLE = 0.06
"""Sentences of the body, and their share, that must name images if only the title names a part of
the body: 'Multimodal analysis of dermatological data'."""
_TERMS_IN_BODY = 4
"""Sentences on machine learning that show a model if the abstract speaks only of prediction."""

_MODALITY = re.compile(
    r"\b(radiograph\w*|radiolog(?:y|ical|ic)(?! reports?\b)|x-?rays?|roentgen\w*|"
    r"(?:micro-?)?tomograph\w*|tomosynthesis|magnetic resonance|angiogra\w*|ultraso\w*|"
    r"sonogra\w*|echocardiogra\w*|elastogra\w*|mammogra\w*|scintigra\w*|fluorosc\w*|"
    r"densitometr\w*|dermosc\w*|dermatosc\w*|fundus|fundoscop\w*|retinal (?:image|photo|scan)\w*|"
    r"ophthalmosc\w*|endoscop\w*|colonoscop\w*|gastroscop\w*|bronchoscop\w*|laryngoscop\w*|"
    r"cystoscop\w*|hysteroscop\w*|arthroscop\w*|laparoscop\w*|colposcop\w*|capillaroscop\w*|"
    r"otoscop\w*|histopatholog\w*|histolog\w* (?:image|slide|section)\w*|whole[- ]slide\w*|"
    r"digital pathology|computational pathology|cytopatholog\w*|cytolog\w*|microscop\w*|blood "
    r"smears?|hyperspectral|multispectral|thermogra\w*|photoacoustic|cephalogra\w*|"
    r"orthopantomogra\w*|neuro-?imag\w*|neuro-?radiolog\w*|connectom\w*|tractogra\w*|radiomic\w*|"
    r"(?:medical|biomedical|clinical|diagnostic|brain|cardiac|pathology|dental|intra-?oral|"
    r"molecular|nuclear|optical|fluorescence|functional|diffusion) (?:image|imaging|images|scan|"
    r"scans)|"
    r"cine[- ]?mri|cone[- ]beam|polysomnograph\w* image)\b",
    re.I,
)
_MODALITY_ABBREVIATION = re.compile(
    r"\b(CXRs?|CBCT|C[TA]s?|[CQ]CTs?|CTA|LDCT|MRIs?|[fsd]MRI|rs-fMRI|mpMRI|MRA|MR images?|PET|"
    r"SPECT|FDG|OCT|OCTA|DXA|DEXA|WSIs?|FLIM|IVUS|DSA|BOLD|DTI|DWI|H&E|POCUS|TTE|FFDM|DBT|HRCT|"
    r"PA radiograph)\b"
)
_PICTURE = re.compile(
    r"\b(images?|imaging|imagery|photos?|photographs?|photography|pictures|scans?|scanned|"
    r"scanners?|slides?|slices|videos?|"
    r"patches|volumes|pixel\w*|voxel\w*|films?)\b",
    re.I,
)
_ORGAN = re.compile(
    r"\b(lungs?|pulmonary|chest|thora\w+|breasts?|brains?|cerebr\w+|cortical|skin|cutaneous|"
    r"derma\w+|melanom\w*|moles?|retina\w*|eyes?|ocular|cornea\w*|macula\w*|glaucom\w*|"
    r"cataract\w*|livers?|hepat\w+|kidneys?|renal|prostat\w*|colon\w*|colorectal|bowel|polyps?|"
    r"teeth|tooth|dental|oral|tongue|knees?|hips?|bones?|osteo\w+|spin(?:e|al)|vertebra\w*|"
    r"fracture\w*|joints?|hearts?|cardi\w+|coronary|thyroid\w*|cervi\w+|ovar\w+|uter\w+|"
    r"endometri\w*|pancrea\w+|bladder|stomach|gastr\w+|esophag\w+|oesophag\w+|laryn\w+|"
    r"nasopharyn\w+|ear|tympanic|embryos?|blastocysts?|f(?:o)?etal|wounds?|ulcers?|burns?|nails?|"
    r"scalp|hair|feet|foot|lymph\w*|blood|cells?|leuk\w+|h(?:a)?emat\w+|malaria\w*|tubercul\w+|"
    r"pneumo\w+|covid\S*|nodules?|lesions?|tumou?rs?|cancers?|carcinom\w*|"
    r"anatom\w+|gliom\w*|metasta\w+|strokes?|aneurysm\w*|plaques?|patients?)\b",
    re.I,
)
_LEARNING = re.compile(
    r"\b(deep[- ](?:\w+[- ])?(?:learning|network\w*|model\w*|feature\w*|classif\w+)|machine[- "
    r"]learn\w*|neural (?:net\w*|representations?|fields?)|artificial intelligence|"
    r"convolution\w*|transformers?|classifiers?|"
    r"pattern classif\w+|support vector|random forests?|decision trees?|gradient boost\w*|"
    r"xgboost|partial least squares|(?:multiple|multi-?)[- ]?kernel|gaussian process\w*|"
    r"linear discriminant|k-?nearest|elastic net|lasso|stacking (?:algorithm|ensemble|model)|"
    r"(?:prediction|predictive|classification|diagnostic) models?|"
    r"logistic regression classif\w+|radiomic\w*|(?:nn)?u-?nets?|auto-?encoders?|"
    r"(?:self|semi|"
    r"weakly|un)?-?supervised|(?:transfer|contrastive|representation|reinforcement|federated|"
    r"multi-?task|few-?shot|zero-?shot|metric|active|ensemble|prototypical|end-to-end|meta|graph|"
    r"dictionary)[- ]learning|few-?shot|pre-?train\w*|fine-?tun\w*|generative (?:adversarial|"
    r"models?)|language[- ](?:\w+[- ])?models?|deep generative|diffusion models?|attention "
    r"mechanism\w*|foundation models?|vision[- ]language|segmentation (?:model|network)s?|"
    r"detection (?:model|network)s?|computer[- ]aided (?:diagnos\w+|detection)|graph "
    r"(?:convolution\w*|attention|neural)|learned "
    r"features?|resnet\w*|densenet\w*|vgg\w*|efficientnet\w*|yolo\w*|mask r-?cnn)\b",
    re.I,
)
_LEARNING_ABBREVIATION = re.compile(
    r"\b(AI|ML|DL|CNNs?|[DA]NNs?|GNNs?|GCNs?|SVMs?|GANs?|ViTs?|RNNs?|LSTM)\b"
)
_PREDICTION = re.compile(
    r"\b(predict(?:s|ed|ing|ion|ions)?|classif(?:y|ied|ies|ication)|discriminat\w+|automat\w+ "
    r"(?:detect\w*|diagnos\w*|segment\w*|grad\w*|classif\w*|quantif\w*)|algorithm\w*|"
    r"texture analysis)\b",
    re.I,
)
_SECONDARY = re.compile(
    r"\b(systematic review|meta-?analys[ei]s|scoping review|umbrella review|narrative review|"
    r"literature review|a review|review of|an? (?:comprehensive |brief )?(?:survey|overview)|"
    r"survey of|editorial|"
    r"commentary|perspectives? on|guidelines?|consensus statement|study protocol|protocol for)\b",
    re.I,
)
_ON_PAPERS = re.compile(
    r"\b(?:evaluat|review|survey|analy[sz]|assess|examin|search|screen)\w* (?:\w+ ){0,3}?"
    r"(?:submissions|publications|repositories|published (?:papers|studies|articles|models)|"
    r"(?:full |accepted |conference )+papers?)\b",
    re.I,
)
"""What a study of other studies says of itself."""


def is_on_imaging_model(sentences: Sequence[TextPart]) -> bool:
    """Whether title and abstract are about a model that learns from medical images.

    Excerpts of fewer than 20 sentences count as such: nobody can tell. A review of other studies
    does not.
    """
    if is_excerpt(sentences):
        return True
    title, abstract = _find_opening(sentences)
    if any(_SECONDARY.search(sentence.text) for sentence in title):
        return False
    if any(_ON_PAPERS.search(sentence.text) for sentence in abstract):
        return False
    return _is_on_images(title, abstract, sentences) and _is_on_models(title + abstract, sentences)


_DISEASE = re.compile(
    r"\b(diagnos\w+|disease\w*|disorder\w*|cancer\w*|carcinom\w*|adenocarcinom\w*|tumou?r\w*|"
    r"neoplas\w*|gliom\w*|lymphom\w*|leuk\w*|melanom\w*|sarcom\w*|adenom\w*|lesions?|nodul\w*|"
    r"patholog(?:y|ies|ical)|covid\S*|pneumo\w+|tubercul\w*|fractur\w*|metasta\w+|dementia|"
    r"alzheimer\w*|parkinson\w*|impairment|glaucom\w*|cataract\w*|retinopath\w*|macular|"
    r"stroke|sclerosis|malignan\w*|abnormal\w*|findings?|prognos\w*|stenos[ie]s|polyps?|stones?|"
    r"embol\w+|h(?:a)?emorrhag\w*|aneurysm\w*|screening|syndrome\w*|injur\w*|infect\w*|"
    r"arthr\w+|osteo\w+|caries|cavit\w+|fibrosis|cirrhosis|steatosis|oedema|edema|effusion|"
    r"ulcers?|wounds?|psoriasis|eczema|acne|nev(?:us|i)|naevi|ischa?emi\w*|infarct\w*|"
    r"cardiomegaly|cardiomyopath\w*|malaria|epilep\w*|autis\w+|schizophren\w*|depress\w+)\b",
    re.I,
)
_MIN_DISEASES_IN_ABSTRACT = 2


def is_on_disease(sentences: Sequence[TextPart]) -> bool:
    """Whether a disease, finding or diagnosis is named in the title, or twice in the abstract.

    How cases were confirmed is no question where organs are segmented or images reconstructed.
    Excerpts count as on a disease.
    """
    if is_excerpt(sentences):
        return True
    title, abstract = _find_opening(sentences)
    if any(_DISEASE.search(sentence.text) for sentence in title):
        return True
    count = sum(len(_DISEASE.findall(sentence.text)) for sentence in abstract)
    return count >= _MIN_DISEASES_IN_ABSTRACT


def is_excerpt(sentences: Sequence[TextPart]) -> bool:
    """Whether a text is too short for a paper."""
    return len(sentences) < _MIN_PAPER_SENTENCES


def find_front_matter(sentences: Sequence[TextPart]) -> frozenset[int]:
    """Indexes of what precedes abstract and text: title, authors, addresses, licence.

    In an excerpt, or a text of which no heading is known, only addresses and licences count.
    """
    first = next((n for n, s in enumerate(sentences) if s.section), len(sentences))
    if is_excerpt(sentences) or first == len(sentences):
        first = 0
    addresses = (
        n
        for n, s in enumerate(sentences[: max(first, _MAX_TITLE_SENTENCES)])
        if not s.section and "@" in s.text
    )
    return frozenset(range(first)) | frozenset(addresses)


def _find_opening(sentences: Sequence[TextPart]) -> tuple[list[TextPart], list[TextPart]]:
    """The sentences that may be the title, and those of the abstract."""
    abstract = [s for s in sentences if s.section == "abstract"]
    front: list[TextPart] = []
    for sentence in sentences[:_MAX_TITLE_SENTENCES]:
        if sentence.section:
            break
        if not is_address(sentence.text):
            front.append(sentence)
    if not abstract:
        body = [s for s in sentences if s.section not in ("references", "keywords")]
        abstract = [s for s in body if not is_address(s.text)][:_OPENING_SENTENCES]
    return front, abstract


def _is_on_images(
    title: Sequence[TextPart], abstract: Sequence[TextPart], sentences: Sequence[TextPart]
) -> bool:
    """Imaging in the title or two sentences of the abstract; or in one, and in the body; or
    pictures in the abstract that the body shows to be medical."""
    if any(mentions_images(sentence.text) for sentence in title):
        return True
    count = sum(mentions_images(sentence.text) for sentence in abstract)
    pictures = sum(bool(_PICTURE.search(sentence.text)) for sentence in abstract)
    if count == 1 and pictures > (1 if _has_picture_of_organ(abstract) else 0):
        return True
    body = [s for s in sentences if s.section in _BODY_SECTIONS]
    body_count = sum(mentions_images(sentence.text) for sentence in body)
    if count:
        return count > 1 or body_count >= _MIN_IMAGES_IN_BODY
    has_organ = any(_ORGAN.search(sentence.text) for sentence in title)
    if has_organ and body_count >= max(_MIN_IMAGES_UNDER_TITLE, _MIN_SHARE_UNDER_TITLE * len(body)):
        return True
    body_pictures = sum(bool(_PICTURE.search(sentence.text)) for sentence in body)
    return (
        pictures >= _MIN_PICTURES_IN_ABSTRACT
        and body_count >= _MIN_IMAGE_SHARE * len(body)
        and body_pictures >= _MIN_PICTURE_SHARE * len(body)
    )


def _has_picture_of_organ(abstract: Sequence[TextPart]) -> bool:
    """Whether the sentence that names images does so by a picture word alone."""
    return any(_PICTURE.search(s.text) and mentions_images(s.text) for s in abstract)


def mentions_images(text: str) -> bool:
    """Whether a sentence names a kind of medical image, or pictures of a part of the body."""
    if _MODALITY.search(text) or _MODALITY_ABBREVIATION.search(text):
        return True
    return bool(_PICTURE.search(text) and _ORGAN.search(text))


def _mentions_learning(text: str) -> bool:
    return bool(_LEARNING.search(text) or _LEARNING_ABBREVIATION.search(text))


def _is_on_models(opening: Sequence[TextPart], sentences: Sequence[TextPart]) -> bool:
    """Machine learning in title or abstract; or prediction there and learning in the body."""
    if any(_mentions_learning(sentence.text) for sentence in opening):
        return True
    body = [s for s in sentences if s.section in _BODY_SECTIONS]
    count = sum(_mentions_learning(sentence.text) for sentence in body)
    if any(_PREDICTION.search(sentence.text) for sentence in opening):
        return count >= _TERMS_IN_BODY
    return count > _MIN_SHARE_IN_BODY * len(body)


_ADDRESS = re.compile(
    r"@|\b(?:universit\w+|hospital|institut\w*|college|school of|faculty|department|dept|"
    r"division of|cent(?:er|re) (?:for|of)|laborator\w+|academy|clinic|inc|ltd|gmbh|orcid|"
    r"correspond\w*|received|"
    r"accepted|published|citation|editors?|doi|proceedings|issn|copyright|licen[cs]e\w*)\b",
    re.I,
)


def is_address(text: str) -> bool:
    """Whether a line of the front matter is an affiliation, e-mail, licence or citation."""
    return bool(_ADDRESS.search(text)) and not re.search(r"\b(?:we|this study|using)\b", text, re.I)
