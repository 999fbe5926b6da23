"""What goes out of a review as files. WRITERS: the formats records are written in."""

from review.exports import records, sheets

WRITERS: dict[str, records.Writer] = {
    "ris": records.ris,
    "bibtex": records.bibtex,
    "csv": sheets.csv_table,
    "xlsx": sheets.xlsx,
    "json": records.as_json,
}

EXTENSIONS = {"ris": ".ris", "bibtex": ".bib", "csv": ".csv", "xlsx": ".xlsx", "json": ".json"}
