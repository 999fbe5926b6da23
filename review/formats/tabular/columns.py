"""Column names of database and screening-tool tables, and which field each one fills.

Names are compared in lower case without spaces and punctuation, so 'Author(s) ID' is 'authorsid'.
Earlier names win where a table has several; the others stay in `extra`.
"""

import re

COLUMNS: dict[str, tuple[str, ...]] = {
    "title": (
        "title", "articletitle", "documenttitle", "primarytitle", "publishedtitle", "itemtitle",
        "titleprimary", "ti", "t1", "papertitle", "studytitle", "fulltitle", "originaltitle",
        "displayname", "brieftitle",
    ),
    "authors": (
        "authors", "author", "authornames", "authorfullnames", "authorsprimary", "authorlist",
        "fullauthors", "creators", "creator", "au", "af", "a1", "authorshipsauthordisplayname",
        "authorname",
    ),
    "year": (
        "year", "publicationyear", "publishedyear", "pubyear", "yearpublished", "pubmedyear",
        "yearofpublication", "py", "y1", "yr", "pubdateyear",
    ),
    "date": (
        "date", "publicationdate", "dateofpublication", "pubdate", "coverdate", "datepublished",
        "publisheddate", "issuedate", "onlinedate", "pd", "da", "dp", "publishdate",
        "datepublication", "startdate",
    ),
    "journal": (
        "journal", "journalbook", "sourcetitle", "publicationtitle", "journaltitle",
        "publicationname", "parenttitle", "secondarytitle", "containertitle", "journalname",
        "fulljournalname", "periodical", "titlesecondary", "booktitle", "venue",
        "conferencename", "so", "jf", "jt", "jo", "t2", "jn", "pubtitle",
        "primarylocationsourcedisplayname", "sourcetitleanthologytitle",
    ),
    "volume": (
        "volume", "vol", "vl", "vi", "journalvolume", "vo",
    ),
    "issue": (
        "issue", "issuenumber", "number", "no", "ip", "is", "journalissue",
    ),
    "pages": (
        "pages", "page", "pagination", "pagerange", "pagenumbers", "pg",
    ),
    "first_page": (
        "startpage", "pagestart", "beginningpage", "firstpage", "bp", "sp",
    ),
    "last_page": (
        "endpage", "pageend", "endingpage", "lastpage", "ep",
    ),
    "abstract": (
        "abstract", "abstractnote", "abstracttext", "summary", "abstractsummary", "ab", "n2",
    ),
    "doi": (
        "doi", "digitalobjectidentifier", "doinumber", "doilink", "di", "do", "itemdoi",
        "doinumbers", "dois",
    ),
    "pmid": (
        "pmid", "pubmedid", "medlinepmid", "pubmed", "pmids", "pm",
    ),
    "pmcid": (
        "pmcid", "pmc", "pubmedcentralid", "pmcids",
    ),
    "arxiv_id": (
        "arxivid", "arxiv",
    ),
    "language": (
        "language", "languageoforiginaldocument", "languageofarticle", "articlelanguage",
        "documentlanguage", "la", "lg", "languages", "languagecode",
    ),
    "types": (
        "documenttype", "publicationtype", "publicationtypes", "articletype", "itemtype",
        "typename", "typeofreference", "referencetype", "documentidentifier", "type", "dt",
        "pt", "contenttype", "doctype", "articletypes",
    ),
    "keywords": (
        "authorkeywords", "keywords", "indexkeywords", "keywordsplus", "indexterms",
        "subjectheadings", "ieeeterms", "emtreedrugindextermsmajorfocus",
        "emtreedrugindexterms", "emtreemedicalindextermsmajorfocus", "emtreemedicalindexterms",
        "emtreedeviceindexterms", "manualtags", "automatictags", "kw", "de", "ot", "subjects",
        "subject", "authorkeywordsplus",
    ),
    "mesh": (
        "meshterms", "meshheadings", "mesh", "meshsubjectheadings", "medicalsubjectheadings",
        "mh",
    ),
    "affiliations": (
        "affiliations", "authoraffiliations", "affiliation", "addresses", "authoraddress",
        "authoraddresses", "institution", "institutions", "correspondenceaddress", "ad", "c1",
    ),
    "urls": (
        "url", "urls", "link", "links", "pdflink", "fulltextlink", "embaselink", "openurllink",
        "articleurl", "ur", "l2", "itemurl", "documenturl", "plink", "externalurl",
        "sourceurls", "studyurl", "articleurls", "fulltexturl",
    ),
    "source_id": (
        "eid", "utuniquewosid", "uniquewosid", "embaseaccessionid", "accessionnumber", "pui",
        "uniqueidentifier", "ut", "an", "ui", "itemid", "key", "covidence", "recordid",
        "referenceid", "lensid", "publicationid", "nctnumber", "storeid", "openalexid", "id",
    ),
}  # fmt: skip
"""Our field to the columns that fill it. Sources: exports of Embase (Ovid and embase.com), Scopus,
Web of Science, IEEE Xplore, PubMed, Covidence, Rayyan, Zotero, EPPI-Reviewer and ASReview."""

FIELD = {name: field for field, known in COLUMNS.items() for name in known}

SIGNS = (
    ("scopus", {"eid", "sourcetitle"}),
    ("wos", {"utuniquewosid"}),
    ("wos", {"uniquewosid"}),
    ("ieee", {"dateaddedtoxplore"}),
    ("pubmed", {"nihmsid", "journalbook"}),
    ("embase", {"emtreemedicalindexterms"}),
    ("embase", {"embaseaccessionid"}),
    ("covidence", {"covidence"}),
    ("zotero", {"itemtype", "librarycatalog"}),
    ("zotero", {"itemtype", "abstractnote"}),
    ("eppi", {"itemid", "parenttitle"}),
    ("springer", {"itemtitle", "itemdoi"}),
    ("dimensions", {"publicationid", "pubyear"}),
    ("lens", {"lensid"}),
    ("proquest", {"storeid", "pubtitle"}),
    ("ebsco", {"plink", "accessionnumber"}),
    ("cochrane", {"cochranereviewgroupcode"}),
    ("clinicaltrials", {"nctnumber"}),
    ("google scholar", {"gsrank", "citesurl"}),
    ("asreview", {"asreviewlabel"}),
    ("asreview", {"asreviewranking"}),
    ("rayyan", {"key", "issn", "notes", "location"}),
    ("psycinfo", {"psycinfo"}),
)
"""Columns that only one database or tool writes."""


def key(name: str) -> str:
    """The column name as it is compared: letters and digits, lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def source_of(header: list[str]) -> str | None:
    """The database or tool that writes such a header; None if it is nobody's in particular."""
    names = {key(name) for name in header}
    return next((source for source, signs in SIGNS if signs <= names), None)


def has_title(header: list[str]) -> bool:
    """Whether one of the columns is a title."""
    return any(FIELD.get(key(name)) == "title" for name in header)


def known(header: list[str]) -> int:
    """How many of the columns fill a field."""
    return sum(key(name) in FIELD for name in header)


def as_header(row: list[str]) -> int:
    """How many columns of a header with a title are known; 0 for a row without a title column."""
    return known(row) if has_title(row) else 0
