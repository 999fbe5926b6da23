"""A stand-in for the literature services: a real HTTP server on loopback over a made-up corpus.

It answers in the services' own formats with their paging, caps, pace limits and faults, so that
the very same client talks to it and to the real ones. Nothing in it is a genuine record unless the
shared folder of recorded answers is passed in.

    from tests.standin import Fault, StandIn          # or: from standin import ...
    with StandIn(size=2_000, seed=1, faults=[Fault("503", every=10)]) as server:
        server.url                                    # http://127.0.0.1:PORT
        server.base["arxiv"]                          # base URL of one service, see below
        server.log                                    # every request: time, path, agent, status
        server.corpus.expected("covid* AND ct", "arxiv", "2020-01-01", "2020-10-03")

    python -m tests.standin --port 8765 --size 20000 --pace 1

| service (key of .base)  | real base URL                                      | here              |
|-------------------------|----------------------------------------------------|-------------------|
| arxiv                   | https://export.arxiv.org/api/query                 | /arxiv/api/query  |
| arxiv-oai               | https://oaipmh.arxiv.org/oai                       | /arxiv/oai        |
| arxiv-pdf               | https://arxiv.org/pdf                (+ /ID[vN])   | /arxiv/pdf        |
| biorxiv                 | https://api.biorxiv.org  (both servers)            | /biorxiv          |
|                         |   + /details/{server}/{from}/{to}/{cursor}[/json]  |                   |
|                         |   + /details/{server}/{doi}/na[/json]              |                   |
|                         |   + /pubs/{server}/{from}/{to}/{cursor}[/json]     |                   |
|                         |   + /pubs/{server}/{doi}/na[/json]                 |                   |
| medrxiv-pdf             | https://www.medrxiv.org/content (+/DOIvN.full.pdf) | /www.medrxiv/content |
| biorxiv-pdf             | https://www.biorxiv.org/content (+/DOIvN.full.pdf) | /www.biorxiv/content |
| eutils                  | https://eutils.ncbi.nlm.nih.gov/entrez/eutils      | /eutils           |
|                         |   + /esearch.fcgi efetch esummary elink epost einfo|                   |
| pmc-oa                  | https://www.ncbi.nlm.nih.gov/pmc/utils/oa/oa.fcgi  | /pmc/utils/oa/oa.fcgi |
| pmc-pdf                 | (the link that oa.fcgi gives)   (+ /PMCn.pdf)      | /pmc/pdf          |
| europepmc               | https://www.ebi.ac.uk/europepmc/webservices/rest   | /europepmc/webservices/rest |
|                         |   + /search?query=&format=json&cursorMark=*        |                   |
| unpaywall               | https://api.unpaywall.org/v2      (+ /DOI?email=)  | /unpaywall/v2     |
| crossref                | https://api.crossref.org/works    (+ /DOI)         | /crossref/works   |
| openalex                | https://api.openalex.org/works (+ /doi:DOI, ?filter=doi:a|b) | /openalex/works |
| (tests only)            | -                                                  | /_log, /_health   |

Pace (pace=1 as the real ones, 0 off, 0.01 a hundredth of the real gaps): arXiv one request per 3 s
and one connection over /arxiv/api/query and /arxiv/oai (else 429, text/html, 'Rate exceeded.');
NCBI 3 a second, 10 with api_key (else 429 JSON); the others only count what they see.

Fault kinds: 429 429-retry-after 500 502 503 504 stall reset cut cut-quiet html empty duplicate
empty-page changed-total bomb malformed missing; see tests/standin/faults.py.
"""
