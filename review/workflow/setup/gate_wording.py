"""Quality gates as sentences: “Exclude hybrid studies with RQS below 6”."""

from collections.abc import Mapping, Sequence

from review.checklists import Checklist
from review.checklists.models import OVERALL
from review.protocol.models import Condition, QualityGate, StudyKind

KIND_WORDS: dict[StudyKind, str] = {
    "deep-learning": "deep learning",
    "traditional": "traditional machine learning",
    "hybrid": "hybrid",
}
"""Kinds of study, as written before 'studies'."""
APPLICABILITY = "applicability:"


def describe_gate(gate: QualityGate, checklists: Mapping[str, Checklist]) -> str:
    """A gate in one sentence, without its reason: which studies it excludes, and when.

    Args:
        checklists: id -> checklist, for the names of instruments and scores; one that is not among
            them goes by its id.
    """
    failures = _list_failures(gate, checklists)
    sentence = f"Exclude {_join_kinds(gate.kinds)}"
    sentence += f" with {' or '.join(failures)}" if failures else ""
    ways = [_describe_way(condition, checklists) for condition in gate.either]
    if ways and not failures:
        return f"{sentence} unless there is {', or '.join(ways)}."
    return sentence + (f", unless there is {', or '.join(ways)}" if ways else "") + "."


def join_words(words: Sequence[str], last: str = "and") -> str:
    """Words as a list in a sentence: a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def get_short_name(checklist_id: str, checklists: Mapping[str, Checklist]) -> str:
    """How a checklist is called in a sentence."""
    checklist = checklists.get(checklist_id)
    return checklist_id if checklist is None else checklist.short


def format_judgement(name: str, checklist: Checklist | None) -> str:
    """What a judgement is about: participants, overall, applicability of participants."""
    plain = name.removeprefix(APPLICABILITY)
    titles = {section.id: section.title for section in checklist.sections} if checklist else {}
    title = "overall" if plain == OVERALL else titles.get(plain, plain)
    return f"applicability, {title}" if name != plain else title


def _join_kinds(kinds: Sequence[StudyKind]) -> str:
    if set(kinds) == set(KIND_WORDS):
        return "studies of every kind"
    return f"{join_words([KIND_WORDS[kind] for kind in kinds])} studies"


def _list_failures(
    requirement: QualityGate | Condition, checklists: Mapping[str, Checklist]
) -> list[str]:
    """Each way in which a study fails what is required."""
    name = get_short_name(requirement.checklist, checklists)
    checklist = checklists.get(requirement.checklist)
    failures = []
    if requirement.minimum is not None:
        failures.append(
            f"{_name_score(requirement, checklist, name)} below {requirement.minimum:g}"
        )
    if requirement.required:
        failures.append(_describe_items(requirement, name, is_met=False))
    for judgement, levels in requirement.keep_out.items():
        subject = format_judgement(judgement, checklist)
        failures.append(f"{name} judged {join_words(list(levels), 'or')} ({subject})")
    for condition in requirement.also:
        failures += _list_failures(condition, checklists)
    return failures


def _describe_way(condition: Condition, checklists: Mapping[str, Checklist]) -> str:
    """What a study needs to pass by a condition."""
    name = get_short_name(condition.checklist, checklists)
    checklist = checklists.get(condition.checklist)
    needs = []
    if condition.minimum is not None:
        needs.append(f"{_name_score(condition, checklist, name)} of {condition.minimum:g} or more")
    if condition.required:
        needs.append(_describe_items(condition, name, is_met=True))
    for judgement, levels in condition.keep_out.items():
        subject = format_judgement(judgement, checklist)
        needs.append(f"{name} not judged {join_words(list(levels), 'or')} ({subject})")
    needs += [_describe_way(inner, checklists) for inner in condition.also]
    return join_words(needs)


def _name_score(
    requirement: QualityGate | Condition, checklist: Checklist | None, name: str
) -> str:
    score = next(
        (s for s in (checklist.scores if checklist else ()) if s.id == requirement.score), None
    )
    if requirement.score is None or (score is not None and score.primary):
        return name
    return f"{name} ({score.title if score else requirement.score})"


def _describe_items(requirement: QualityGate | Condition, name: str, *, is_met: bool) -> str:
    numbers = requirement.required
    items = f"{name} item{'' if len(numbers) == 1 else 's'} {join_words(numbers)}"
    enough = 1 if getattr(requirement, "any_of", False) else requirement.at_least or len(numbers)
    if is_met:
        if enough == len(numbers):
            return f"{items} met"
        return f"at least {enough} of {items} met"
    if len(numbers) == 1:
        return f"{items} not met"
    if enough == 1:
        return f"none of {items} met"
    if enough == len(numbers):
        return f"any of {items} not met"
    return f"fewer than {enough} of {items} met"
