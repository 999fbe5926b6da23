"""Text-mining rules: flags of pitfalls, and sentences that may answer checklist items.

reader(file)                          compiles the rules of data/cues.yaml
flags(sentences, reader, registry)    signs of pitfalls, each with its sentence and place
suggest(sentences, cues)              sentences for each item of a checklist
"""

from review.bias.rules.evidence import (
    PHRASE_RULE,
    PHRASE_SEPARATOR,
    Suggestion,
    check_cues,
    suggest_evidence,
)
from review.bias.rules.flags import Flag, RuleSet, Strength, compile_rules, find_flags
from review.bias.rules.matching import is_about_others
from review.bias.rules.patterns import load_pipeline

__all__ = [
    "PHRASE_RULE",
    "PHRASE_SEPARATOR",
    "Flag",
    "RuleSet",
    "Strength",
    "Suggestion",
    "check_cues",
    "compile_rules",
    "find_flags",
    "is_about_others",
    "load_pipeline",
    "suggest_evidence",
]
