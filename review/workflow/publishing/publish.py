"""Publishes the public page of a review: to a folder, or as a ZIP file."""

from dataclasses import dataclass
from pathlib import Path

from review.formats.deterministic_zip import build_zip
from review.site import SiteContent, SiteEdition, Website, build_website
from review.site.html import format_day
from review.text.wording import format_count
from review.workflow.exports.folder import write_files
from review.workflow.exports.methods_text import get_version
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project
from review.workflow.publishing import editions
from review.workflow.publishing.content import (
    PublicView,
    build_content,
    draw_figures,
    list_downloads,
)
from review.workflow.publishing.editions import FolderEdition, list_site_editions
from review.workflow.publishing.folders import (
    check_folder,
    holds_files,
    recover_folder,
    replace_folder,
)
from review.workflow.publishing.page_address import check_page_address, get_page_address

ZIP_FOLDER = "review-page"
"""The one folder in the ZIP file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What publishing did."""

    edition: SiteEdition
    is_new: bool
    """Whether it is a new edition; if not, nothing has changed since it was published."""
    files: dict[str, bytes]
    is_written: bool = True
    """Whether anything had to be written."""


def publish_folder(
    project: Project, out: Path, *, who: str, address: str | None = None
) -> Publication:
    """Writes the page to a folder, as a new edition if anything has changed.

    Args:
        address: where the page will be, for the feed; if None that of the folder's edition, or
            the one set in the app.

    Raises:
        ReviewError: the person may not export, or the folder holds anything else.
        FlowError: the boxes do not sum.
    """
    require_role(project, who, "export")
    folder = out.resolve()
    recover_folder(folder)
    in_folder = editions.read_folder_edition(folder)
    check_folder(folder, in_folder)
    if address is None and in_folder is not None:
        address = in_folder.address
    publication = _publish(project, who=who, address=address, in_folder=in_folder)
    if folder.is_dir() and holds_files(folder, publication.files):
        return Publication(
            edition=publication.edition,
            is_new=publication.is_new,
            files=publication.files,
            is_written=False,
        )
    replace_folder(folder, publication.files)
    return publication


def publish_zip(project: Project, *, who: str, address: str | None = None) -> Publication:
    """The page as files, as a new edition if anything has changed; pack_zip packs them.

    Raises:
        ReviewError: the person may not export.
        FlowError: the boxes do not sum.
    """
    require_role(project, who, "export")
    return _publish(project, who=who, address=address, in_folder=None)


def publish(project: Project, out: Path, *, who: str, address: str | None = None) -> Publication:
    """To a folder, or to a ZIP file if the name ends in .zip."""
    if out.suffix.lower() != ".zip":
        return publish_folder(project, out, who=who, address=address)
    publication = publish_zip(project, who=who, address=address)
    write_files({out.name: pack_zip(publication)}, out.parent)
    return publication


def pack_zip(publication: Publication) -> bytes:
    """The page as a ZIP file with one folder."""
    return build_zip({f"{ZIP_FOLDER}/{name}": data for name, data in publication.files.items()})


def _publish(
    project: Project, *, who: str, address: str | None, in_folder: FolderEdition | None
) -> Publication:
    address = get_page_address(project) if address is None else check_page_address(address)
    view = PublicView(project)
    content = build_content(view)
    before = len(list_site_editions(project))
    if in_folder is not None:
        before = max(before, len(in_folder.editions))
    listed = editions.add_edition(project, content, view.snapshot.day, who=who, in_folder=in_folder)
    newest = listed[-1]
    website = Website(
        content=content,
        editions=tuple(listed),
        figures=tuple(draw_figures(view, newest.day)),
        downloads=tuple(list_downloads(view)),
        address=address,
        version=get_version(),
    )
    return Publication(edition=newest, is_new=len(listed) > before, files=build_website(website))


def describe_publication(publication: Publication, place: str) -> list[str]:
    """What was done, for people."""
    edition = publication.edition
    label = f"edition {edition.number} of {format_day(edition.at)}"
    if not publication.is_new:
        state = "is up to date" if not publication.is_written else "was written again"
        return [f"Nothing has changed since {label}; {place} {state}."]
    count = format_count(len(publication.files), "file")
    return [
        f"Published {label} to {place} ({count}).",
        *(f"  {change}" for change in edition.changes),
    ]


def describe_public_content(content: SiteContent) -> list[str]:
    """What publishing makes public, and what it does not, for people to read before."""
    forms = sum(len(study.forms) for study in content.studies)
    quotes = sum(
        bool(answer.quote)
        for study in content.studies
        for form in study.forms
        for answer in form.answers
    )
    lines = [
        "The question, the eligibility criteria, the search strategy and "
        f"{format_count(len(content.searches), 'search date')}.",
        "The PRISMA flow diagram with reasons for exclusion, and the notes below it.",
        f"{format_count(len(content.studies), 'included report')}, with "
        f"{format_count(forms, 'settled form')} and {format_count(quotes, 'quote')} from papers.",
    ]
    if content.accuracy:
        count = format_count(len(content.accuracy), "settled 2×2 table")
        lines.append(f"{count}, with sensitivity and specificity in a forest plot.")
    if content.data_set_summary is not None:
        lines.append(f"{format_count(len(content.data_sets), 'public data set')} they rest on.")
    return lines


def read_public_content(project: Project, *, who: str) -> SiteContent:
    """All that publishing now would make public.

    Raises:
        ReviewError: the person may not export.
        FlowError: the boxes do not sum.
    """
    require_role(project, who, "export")
    return build_content(PublicView(project))


def describe_preview(project: Project, *, who: str) -> list[str]:
    """What publishing now would make public, and what is new in it, without doing it."""
    content = read_public_content(project, who=who)
    following = editions.preview_edition(project, content)
    lines = [
        "This becomes public:",
        *(f"  {line}" for line in describe_public_content(content)),
        NOT_PUBLISHED,
    ]
    if not following.changes:
        return [*lines, f"Nothing has changed since edition {following.number}."]
    return [*lines, f"New in edition {following.number}:", *(f"  {o}" for o in following.changes)]


NOT_PUBLISHED = (
    "Not published: names of the team, who decided what, votes, notes, comments of single "
    "reviewers, forms that are not settled, abstracts, full texts and names of files."
)
