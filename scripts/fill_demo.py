"""Fills the appraisal of the demo review: made-up papers as PDFs and the answers of its team.

Run after the decisions have been imported:  python scripts/fill_demo.py FOLDER
Of the reports ready for appraisal, the first ones get a consensus, some differ and wait for cleo,
and the rest are left to whoever tries the app. Answers are drawn from one seed and describe no real
paper. The findings about public image sets are real and published: docs/image-appraisals.md reads
the three studies they come from.
"""

import random
import sys
from collections.abc import Mapping
from pathlib import Path

import pypdfium2

from review.checklists import NONE_OF_THESE, NOT_JUDGED, FormQuestion, find_question, list_questions
from review.figures import convert
from review.figures.svg import render_document, render_text
from review.figures.text import wrap_text
from review.scoring import score_form
from review.store import records
from review.workflow.appraisal import adjudication, forms, instruments
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.imaging import findings
from review.workflow.project.project import Project
from review.workflow.setup.loading import open_project

SETTLED, DIFFERING, PAPERS = 14, 3, 8
WIDTH, HEIGHT, MARGIN = 595, 842, 62
"""An A4 page in points."""
DATA = (
    "We used the COVID-19 Radiography Database and added children with pneumonia from the "
    "Guangzhou paediatric set as controls.",
    "Images came from the COVIDx data set. A further 1,200 normal radiographs were taken from "
    "the RSNA Pneumonia Detection Challenge.",
    "We studied consecutive adults of two hospitals who had a chest CT between January 2018 and "
    "June 2020; images with motion artefacts were excluded.",
    "Labels were mined from the radiology reports with a natural language processing tool.",
)
SPLIT = (
    "Images were randomly split into training (80%) and test (20%) sets.",
    "Patients were split into training, tuning and test sets at the patient level.",
    "After augmentation the images were split at random into training and test sets.",
)
FINDINGS = (
    ("chestxray14", "labels",
     "Of 200 films labelled pneumothorax, 97 show one by the labels that radiologists adjudicated "
     "(48.5%, 41.7 to 55.4; Majkowska 2020, doi:10.1148/radiol.2019191293); 94.3% was claimed "
     "(Wang 2017, arXiv:1705.02315, table 18). CheXNet was trained on these labels and tested on "
     "420 films read by four radiologists (arXiv:1711.05225)."),
    ("chestxray14", "splits",
     "1,538 of 112,120 films are of children under 10 years, and 7.2% of the 30,805 patients have "
     "45% of the films (table of the set, version of 2020)."),
    ("mimic_cxr", "subgroups",
     "Self-reported race is read from X-rays of this and other sets with an AUC of 0.91 to 0.99; "
     "body mass index alone reaches 0.55 and does not explain it (Gichoya 2022, "
     "doi:10.1016/S2589-7500(22)00063-2)."),
    ("mimic_cxr", "labels",
     "CheXzero learned from these films with the impressions of their reports and from no label "
     "(Tiu 2022, doi:10.1038/s41551-022-00936-9; rajpurkarlab/CheXzero): its results depend on who "
     "read the films of its test sets."),
)  # fmt: skip
"""Data set, kind and text of what is published about public sets."""
LIMITS = (
    "A limitation is that the model was not tested on an external data set.",
    "The sample was small and came from a single centre.",
    "No confidence intervals could be computed.",
)


def fill(folder: Path) -> None:
    """Appraises the first reports that are ready in the review in a folder, and writes their
    papers."""
    project = open_project(folder)
    rng = random.Random(20201003)
    for dataset, kind, text in FINDINGS:
        findings.add_finding(project, "ada", dataset=dataset, kind=kind, text=text)
    with project.store.read() as conn:
        due = sorted(forms.list_due_reports(project, conn))[: SETTLED + DIFFERING]
        titles = {report: records.get_record(conn, report).record.title or "" for report in due}
        keys = {report: records.format_record_key(report) for report in due}
    papers = folder / "papers"
    papers.mkdir(exist_ok=True)
    for report in due[:PAPERS]:
        write_paper(papers / f"{keys[report]}.pdf", titles[report], rng)
    for place, report in enumerate(due):
        appraise(project, report, titles[report], rng, settled=place < SETTLED)


def appraise(
    project: Project, report: int, title: str, rng: random.Random, *, settled: bool
) -> None:
    """Enters both reviewers' forms of a report, and cleo's consensus if they differ and are
    resolved."""
    kind = "traditional" if "adiomic" in title else "deep-learning"
    give(project, report, instruments.KIND_CHECKLIST, {instruments.KIND_ITEM: kind})
    care = rng.choice((0.45, 0.75, 0.9))
    for name in [
        tool.checklist for tool in instruments.list_required_forms(project.protocol, kind)
    ]:
        if name == instruments.KIND_CHECKLIST:
            continue
        ada = filled(project, name, rng, care)
        apart = differing(project, name, ada, rng)
        give(project, report, name, ada, "ada")
        give(project, report, name, ada | apart, "ben")
        for key in apart if settled else ():
            adjudication.adjudicate_item(project, AnswerInput(report, name, key, ada[key]), "cleo")


def differing(
    project: Project, name: str, form: Mapping[str, str], rng: random.Random
) -> dict[str, str]:
    """Different answers to a few items that no other item depends on."""
    one = instruments.get_checklist(project, name)
    free = [
        asked
        for asked in list_questions(one)
        if asked.key in form and (one.kind == "reporting" or asked.key.startswith("applicability:"))
    ]
    return {
        asked.key: rng.choice(
            [o.id for o in asked.options if o.id not in (form[asked.key], NOT_JUDGED)]
        )
        for asked in rng.sample(free, min(len(free) // 2, 3))
    }


def give(project: Project, report: int, name: str, form: Mapping[str, str], *who: str) -> None:
    """Enters a complete form and finishes it."""
    one = instruments.get_checklist(project, name)
    given = [AnswerInput(report, name, key, answer) for key, answer in form.items()]
    for reviewer in who or ("ada", "ben"):
        with project.store.write() as conn:
            forms.add_answers(project, conn, one, given, reviewer)
        adjudication.finish_form(project, report, name, reviewer)


def filled(project: Project, name: str, rng: random.Random, care: float) -> dict[str, str]:
    """Answers to everything a form asks, facts first; judgements are those the answers propose."""
    one = instruments.get_checklist(project, name)
    form: dict[str, str] = {}
    while left := score_form(one, form).unanswered:
        asked = find_question(one, left[0])
        part, _, _ = asked.key.partition(":")
        proposed = {said.key: said.proposed for said in score_form(one, form).judgements}
        if part == "judgement":
            form[asked.key] = proposed[asked.key] or "unclear"
        elif part == "applicability":
            form[asked.key] = rng.choice(("low", "low", "low", "unclear", "high"))
        else:
            form[asked.key] = picked(asked, rng, care)
    return form


def picked(asked: FormQuestion, rng: random.Random, care: float) -> str:
    """Draws an answer; a careful paper meets more items."""
    if asked.choose == "number":
        return str(rng.randint(40, 900))
    if asked.choose == "text":
        return "as described in the made-up paper"
    good = [one for one in asked.options if one.means == "met" or (one.points or 0) > 0]
    bad = [one for one in asked.options if one.means == "unmet" or (one.points or 0) < 0]
    sorts = [one for one in asked.options if one not in [*good, *bad]] or list(asked.options)
    if not good:
        return rng.choice(sorts).id
    if rng.random() < care:
        return rng.choice(good).id
    if asked.choose == "many":
        return NONE_OF_THESE
    return rng.choice(bad or sorts).id


def write_paper(path: Path, title: str, rng: random.Random) -> None:
    """A made-up paper of two pages."""
    cases, positives = rng.randint(300, 2000), rng.randint(20, 90)
    first = [
        ("", title),
        ("", "This paper was made up for a demonstration. Nobody found out anything in it."),
        (
            "Abstract",
            "We present a model for chest imaging. It was developed on "
            f"{cases} people and tested on a test set that contained {positives} positive cases.",
        ),
        ("Introduction", "Reading chest images takes time. Earlier studies proposed networks."),
        (
            "Methods",
            f"{rng.choice(DATA)} {rng.choice(DATA)} {rng.choice(SPLIT)} Images were "
            "resized to 224 x 224 pixels and normalised. The network was pretrained on ImageNet "
            "and "
            "trained with the Adam optimiser for 50 epochs. The model with the best area under the "
            "curve on the tuning set was chosen.",
        ),
    ]
    second = [
        (
            "Results",
            f"The area under the curve was 0.{rng.randint(80, 98)}. Sensitivity was "
            f"{rng.randint(80, 96)}% and specificity {rng.randint(70, 92)}%.",
        ),
        ("Discussion", f"The model may help radiologists. {rng.choice(LIMITS)}"),
        ("Conclusion", "Models like this one need studies in the clinic."),
    ]
    whole = pypdfium2.PdfDocument.new()
    for parts in (first, second):
        whole.import_pages(pypdfium2.PdfDocument(convert.render_pdf(drawn(parts, title))))
    whole.save(path)


def drawn(parts: list[tuple[str, str]], title: str) -> str:
    """A page of text: headings and paragraphs one below the other."""
    lines, y = [], float(MARGIN)
    for heading, words in parts:
        if heading:
            lines.append(render_text(MARGIN, y, heading, size=13, bold=True))
            y += 20
        large = words == title
        for line in wrap_text(words, WIDTH - 2 * MARGIN, 17 if large else 10.5, bold=large):
            lines.append(render_text(MARGIN, y, line, size=17 if large else 10.5, bold=large))
            y += 22 if large else 15
        y += 14
    return render_document(WIDTH, HEIGHT, lines, title=title)


if __name__ == "__main__":
    fill(Path(sys.argv[1]))
