"""The services that give records: one folder each, all listed in `registry`."""

from review.sources.registry import SOURCES as SOURCES
from review.sources.registry import get_title as get_title
from review.sources.registry import parse_answer as parse_answer
