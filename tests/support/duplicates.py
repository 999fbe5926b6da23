"""A table of made-up articles, some of them two or three times, as exports contain them."""

import csv
import random
from pathlib import Path

_COLUMNS = (
    *("record_id", "source", "title", "authors", "year", "journal"),
    *("volume", "issue", "pages", "doi", "pmid", "abstract"),
)
_TOPICS = ("lung nodules", "knee films", "heart echoes", "liver scans", "wrist fractures")
_METHODS = ("A network", "A forest", "A reader study", "A survey", "An audit", "A pilot")


def write_table(path: Path, works: int, seed: int = 5) -> Path:
    """Writes a table of works; a third of them occur again, with a misprint, an initial or no
    DOI."""
    rng = random.Random(seed)
    rows: list[dict[str, str]] = []
    for work in range(works):
        topic, method = rng.choice(_TOPICS), rng.choice(_METHODS)
        row = {
            "source": "embase",
            "title": f"{method} for {topic} at centre {work} and {work * 7 % 1000} readers",
            "authors": f"Noone{work % 97}, Ada; Nobody{work % 89}, Ben",
            "year": str(2000 + work % 24),
            "journal": f"Invented Journal of {topic.title()}",
            "volume": str(1 + work % 40),
            "issue": str(1 + work % 12),
            "pages": f"{work}-{work + 7}",
            "doi": f"10.5555/works.{work}",
            "pmid": "",
            "abstract": f"We studied {topic} at centre {work} in {work % 50 + 20} people.",
        }
        rows.append(row)
        for _ in range(rng.choice((0, 0, 1, 2)) if work % 3 == 0 else 0):
            again = dict(row, source="scopus", authors=f"Noone{work % 97} A; Nobody{work % 89} B")
            kind = rng.choice(("title", "doi", "journal"))
            again[kind] = {"title": row["title"].upper(), "doi": "", "journal": "Inv J"}[kind]
            rows.append(again)
    rng.shuffle(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        sheet = csv.DictWriter(file, _COLUMNS)
        sheet.writeheader()
        sheet.writerows({"record_id": str(n), **row} for n, row in enumerate(rows, 1))
    return path
