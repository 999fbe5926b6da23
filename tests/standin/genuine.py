"""Serves preprints and articles from a folder of recorded responses."""

import json
import re
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime
from pathlib import Path

from standin.nouns import Article, Preprint, Version
from standin.people import Journal, Person

_ATOM = {"a": "http://www.w3.org/2005/Atom"}
_NS = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom" '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
)
_HEADING = re.compile(
    r"(Background|Introduction|Objectives?|Aims?|Purpose|Importance|Methods?|Results?|Findings|"
    r"Discussion|Interpretation|Conclusions?|Summary|O_ST_ABS|C_ST_ABS|O_LI|C_LI)(?=[A-Z])"
)
_NOBODY = (Person("Recorded", "As", "As recorded."),)
_NOWHERE = Journal("As recorded", "As recorded", "0000-0000", "")


def read(samples: Path) -> tuple[list[Preprint], list[Article]]:
    """All recorded entries of arXiv, medRxiv, bioRxiv and PubMed, each once.

    Args:
        samples: the folder with one folder for each service.
    """
    preprints = _arxiv(samples / "arxiv")
    for server in ("medrxiv", "biorxiv"):
        for path in sorted((samples / server).glob("*.json")):
            preprints += _rxiv(path, server)
    return preprints, _pubmed(samples / "pubmed")


def _arxiv(folder: Path) -> list[Preprint]:
    found: dict[str, Preprint] = {}
    for path in sorted(folder.iterdir()):
        text = path.read_text(encoding="utf-8")
        body = json.loads(text)["body"] if path.suffix == ".json" else text
        for raw in re.findall(r"  <entry>.*?</entry>\n", body, re.S):
            entry = ET.fromstring(f"{_NS}{raw}</feed>")[0]
            link = re.search(r"/abs/(.+?)v(\d+)$", entry.findtext("a:id", "", _ATOM))
            if link is None:
                continue  # an Error entry
            updated = _moment(entry.findtext("a:updated", "", _ATOM))
            version = Version(
                int(link[2]),
                updated,
                entry.findtext("a:title", "", _ATOM),
                (("", entry.findtext("a:summary", "", _ATOM)),),
                raw=raw,
            )
            terms = tuple(one.get("term", "") for one in entry.findall("a:category", _ATOM))
            posted = _moment(entry.findtext("a:published", "", _ATOM))
            found[link[1]] = Preprint(
                "arxiv", link[1], -1, [version], _NOBODY, terms, "", posted=posted
            )
    return list(found.values())


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _rxiv(path: Path, server: str) -> list[Preprint]:
    found: dict[str, Preprint] = {}
    for row in json.loads(path.read_text(encoding="utf-8"))["collection"]:
        day = date.fromisoformat(row["date"])
        text = _HEADING.sub(r"\1 ", row["abstract"])
        at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        version = Version(int(row["version"]), at, row["title"], (("", text),), raw=row)
        one = found.setdefault(
            row["doi"],
            Preprint(server, row["doi"], -1, [], _NOBODY, (row["category"],), row["license"]),
        )
        one.versions.append(version)
        one.versions.sort(key=lambda v: v.number)
        if row["published"] != "NA":
            one.published_doi, one.published_on, one.journal = row["published"], day, _NOWHERE
    return list(found.values())


def _pubmed(folder: Path) -> list[Article]:
    found: dict[int, Article] = {}
    for path in sorted(folder.glob("*.xml")):
        for raw in re.findall(
            r"<PubmedArticle>.*?</PubmedArticle>", path.read_text(encoding="utf-8"), re.S
        ):
            article = _article(raw)
            found[article.pmid] = article
    return list(found.values())


def _article(raw: str) -> Article:
    tree = ET.fromstring(raw)
    parts = [
        (one.get("Label", ""), "".join(one.itertext()))
        for one in tree.findall(".//Article/Abstract/AbstractText")
    ]
    entered = _day(tree, ".//PubMedPubDate[@PubStatus='entrez']") or date(2000, 1, 1)
    doi = tree.findtext(".//PubmedData/ArticleIdList/ArticleId[@IdType='doi']")
    return Article(
        int(tree.findtext(".//MedlineCitation/PMID") or 0),
        -1,
        "".join(tree.find(".//ArticleTitle").itertext()),  # type: ignore[union-attr]
        tuple(parts),
        _NOBODY,
        _NOWHERE,
        doi,
        None,
        _day(tree, ".//JournalIssue/PubDate") or entered,
        _day(tree, ".//ArticleDate"),
        entered,
        _day(tree, ".//DateRevised") or entered,
        mesh=tuple(one.text or "" for one in tree.findall(".//MeshHeading/DescriptorName")),
        keywords=tuple("".join(one.itertext()) for one in tree.findall(".//Keyword")),
        raw=f"{raw}\n",
    )


def _day(tree: ET.Element, place: str) -> date | None:
    found = tree.find(place)
    if found is None or not (found.findtext("Year") or "").isdigit():
        return None
    months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    text = (found.findtext("Month") or "1").lower()
    month = int(text) if text.isdigit() else months.index(text[:3]) + 1
    return date(int(found.findtext("Year") or 1), month, int(found.findtext("Day") or 1))
