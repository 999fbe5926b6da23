"""Cues in a full text: flags of pitfalls, and sentences that may answer a checklist's items.

reader(file)                          compiles the rules of data/cues.yaml
flags(sentences, reader, registry)    signs of pitfalls, each with its sentence and place
suggest(sentences, cues)              sentences for each item of a checklist
"""

from review.bias.rules.evidence import APART, PLAIN, Suggestion, check, suggest
from review.bias.rules.flags import Flag, Reader, Strength, flags, reader
from review.bias.rules.matching import of_others
from review.bias.rules.patterns import pipeline

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
