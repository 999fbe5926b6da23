"""arXiv: query API (Atom) for dated searches, OAI-PMH for increments."""

from review.sources.arxiv.atom import ArxivPageInfo as ArxivPageInfo
from review.sources.arxiv.atom import parse as parse
from review.sources.arxiv.atom import read_page_info as read_page_info
