"""Converts one article or book of PubMed's XML, as Bio.Entrez parses it, to a Record."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from review.formats.fields import find_date, find_year, format_page_range, unique_values
from review.identifiers import normalize_doi, normalize_pmcid, normalize_pmid
from review.models import Record, Relation
from review.text.markup import strip_tags, to_one_line

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


def build_article_record(entry: Mapping[str, Any]) -> Record:
    """The record of a PubmedArticle. Raises ValueError where it has no PMID."""
    citation = entry["MedlineCitation"]
    main = citation["Article"]
    journal = main.get("Journal", {})
    issue = journal.get("JournalIssue", {})
    ids = _list_ids(
        entry.get("PubmedData", {}).get("ArticleIdList", ()), main.get("ELocationID", ())
    )
    pmid = _get_pmid(citation)
    year, day = _parse_dates(issue.get("PubDate", {}), main.get("ArticleDate", ()))
    return Record(
        source="pubmed",
        source_id=pmid,
        title=strip_tags(main.get("ArticleTitle")) or strip_tags(main.get("VernacularTitle")),
        authors=_format_names(main.get("AuthorList", ())),
        year=year,
        date=day,
        journal=strip_tags(journal.get("Title")) or strip_tags(journal.get("ISOAbbreviation")),
        volume=to_one_line(issue.get("Volume")),
        issue=to_one_line(issue.get("Issue")),
        pages=_format_pages(main),
        abstract=_format_abstract(main.get("Abstract")),
        doi=_find_first_id(ids, "doi", normalize_doi),
        pmid=pmid,
        pmcid=_find_first_id(ids, "pmc", normalize_pmcid)
        or _find_first_id(ids, "pmcid", normalize_pmcid),
        language=", ".join(main.get("Language", ())) or None,
        types=unique_values(
            strip_tags(publication_type) for publication_type in main.get("PublicationTypeList", ())
        ),
        keywords=unique_values(
            strip_tags(k) for part in citation.get("KeywordList", ()) for k in part
        ),
        mesh=_format_mesh_headings(citation.get("MeshHeadingList", ())),
        affiliations=_list_affiliations(main.get("AuthorList", ())),
        relations=_build_relations(citation.get("CommentsCorrectionsList", ())),
        extra=_collect_article_extra(entry, ids),
    )


def build_book_record(entry: Mapping[str, Any]) -> Record:
    """The record of a PubmedBookArticle (a chapter or a whole book). Raises ValueError: no PMID."""
    document = entry["BookDocument"]
    volume = document.get("Book", {})
    ids = _list_ids(document.get("ArticleIdList", ()), volume.get("ELocationID", ()))
    pmid = _get_pmid(document)
    year, day = _parse_dates(document.get("ContributionDate", volume.get("PubDate", {})), ())
    chapter_title, book_title = (
        strip_tags(document.get("ArticleTitle")),
        strip_tags(volume.get("BookTitle")),
    )
    authors = _find_contributors(document, "authors") or _find_contributors(volume, "authors")
    editors = _find_contributors(document, "editors") + _find_contributors(volume, "editors")
    return Record(
        source="pubmed",
        source_id=pmid,
        title=chapter_title or book_title or strip_tags(document.get("VernacularTitle")),
        authors=authors or editors,
        year=year,
        date=day,
        journal=book_title if chapter_title else None,
        volume=to_one_line(volume.get("Volume")),
        pages=_format_pages(document),
        abstract=_format_abstract(document.get("Abstract")),
        doi=_find_first_id(ids, "doi", normalize_doi),
        pmid=pmid,
        pmcid=_find_first_id(ids, "pmc", normalize_pmcid),
        language=", ".join(document.get("Language", ())) or None,
        types=unique_values(
            ["Book chapter" if chapter_title else "Book", *document.get("PublicationType", ())]
        ),
        keywords=unique_values(
            strip_tags(k) for part in document.get("KeywordList", ()) for k in part
        ),
        affiliations=_list_affiliations(
            [a for part in document.get("AuthorList", ()) for a in part]
        ),
        extra=_collect_book_extra(entry, ids, editors if authors else ()),
    )


def _find_contributors(holder: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    """The authors or the editors of a chapter or book; a list without a kind holds authors."""
    lists = holder.get("AuthorList", ())
    matching_lists = (
        person_list
        for person_list in lists
        if person_list.attributes.get("Type", "authors") == kind
    )
    return tuple(name for part in matching_lists for name in _format_names(part))


def _collect_book_extra(
    entry: Mapping[str, Any], ids: list[tuple[str, str]], editors: tuple[str, ...]
) -> Extra:
    """Everything else PubMed says of a book or chapter, by PubMed's own tags."""
    document, info = entry["BookDocument"], entry.get("PubmedBookData", {})
    volume = document.get("Book", {})
    publisher = volume.get("Publisher", {})
    extra: Extra = {}
    for key in ("PublisherName", "PublisherLocation"):
        _add_values(extra, key, [strip_tags(publisher.get(key))])
    for key in ("CollectionTitle", "VolumeTitle", "Edition", "Medium", "ReportNumber"):
        _add_values(extra, key, [strip_tags(volume.get(key))])
    for key in ("PubDate", "BeginningDate", "EndingDate"):
        _add_values(extra, key, [" ".join(volume.get(key, {}).values())])
    _add_values(extra, "Isbn", volume.get("Isbn", ()))
    _add_values(extra, "Editors", editors)
    _add_values(extra, "VernacularTitle", [strip_tags(document.get("VernacularTitle"))])
    _add_values(extra, "LocationLabel", document.get("LocationLabel", ()))
    _add_values(extra, "Sections", _list_headings(document.get("Sections", ())))
    abstract = document.get("Abstract") or {}
    _add_values(extra, "CopyrightInformation", [strip_tags(abstract.get("CopyrightInformation"))])
    _add_values(
        extra, "ContributionDate", [" ".join(document.get("ContributionDate", {}).values())]
    )
    _add_values(extra, "DateRevised", [_format_iso_date(document.get("DateRevised", {}))])
    _add_values(extra, "GrantList", map(_format_grant, document.get("GrantList", ())))
    _add_values(extra, "ReferenceList", _list_references(document.get("ReferenceList", ())))
    _add_values(extra, "PublicationStatus", [info.get("PublicationStatus")])
    for event in info.get("History", ()):
        _add_values(
            extra, f"History.{event.attributes.get('PubStatus', '')}", [_format_iso_date(event)]
        )
    _add_other_ids(extra, ids)
    return extra


def _list_headings(sections: Iterable[Any]) -> list[str]:
    headings = []
    for section in sections:
        label, title = (
            to_one_line(section.get("LocationLabel")),
            strip_tags(section.get("SectionTitle")),
        )
        headings.append(" ".join(part for part in (label, title) if part))
        headings += _list_headings(section.get("Section", ()))
    return headings


def _get_pmid(holder: Mapping[str, Any]) -> str:
    pmid = normalize_pmid(str(holder.get("PMID", "")))
    if pmid is None:
        raise ValueError("it has no PMID")
    return pmid


def _list_ids(*lists: Iterable[Any]) -> list[tuple[str, str]]:
    """(kind, id) of an article; E-locations marked invalid are left out."""
    ids = []
    for element in (item for part in lists for item in part):
        attributes = element.attributes
        kind = attributes.get("IdType") or attributes.get("EIdType") or ""
        value = to_one_line(strip_tags(str(element)))
        if value and attributes.get("ValidYN", "Y") == "Y":
            ids.append((kind, value))
    return ids


def _find_first_id(ids: list[tuple[str, str]], kind: str, normalize: Any) -> str | None:
    return next((ok for k, value in ids if k == kind and (ok := normalize(value))), None)


def _parse_dates(
    printed: Mapping[str, Any], electronic: Iterable[Any]
) -> tuple[int | None, str | None]:
    """Year and date of the issue; the electronic date only where the issue has none."""
    keys = ("Year", "Month", "Day", "MedlineDate")
    text = " ".join(str(printed[key]) for key in keys if key in printed)
    year = find_year(text)
    if year is not None:
        numeric = re.fullmatch(r"(\d{4}) (\d{1,2})(?: (\d{1,2}))?", text)
        return year, find_date(
            year, "-".join(n for n in numeric.groups() if n) if numeric else text
        )
    for date_parts in electronic:
        iso = _format_iso_date(date_parts)
        if iso:
            return int(iso[:4]), iso
    return None, None


def _format_iso_date(parts: Mapping[str, Any]) -> str | None:
    """A date as YYYY-MM-DD where all three are numbers."""
    numbers = [str(parts.get(key, "")) for key in ("Year", "Month", "Day")]
    if not all(number.isdigit() for number in numbers):
        return None
    return f"{int(numbers[0]):04d}-{int(numbers[1]):02d}-{int(numbers[2]):02d}"


def _format_pages(main: Mapping[str, Any]) -> str | None:
    pages = main.get("Pagination", {})
    return to_one_line(pages.get("MedlinePgn")) or format_page_range(
        to_one_line(pages.get("StartPage")), to_one_line(pages.get("EndPage"))
    )


def _format_abstract(abstract: Mapping[str, Any] | None) -> str | None:
    """Paragraphs, each 'LABEL: text' where it has a label."""
    parts = (abstract or {}).get("AbstractText", ())
    lines = []
    for part in [parts] if isinstance(parts, str) else parts:
        text = strip_tags(str(part))
        label = to_one_line(getattr(part, "attributes", {}).get("Label"))
        if text and label and label.upper() not in ("UNLABELLED", "UNLABELED"):
            text = f"{label.rstrip(':')}: {text}"
        if text:
            lines.append(text)
    return "\n".join(lines) or None


def _format_name(person: Mapping[str, Any]) -> str | None:
    group = strip_tags(person.get("CollectiveName"))
    if group:
        return group
    family = strip_tags(person.get("LastName"))
    forenames = strip_tags(person.get("ForeName")) or strip_tags(person.get("Initials"))
    suffix = strip_tags(person.get("Suffix"))
    rest = " ".join(part for part in (forenames, suffix) if part)
    return ", ".join(part for part in (family, rest) if part) or None


def _format_names(people: Iterable[Any]) -> tuple[str, ...]:
    """Names in printed order; those PubMed marks as misprinted are left out."""
    valid = (person for person in people if person.attributes.get("ValidYN", "Y") == "Y")
    return tuple(name for person in valid if (name := _format_name(person)))


def _list_affiliations(people: Iterable[Any]) -> tuple[str, ...]:
    return unique_values(
        strip_tags(info.get("Affiliation"))
        for person in people
        for info in person.get("AffiliationInfo", ())
    )


def _format_mesh_headings(headings: Iterable[Any]) -> tuple[str, ...]:
    """As MEDLINE prints them: 'Heading/qualifier', a star before what the article is mainly on."""
    lines = []
    for heading in headings:
        words = [heading["DescriptorName"], *heading.get("QualifierName", ())]
        marks = ["*" if w.attributes.get("MajorTopicYN") == "Y" else "" for w in words]
        lines.append("/".join(m + (strip_tags(w) or "") for m, w in zip(marks, words, strict=True)))
    return tuple(lines)


def _build_relations(notes: Iterable[Any]) -> tuple[Relation, ...]:
    """What PubMed says of other documents; the works it merely cites are in `extra`."""
    relations = []
    for note in notes:
        kind = note.attributes.get("RefType", "")
        if kind != "Cites":
            relation_kind = RELATIONS.get(kind) or re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()
            relations.append(Relation(relation_kind, _format_target(note), "pubmed"))
    return tuple(relations)


def _format_target(note: Mapping[str, Any]) -> str:
    pmid = normalize_pmid(str(note.get("PMID", "")))
    source = strip_tags(note.get("RefSource")) or ""
    doi = normalize_doi(source) if "doi" in source.lower() else None
    return f"pmid:{pmid}" if pmid else f"doi:{doi}" if doi else source


def _collect_article_extra(entry: Mapping[str, Any], ids: list[tuple[str, str]]) -> Extra:
    """Everything else PubMed says of an article, by PubMed's own tags."""
    citation, info = entry["MedlineCitation"], entry.get("PubmedData", {})
    main = citation["Article"]
    journal, journal_info = main.get("Journal", {}), citation.get("MedlineJournalInfo", {})
    extra: Extra = {}
    _add_other_ids(extra, ids)
    _add_values(extra, "ISOAbbreviation", [journal.get("ISOAbbreviation")])
    _add_values(extra, "ISSN", [journal.get("ISSN")])
    _add_values(extra, "ISSNLinking", [journal_info.get("ISSNLinking")])
    _add_values(extra, "MedlineTA", [journal_info.get("MedlineTA")])
    _add_values(extra, "NlmUniqueID", [journal_info.get("NlmUniqueID")])
    _add_values(extra, "Country", [journal_info.get("Country")])
    _add_values(extra, "VernacularTitle", [strip_tags(main.get("VernacularTitle"))])
    _add_values(extra, "PubModel", [main.attributes.get("PubModel")])
    _add_values(extra, "Status", [citation.attributes.get("Status")])
    _add_values(extra, "Owner", [citation.attributes.get("Owner")])
    _add_values(extra, "PublicationStatus", [info.get("PublicationStatus")])
    _add_values(
        extra, "PubDate", [" ".join(journal.get("JournalIssue", {}).get("PubDate", {}).values())]
    )
    for key in ("DateCompleted", "DateRevised"):
        _add_values(extra, key, [_format_iso_date(citation.get(key, {}))])
    for article_date in main.get("ArticleDate", ()):
        _add_values(extra, "ArticleDate", [_format_iso_date(article_date)])
    for article_date in info.get("History", ()):
        _add_values(
            extra,
            f"History.{article_date.attributes.get('PubStatus', '')}",
            [_format_iso_date(article_date)],
        )
    _add_values(
        extra,
        "CopyrightInformation",
        [strip_tags(main.get("Abstract", {}).get("CopyrightInformation"))],
    )
    for article_date in citation.get("OtherAbstract", ()):
        _add_values(
            extra,
            f"OtherAbstract.{article_date.attributes.get('Language', '')}",
            [_format_abstract(article_date)],
        )
    _add_values(extra, "CoiStatement", [strip_tags(citation.get("CoiStatement"))])
    _add_values(extra, "CitationSubset", citation.get("CitationSubset", ()))
    _add_values(extra, "GeneralNote", (strip_tags(n) for n in citation.get("GeneralNote", ())))
    _add_values(extra, "SpaceFlightMission", citation.get("SpaceFlightMission", ()))
    _add_values(extra, "GeneSymbolList", citation.get("GeneSymbolList", ()))
    _add_values(extra, "NumberOfReferences", [citation.get("NumberOfReferences")])
    _add_values(
        extra, "OtherID", (f"{o.attributes.get('Source')}:{o}" for o in citation.get("OtherID", ()))
    )
    _add_values(extra, "SupplMeshList", (strip_tags(n) for n in citation.get("SupplMeshList", ())))
    _add_values(extra, "ChemicalList", map(_format_chemical, citation.get("ChemicalList", ())))
    _add_values(extra, "GrantList", map(_format_grant, main.get("GrantList", ())))
    _add_values(
        extra,
        "DataBankList",
        (t for b in main.get("DataBankList", ()) for t in _format_data_bank(b)),
    )
    _add_values(
        extra,
        "InvestigatorList",
        (
            _format_name(person)
            for group in citation.get("InvestigatorList", ())
            for person in group
        ),
    )
    _add_values(
        extra,
        "PersonalNameSubjectList",
        map(_format_name, citation.get("PersonalNameSubjectList", ())),
    )
    _add_values(extra, "ORCID", _list_orcids(main.get("AuthorList", ())))
    cited = [
        n
        for n in citation.get("CommentsCorrectionsList", ())
        if n.attributes.get("RefType") == "Cites"
    ]
    _add_values(extra, "Cites", map(_format_target, cited))
    _add_values(extra, "ReferenceList", _list_references(info.get("ReferenceList", ())))
    return extra


def _add_values(extra: Extra, key: str, values: Iterable[Any]) -> None:
    texts = tuple(
        text for value in values if value is not None and (text := to_one_line(str(value)))
    )
    if texts:
        extra[key] = extra.get(key, ()) + texts


def _add_other_ids(extra: Extra, ids: list[tuple[str, str]]) -> None:
    for kind, value in ids:
        if kind not in ("pubmed", "doi", "pmc") and value not in extra.get(f"id.{kind}", ()):
            _add_values(extra, f"id.{kind}", [value])


def _format_chemical(substance: Mapping[str, Any]) -> str:
    name, number = (
        strip_tags(substance.get("NameOfSubstance")),
        to_one_line(substance.get("RegistryNumber")),
    )
    return f"{name} ({number})" if number and number != "0" else str(name)


def _format_grant(grant: Mapping[str, Any]) -> str:
    parts = (to_one_line(grant.get(key)) for key in ("GrantID", "Acronym", "Agency", "Country"))
    return "/".join(part for part in parts if part)


def _format_data_bank(data_bank: Mapping[str, Any]) -> list[str]:
    name = to_one_line(data_bank.get("DataBankName")) or ""
    numbers = data_bank.get("AccessionNumberList", ())
    return [f"{name}/{number}" for number in numbers] or [name]


def _list_orcids(people: Iterable[Any]) -> list[str]:
    return [
        f"{_format_name(person)} {number}"
        for person in people
        for number in person.get("Identifier", ())
        if number.attributes.get("Source") == "ORCID"
    ]


def _list_references(lists: Iterable[Any]) -> list[str]:
    """The works cited: by PMID or DOI where PubMed knows it, else as printed."""
    references = []
    for part in lists:
        for reference in part.get("Reference", ()):
            ids = _list_ids(reference.get("ArticleIdList", ()))
            pmid, doi = (
                _find_first_id(ids, "pubmed", normalize_pmid),
                _find_first_id(ids, "doi", normalize_doi),
            )
            printed = strip_tags(reference.get("Citation")) or ""
            references.append(f"pmid:{pmid}" if pmid else f"doi:{doi}" if doi else printed)
        references += _list_references(part.get("ReferenceList", ()))
    return references
