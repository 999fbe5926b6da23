"""Europe PMC: MEDLINE, PMC and preprints of 30 servers, searched by query."""

from review.sources.europepmc.parsing import EuropePmcPageInfo as EuropePmcPageInfo
from review.sources.europepmc.parsing import parse as parse
from review.sources.europepmc.parsing import read_page_info as read_page_info
