"""One boolean query, written once: read, put to each source in its own language, matched here.

In: the protocol's query and a window of days. Out: a tree, each source's text with what it could
not be asked, and a matcher for titles and abstracts.
"""

from review.query.arxiv import compile_arxiv as compile_arxiv
from review.query.asking import Compiled as Compiled
from review.query.asking import Window as Window
from review.query.asking import without_mesh as without_mesh
from review.query.europepmc import compile_europepmc as compile_europepmc
from review.query.explaining import compile_for as compile_for
from review.query.explaining import explain as explain
from review.query.explaining import fingerprint as fingerprint
from review.query.matching import matcher as matcher
from review.query.matching import matches as matches
from review.query.matching import record_matcher as record_matcher
from review.query.matching import words_beginning as words_beginning
from review.query.nodes import And as And
from review.query.nodes import Node as Node
from review.query.nodes import Not as Not
from review.query.nodes import Or as Or
from review.query.nodes import Term as Term
from review.query.nodes import all_of as all_of
from review.query.nodes import any_of as any_of
from review.query.nodes import none_of as none_of
from review.query.nodes import terms_of as terms_of
from review.query.nodes import to_text as to_text
from review.query.pubmed import compile_pubmed as compile_pubmed
from review.query.reading import parse as parse
from review.query.words import clean_text as clean_text
from review.query.words import words_of as words_of
