"""The boolean query: parsed once, translated for each source, matched locally.

Input: the protocol's query and a date range. Output: a syntax tree, the query text for each source
with what it does not support, and a matcher for titles and abstracts.
"""

from review.query.ast import And as And
from review.query.ast import Node as Node
from review.query.ast import Not as Not
from review.query.ast import Or as Or
from review.query.ast import Term as Term
from review.query.ast import format_query as format_query
from review.query.ast import iter_positive_terms as iter_positive_terms
from review.query.ast import iter_terms as iter_terms
from review.query.ast import join_with_and as join_with_and
from review.query.ast import join_with_or as join_with_or
from review.query.ast import negate_node as negate_node
from review.query.compiler import CompiledQuery as CompiledQuery
from review.query.compiler import DateWindow as DateWindow
from review.query.compiler import strip_mesh as strip_mesh
from review.query.matching import MatchCounts as MatchCounts
from review.query.matching import build_record_matcher as build_record_matcher
from review.query.matching import build_text_matcher as build_text_matcher
from review.query.matching import count_matches as count_matches
from review.query.parser import parse as parse
from review.query.tokens import extract_words as extract_words
