"""One boolean query, written once: read, put to each source in its own language, matched here.

In: the protocol's query and a window of days. Out: a tree, each source's text with what it could
not be asked, and a matcher for titles and abstracts.
"""

from review.query.ast import And as And
from review.query.ast import Node as Node
from review.query.ast import Not as Not
from review.query.ast import Or as Or
from review.query.ast import Term as Term
from review.query.ast import all_of as all_of
from review.query.ast import any_of as any_of
from review.query.ast import none_of as none_of
from review.query.ast import terms_of as terms_of
from review.query.ast import to_text as to_text
from review.query.compiler import Compiled as Compiled
from review.query.compiler import Window as Window
from review.query.compiler import without_mesh as without_mesh
from review.query.matching import matcher as matcher
from review.query.matching import matches as matches
from review.query.matching import record_matcher as record_matcher
from review.query.matching import words_beginning as words_beginning
from review.query.parser import parse as parse
from review.query.tokens import clean_text as clean_text
from review.query.tokens import words_of as words_of
