"""Generates data/demo/: two made-up search exports and the decisions of a made-up team.

Nothing describes a real paper: titles and names are invented, and DOIs have Crossref's test prefix
10.5555. Records are drawn from one seed, so the files are always the same.
"""

import csv
import random
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "demo"
FAMILIES = (
    "Abara",
    "Bianchi",
    "Castell",
    "Dahl",
    "Eriksen",
    "Farouk",
    "Gomes",
    "Haddad",
    "Ivanova",
    "Jansen",
    "Kimura",
    "Lindqvist",
    "Mbeki",
    "Novak",
    "Okafor",
    "Petrov",
    "Quispe",
    "Rossi",
    "Silva",
    "Tanaka",
    "Umar",
    "Varga",
    "Weiss",
    "Xu",
    "Yilmaz",
    "Zhou",
)
TASKS = ("detection", "diagnosis", "severity grading", "triage", "prognosis", "screening")
DISEASES = (
    "pneumonia",
    "tuberculosis",
    "lung nodules",
    "pneumothorax",
    "COVID-19",
    "heart failure",
)
MODES = ("chest radiographs", "thoracic CT", "portable chest x-rays", "low-dose CT")
MODELS = (
    "A convolutional network",
    "Transfer learning",
    "A vision transformer",
    "Radiomics and gradient boosting",
    "An attention network",
    "Radiomic signatures",
)
PLACES = (
    "two tertiary hospitals",
    "a public image collection",
    "an emergency department",
    "three screening centres",
    "a regional archive",
)
OFF_TOPIC = (
    ("Nurse staffing and length of stay in {place}", "not imaging"),
    ("Editorial: promise and hype in {disease} imaging", "not original research"),
    ("Ultrasound-guided drainage of {disease} in children", "no machine learning"),
    ("Segmentation of organs at risk on {mode} with a U-Net", "not the condition"),
    ("A history of reading {mode}", "no machine learning"),
    ("Mouse models of {disease} and their genes", "not imaging"),
)
JOURNALS = ("Journal of Invented Radiology", "Annals of Fictional Medicine", "Imaging Made Up")


def main() -> None:
    """Writes the exports and the decisions."""
    rng = random.Random(20201003)
    FOLDER.mkdir(parents=True, exist_ok=True)
    records = [record(rng, number) for number in range(1, 121)]
    first, second = records[:70], records[70:]
    embase = [*first, *rng.sample(second, 13)]
    (FOLDER / "embase.ris").write_text(ris(embase), encoding="utf-8")
    scopus(FOLDER / "scopus.csv", [*second, *rng.sample(first, 13)])
    decisions(rng, records)


def record(rng: random.Random, number: int) -> dict[str, str]:
    """One made-up record, with the reason a reviewer would exclude it for, or None."""
    words = {
        "place": rng.choice(PLACES),
        "disease": rng.choice(DISEASES),
        "mode": rng.choice(MODES),
        "task": rng.choice(TASKS),
    }
    reason = ""
    if number % 5 in (1, 3):
        form, reason = OFF_TOPIC[number % len(OFF_TOPIC)]
        title = form.format(**words)
    else:
        title = f"{rng.choice(MODELS)} for the {words['task']} of {words['disease']} on "
        title += f"{words['mode']} from {words['place']}"
    return {
        "title": f"{title} ({number})",
        "authors": "; ".join(f"{f}, {rng.choice('ABCDEFGH')}" for f in rng.sample(FAMILIES, 3)),
        "year": str(rng.choice((2020, 2020, 2021, 2022))),
        "journal": rng.choice(JOURNALS),
        "doi": f"10.5555/demo.{number:04d}",
        "reason": reason,
        "kind": "traditional" if "Radiomic" in title else "deep-learning",
        "abstract": f"Background: {words['task']} of {words['disease']} is slow. Methods: we "
        f"studied {rng.randint(80, 4000)} people with {words['mode']} from {words['place']}. "
        f"Results: the area under the curve was 0.{rng.randint(71, 98)}. This record is made up.",
    }


def ris(records: list[dict[str, str]]) -> str:
    """The records as an Embase-like RIS file."""
    lines = []
    for number, one in enumerate(records, 1):
        lines += ["TY  - JOUR", f"ID  - L{2000000 + number}", f"T1  - {one['title']}"]
        lines += [f"A1  - {name}" for name in one["authors"].split("; ")]
        lines += [f"Y1  - {one['year']}//", f"JO  - {one['journal']}", f"N2  - {one['abstract']}"]
        lines += [f"DO  - {one['doi']}", "DB  - Embase (made up)", "ER  - ", ""]
    return "\n".join(lines)


def scopus(path: Path, records: list[dict[str, str]]) -> None:
    """The records as a Scopus-like CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        sheet = csv.writer(file)
        sheet.writerow(["Authors", "Title", "Year", "Source title", "DOI", "Abstract", "EID"])
        for number, one in enumerate(records, 1):
            eid = f"2-s2.0-850000{number:04d}"
            sheet.writerow(
                [
                    one["authors"],
                    one["title"],
                    one["year"],
                    one["journal"],
                    one["doi"],
                    one["abstract"],
                    eid,
                ]
            )


def decisions(rng: random.Random, records: list[dict[str, str]]) -> None:
    """The decisions of ada and ben, who differ on some records, and how cleo resolved those."""
    header = ["record", "stage", "reviewer", "role", "verdict", "reason", "note"]
    with (FOLDER / "decisions.csv").open("w", newline="", encoding="utf-8") as file:
        sheet = csv.writer(file)
        sheet.writerow(header)
        kept = [one for one in records if judge(sheet, rng, one, "title-abstract", one["reason"])]
        for place, one in enumerate(kept):
            wrong = ("not the condition", "not original research")[place % 2]
            judge(sheet, rng, one, "full-text", wrong if place % 4 == 0 else "")


def judge(sheet, rng: random.Random, one: dict[str, str], stage: str, reason: str) -> bool:
    """Two decisions on a record, and a third if they differ; returns whether it is included."""
    right = "exclude" if reason else "include"
    other = {"exclude": "include", "include": "exclude"}[right]
    apart = rng.random() < 0.12
    second = other if apart else right
    spare = "not imaging" if stage == "title-abstract" else "not the condition"
    for name, verdict in (("ada", right), ("ben", second)):
        said = (reason or spare) if verdict == "exclude" else ""
        sheet.writerow([one["doi"], stage, name, "reviewer", verdict, said, ""])
    if apart:
        note = "settled after a talk"
        sheet.writerow([one["doi"], stage, "cleo", "adjudicator", right, reason, note])
    return right == "include"


if __name__ == "__main__":
    main()
