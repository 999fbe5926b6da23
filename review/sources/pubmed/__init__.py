"""PubMed through NCBI's E-utilities: search by date slices, parse with Biopython's parsers."""

from review.formats.pubmed.parsing import ESearchResult as ESearchResult
from review.formats.pubmed.parsing import detect_kind as detect_kind
from review.formats.pubmed.parsing import parse as parse
from review.formats.pubmed.parsing import read_search as read_search
from review.formats.pubmed.parsing import read_structure as read_structure
