"""Finds settings, models or epochs that were chosen by the results that are reported."""

import re
from collections.abc import Iterator, Sequence

from review.models import Sentence

_RESULT = (
    r"(?:results?|performances?|accurac\w+|dice|scores?|f1(?:[- ]score)?|auc|auroc|errors?|losses|"
    r"sensitivit\w+|specificit\w+|metrics?|ablations?|experiments?|findings)"
)
_BEST = r"(?:best|highest|optimal|maxim\w+|superior|better|lowest|minim\w+|top|peak)"
_OURS = (
    r"(?:we|is|are|was|were)\s+(?:\w+ly\s+|then\s+|therefore\s+|thus\s+|hence\s+|default\s+|"
    r"have\s+)*"
    r"(?:use[ds]?|adopt\w*|choose|chose|chosen|select\w*|set|fix\w*|kept|keep|retain\w*|pick\w*)"
)
_CHOICES = (
    # with this observation, we set the cube to 64
    re.compile(
        r"\b(?:with|from|given|based on|following|after)\s+(?:this|these|the above|that)\s+"
        r"(?:observations?|results?|findings?|comparisons?|experiments?)\b[^;]{0,60}?\bwe "
        r"(?:\w+ly |then "
        r"|therefore )?(?:set|choose|chose|select\w*|use[ds]?|adopt\w*|fix\w*)\b",
        re.I,
    ),
    # this patch size is optimal based on the results of our data
    re.compile(
        rf"\b{_BEST}\b[^.;]{{0,30}}\b(?:based on|according to|by) (?:the |our )(?:\w+ "
        rf")?results (?:of|on|in) "
        r"(?:our|this|these|the) (?:data\w*|experiments?|study)\b",
        re.I,
    ),
    # repeated four times to find the version with the highest accuracy
    re.compile(
        r"\brepeated\b[^.;]{0,60}\bto (?:find|obtain|get|select|choose|pick)\b[^.;]{0,40}"
        rf"\b{_BEST}\b[^.;]{{0,30}}\b{_RESULT}\b",
        re.I,
    ),
    # the best Dice score for λ = 0.7, which we have used in all experiments
    re.compile(
        rf"\b{_BEST}\b[^.;]{{0,40}}\b{_RESULT}\b[^;]{{0,120}}?\b(?:which|so|thus|therefore|"
        rf"hence|that)\b"
        r"[^.;]{0,30}\b(?:we (?:have )?(?:use|used|adopt|adopted|chose|choose|select|selected|"
        r"keep|kept)|"
        r"(?:is|are|was|were) (?:therefore |thus |then )?(?:used|adopted|chosen|selected|kept))\b",
        re.I,
    ),
    # selected by grid search to maximise the F1
    re.compile(
        r"\b(?:selected|chosen|tuned|determined|set|found|optimi[sz]ed|"
        r"picked)\b[^.;]{0,40}\b(?:grid "
        r"search|random search|bayesian optimi[sz]ation|trial[- ]and[- ]error|sweep|ablation)\b"
        rf"[^.;]{{0,40}}\b(?:maximi[sz]\w+|minimi[sz]\w+|{_BEST})\b",
        re.I,
    ),
    # we conducted experiments to choose the best weights
    re.compile(
        r"\b(?:conduct\w*|perform\w*|carried out|ran|did)\b[^.;]{0,30}\b(?:experiments?|ablations?|"
        r"ablation stud\w+|search)\b[^.;]{0,60}\bto (?:choose|select|find|determine|pick|"
        r"identify)\b"
        rf"[^.;]{{0,30}}\b(?:{_BEST})\b[^.;]{{0,30}}\b(?:weights?|(?:hyper-?)?parameters?|values?|"
        r"interpolations?|settings?|architectures?|configurations?|loss\w*|layers?|rates?|"
        r"numbers?|sizes?|"
        r"pairs?|thresholds?|epochs?|depth|ratio)\b",
        re.I,
    ),
    # freezing 11 layers gives the best performance, which is the strategy we used
    re.compile(
        rf"\b(?:gives?|gave|gets?|got|yields?|yielded|achiev\w+|provid\w+|leads? to|earn\w+|"
        rf"reach\w+|receiv\w+|"
        rf"obtain\w*)\b[^.;]{{0,40}}\b(?:{_BEST}|higher)\b[^;]{{0,140}}?\b(?:which is (?:the "
        rf"\w+ (?:that )?|why )"
        r"we|so we|thus we|hence we|therefore,? we|we therefore|we thus)\b[^.;]{0,20}"
        r"\b(?:use[ds]?|adopt\w*|chose|choose|select\w*|keep|kept|set)\b",
        re.I,
    ),
    # the final model was the one with the best performance on the test set
    re.compile(
        r"\b(?:final|selected|chosen)\s+(?:\w+\s+)?model\b[^.;]{0,100}\b(?:best|"
        r"highest)\b[^.;]{0,25}"
        r"\btest(?:ing)?\s+(?:set|data|score|accuracy|auc|performance)\b",
        re.I,
    ),
    # an architecture search on our results: ablations to find a configuration
    re.compile(
        r"\bablations?\b[^.;]{0,60}\bto (?:find|choose|select|determine|identify)\b[^.;]{0,30}"
        r"\b(?:configuration|setting|architecture|value|parameters?|hyper-?parameters?)\b",
        re.I,
    ),
)
_VAGUE_CHOICES = (
    # based on the results in Table 3, we set k = 2
    re.compile(
        rf"\b(?:based on|according to|given|in view of|from)\s+(?:the|these|our|"
        rf"this)\s+(?:\w+\s+){{0,2}}?{_RESULT}\b"
        rf"[^;]{{0,80}}?\b{_OURS}\b",
        re.I,
    ),
    # repeated four times to find the version with the highest accuracy
    re.compile(
        rf"\b(?:repeated|trained|run|ran|executed|performed)\b[^.;]{{0,60}}\b(?:to (?:find|"
        rf"obtain|get|"
        rf"select|choose|pick)|and)\b[^.;]{{0,40}}\b{_BEST}\b[^.;]{{0,30}}\b{_RESULT}\b",
        re.I,
    ),
)
"""Choices that may rest on a validation part, if the paper has one."""
_VALIDATION = re.compile(
    r"\b(?:validation|tuning|development) (?:sets?|data\w*|splits?|images|loss|accuracy|"
    r"performance|"
    r"cohorts?|folds?|subsets?|scores?|cases)\b|\bnested\b",
    re.I,
)
_CUT_OFF = re.compile(r"\bw\.\s?r\.\s?t\.$")
"""A sentence that was cut at an abbreviation."""
_KEPT_APART = re.compile(
    r"\b(?:validation|validating|val|tuning|development|dev|held[- ]out|inner|nested|cross[- "
    r"]valid\w+|training (?:set|data|part|folds?|cohort|images))\b",
    re.I,
)
_NO_CHOICE = re.compile(
    r"\b(?:patch(?:es)? (?:are|were) selected|previous|prior|literature|following \w+ et al|as in|"
    r"features? (?:are|were) selected)\b",
    re.I,
)
_SECTIONS = frozenset({"", "methods", "results", "supplement", "discussion", "abstract"})


_TEST_PART = re.compile(
    r"\b(?:test(?:ing)?|hold-?out|held-out|external|unseen|independent)[- ](?:\w+ )?(?:sets?|"
    r"data\w*|images|"
    r"splits?|subsets?|cohorts?|cases|patients|folds?|samples|scans|volumes|part|partition|"
    r"subjects|slides|"
    r"domains?|sites?|videos|validation)\b|\b(?:tested|testing|test|evaluated) (?:on|in|with)\b|"
    r"\btrain\w*\b[^.;]{0,60}\btest(?:ing)?\b",
    re.I,
)
_BY_VALIDATION = re.compile(
    r"\b(?:select\w*|cho[os]s?e\w*|chose|chosen|early stopping|saved?|kept|keep|best|lowest|"
    r"highest|tuned|"
    r"optimi[sz]ed|searched)\b[^.;]{0,100}\bvalidation (?:sets?|data|loss|accuracy|auc|auroc|"
    r"dice|score|"
    r"performance|error|f1|results?|metric|fold)\b|"
    r"\bvalidation (?:sets?|data|loss|accuracy|auc|auroc|dice|score|performance|error|f1|"
    r"results?|metric|"
    r"fold)\b[^.;]{0,60}\b(?:was|were|is|are) (?:used|monitored|"
    r"employed)\b[^.;]{0,40}\b(?:select\w*|"
    r"choos\w*|stop\w*|tun\w*|optimi\w*)\b",
    re.I,
)


def find_choices_by_results(
    sentences: Sequence[Sentence], own: Sequence[int]
) -> Iterator[tuple[int, str]]:
    """(sentence, words) where something was chosen by the results: the sentence names no part of
    the data that is kept apart for it, or names the validation part and the paper has no other.

    Args:
        own: indexes of the sentences on this study.
    """
    read = [index for index in own if sentences[index].section in _SECTIONS]
    has_test_part = any(_TEST_PART.search(sentences[index].text) for index in read)
    has_validation_part = any(_VALIDATION.search(sentences[index].text) for index in read)
    for index in read:
        text = sentences[index].text
        patterns = [] if _KEPT_APART.search(text) or _CUT_OFF.search(text) else list(_CHOICES)
        patterns += [] if has_validation_part else list(_VAGUE_CHOICES)
        patterns += [] if has_test_part else [_BY_VALIDATION]
        match = next(filter(None, (choice.search(text) for choice in patterns)), None)
        if match and not _NO_CHOICE.search(text):
            yield index, match.group()
