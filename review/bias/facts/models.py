"""One fact of a paper, with the sentences that give it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One cell: what a paper says of one thing. It is read from the text and never a judgement."""

    field: str
    """Key of FIELDS: patients, images, class size, class source, part size, ..."""
    label: str
    """Which class, part or measure; '' if the field has one cell."""
    value: str
    """As printed, numbers without separators of thousands."""
    sentences: tuple[int, ...]
    """Indexes of the sentences that give it, the first one first."""
    cell: str = ""
    """The cell of a table it was read from: 'Table 2: Melanoma, Images'; '' for a sentence."""


Cell = tuple[str, str, str]
"""Field, label and value, as one sentence gives them."""
FIELDS = {
    "population": "Population and setting",
    "patients": "Patients",
    "images": "Images",
    "class size": "Size of each class",
    "class source": "Source of each class",
    "part size": "Size of each part",
    "split": "Split",
    "split unit": "Unit of the split",
    "split moment": "Moment of the split",
    "balancing": "Classes enlarged or balanced",
    "preprocessing": "Preprocessing",
    "augmentation": "Augmentation",
    "model selection": "Model selection",
    "dates": "Dates",
    "sites": "Sites",
    "reference standard": "Reference standard",
    "readers": "Readers",
    "external data": "External data",
    "performance": "Performance",
    "availability": "Code and data",
}
"""Fields in the order in which they are shown, with their titles."""
SIZE_FIELDS = ("patients", "images", "class size", "part size", "balancing")
"""Fields whose values are whole numbers."""
