"""medRxiv and bioRxiv through api.biorxiv.org: whole days, without a keyword search."""

from review.sources.medrxiv.parsing import Paging as Paging
from review.sources.medrxiv.parsing import paging as paging
from review.sources.medrxiv.parsing import parse as parse
