"""Writers of export files. RECORD_WRITERS lists the formats of records."""

from review.formats import writers
from review.formats.tabular import writer

RECORD_WRITERS: dict[str, writers.RecordWriter] = {
    "ris": writers.records_to_ris,
    "bibtex": writers.records_to_bibtex,
    "csv": writer.records_to_csv,
    "xlsx": writer.records_to_xlsx,
    "json": writers.records_to_json,
}

EXTENSIONS = {"ris": ".ris", "bibtex": ".bib", "csv": ".csv", "xlsx": ".xlsx", "json": ".json"}
