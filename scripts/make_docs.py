"""Generates docs/protocol.md from the classes of review/protocol/models.py."""

import ast
import dataclasses
import typing
from pathlib import Path
from types import NoneType, UnionType

from review.protocol import models

ROOT = Path(__file__).parents[1]
ORDER = (
    "Protocol",
    "QuestionParts",
    "SearchPlan",
    "FileImport",
    "Stage",
    "Person",
    "Criteria",
    "Highlight",
    "KeywordRule",
    "Ranking",
    "Appraisal",
    "QualityGate",
    "Condition",
    "PreviousReview",
    "Assistant",
    "AssistantConsent",
    "AssistantBudget",
)
HEAD = """# Protocol reference

`protocol.yaml` in the review's folder is the complete plan of a review. `review init DIR` writes
a commented starter and `review check DIR` checks it; errors name the file, the line, the key and
what was expected. Once a decision has been made, every change is recorded as an amendment with
what changed, by whom and when (`review amendments`). `review amend --why "..."` adds the reason.

The page *Protocol* shows the current plan, the query sent to each source, the file with its
fingerprint (SHA-256 of its text), and every version with its changes. What still is the starter
protocol's example is marked as one.

The lead changes the plan there with *Edit protocol*: by a form in sections, or as YAML. Both change
the same draft. It is kept for the lead who makes it, so that a reload of the page loses nothing;
the page then offers to continue or to discard it. The form changes only the lines of the keys
concerned, so comments and order of the file stay. A plan that does not hold together is
refused beneath its field, and under YAML with the line. *Review changes* shows in sentences what
was added, removed and changed, what follows for work already done, and the changed lines of the
file; nothing is saved before it is confirmed there. Once decisions have been made, the change is an
amendment and needs a reason. If a change alters how many reviewers decide a record, the status of
every record is computed again.

Under *Search* the terms and blocks of the query are counted as it is typed, with what each source
is asked and what it cannot be asked, and how many of the review's records match the query and each
of its terms. Under *Instruments and gates* quality gates read as sentences
and are built by choices; gates with further conditions are changed under YAML.

Under *Data extraction* the team chooses a form or builds its own: fields for text, a number with a
unit, one or several choices, a date, or a 2×2 table, each with a hint, required or optional, once
for the report or once for each data set. The form as a whole is filled in once for each report or
for each of its models. A preview shows every question as a reviewer is asked it. The form is saved
as a checklist file in the folder `checklists` ([checklists](checklists.md)), together with the
protocol and with its reason; every version stays on the page. A field that is renamed keeps its
answers. Those of a field that is removed stay in the store and are no longer asked, compared or
exported. The kind of a field that has answers, and choices that were used, cannot change.

Under *Order and rules* the lead sets how the ranking begins, the share of records drawn at random,
the recall aimed at, whether reviewers see the words that rank a record higher, and the keyword
rules. Saving a rule decides nothing. On the page *Protocol* the lead first sees what the rules
would exclude (*Preview rules*: how many records, and titles), then applies them (*Apply rules*).
*Undo* returns a rule's records to screening; a rule that has left the protocol is listed as long as
it still excludes records. Each of these acts is in the audit log.

Under *Settings* are the thresholds of the flags on small samples, the number of daily backups, and
the [assistant](assistant.md) with the lead's consent; a change of its address or model takes the
consent back. A search export of the review's folder is listed under *Search* with its database and
PRISMA box; an import of a file of that name uses both unless it is told others. Only YAML has the
addresses of mirrors (`base_urls`), the folder of the backups, the spaCy model, and gates with
conditions within conditions. The team is changed on the page *People*.

If somebody else saves a version meanwhile, both changes are shown side by side. *Put my changes on
version N* keeps theirs and adds yours, and names the keys that both changed.

This page is generated from the code (`make docs`).
"""


def main() -> None:
    """Writes the page."""
    (ROOT / "docs" / "protocol.md").write_text(text(), encoding="utf-8")


def text() -> str:
    """The page as Markdown."""
    notes = field_notes()
    parts = [HEAD]
    for name in ORDER:
        kind = getattr(models, name)
        parts.append(f"## {name}\n\n{(kind.__doc__ or '').strip()}\n")
        parts.append("| key | value | default | meaning |\n| --- | --- | --- | --- |")
        hints = typing.get_type_hints(kind)
        for spec in dataclasses.fields(kind):
            key = "from" if spec.name == "from_" else spec.name
            note = notes.get((name, spec.name), "")
            parts.append(f"| `{key}` | {shown(hints[spec.name])} | {default(spec)} | {note} |")
        parts.append("")
    return "\n".join(parts)


def field_notes() -> dict[tuple[str, str], str]:
    """(class, field) -> the docstring beneath the field."""
    tree = ast.parse(Path(models.__file__).read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        for one, after in zip(node.body, node.body[1:], strict=False):
            if isinstance(one, ast.AnnAssign) and isinstance(after, ast.Expr):
                words = " ".join(str(ast.literal_eval(after.value)).split())
                found[node.name, one.target.id] = words.replace("|", "\\|")
    return found


def shown(hint: object) -> str:
    """A type in words for reviewers."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType):
        return " or ".join(shown(one) for one in inner if one is not NoneType)
    if origin is typing.Literal:
        return ", ".join(f"`{one}`" for one in inner)
    if origin is tuple:
        return f"list of {shown(inner[0])}"
    if origin is dict:
        return f"{shown(inner[0])} → {shown(inner[1])}"
    if dataclasses.is_dataclass(hint):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    words = {
        "str": "text",
        "int": "whole number",
        "float": "number",
        "bool": "true or false",
        "date": "date (YYYY-MM-DD)",
    }
    return words[hint.__name__]


def default(spec: dataclasses.Field) -> str:
    """A field's default in words."""
    if spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING:
        return "**required**"
    if spec.default is None or spec.default in ((), dataclasses.MISSING):
        return ""
    if isinstance(spec.default, tuple):
        return ", ".join(spec.default)
    return str(spec.default).lower() if isinstance(spec.default, bool) else str(spec.default)


if __name__ == "__main__":
    main()
