"""PubMed through NCBI's E-utilities: search by date slices, parse with Biopython's parsers."""

from review.formats.pubmed.parsing import Found as Found
from review.formats.pubmed.parsing import kind as kind
from review.formats.pubmed.parsing import parse as parse
from review.formats.pubmed.parsing import read_search as read_search
from review.formats.pubmed.parsing import structure as structure
