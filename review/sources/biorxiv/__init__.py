"""bioRxiv: the same service as medRxiv's, for its other server."""

from review.sources.medrxiv import build_source

SOURCE = build_source("biorxiv", "bioRxiv")
