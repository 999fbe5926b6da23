"""One article or book of PubMed's XML, as Bio.Entrez gives it, to a Record."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from review.formats.fields import date_of, pages_of, unique, year_of
from review.models import Record, Relation, normal_doi, normal_pmcid, normal_pmid
from review.text.markup import one_line, plain_text

RELATIONS = {
    "AssociatedDataset": "dataset_of_record",
    "AssociatedPublication": "associated_publication",
    "CommentIn": "comment_in",
    "CommentOn": "comment_on",
    "CorrectedandRepublishedFrom": "republished_from",
    "CorrectedandRepublishedIn": "republished_in",
    "ErratumFor": "erratum_for",
    "ErratumIn": "erratum_in",
    "ExpressionOfConcernFor": "expression_of_concern_for",
    "ExpressionOfConcernIn": "expression_of_concern_in",
    "OriginalReportIn": "original_report_in",
    "ReprintIn": "republished_in",
    "ReprintOf": "republished_from",
    "RepublishedFrom": "republished_from",
    "RepublishedIn": "republished_in",
    "RetractedandRepublishedFrom": "republished_from",
    "RetractedandRepublishedIn": "republished_in",
    "RetractionIn": "retracted_by",
    "RetractionOf": "retraction_of",
    "SummaryForPatientsIn": "summary_for_patients_in",
    "UpdateIn": "update_in",
    "UpdateOf": "update_of",
}
"""RefType values. Source: NLM PubMed DTD, pubmed_250101.dtd, element CommentsCorrections."""

Extra = dict[str, tuple[str, ...]]


def article(given: Mapping[str, Any]) -> Record:
    """The record of a PubmedArticle. Raises ValueError where it has no PMID."""
    citation = given["MedlineCitation"]
    main = citation["Article"]
    journal = main.get("Journal", {})
    issue = journal.get("JournalIssue", {})
    ids = _ids(given.get("PubmedData", {}).get("ArticleIdList", ()), main.get("ELocationID", ()))
    pmid = _pmid(citation)
    year, day = _dates(issue.get("PubDate", {}), main.get("ArticleDate", ()))
    return Record(
        source="pubmed",
        source_id=pmid,
        title=plain_text(main.get("ArticleTitle")) or plain_text(main.get("VernacularTitle")),
        authors=_names(main.get("AuthorList", ())),
        year=year,
        date=day,
        journal=plain_text(journal.get("Title")) or plain_text(journal.get("ISOAbbreviation")),
        volume=one_line(issue.get("Volume")),
        issue=one_line(issue.get("Issue")),
        pages=_pages(main),
        abstract=_abstract(main.get("Abstract")),
        doi=_first(ids, "doi", normal_doi),
        pmid=pmid,
        pmcid=_first(ids, "pmc", normal_pmcid) or _first(ids, "pmcid", normal_pmcid),
        language=", ".join(main.get("Language", ())) or None,
        types=unique(plain_text(one) for one in main.get("PublicationTypeList", ())),
        keywords=unique(plain_text(k) for part in citation.get("KeywordList", ()) for k in part),
        mesh=_mesh(citation.get("MeshHeadingList", ())),
        affiliations=_affiliations(main.get("AuthorList", ())),
        relations=_relations(citation.get("CommentsCorrectionsList", ())),
        extra=_article_extra(given, ids),
    )


def book(given: Mapping[str, Any]) -> Record:
    """The record of a PubmedBookArticle (a chapter or a whole book). Raises ValueError: no PMID."""
    document = given["BookDocument"]
    volume = document.get("Book", {})
    ids = _ids(document.get("ArticleIdList", ()), volume.get("ELocationID", ()))
    pmid = _pmid(document)
    year, day = _dates(document.get("ContributionDate", volume.get("PubDate", {})), ())
    chapter, whole = plain_text(document.get("ArticleTitle")), plain_text(volume.get("BookTitle"))
    people = _writers(document, "authors") or _writers(volume, "authors")
    editors = _writers(document, "editors") + _writers(volume, "editors")
    return Record(
        source="pubmed",
        source_id=pmid,
        title=chapter or whole or plain_text(document.get("VernacularTitle")),
        authors=people or editors,
        year=year,
        date=day,
        journal=whole if chapter else None,
        volume=one_line(volume.get("Volume")),
        pages=_pages(document),
        abstract=_abstract(document.get("Abstract")),
        doi=_first(ids, "doi", normal_doi),
        pmid=pmid,
        pmcid=_first(ids, "pmc", normal_pmcid),
        language=", ".join(document.get("Language", ())) or None,
        types=unique(["Book chapter" if chapter else "Book", *document.get("PublicationType", ())]),
        keywords=unique(plain_text(k) for part in document.get("KeywordList", ()) for k in part),
        affiliations=_affiliations([a for part in document.get("AuthorList", ()) for a in part]),
        extra=_book_extra(given, ids, editors if people else ()),
    )


def _writers(holder: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    """The authors or the editors of a chapter or book; a list without a kind holds authors."""
    lists = holder.get("AuthorList", ())
    ours = (one for one in lists if one.attributes.get("Type", "authors") == kind)
    return tuple(name for part in ours for name in _names(part))


def _book_extra(
    given: Mapping[str, Any], ids: list[tuple[str, str]], editors: tuple[str, ...]
) -> Extra:
    """Everything else PubMed says of a book or chapter, by PubMed's own tags."""
    document, info = given["BookDocument"], given.get("PubmedBookData", {})
    volume = document.get("Book", {})
    publisher = volume.get("Publisher", {})
    extra: Extra = {}
    for key in ("PublisherName", "PublisherLocation"):
        _put(extra, key, [plain_text(publisher.get(key))])
    for key in ("CollectionTitle", "VolumeTitle", "Edition", "Medium", "ReportNumber"):
        _put(extra, key, [plain_text(volume.get(key))])
    for key in ("PubDate", "BeginningDate", "EndingDate"):
        _put(extra, key, [" ".join(volume.get(key, {}).values())])
    _put(extra, "Isbn", volume.get("Isbn", ()))
    _put(extra, "Editors", editors)
    _put(extra, "VernacularTitle", [plain_text(document.get("VernacularTitle"))])
    _put(extra, "LocationLabel", document.get("LocationLabel", ()))
    _put(extra, "Sections", _headings(document.get("Sections", ())))
    abstract = document.get("Abstract") or {}
    _put(extra, "CopyrightInformation", [plain_text(abstract.get("CopyrightInformation"))])
    _put(extra, "ContributionDate", [" ".join(document.get("ContributionDate", {}).values())])
    _put(extra, "DateRevised", [_iso(document.get("DateRevised", {}))])
    _put(extra, "GrantList", map(_grant, document.get("GrantList", ())))
    _put(extra, "ReferenceList", _references(document.get("ReferenceList", ())))
    _put(extra, "PublicationStatus", [info.get("PublicationStatus")])
    for one in info.get("History", ()):
        _put(extra, f"History.{one.attributes.get('PubStatus', '')}", [_iso(one)])
    _other_ids(extra, ids)
    return extra


def _headings(sections: Iterable[Any]) -> list[str]:
    found = []
    for one in sections:
        label, title = one_line(one.get("LocationLabel")), plain_text(one.get("SectionTitle"))
        found.append(" ".join(part for part in (label, title) if part))
        found += _headings(one.get("Section", ()))
    return found


def _pmid(holder: Mapping[str, Any]) -> str:
    pmid = normal_pmid(str(holder.get("PMID", "")))
    if pmid is None:
        raise ValueError("it has no PMID")
    return pmid


def _ids(*lists: Iterable[Any]) -> list[tuple[str, str]]:
    """(kind, id) of an article; E-locations marked invalid are left out."""
    found = []
    for one in (item for part in lists for item in part):
        marks = one.attributes
        kind = marks.get("IdType") or marks.get("EIdType") or ""
        value = one_line(plain_text(str(one)))
        if value and marks.get("ValidYN", "Y") == "Y":
            found.append((kind, value))
    return found


def _first(ids: list[tuple[str, str]], kind: str, normal: Any) -> str | None:
    return next((ok for k, value in ids if k == kind and (ok := normal(value))), None)


def _dates(printed: Mapping[str, Any], electronic: Iterable[Any]) -> tuple[int | None, str | None]:
    """Year and date of the issue; the electronic date only where the issue has none."""
    keys = ("Year", "Month", "Day", "MedlineDate")
    said = " ".join(str(printed[key]) for key in keys if key in printed)
    year = year_of(said)
    if year is not None:
        numeric = re.fullmatch(r"(\d{4}) (\d{1,2})(?: (\d{1,2}))?", said)
        return year, date_of(year, "-".join(n for n in numeric.groups() if n) if numeric else said)
    for one in electronic:
        iso = _iso(one)
        if iso:
            return int(iso[:4]), iso
    return None, None


def _iso(parts: Mapping[str, Any]) -> str | None:
    """A date as YYYY-MM-DD where all three are numbers."""
    numbers = [str(parts.get(key, "")) for key in ("Year", "Month", "Day")]
    if not all(number.isdigit() for number in numbers):
        return None
    return f"{int(numbers[0]):04d}-{int(numbers[1]):02d}-{int(numbers[2]):02d}"


def _pages(main: Mapping[str, Any]) -> str | None:
    pages = main.get("Pagination", {})
    return one_line(pages.get("MedlinePgn")) or pages_of(
        one_line(pages.get("StartPage")), one_line(pages.get("EndPage"))
    )


def _abstract(given: Mapping[str, Any] | None) -> str | None:
    """Paragraphs, each 'LABEL: text' where it has a label."""
    parts = (given or {}).get("AbstractText", ())
    lines = []
    for part in [parts] if isinstance(parts, str) else parts:
        text = plain_text(str(part))
        label = one_line(getattr(part, "attributes", {}).get("Label"))
        if text and label and label.upper() not in ("UNLABELLED", "UNLABELED"):
            text = f"{label.rstrip(':')}: {text}"
        if text:
            lines.append(text)
    return "\n".join(lines) or None


def _name(person: Mapping[str, Any]) -> str | None:
    group = plain_text(person.get("CollectiveName"))
    if group:
        return group
    family = plain_text(person.get("LastName"))
    given = plain_text(person.get("ForeName")) or plain_text(person.get("Initials"))
    suffix = plain_text(person.get("Suffix"))
    rest = " ".join(part for part in (given, suffix) if part)
    return ", ".join(part for part in (family, rest) if part) or None


def _names(people: Iterable[Any]) -> tuple[str, ...]:
    """Names in printed order; those PubMed marks as misprinted are left out."""
    valid = (one for one in people if one.attributes.get("ValidYN", "Y") == "Y")
    return tuple(name for one in valid if (name := _name(one)))


def _affiliations(people: Iterable[Any]) -> tuple[str, ...]:
    return unique(
        plain_text(place.get("Affiliation"))
        for one in people
        for place in one.get("AffiliationInfo", ())
    )


def _mesh(headings: Iterable[Any]) -> tuple[str, ...]:
    """As MEDLINE prints them: 'Heading/qualifier', a star before what the article is mainly on."""
    found = []
    for one in headings:
        words = [one["DescriptorName"], *one.get("QualifierName", ())]
        marks = ["*" if w.attributes.get("MajorTopicYN") == "Y" else "" for w in words]
        found.append("/".join(m + (plain_text(w) or "") for m, w in zip(marks, words, strict=True)))
    return tuple(found)


def _relations(notes: Iterable[Any]) -> tuple[Relation, ...]:
    """What PubMed says of other documents; the works it merely cites stand in `extra`."""
    found = []
    for one in notes:
        kind = one.attributes.get("RefType", "")
        if kind != "Cites":
            named = RELATIONS.get(kind) or re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()
            found.append(Relation(named, _target(one), "pubmed"))
    return tuple(found)


def _target(note: Mapping[str, Any]) -> str:
    pmid = normal_pmid(str(note.get("PMID", "")))
    source = plain_text(note.get("RefSource")) or ""
    doi = normal_doi(source) if "doi" in source.lower() else None
    return f"pmid:{pmid}" if pmid else f"doi:{doi}" if doi else source


def _article_extra(given: Mapping[str, Any], ids: list[tuple[str, str]]) -> Extra:
    """Everything else PubMed says of an article, by PubMed's own tags."""
    citation, info = given["MedlineCitation"], given.get("PubmedData", {})
    main = citation["Article"]
    journal, place = main.get("Journal", {}), citation.get("MedlineJournalInfo", {})
    extra: Extra = {}
    _other_ids(extra, ids)
    _put(extra, "ISOAbbreviation", [journal.get("ISOAbbreviation")])
    _put(extra, "ISSN", [journal.get("ISSN")])
    _put(extra, "ISSNLinking", [place.get("ISSNLinking")])
    _put(extra, "MedlineTA", [place.get("MedlineTA")])
    _put(extra, "NlmUniqueID", [place.get("NlmUniqueID")])
    _put(extra, "Country", [place.get("Country")])
    _put(extra, "VernacularTitle", [plain_text(main.get("VernacularTitle"))])
    _put(extra, "PubModel", [main.attributes.get("PubModel")])
    _put(extra, "Status", [citation.attributes.get("Status")])
    _put(extra, "Owner", [citation.attributes.get("Owner")])
    _put(extra, "PublicationStatus", [info.get("PublicationStatus")])
    _put(extra, "PubDate", [" ".join(journal.get("JournalIssue", {}).get("PubDate", {}).values())])
    for key in ("DateCompleted", "DateRevised"):
        _put(extra, key, [_iso(citation.get(key, {}))])
    for one in main.get("ArticleDate", ()):
        _put(extra, "ArticleDate", [_iso(one)])
    for one in info.get("History", ()):
        _put(extra, f"History.{one.attributes.get('PubStatus', '')}", [_iso(one)])
    _put(
        extra,
        "CopyrightInformation",
        [plain_text(main.get("Abstract", {}).get("CopyrightInformation"))],
    )
    for one in citation.get("OtherAbstract", ()):
        _put(extra, f"OtherAbstract.{one.attributes.get('Language', '')}", [_abstract(one)])
    _put(extra, "CoiStatement", [plain_text(citation.get("CoiStatement"))])
    _put(extra, "CitationSubset", citation.get("CitationSubset", ()))
    _put(extra, "GeneralNote", (plain_text(n) for n in citation.get("GeneralNote", ())))
    _put(extra, "SpaceFlightMission", citation.get("SpaceFlightMission", ()))
    _put(extra, "GeneSymbolList", citation.get("GeneSymbolList", ()))
    _put(extra, "NumberOfReferences", [citation.get("NumberOfReferences")])
    _put(
        extra, "OtherID", (f"{o.attributes.get('Source')}:{o}" for o in citation.get("OtherID", ()))
    )
    _put(extra, "SupplMeshList", (plain_text(n) for n in citation.get("SupplMeshList", ())))
    _put(extra, "ChemicalList", map(_chemical, citation.get("ChemicalList", ())))
    _put(extra, "GrantList", map(_grant, main.get("GrantList", ())))
    _put(extra, "DataBankList", (t for b in main.get("DataBankList", ()) for t in _bank(b)))
    _put(extra, "InvestigatorList", (
        _name(one) for group in citation.get("InvestigatorList", ()) for one in group))  # fmt: skip
    _put(extra, "PersonalNameSubjectList", map(_name, citation.get("PersonalNameSubjectList", ())))
    _put(extra, "ORCID", _orcids(main.get("AuthorList", ())))
    cited = [n for n in citation.get("CommentsCorrectionsList", ())
             if n.attributes.get("RefType") == "Cites"]  # fmt: skip
    _put(extra, "Cites", map(_target, cited))
    _put(extra, "ReferenceList", _references(info.get("ReferenceList", ())))
    return extra


def _put(extra: Extra, key: str, values: Iterable[Any]) -> None:
    kept = tuple(text for one in values if one is not None and (text := one_line(str(one))))
    if kept:
        extra[key] = extra.get(key, ()) + kept


def _other_ids(extra: Extra, ids: list[tuple[str, str]]) -> None:
    for kind, value in ids:
        if kind not in ("pubmed", "doi", "pmc") and value not in extra.get(f"id.{kind}", ()):
            _put(extra, f"id.{kind}", [value])


def _chemical(one: Mapping[str, Any]) -> str:
    name, number = plain_text(one.get("NameOfSubstance")), one_line(one.get("RegistryNumber"))
    return f"{name} ({number})" if number and number != "0" else str(name)


def _grant(one: Mapping[str, Any]) -> str:
    parts = (one_line(one.get(key)) for key in ("GrantID", "Acronym", "Agency", "Country"))
    return "/".join(part for part in parts if part)


def _bank(one: Mapping[str, Any]) -> list[str]:
    name = one_line(one.get("DataBankName")) or ""
    numbers = one.get("AccessionNumberList", ())
    return [f"{name}/{number}" for number in numbers] or [name]


def _orcids(people: Iterable[Any]) -> list[str]:
    return [
        f"{_name(one)} {number}"
        for one in people
        for number in one.get("Identifier", ())
        if number.attributes.get("Source") == "ORCID"
    ]


def _references(lists: Iterable[Any]) -> list[str]:
    """The works cited: by PMID or DOI where PubMed knows it, else as printed."""
    found = []
    for part in lists:
        for one in part.get("Reference", ()):
            ids = _ids(one.get("ArticleIdList", ()))
            pmid, doi = _first(ids, "pubmed", normal_pmid), _first(ids, "doi", normal_doi)
            printed = plain_text(one.get("Citation")) or ""
            found.append(f"pmid:{pmid}" if pmid else f"doi:{doi}" if doi else printed)
        found += _references(part.get("ReferenceList", ()))
    return found
