"""The samples in tests/data: one small file of each kind, written for these tests.

Names and numbers are invented. Each file has the defects seen in genuine files of its kind:
byte-order marks, stray line ends, glued headings, misplaced fields.
"""

from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
EXPORTS = DATA / "exports"
ANSWERS = DATA / "answers"
SAMPLES = [
    ("acm-library.bib", 2, "acm"),
    ("acm.bib", 2, "bibtex"),
    ("central.csv", 2, "cochrane"),
    ("central.ris", 2, "cochrane"),
    ("cinahl.ris", 2, "cinahl"),
    ("citavi.txt", 4, "scopus"),
    ("cnki.enw", 2, "cnki"),
    ("cyrillic.ris", 1, "ris"),
    ("dimensions.csv", 2, "dimensions"),
    ("ebsco-braces.bib", 2, "cinahl"),
    ("ebsco.bib", 2, "ebsco"),
    ("ebsco.csv", 2, "cinahl"),
    ("embase.csv", 3, "embase"),
    ("embase.ris", 3, "embase"),
    ("endnote.enl", 2, "endnote"),
    ("eric.nbib", 1, "eric"),
    ("eric.ris", 2, "eric"),
    ("europepmc.bib", 2, "europepmc"),
    ("ictrp.csv", 2, "ictrp"),
    ("ieee.csv", 2, "ieee"),
    ("ieee.ris", 2, "ris"),
    ("jstor.ris", 2, "jstor"),
    ("koreamed.txt", 2, "koreamed"),
    ("leading-lines.ris", 1, "ris"),
    ("library.xml", 8, "embase"),
    ("lilacs.csv", 2, "lilacs"),
    ("multiline.ris", 3, "ris"),
    ("only-a-doi.ris", 1, "ris"),
    ("ovid.ris", 2, "ris"),
    ("proquest.csv", 2, "proquest"),
    ("proquest.ris", 1, "proquest"),
    ("pubmed-endnote.txt", 1, "pubmed"),
    ("pubmed.csv", 1, "pubmed"),
    ("pubmed.nbib", 3, "pubmed"),
    ("scopus.bib", 1, "scopus"),
    ("scopus.ris", 2, "scopus"),
    ("springer.csv", 2, "springer"),
    ("trid.ris", 2, "trid"),
    ("wos.bib", 2, "wos"),
    ("wos.ciw", 2, "wos"),
    ("wos.ris", 2, "wos"),
    ("zotero.ris", 2, "ris"),
]
"""File, its records, and the source of the first."""
MIXED_LIBRARY = {"embase": 4, "pubmed": 2, "medline": 1, "cochrane": 1}
"""The databases that the records of library.xml name."""


def write_ris(path: Path, count: int, *, first: int = 1, database: str | None = None) -> Path:
    """Writes an export of made-up articles numbered from `first`, each a separate work."""
    topics = ("lungs", "knees", "hearts", "livers", "wrists", "kidneys", "spines")
    entries = []
    for number in range(first, first + count):
        topic = topics[number % len(topics)]
        entries.append(
            f"TY  - JOUR\nTI  - A model number {number} for films of {topic}\n"
            f"AU  - Author{number}, A.\nAU  - Second{number}, B.\nPY  - {2000 + number % 24}\n"
            f"JO  - Invented Journal of {topic.title()}\nVL  - {number}\nSP  - {10 * number}\n"
            f"EP  - {10 * number + 7}\nDO  - 10.5555/made.{number}\n"
            f"AB  - In film set {number}, deep learning found {topic} in {number + 3} films.\n"
            + (f"DB  - {database}\n" if database else "")
            + "ER  - \n"
        )
    path.write_text("\n".join(entries), encoding="utf-8")
    return path
