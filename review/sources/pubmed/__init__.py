"""PubMed through NCBI's E-utilities: search by date slices, parse with Biopython's parsers."""

from review.sources.pubmed.parsing import Found as Found
from review.sources.pubmed.parsing import kind as kind
from review.sources.pubmed.parsing import parse as parse
from review.sources.pubmed.parsing import read_search as read_search
from review.sources.pubmed.parsing import structure as structure
