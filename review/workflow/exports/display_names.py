"""What exports call databases and kinds of study."""

from review.workflow.records.source_names import SOURCE_NAMES

KIND_NAMES = {
    "deep-learning": "Deep learning",
    "traditional": "Traditional machine learning",
    "hybrid": "Hybrid",
}
DISPLAY_NAMES = {**SOURCE_NAMES, **KIND_NAMES}
