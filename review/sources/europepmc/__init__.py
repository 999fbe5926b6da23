"""Europe PMC: MEDLINE, PMC and preprints of 30 servers, searched by query."""

from review.sources.europepmc.parsing import Paging as Paging
from review.sources.europepmc.parsing import paging as paging
from review.sources.europepmc.parsing import parse as parse
