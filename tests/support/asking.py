"""Requests to the stand-in server, as a client would send them."""

import re
import xml.etree.ElementTree as ET

import requests
from standin import StandIn

ATOM = {
    "a": "http://www.w3.org/2005/Atom",
    "o": "http://a9.com/-/spec/opensearch/1.1/",
    "x": "http://arxiv.org/schemas/atom",
}


def get(server: StandIn, service: str, path: str = "", **params: object) -> requests.Response:
    return requests.get(server.base[service] + path, params=params, timeout=120)


def atom(answer: requests.Response) -> tuple[int, list[str]]:
    feed = ET.fromstring(answer.content)
    ids = [str(one.text) for one in feed.findall("a:entry/a:id", ATOM)]
    return int(str(feed.findtext("o:totalResults", namespaces=ATOM))), ids


def short(ids: list[str]) -> list[str]:
    return [re.sub(r"v\d+$", "", one.rsplit("/", 1)[1]) for one in ids]


def details(server: StandIn, low: str, high: str, which: str = "medrxiv") -> list[dict[str, str]]:
    """All rows of a date range, page by page."""
    rows: list[dict[str, str]] = []
    while True:
        data = get(server, "biorxiv", f"/details/{which}/{low}/{high}/{len(rows)}/json").json()
        if data["messages"][0]["status"] != "ok":
            return rows
        assert isinstance(data["messages"][0]["total"], str)
        assert data["messages"][0]["count"] == len(data["collection"])
        rows += data["collection"]


def esearch(server: StandIn, **params: object) -> dict[str, object]:
    answer = get(server, "eutils", "/esearch.fcgi", db="pubmed", retmode="json", **params)
    found: dict[str, object] = answer.json()["esearchresult"]
    return found
