"""A stand-in for the literature services: a real HTTP server on loopback with a synthetic corpus.

It answers in the services' own formats with their paging, caps, pace limits and faults, so that
the very same client talks to it and to the real ones. Nothing in it is a genuine record unless the
folder of recorded answers is passed in.

    from tests.standin import Fault, StandIn          # or: from standin import ...
    StandIn(make(2_000, recorded=FOLDER))              # with the recorded answers among them
    with StandIn(size=2_000, seed=1, faults=[Fault("503", every=10)]) as server:
        server.url                                    # http://127.0.0.1:PORT
        server.base["arxiv"]                          # base URL of one service, see below
        server.log                                    # every request: time, path, agent, status
        server.corpus.expected("covid* AND ct", "arxiv", "2020-01-01", "2020-10-03")

    python -m tests.standin --port 8765 --size 20000 --pace 1

    key of .base  here                          real
    arxiv         /arxiv/api/query              https://export.arxiv.org/api/query
    arxiv-oai     /arxiv/oai                    https://oaipmh.arxiv.org/oai
    arxiv-pdf     /arxiv/pdf/{id}[v{n}]         https://arxiv.org/pdf
    biorxiv       /biorxiv (also: medrxiv)      https://api.biorxiv.org (both servers)
                  + /details/{server}/{from}/{to}/{cursor}[/json], /details/{server}/{doi}/na[/json]
                  + /pubs/{server}/{from}/{to}/{cursor}[/json], /pubs/{server}/{doi}/na[/json]
    medrxiv-pdf   /www.medrxiv/content          https://www.medrxiv.org/content
                  + /{doi}v{n}.full.pdf
    biorxiv-pdf   /www.biorxiv/content          https://www.biorxiv.org/content
    eutils        /eutils  (also: pubmed)       https://eutils.ncbi.nlm.nih.gov/entrez/eutils
                  + /esearch.fcgi, efetch, esummary, elink, epost, einfo
    pmc-cloud     /pmc/cloud                    https://pmc-oa-opendata.s3.amazonaws.com
                  + /?list-type=2&prefix=metadata/{pmcid}., /metadata/{pmcid}.{n}.json,
                  /{pmcid}.{n}/{pmcid}.{n}.pdf
    pmc-pdf       /pmc/pdf/{pmcid}.pdf          (the link that Unpaywall gives)
    europepmc     /europepmc/webservices/rest   https://www.ebi.ac.uk/europepmc/webservices/rest
                  + /search?query=&format=json&cursorMark=*
    unpaywall     /unpaywall/v2/{doi}?email=    https://api.unpaywall.org/v2
    crossref      /crossref/works[/{doi}]       https://api.crossref.org/works
    openalex      /openalex/works[/doi:{doi}]   https://api.openalex.org/works
    (moved, 301)  /arxiv/oai2                   https://export.arxiv.org/oai2
                  /http/...                     http:// where the service wants https://
    (tests only)  /_log, /_health

Pace (pace=1 as the real ones, 0 off, 0.01 a hundredth of the real gaps): arXiv one request per 3 s
and one connection over /arxiv/api/query and /arxiv/oai (else 429, text/html, 'Rate exceeded.');
NCBI 3 a second, 10 with api_key (else 429 JSON); the others only count what they see.

Fault kinds: 429 429-retry-after 500 502 503 504 stall reset cut cut-quiet html empty duplicate
empty-page changed-total bomb malformed missing inserted; see tests/standin/faults.py.
"""

import sys
from pathlib import Path

if str(Path(__file__).parents[1]) not in sys.path:  # `python -m tests.standin` starts a level up
    sys.path.insert(0, str(Path(__file__).parents[1]))

from standin.corpus import Corpus, make
from standin.faults import Fault
from standin.server import Request, StandIn
from standin.web import Limits

__all__ = ["Corpus", "Fault", "Limits", "Request", "StandIn", "make"]
