"""A synthetic article as PubMed's EFetch and ESummary write it."""

from datetime import date
from xml.sax.saxutils import escape

from standin.corpus import Corpus
from standin.nouns import Article
from standin.people import Person

HEAD = (
    '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC '
    '"-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n<PubmedArticleSet>\n'
)


def article(one: Article, corpus: Corpus) -> str:
    """A PubmedArticle element (PubmedBookArticle for books)."""
    if one.raw is not None:
        return one.raw
    return _book(one) if one.book else _article(one, corpus)


def _article(one: Article, corpus: Corpus) -> str:
    types, links = list(one.types), list(one.links)
    if corpus.retracted(one):
        types.append("Retracted Publication")
        links.append(("RetractionIn", f"{one.journal.short}. {one.retracted_on:%Y}", one.notice))
    return (
        '<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM">'
        f'<PMID Version="1">{one.pmid}</PMID>'
        f"{_date('DateRevised', corpus.modified(one))}"
        f'<Article PubModel="Print-Electronic">{_journal(one)}'
        f"<ArticleTitle>{escape(one.title)}</ArticleTitle>"
        f"<Pagination><StartPage>{one.page}</StartPage><EndPage>{one.page + 9}</EndPage>"
        f"<MedlinePgn>{one.page}-{one.page + 9}</MedlinePgn></Pagination>"
        + _location(one)
        + _abstract(one)
        + f'<AuthorList CompleteYN="Y">{"".join(_author(a) for a in one.authors)}</AuthorList>'
        f"<Language>{one.language}</Language><PublicationTypeList>"
        + "".join(f'<PublicationType UI="D016428">{kind}</PublicationType>' for kind in types)
        + "</PublicationTypeList>"
        + (f"<VernacularTitle>{escape(one.vernacular)}</VernacularTitle>" if one.vernacular else "")
        + (_date("ArticleDate", one.epub, ' DateType="Electronic"') if one.epub else "")
        + "</Article>"
        f"<MedlineJournalInfo><Country>England</Country><MedlineTA>{escape(one.journal.short)}"
        "</MedlineTA><NlmUniqueID>9900001</NlmUniqueID>"
        f"<ISSNLinking>{one.journal.issn}</ISSNLinking></MedlineJournalInfo>"
        f"{_links(links)}{_mesh(one)}{_keywords(one)}</MedlineCitation>{_data(one)}</PubmedArticle>\n"
    )


def _location(one: Article) -> str:
    if one.doi is None:
        return ""
    return f'<ELocationID EIdType="doi" ValidYN="Y">{escape(one.doi)}</ELocationID>'


def _date(name: str, day: date, more: str = "") -> str:
    return (
        f"<{name}{more}><Year>{day.year}</Year><Month>{day.month:02d}</Month>"
        f"<Day>{day.day:02d}</Day></{name}>"
    )


def _journal(one: Article) -> str:
    day = one.issue_date
    return (
        f'<Journal><ISSN IssnType="Electronic">{one.journal.issn}</ISSN>'
        f'<JournalIssue CitedMedium="Internet"><Volume>{one.volume}</Volume>'
        f"<Issue>{one.number}</Issue><PubDate><Year>{day.year}</Year><Month>{day:%b}</Month>"
        f"</PubDate></JournalIssue><Title>{escape(one.journal.title)}</Title>"
        f"<ISOAbbreviation>{escape(one.journal.short)}</ISOAbbreviation></Journal>"
    )


def _abstract(one: Article) -> str:
    if not one.sections:
        return ""
    parts = "".join(
        f'<AbstractText Label="{label}" NlmCategory="{label}">{escape(text)}</AbstractText>'
        if label
        else f"<AbstractText>{escape(text)}</AbstractText>"
        for label, text in one.sections
    )
    return f"<Abstract>{parts}</Abstract>"


def _author(person: Person) -> str:
    return (
        f'<Author ValidYN="Y"><LastName>{escape(person.family)}</LastName>'
        f"<ForeName>{escape(person.given)}</ForeName><Initials>{person.initials}</Initials>"
        f"<AffiliationInfo><Affiliation>{escape(person.affiliation)}</Affiliation>"
        "</AffiliationInfo></Author>"
    )


def _links(links: list[tuple[str, str, int | None]]) -> str:
    if not links:
        return ""
    inner = "".join(
        f'<CommentsCorrections RefType="{kind}"><RefSource>{escape(source)}</RefSource>'
        + (f'<PMID Version="1">{pmid}</PMID>' if pmid else "")
        + "</CommentsCorrections>"
        for kind, source, pmid in links
    )
    return f"<CommentsCorrectionsList>{inner}</CommentsCorrectionsList>"


def _mesh(one: Article) -> str:
    if not one.mesh:
        return ""
    inner = "".join(
        f'<MeshHeading><DescriptorName UI="D{90000 + n}" MajorTopicYN="N">{escape(name)}'
        "</DescriptorName></MeshHeading>"
        for n, name in enumerate(one.mesh)
    )
    return f"<MeshHeadingList>{inner}</MeshHeadingList>"


def _keywords(one: Article) -> str:
    if not one.keywords:
        return ""
    inner = "".join(f'<Keyword MajorTopicYN="N">{escape(word)}</Keyword>' for word in one.keywords)
    return f'<KeywordList Owner="NOTNLM">{inner}</KeywordList>'


def _data(one: Article) -> str:
    ids = [("pubmed", str(one.pmid)), ("pmc", one.pmcid), ("doi", one.doi)]
    history = "".join(
        f'<PubMedPubDate PubStatus="{name}"><Year>{one.edat.year}</Year><Month>{one.edat.month}'
        f"</Month><Day>{one.edat.day}</Day><Hour>6</Hour><Minute>0</Minute></PubMedPubDate>"
        for name in ("entrez", "pubmed")
    )
    inner = "".join(
        f'<ArticleId IdType="{kind}">{escape(value)}</ArticleId>' for kind, value in ids if value
    )
    return (
        f"<PubmedData><History>{history}</History><PublicationStatus>ppublish</PublicationStatus>"
        f"<ArticleIdList>{inner}</ArticleIdList></PubmedData>"
    )


def _book(one: Article) -> str:
    day = one.issue_date
    text = " ".join(part for _, part in one.sections)
    return (
        f'<PubmedBookArticle><BookDocument><PMID Version="1">{one.pmid}</PMID><ArticleIdList>'
        f'<ArticleId IdType="bookaccession">NBK{one.pmid % 1000000}</ArticleId></ArticleIdList>'
        "<Book><Publisher><PublisherName>Made-up Books</PublisherName><PublisherLocation>Testville"
        "</PublisherLocation></Publisher>"
        f'<BookTitle book="madeup">{escape(one.journal.title)}</BookTitle>'
        f"<PubDate><Year>{day.year}</Year><Month>{day.month:02d}</Month></PubDate></Book>"
        f'<ArticleTitle book="madeup" part="p{one.page}">{escape(one.title)}</ArticleTitle>'
        f"<Language>{one.language}</Language>"
        f'<AuthorList Type="authors" CompleteYN="Y">{"".join(_author(a) for a in one.authors)}'
        '</AuthorList><PublicationType UI="D016454">Review</PublicationType>'
        + (f"<Abstract><AbstractText>{escape(text)}</AbstractText></Abstract>" if text else "")
        + "</BookDocument><PubmedBookData><History>"
        f'<PubMedPubDate PubStatus="pubmed"><Year>{one.edat.year}</Year><Month>{one.edat.month}'
        f"</Month><Day>{one.edat.day}</Day></PubMedPubDate></History><PublicationStatus>ppublish"
        f'</PublicationStatus><ArticleIdList><ArticleId IdType="pubmed">{one.pmid}</ArticleId>'
        "</ArticleIdList></PubmedBookData></PubmedBookArticle>\n"
    )


def summaries(articles: list[Article]) -> str:
    """An eSummaryResult (version 1) with the fields a client needs to check a record."""
    return (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eSummaryResult PUBLIC "-//NLM//DTD '
        'esummary v1 20041029//EN" '
        '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20041029/esummary-v1.dtd">\n<eSummaryResult>\n'
        + "".join(_summary(one) for one in articles)
        + "</eSummaryResult>\n"
    )


def _summary(one: Article) -> str:
    authors = "".join(
        f'\t\t<Item Name="Author" Type="String">{escape(a.family)} {a.initials}</Item>\n'
        for a in one.authors
    )
    return (
        f"<DocSum>\n\t<Id>{one.pmid}</Id>\n"
        f'\t<Item Name="PubDate" Type="Date">{one.issue_date:%Y %b}</Item>\n'
        f'\t<Item Name="Source" Type="String">{escape(one.journal.short)}</Item>\n'
        f'\t<Item Name="AuthorList" Type="List">\n{authors}\t</Item>\n'
        f'\t<Item Name="Title" Type="String">{escape(one.title)}</Item>\n'
        f'\t<Item Name="DOI" Type="String">{escape(one.doi or "")}</Item>\n</DocSum>\n'
    )
