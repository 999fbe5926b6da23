"""medRxiv and bioRxiv through api.biorxiv.org: whole days, without a keyword search."""

from review.sources.medrxiv.parsing import BiorxivPageInfo as BiorxivPageInfo
from review.sources.medrxiv.parsing import parse as parse
from review.sources.medrxiv.parsing import read_page_info as read_page_info
