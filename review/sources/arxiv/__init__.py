"""arXiv: query API (Atom) for dated searches, OAI-PMH for increments."""

from review.sources.arxiv.atom import Paging as Paging
from review.sources.arxiv.atom import paging as paging
from review.sources.arxiv.atom import parse as parse
