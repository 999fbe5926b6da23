"""Loads the pitfalls of imaging studies and the rules that look for them from YAML."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from review.checklists.yaml_loader import format_problems, load_checked
from review.errors import ChecklistError
from review.text.yaml_bounds import STRICT

RuleMode = Literal["present", "absent", "number", "registry"]
RegistryCheck = Literal["assembled", "overlap", "ages", "mined-labels", "open-labels", "copies"]
_MIN_EXAMPLES = 2


@dataclass(frozen=True, slots=True)
class Pitfall:
    """A flaw of design or data, and the signalling questions it concerns."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    name: str
    why: str
    informs: Mapping[str, tuple[str, ...]]
    """Checklist edition -> published item numbers: probast-2019: ['4.8']."""
    source: str


Tier = Literal["flag", "look", "other"]
"""flag: raised as a flag · look: among the places to look at, never counted as a flag · other: the
remaining matches, shown on demand"""
MIN_PRECISION = 0.9
"""Precision on whole papers from which a match is a flag."""
MIN_PAPERS = 3
"""Labelled papers in which a rule must have matched before its precision says something; two for
rules that look up known facts. A rule that matched in fewer is judged together with the texts
without labels in which its matches were read."""
PLACES = 9
"""Places to look at in one paper."""


@dataclass(frozen=True, slots=True)
class PaperFigures:
    """How a rule did on whole labelled papers; each paper counts once."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    right: int
    """Papers in which it matched and the pitfall is present."""
    wrong: int
    """Papers in which it matched and the pitfall is not present."""
    missed: int
    """Papers with the pitfall in which it did not match."""
    quiet: int
    """Papers without the pitfall in which it did not match."""
    interval: list[float] | None = None
    """95 % Wilson interval of the precision; kept in the file, for it takes a second to load SciPy.
    None if the rule matched in no paper."""
    read: list[int] | None = None
    """Right and wrong matches on first use in other texts: sentences labelled by us, and papers
    without labels of which we read each match."""

    @property
    def judged(self) -> int:
        """Papers in which the rule matched."""
        return self.right + self.wrong

    @property
    def precision(self) -> float | None:
        """Share of matches that were right; None if the rule matched in no paper."""
        return self.right / self.judged if self.judged else None


def decide_tier(measured: PaperFigures | None, mode: RuleMode, rank: int | None) -> Tier:
    """The tier of a match: a flag by the measured precision of its rule, else a place to look at
    by its rank in the paper.

    Args:
        measured: figures of the rule on whole papers; None for a sentence found by ranking alone.
        rank: 1 for the first of the places to look at; None if it is not ranked.
    """
    if measured is not None and _is_precise(measured, 2 if mode == "registry" else MIN_PAPERS):
        return "flag"
    return "look" if rank is not None and rank <= PLACES else "other"


def _is_precise(measured: PaperFigures, enough: int) -> bool:
    """Whether a rule was right in nine of ten papers; if it matched in too few, in nine of ten
    papers and other texts together."""
    right, judged = measured.right, measured.judged
    if judged and right < MIN_PRECISION * judged:
        return False
    if judged < enough and measured.read:
        right += measured.read[0]
        judged += sum(measured.read)
    return judged >= enough and right >= MIN_PRECISION * judged


@dataclass(frozen=True, slots=True)
class PitfallRule:
    """One way to notice a pitfall in a text."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    id: str
    pitfall: str
    mode: RuleMode
    """present: a cue occurs · absent: nothing expected occurs anywhere · number: a count is small ·
    registry: what is known about the named datasets"""
    fires: tuple[str, ...]
    """Texts it must flag; these are its test."""
    silent: tuple[str, ...]
    """Texts on which it must not."""
    says: str | None = None
    """For absent and registry: the sentence shown instead of a quotation."""
    cues: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    """Counter-cues in the same sentence; for absent, such a sentence does not show the item."""
    only_with: tuple[str, ...] = ()
    """For present: the sentence must also contain one of these, except among the limitations."""
    unless_anywhere: tuple[str, ...] = ()
    """Counter-cues anywhere in the text."""
    expected: tuple[str, ...] = ()
    """For absent: cues that would show that the study did it."""
    only_if: tuple[str, ...] = ()
    """For absent: an excerpt must contain one of these; whole papers pass the gate instead."""
    only_if_sets: int = 0
    """For absent: minimum number of registered datasets used; of two or more, those that may share
    images, which are of one modality and not part of one another."""
    only_on_disease: bool = False
    """For absent: only if title or abstract are about a disease."""
    below: int | None = None
    """For number: flag a count below this."""
    known: RegistryCheck | None = None
    """For registry: the fact that is looked up."""
    not_in: tuple[str, ...] = ()
    """For present: sections whose sentences do not count."""
    measured: PaperFigures | None = None
    """Its accuracy on whole labelled papers."""
    on_sentences: str | None = None
    """Its accuracy on single sentences by other authors and on earlier papers, in a few words."""
    note: str | None = None

    @property
    def enabled(self) -> bool:
        """Whether its matches are flags by default."""
        return decide_tier(self.measured, self.mode, None) == "flag"


@dataclass(frozen=True, slots=True)
class PitfallCatalog:
    """The contents of one file."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    schema: Literal[1]
    version: str
    pitfalls: tuple[Pitfall, ...]
    rules: tuple[PitfallRule, ...]
    vocabulary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of a group of words -> its words; a cue names the group as {reader}."""
    source: str = field(default="", compare=False)


def load_pitfalls(path: Path) -> PitfallCatalog:
    """Load the rules in a YAML file.

    Raises:
        ChecklistError: not readable, an unknown or missing key, a repeated id, or a rule without
            its pitfall, its patterns or two examples each way; all errors are listed.
    """
    catalog = load_checked(path, PitfallCatalog)
    problems = find_mistakes(catalog)
    if problems:
        raise ChecklistError(format_problems(str(path), problems))
    return catalog


def expand_cue(cue: str, vocabulary: Mapping[str, Sequence[str]]) -> str:
    """A cue with its groups of words spelled out: ({reader}|nurse) is (radiologist|...|nurse).

    Raises:
        ChecklistError: a group is not in the vocabulary.
    """

    def list_words(match: re.Match[str]) -> str:
        if match[1] not in vocabulary:
            raise ChecklistError(f"cue '{cue}': '{match[0]}' is not in the vocabulary")
        return "|".join(vocabulary[match[1]])

    return _GROUP.sub(list_words, cue)


_GROUP = re.compile(r"\{(\w+)\}")


def find_mistakes(catalog: PitfallCatalog) -> list[str]:
    """Contradictions in the file, each as 'id: what is wrong'."""
    problems: list[str] = []
    for ids in ([p.id for p in catalog.pitfalls], [r.id for r in catalog.rules]):
        problems += [
            f"{entry_id}: appears twice" for entry_id in sorted(set(ids)) if ids.count(entry_id) > 1
        ]
    pitfalls = {pitfall.id for pitfall in catalog.pitfalls}
    for rule in catalog.rules:
        if rule.pitfall not in pitfalls:
            problems.append(f"{rule.id}: pitfall '{rule.pitfall}' is not in the file")
        if min(len(rule.fires), len(rule.silent)) < _MIN_EXAMPLES:
            problems.append(f"{rule.id}: needs two texts that match and two that do not")
        problems += [f"{rule.id}: {problem}" for problem in _list_missing(rule)]
    used_pitfalls = {rule.pitfall for rule in catalog.rules}
    return problems + [
        f"{pitfall_id}: no rule detects it" for pitfall_id in sorted(pitfalls - used_pitfalls)
    ]


def _list_missing(rule: PitfallRule) -> list[str]:
    """What a rule of its mode needs and this one does not have."""
    required_fields = {
        "present": ("cues",),
        "absent": ("expected", "says"),
        "number": ("below", "says"),
        "registry": ("known", "says"),
    }[rule.mode]
    problems = [
        f"mode {rule.mode} needs '{name}'" for name in required_fields if not getattr(rule, name)
    ]
    if rule.mode == "absent" and rule.says and "not found in the text" not in rule.says:
        problems.append("an absence says 'not found in the text', never 'not done'")
    return problems
