"""Builds the tables of a report from plain data, without reading or writing files."""

from review.tables.appraisal import (
    StudyForm,
    build_agreement_table,
    build_answers_table,
    build_characteristics_table,
    build_evidence_table,
    build_items_table,
    build_judgements_table,
    build_scores_table,
    name_judged_parts,
)
from review.tables.citing import build_label, build_labels, format_reference
from review.tables.frames import to_data_frame
from review.tables.listing import (
    ExcludedReport,
    LinkedRecord,
    build_duplicates_table,
    build_excluded_table,
    build_included_table,
    build_source_overlap_table,
)
from review.tables.prisma import build_flow_table

__all__ = [
    "ExcludedReport",
    "LinkedRecord",
    "StudyForm",
    "build_agreement_table",
    "build_answers_table",
    "build_characteristics_table",
    "build_duplicates_table",
    "build_evidence_table",
    "build_excluded_table",
    "build_flow_table",
    "build_included_table",
    "build_items_table",
    "build_judgements_table",
    "build_label",
    "build_labels",
    "build_scores_table",
    "build_source_overlap_table",
    "format_reference",
    "name_judged_parts",
    "to_data_frame",
]
