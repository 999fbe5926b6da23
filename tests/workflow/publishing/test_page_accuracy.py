"""The accuracy of models on the public page, and the address of the page."""

import json
import xml.etree.ElementTree as ET

import pytest
from support import reporting
from support.accuracy import counts, extract, make_review
from support.sites import find_faults, parse_pages

from review.errors import ReviewError
from review.workflow.publishing import page_address
from review.workflow.publishing.publish import (
    describe_preview,
    publish_folder,
    publish_zip,
    read_public_content,
)


def test_settled_tables_are_drawn_as_a_forest_plot_and_what_differs_waits(tmp_path, monkeypatch):
    project = make_review(tmp_path, monkeypatch, 3)
    extract(project, 1, counts(1))
    extract(project, 2, {"sensitivity": "87%", "specificity": "0.91"} | {"positives": "100"})
    extract(project, 3, counts(3), counts(3) | {"tp": "14"})
    files = publish_zip(project, who="ada").files
    assert find_faults(files) == []
    page = parse_pages(files)["index.html"]
    (section,) = page.xpath("//section[h2='Diagnostic accuracy']")
    (row,) = section.xpath(".//tbody/tr")
    assert [cell.text_content() for cell in row][2:6] == ["41", "6", "9", "89"]
    assert "0.82 (" in row.text_content() and "0.94 (" in row.text_content()
    drawn = " ".join(ET.fromstring(files["figures/accuracy.svg"]).itertext())
    assert "41" in drawn and "14" not in drawn
    assert files["data/accuracy.csv"].count(b"\n") == 2
    assert b"ada" not in files["data/accuracy.csv"] + files["index.html"]
    assert any("1 settled 2×2 table" in line for line in describe_preview(project, who="ada"))


def test_a_new_table_is_a_new_edition_which_says_whose(tmp_path, monkeypatch):
    project = make_review(tmp_path, monkeypatch, 2)
    extract(project, 1, counts(1))
    publish_zip(project, who="ada")
    extract(project, 2, counts(2))
    newest = publish_zip(project, who="ada").edition
    assert newest.number == 2
    label = read_public_content(project, who="ada").accuracy[1].label
    assert f"Accuracy newly reported: {label}." in newest.changes


def test_a_review_without_tables_has_no_such_section_and_keeps_its_fingerprint(tmp_path):
    project = reporting.whole(tmp_path)
    files = publish_zip(project, who="ada").files
    assert b"Diagnostic accuracy" not in files["index.html"]
    assert "figures/accuracy.svg" not in files
    from review.site.serialize import content_to_dict

    assert "accuracy" not in content_to_dict(read_public_content(project, who="ada"))


def test_the_address_given_once_is_in_every_later_feed(tmp_path):
    project = reporting.whole(tmp_path / "review")
    assert page_address.get_page_address(project) is None
    kept = page_address.set_page_address(project, " https://example.org/covid ", "ada")
    assert kept == "https://example.org/covid/"
    feed = publish_zip(project, who="ada").files["feed.xml"].decode()
    assert 'href="https://example.org/covid/feed.xml"' in feed
    publish_folder(project, tmp_path / "page", who="ada")
    edition = json.loads((tmp_path / "page" / "edition.json").read_text())
    assert edition["address"] == "https://example.org/covid/"
    page_address.set_page_address(project, "", "ada")
    assert b"example.org/covid" not in publish_zip(project, who="ada").files["feed.xml"]


@pytest.mark.parametrize("address", ["example.org", "ftp://example.org/", "https://a b/", "//x"])
def test_what_is_no_web_address_is_refused_and_nothing_is_kept(tmp_path, address):
    project = reporting.whole(tmp_path)
    with pytest.raises(ReviewError, match="is not an address of a web page"):
        page_address.set_page_address(project, address, "ada")
    assert page_address.get_page_address(project) is None


def test_only_who_may_export_sets_the_address(tmp_path):
    project = reporting.whole(tmp_path)
    with pytest.raises(ReviewError, match="ben does not have permission"):
        page_address.set_page_address(project, "https://example.org/", "ben")
