"""What goes out of a review as files. WRITERS: the formats records are written in."""

from review.formats import writers
from review.formats.tabular import writer

WRITERS: dict[str, writers.Writer] = {
    "ris": writers.ris,
    "bibtex": writers.bibtex,
    "csv": writer.csv_table,
    "xlsx": writer.xlsx,
    "json": writers.as_json,
}

EXTENSIONS = {"ris": ".ris", "bibtex": ".bib", "csv": ".csv", "xlsx": ".xlsx", "json": ".json"}
