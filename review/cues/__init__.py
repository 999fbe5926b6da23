"""Cues in a full text: flags of pitfalls, and sentences that may answer a checklist's items.

reader(file)                          compiles the rules of data/cues.yaml
flags(sentences, reader, registry)    signs of pitfalls, each with its sentence and place
suggest(sentences, cues)              sentences for each item of a checklist
"""

from review.cues.evidence import APART, PLAIN, Suggestion, check, suggest
from review.cues.flags import Flag, Reader, Strength, flags, reader
from review.cues.matching import of_others
from review.cues.patterns import pipeline

__all__ = [
    "APART",
    "PLAIN",
    "Flag",
    "Reader",
    "Strength",
    "Suggestion",
    "check",
    "flags",
    "of_others",
    "pipeline",
    "reader",
    "suggest",
]
