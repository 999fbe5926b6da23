"""Renders the public page of a review as static files: HTML, an Atom feed, citation and data."""

from review.site.models import (
    SiteAccuracy,
    SiteAnswer,
    SiteContent,
    SiteDataSet,
    SiteDownload,
    SiteEdition,
    SiteFigure,
    SiteForm,
    SiteJudgement,
    SiteScore,
    SiteSearch,
    SiteStudy,
    Website,
)
from review.site.website import build_website

__all__ = [
    "SiteAccuracy",
    "SiteAnswer",
    "SiteContent",
    "SiteDataSet",
    "SiteDownload",
    "SiteEdition",
    "SiteFigure",
    "SiteForm",
    "SiteJudgement",
    "SiteScore",
    "SiteSearch",
    "SiteStudy",
    "Website",
    "build_website",
]
