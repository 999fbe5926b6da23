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
from review.bias.rules.flags import Flag, RuleSet, Strength, compile_rules, find_facts, find_flags
from review.bias.rules.matching import is_about_others
from review.bias.rules.patterns import load_pipeline
from review.bias.rules.ranker import (
    LEARNED_RULE,
    EvidenceExample,
    EvidenceRanker,
    RankedItem,
    adopt_items,
    build_features,
    load_ranker,
    rank_evidence,
    refit_ranker,
)

__all__ = [
    "LEARNED_RULE",
    "PHRASE_RULE",
    "PHRASE_SEPARATOR",
    "EvidenceExample",
    "EvidenceRanker",
    "Flag",
    "RankedItem",
    "RuleSet",
    "Strength",
    "Suggestion",
    "adopt_items",
    "build_features",
    "check_cues",
    "compile_rules",
    "find_facts",
    "find_flags",
    "is_about_others",
    "load_pipeline",
    "load_ranker",
    "rank_evidence",
    "refit_ranker",
    "suggest_evidence",
]
