"""Made-up titles and abstracts of medical-imaging AI, COVID-19 and other medicine, from a seed.

Every text is put together from word lists written for this purpose; none is taken from a paper.
"""

import random
from dataclasses import dataclass

MODALITY = (
    ("chest CT", "CT"),
    ("chest X-ray", "CXR"),
    ("chest radiograph", "radiograph"),
    ("brain MRI", "MRI"),
    ("mammography", "mammogram"),
    ("lung ultrasound", "ultrasound"),
    ("computed tomography", "CT"),
    ("retinal fundus photography", "fundus image"),
    ("whole-slide histopathology", "slide"),
    ("PET/CT", "PET"),
)
CHEST = 3  # the first ones picture the chest: COVID-19 texts take these
METHOD = (
    "deep learning",
    "machine learning",
    "a convolutional neural network",
    "convolutional neural networks",
    "transfer learning",
    "a vision transformer",
    "radiomics",
    "random forests",
    "self-supervised learning",
    "federated learning",
    "an attention-based network",
    "logistic regression",
    "artificial intelligence",
    "an AI system",
)
TASK = (
    "diagnosis",
    "classification",
    "segmentation",
    "detection",
    "prognostication",
    "severity assessment",
    "triage",
    "outcome prediction",
    "prognosis",
    "diagnostic support",
)
COVID = ("COVID-19", "SARS-CoV-2 infection", "coronavirus disease 2019", "2019-nCoV pneumonia")
DISEASE = (
    "pneumonia",
    "lung cancer",
    "tuberculosis",
    "pulmonary embolism",
    "breast cancer",
    "glioblastoma",
    "stroke",
    "diabetic retinopathy",
    "liver fibrosis",
    "heart failure",
    "osteoarthritis",
    "prostate cancer",
)
OTHER_TITLE = (
    "{x} and the risk of {y} in {place}: a cohort study",
    "Cost-effectiveness of {x} for {y} in {place}",
    "A randomised trial of {x} in adults with {y}, {place}",
    "Prevalence of {y} after {x}: a survey in {place}",
    "Genome-wide association study of {y} with {x} in {place}",
    "Household transmission of {y} and {x} in {place}",
)
OTHER_X = (
    "vitamin D supplementation",
    "statin therapy",
    "maternal nutrition",
    "air pollution",
    "telemedicine",
    "malaria vaccination",
    "physical activity",
    "sleep duration",
    "antibiotic stewardship",
    "computer-aided triage",
    "ctDNA sequencing",
    "hospital staffing",
)
OTHER_Y = (
    "hypertension",
    "depression",
    "anaemia",
    "type 2 diabetes",
    "malaria",
    "COVID-19",
    "long COVID",
    "HIV",
    "asthma",
    "chronic kidney disease",
    "dementia",
    "low back pain",
)
PLACE = (
    "Lombardy",
    "Wuhan",
    "Cambridge",
    "Kerala",
    "Quito",
    "Lagos",
    "Oslo",
    "Nantes",
    "Osaka",
    "Texas",
    "Catalonia",
    "Bavaria",
    "Hanoi",
    "Cairo",
    "Montreal",
    "Auckland",
    "Tehran",
    "Zurich",
    "Lima",
    "Pune",
)
SHAPE = (
    "{Method} for {task} of {disease} on {modality}{tail}",
    "{Task} of {disease} from {modality} with {method}{tail}",
    "{Disease}: {task} from {modality} by {method}{tail}",
    "Can {method} support {task} of {disease} on {modality}?{tail}",
    "Towards trustworthy {task} of {disease}: {method} on {modality}{tail}",
)
TAIL = (
    "",
    "",
    ": a multicentre study in {place}",
    ": external validation in {place}",
    " in {n} patients from {place}",
    ", a retrospective study of {n} people",
)
NET = (
    "Co",
    "Rad",
    "Lung",
    "Vis",
    "Med",
    "Nova",
    "Tri",
    "Deep",
    "Meta",
    "Omni",
    "Sono",
    "Axi",
    "Pneu",
    "Onco",
    "Cas",
    "Duo",
    "Flux",
    "Gra",
    "Hyp",
    "Iso",
)
NET_END = ("Net", "Former", "Scan", "GAN", "Graph", "Mix", "Fuse", "Sight", "Track", "Seg")

BACKGROUND = (
    "Early {task} of {disease} matters for the care of patients and for infection control.",
    "Reading {modality} takes time, and readers differ in their judgement of {disease}.",
    "Whether {method} helps in the {task} of {disease} is not settled.",
    "Hospitals in {place} saw a rising number of people with suspected {disease}.",
    "Tests for {disease} are scarce, slow or both, and {short} images are at hand everywhere.",
)
METHODS = (
    "We gathered {n} {short} images of {m} people seen in {place} between {y0} and {y1}.",
    "We trained {method} on {n} images and tested it on {k} images of another hospital.",
    "Images were resized to 224 by 224 pixels and split by patient into training and test sets.",
    "Two radiologists with {k2} years of experience marked every {short} image, blinded.",
    "The optimiser was Adam with a learning rate of 0.000{k1}, and the loss was cross-entropy.",
    "Five-fold cross-validation chose the model, and calibration was examined with a curve.",
    "Public images of children were used as controls, which may differ from our patients.",
    "Features were reduced with LASSO, and a nomogram combined them with age and sex.",
)
RESULTS = (
    "The area under the curve was 0.{a} (95% CI 0.{b} to 0.{c}) in the test set.",
    "Sensitivity was {p}% and specificity {q}% at the threshold chosen on the training set.",
    "Performance dropped to 0.{b} on the external set from {place}.",
    "Accuracy reached {p}.{k1}%, compared with {q}.{k1}% for the radiologists (p < 0.05).",
    "Saliency maps pointed outside the lungs in {k2} of {k} images.",
)
CONCLUSION = (
    "The model may support {task} of {disease}, but it needs prospective evaluation.",
    "{Method} on {modality} is promising for {disease}; code and weights are public.",
    "Larger and more varied samples are needed before use in the clinic.",
    "Our findings do not support use of this model outside {place}.",
)
PLAIN_BACKGROUND = (
    "{X} is common in {place}, and its relation to {y} is unclear.",
    "{Y} remains a leading cause of ill health in {place}.",
    "Policy makers lack evidence on {x} for people with {y}.",
)
PLAIN_METHODS = (
    "We followed {n} adults in {place} from {y0} to {y1} and asked about {x}.",
    "We randomised {n} participants to {x} or usual care and measured {y} at {k2} months.",
    "Data came from {k} clinics; mixed models allowed for clustering by clinic.",
)
PLAIN_RESULTS = (
    "The hazard ratio of {y} was 1.{k1} (95% CI 0.{a} to 1.{b}).",
    "{Y} was found in {p}% of those with {x} and in {q}% of the others.",
    "The imaging substudy of {k} people showed no difference.",
)
PLAIN_CONCLUSION = (
    "{X} was not associated with {y} in {place}.",
    "The results speak for {x} as part of the care of {y}.",
)


@dataclass(frozen=True, slots=True)
class Text:
    """One made-up title and its abstract in four labelled parts."""

    title: str
    sections: tuple[tuple[str, str], ...]
    topic: str
    """covid-imaging, imaging or other."""
    place: str


def make(rng: random.Random, topic: str) -> Text:
    """A title and abstract of a topic."""
    values = _values(rng, topic)
    parts: tuple[tuple[str, ...], ...]
    if topic == "other":
        title = rng.choice(OTHER_TITLE).format(**values)
        parts = (PLAIN_BACKGROUND, PLAIN_METHODS, PLAIN_RESULTS, PLAIN_CONCLUSION)
    else:
        values["tail"] = rng.choice(TAIL).format(**values)
        title = rng.choice(SHAPE).format(**values)
        if rng.random() < 0.5:
            title = f"{rng.choice(NET)}{rng.choice(NET_END)}: {title[0].lower()}{title[1:]}"
        parts = (BACKGROUND, METHODS, RESULTS, CONCLUSION)
    counts = (2, 3, 2, 1)
    sections = tuple(
        (label, " ".join(_fill(line, values) for line in rng.sample(lines, k=min(k, len(lines)))))
        for label, lines, k in zip(
            ("Background", "Methods", "Results", "Conclusions"), parts, counts, strict=True
        )
    )
    return Text(_upper(title), sections, topic, values["place"])


def _values(rng: random.Random, topic: str) -> dict[str, str]:
    long, short = rng.choice(MODALITY[:CHEST] if topic == "covid-imaging" else MODALITY)
    disease = rng.choice(COVID if topic == "covid-imaging" else DISEASE)
    x, y = rng.choice(OTHER_X), rng.choice(OTHER_Y)
    method, task = rng.choice(METHOD), rng.choice(TASK)
    year = rng.randint(2012, 2019)
    numbers = {"n": (300, 90000), "m": (120, 280), "k": (20, 900), "k1": (1, 9), "k2": (3, 24)}
    values = {key: str(rng.randint(*span)) for key, span in numbers.items()}
    values |= {"a": str(rng.randint(75, 98)), "b": str(rng.randint(60, 74)), "c": "99"}
    values |= {"p": str(rng.randint(60, 98)), "q": str(rng.randint(55, 97))}
    values |= {"y0": str(year), "y1": str(year + rng.randint(1, 3)), "place": rng.choice(PLACE)}
    words = {"modality": long, "short": short, "disease": disease, "x": x, "y": y}
    words |= {"method": method, "task": task}
    return values | words | {key.capitalize(): _upper(value) for key, value in words.items()}


def _fill(line: str, values: dict[str, str]) -> str:
    return line.format(**values)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
