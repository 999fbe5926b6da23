"""Column names of databases and screening tools, and the field each one fills.

Names are compared in lower case without spaces, punctuation and accents, so 'Author(s) ID' is
'authorsid' and 'Título' is 'titulo'. Earlier names win where a table has several; the others
stay in `extra`.
"""

import re
import unicodedata
from collections.abc import Mapping

COLUMNS: dict[str, tuple[str, ...]] = {
    "title": (
        "title",
        "articletitle",
        "documenttitle",
        "primarytitle",
        "publishedtitle",
        "itemtitle",
        "titleprimary",
        "ti",
        "t1",
        "papertitle",
        "studytitle",
        "fulltitle",
        "originaltitle",
        "displayname",
        "brieftitle",
        "publictitle",
        "officialtitle",
        "englishtitle",
        "titleenglish",
        "titleen",
        "recordtitle",
        "referencetitle",
        "dctitle",
        "articlename",
        "maintitle",
        "titleofarticle",
        "titleofpaper",
        "titleofstudy",
        "scientifictitle",
        "titulo",
        "titre",
        "titel",
        "题名",
        "篇名",
        "标题",
    ),
    "authors": (
        "authors",
        "author",
        "authornames",
        "authorfullnames",
        "authorsprimary",
        "authorlist",
        "fullauthors",
        "creators",
        "creator",
        "au",
        "af",
        "a1",
        "authorshipsauthordisplayname",
        "authorname",
        "authornamesfull",
        "contributors",
        "contributor",
        "authorfull",
        "authoraf",
        "dccreator",
        "allauthors",
        "authornamefull",
        "fullauthorname",
        "autores",
        "autor",
        "auteurs",
        "auteur",
        "autoren",
        "verfasser",
        "writers",
        "作者",
    ),
    "group_authors": (
        "groupauthors",
        "groupauthor",
        "bookgroupauthors",
        "corporateauthors",
        "corporateauthor",
        "collectiveauthors",
        "collectiveauthor",
        "collectivename",
        "authorgroup",
        "studygroup",
        "ca",
    ),
    "first_author": (
        "firstauthor",
        "firstauthorname",
        "leadauthor",
        "mainauthor",
        "author1st",
    ),
    "other_authors": (
        "otherauthors",
        "coauthors",
        "coauthor",
        "additionalauthors",
        "remainingauthors",
    ),
    "year": (
        "year",
        "publicationyear",
        "publishedyear",
        "pubyear",
        "yearpublished",
        "pubmedyear",
        "yearofpublication",
        "py",
        "y1",
        "yr",
        "pubdateyear",
        "yearofpub",
        "publishyear",
        "publicationdateyear",
        "dcyear",
        "ano",
        "anio",
        "annee",
        "jahr",
        "年",
    ),
    "date": (
        "date",
        "publicationdate",
        "dateofpublication",
        "pubdate",
        "coverdate",
        "datepublished",
        "publisheddate",
        "issuedate",
        "onlinedate",
        "pd",
        "da",
        "dp",
        "publishdate",
        "datepublication",
        "startdate",
        "dateregistration3",
        "dateregistration",
        "dateofregistration",
        "registrationdate",
        "firstposted",
        "pubtime",
        "publicationdateonline",
        "publicationdateprint",
        "发表时间",
    ),
    "journal": (
        "journal",
        "journalbook",
        "sourcetitle",
        "publicationtitle",
        "journaltitle",
        "publicationname",
        "parenttitle",
        "secondarytitle",
        "containertitle",
        "journalname",
        "fulljournalname",
        "periodical",
        "titlesecondary",
        "booktitle",
        "venue",
        "conferencename",
        "so",
        "jf",
        "jt",
        "jo",
        "t2",
        "jn",
        "pubtitle",
        "primarylocationsourcedisplayname",
        "sourcetitleanthologytitle",
        "anthologytitle",
        "journalbooktitle",
        "publication",
        "publishedin",
        "journalorbook",
        "journalabbreviation",
        "sourcepublication",
        "publicationsource",
        "serialtitle",
        "serial",
        "dcsource",
        "journalabbrev",
        "abbreviatedsourcetitle",
        "revista",
        "revue",
        "zeitschrift",
        "文献来源",
        "刊名",
        "期刊",
    ),
    "volume": (
        "volume",
        "vol",
        "vl",
        "vi",
        "journalvolume",
        "vo",
        "volumenumber",
        "volumeno",
        "卷",
    ),
    "issue": (
        "issue",
        "issuenumber",
        "number",
        "no",
        "ip",
        "is",
        "journalissue",
        "issueno",
        "journalnumber",
        "period",
        "期",
    ),
    "pages": (
        "pages",
        "page",
        "pagination",
        "pagerange",
        "pagenumbers",
        "pg",
        "pagesnumbers",
        "pageno",
        "pagenos",
        "articlepages",
        "firstlastpage",
        "页码",
    ),
    "article_number": (
        "artno",
        "articlenumber",
        "articleno",
        "elocationid",
    ),
    "first_page": (
        "startpage",
        "pagestart",
        "beginningpage",
        "firstpage",
        "bp",
        "sp",
    ),
    "last_page": (
        "endpage",
        "pageend",
        "endingpage",
        "lastpage",
        "ep",
    ),
    "abstract": (
        "abstract",
        "abstractnote",
        "abstracttext",
        "summary",
        "abstractsummary",
        "ab",
        "n2",
        "abstracts",
        "briefsummary",
        "resumen",
        "resumo",
        "resume",
        "zusammenfassung",
        "description",
        "dcdescription",
        "摘要",
    ),
    "doi": (
        "doi",
        "digitalobjectidentifier",
        "doinumber",
        "doilink",
        "di",
        "do",
        "itemdoi",
        "doinumbers",
        "dois",
        "doiurl",
        "articledoi",
        "doivalue",
        "dcdoi",
        "doiidentifier",
    ),
    "pmid": (
        "pmid",
        "pubmedid",
        "medlinepmid",
        "pubmed",
        "pmids",
        "pm",
        "pubmedidentifier",
        "pubmedids",
        "pmidpubmedid",
        "pubmedpmid",
        "pubmedidpmid",
    ),
    "pmcid": (
        "pmcid",
        "pmc",
        "pubmedcentralid",
        "pmcids",
        "pmcidpubmedcentralid",
    ),
    "arxiv_id": (
        "arxivid",
        "arxiv",
    ),
    "language": (
        "language",
        "languageoforiginaldocument",
        "languageofarticle",
        "articlelanguage",
        "documentlanguage",
        "la",
        "lg",
        "languages",
        "languagecode",
        "idioma",
        "langue",
        "sprache",
        "dclanguage",
        "语言",
    ),
    "types": (
        "documenttype",
        "publicationtype",
        "publicationtypes",
        "articletype",
        "itemtype",
        "typename",
        "typeofreference",
        "referencetype",
        "documentidentifier",
        "type",
        "dt",
        "pt",
        "contenttype",
        "doctype",
        "articletypes",
        "pubtype",
        "pubtypes",
        "doctypes",
        "articlekind",
        "dctype",
    ),
    "keywords": (
        "authorkeywords",
        "keywords",
        "indexkeywords",
        "keywordsplus",
        "indexterms",
        "subjectheadings",
        "ieeeterms",
        "emtreedrugindextermsmajorfocus",
        "emtreedrugindexterms",
        "emtreemedicalindextermsmajorfocus",
        "emtreemedicalindexterms",
        "emtreedeviceindexterms",
        "manualtags",
        "automatictags",
        "kw",
        "de",
        "ot",
        "subjects",
        "subject",
        "authorkeywordsplus",
        "keyword",
        "descriptors",
        "descriptor",
        "subjectterms",
        "identifierskeywords",
        "inspeccontrolledterms",
        "inspecnoncontrolledterms",
        "palabrasclave",
        "palavraschave",
        "motscles",
        "dcsubject",
        "关键词",
    ),
    "mesh": (
        "meshterms",
        "meshheadings",
        "mesh",
        "meshsubjectheadings",
        "medicalsubjectheadings",
        "mh",
    ),
    "affiliations": (
        "affiliations",
        "authoraffiliations",
        "affiliation",
        "addresses",
        "authoraddress",
        "authoraddresses",
        "institution",
        "institutions",
        "correspondenceaddress",
        "ad",
        "c1",
        "authorsaffiliations",
        "authorsaffiliation",
        "organ",
        "affiliationsofauthors",
        "单位",
    ),
    "urls": (
        "url",
        "urls",
        "link",
        "links",
        "pdflink",
        "fulltextlink",
        "embaselink",
        "openurllink",
        "articleurl",
        "ur",
        "l2",
        "itemurl",
        "documenturl",
        "plink",
        "externalurl",
        "sourceurls",
        "studyurl",
        "articleurls",
        "fulltexturl",
        "webaddress",
        "weblink",
        "recordurl",
        "dimensionsurl",
        "permalink",
        "persistentlink",
        "persistenturl",
        "pdfurl",
        "articlelink",
        "dclink",
        "网址",
    ),
    "source_id": (
        "eid",
        "utuniquewosid",
        "uniquewosid",
        "embaseaccessionid",
        "accessionnumber",
        "pui",
        "uniqueidentifier",
        "ut",
        "an",
        "ui",
        "itemid",
        "key",
        "covidence",
        "recordid",
        "referenceid",
        "lensid",
        "publicationid",
        "nctnumber",
        "storeid",
        "openalexid",
        "id",
        "trialid",
        "nctid",
        "ericnumber",
        "accessionno",
        "recordno",
        "kuid",
        "ericid",
        "cochraneid",
        "cochranereviewid",
    ),
}
"""Our field to the columns that fill it. Sources: exports of Embase (Ovid and embase.com), Scopus,
Web of Science, IEEE Xplore, PubMed, Covidence, Rayyan, Zotero, EPPI-Reviewer and ASReview."""

FIELD_BY_COLUMN = {name: field for field, column_names in COLUMNS.items() for name in column_names}

MAPPABLE_FIELDS = tuple(
    field
    for field in COLUMNS
    if field not in ("first_author", "other_authors", "group_authors", "article_number")
)
"""Fields a person may map a column to."""

NUMBERED_AUTHOR = re.compile(
    r"authors?(?P<number>\d{1,3})(?P<part>last|family|sur|first|given|fore)?(?:full)?(?:name)?"
)
"""'Author 1', 'Author 2 last name': one author a column."""

DATABASE_COLUMNS = (
    "database",
    "nameofdatabase",
    "databasename",
    "db",
    "longdbname",
    "dbname",
    "shortdbname",
    "sourcedatabase",
    "databasesource",
    "basededatos",
    "basededados",
    "datenbank",
)
"""Columns whose cell is the name of the database the entry was found in."""

HOST_COLUMNS = (
    *("source", "librarycatalog", "databaseprovider", "provider", "srcdatabase"),
    "来源库",
)
"""Columns that may name the database, or something else (CNKI: a kind of publication): only known
names count."""

_NO_DATABASE = re.compile(r"(?:id|ids|number|no|date|url|link|count|code|key)$")

ColumnFields = Mapping[str, str]
"""Compared column name -> our field; a person's mapping comes before known names."""


SOURCE_SIGNATURES = (
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
    ("cochrane", {"cochraneid"}),
    ("cochrane", {"cochranereviewid"}),
    ("base", {"dctitle", "dcprovider"}),
    ("base", {"dctitle", "dclink", "dcsource"}),
    ("clinicaltrials", {"nctnumber"}),
    ("ictrp", {"trialid", "publictitle"}),
    ("ictrp", {"trialid", "scientifictitle"}),
    ("cnki", {"题名", "文献来源"}),
    ("cnki", {"题名", "srcdatabase"}),
    ("cnki", {"题名", "来源库"}),
    ("eric", {"ericnumber"}),
    ("koreamed", {"kuid"}),
    ("google scholar", {"gsrank", "citesurl"}),
    ("asreview", {"asreviewlabel"}),
    ("asreview", {"asreviewranking"}),
    ("rayyan", {"key", "issn", "notes", "location"}),
    ("psycinfo", {"psycinfo"}),
)
"""Columns that only one database or tool writes."""


def normalize_name(name: str) -> str:
    """The column name as it is compared: letters and digits, lower case, no accents.

    Of a name in two scripts (CNKI's 'Title-\u9898\u540d') the known half counts.
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    latin = re.sub(r"[^a-z0-9]", "", plain)
    if name.isascii():
        return latin
    other = "".join(letter for letter in plain if letter.isalpha() and not letter.isascii())
    return other if other in FIELD_BY_COLUMN or not latin else latin


def add_mapping(mapping: Mapping[str, str] | None) -> ColumnFields:
    """The known columns, and before them those a person mapped by the file's own names."""
    if not mapping:
        return FIELD_BY_COLUMN
    return FIELD_BY_COLUMN | {normalize_name(name): field for name, field in mapping.items()}


def is_database_column(key: str) -> bool:
    """Whether a compared name is that of a column for the database: 'Databases', 'DB name'."""
    return key in DATABASE_COLUMNS or (
        "database" in key and key not in HOST_COLUMNS and not _NO_DATABASE.search(key)
    )


def detect_source(header: list[str]) -> str | None:
    """The database or tool that writes such a header; None if it is nobody's in particular."""
    names = {normalize_name(name) for name in header}
    return next((source for source, signature in SOURCE_SIGNATURES if signature <= names), None)


def has_title(header: list[str], fields: ColumnFields | None = None) -> bool:
    """Whether one of the columns is a title."""
    known = FIELD_BY_COLUMN if fields is None else fields
    return any(known.get(normalize_name(name)) == "title" for name in header)


def count_known(header: list[str], fields: ColumnFields | None = None) -> int:
    """How many of the columns fill a field."""
    known = FIELD_BY_COLUMN if fields is None else fields
    return sum(normalize_name(name) in known for name in header)


def score_header(row: list[str], fields: ColumnFields | None = None) -> int:
    """How many columns of a header with a title are known; 0 for a row without a title column."""
    return count_known(row, fields) if has_title(row, fields) else 0
