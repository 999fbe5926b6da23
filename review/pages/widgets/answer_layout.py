"""How the answers of a question are laid out: the box to type in, and rows of buttons."""

from review.checklists import NONE_OF_THESE, UNSURE, AnswerOption, FormQuestion


def get_typed_label(question: FormQuestion) -> str:
    """The label of the box in which an answer is typed."""
    if question.choose == "date":
        return "Answer (a year, 2024-03, or 2024-03-31)"
    return f"Answer ({question.unit})" if question.unit else "Answer"


def arrange_options(question: FormQuestion) -> list[list[AnswerOption]]:
    """The answers to choose from in rows of buttons, all of the width of the first."""
    options = [*question.options, AnswerOption(id=UNSURE, label="Unsure", key="U")]
    if question.choose == "many":
        options.insert(-1, AnswerOption(id=NONE_OF_THESE, label="None of these", key="0"))
    widest = max(len(option.label) + (4 if option.points is not None else 0) for option in options)
    columns = next(
        n for max_width, n in ((8, 4), (16, 3), (24, 2), (999, 1)) if widest <= max_width
    )
    columns = min(columns, len(options))
    return [options[n : n + columns] for n in range(0, len(options), columns)]
