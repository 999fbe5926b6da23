"""The public page as files: safe with hostile text, accessible, the same bytes each time."""

import json
import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from lxml import etree
from support.sites import ATOM, find_faults, find_feed_faults, parse_pages

from review.site import (
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
    build_website,
)
from review.site.html import escape_text, is_web_address, render_link
from review.site.serialize import compute_digest
from review.site.website import EDITION_FILE

HOSTILE = (
    "<script>alert(1)</script> & \"quoted\" 'single' <img src=x onerror=alert(1)> "
    "</title></style>]]> javascript:alert(1) \x00\x0b\x1b\ud800\ufffe \u202eright"
)
FIRST = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)


def make_edition(number, **other):
    given = {
        "number": number,
        "uid": f"00000000-0000-4000-8000-{number:012d}",
        "at": FIRST + timedelta(days=number),
        "day": "2026-01-30",
        "digest": "0" * 64,
        "changes": (f"Change {number}.",),
    }
    return SiteEdition(**(given | other))


def make_website(text="Plain words", *, address=None, link="https://example.org/x?a=1&b=2"):
    """A page with every part; text stands wherever somebody else's words can."""
    answer = SiteAnswer(item=f"1 {text}", answer=text, quote=text, page=3, comment=text)
    judgement = SiteJudgement(
        key="judgement:overall", group="Risk of bias", domain="Overall", level="high", reason=text
    )
    score = SiteScore(title=text, value=12.5, highest=36, band=text)
    form = SiteForm(
        tool=text, model=text, judgements=(judgement,), scores=(score,), answers=(answer,)
    )
    study = SiteStudy(
        key="R000001",
        label=text,
        reference=text,
        title=text,
        kind=text,
        address=link,
        forms=(form,),
        characteristics=((text, text),),
        data_sets=(text,),
    )
    twin = SiteStudy(key="R000002", label="Second", reference="Second.", same_study_as=text)
    content = SiteContent(
        title=text,
        question=f"{text}\n\nSecond paragraph.",
        registration=text,
        include=(text,),
        exclude=(text, text),
        query=text,
        dates=text,
        is_in_progress=True,
        searches=(
            SiteSearch(source=text, last_day="2026-01-02", records=1200, query=text),
            SiteSearch(source="File", last_day=None, is_import_day=True, records=1),
        ),
        boxes=((f"Records identified {text}", None, 1200), ("Reasons", text, "not published here")),
        notes=(text,),
        studies=(study, twin),
        unsettled=1,
        data_set_summary=text,
        data_sets=(SiteDataSet(name=text, address=link, named=1, included=2, possible=3),),
        accuracy=(
            SiteAccuracy(
                label=text,
                group=text,
                true_positives=1_041,
                false_positives=6,
                false_negatives=9,
                true_negatives=89,
                sensitivity="0.99 (0.98 to 1.00)",
                specificity="0.94 (0.87 to 0.98)",
            ),
        ),
    )
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="20"/>'
    figures = [
        SiteFigure(name=name, section=section, title=text, alt=f"Long text: {text}", svg=svg)
        for name, section in (
            ("prisma", "flow"),
            ("bars", "bias"),
            ("plot", "accuracy"),
            ("sets", "data-sets"),
        )
    ]
    return Website(
        content=content,
        editions=(make_edition(1), make_edition(2, changes=(text,))),
        figures=tuple(figures),
        downloads=(SiteDownload(name="included.csv", label=text, data=b"a\r\n"),),
        address=address,
        version="1.0",
    )


@pytest.mark.parametrize("text", ["Plain words", HOSTILE])
def test_a_page_is_safe_accessible_and_complete(text):
    files = build_website(make_website(text))
    assert find_faults(files) == []
    for name, page in parse_pages(files).items():
        shown = page.text_content()
        assert "Plain words" in shown if text == "Plain words" else "<script>" in shown, name
        assert "\x00" not in shown and "\x1b" not in shown


def test_text_of_others_becomes_no_markup_anywhere():
    files = build_website(make_website(HOSTILE))
    plain = build_website(make_website())
    for name, page in parse_pages(files).items():
        tags = [node.tag for node in page.iter(etree.Element)]
        assert tags == [node.tag for node in parse_pages(plain)[name].iter(etree.Element)], name


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,<b>",
        "file:///etc/passwd",
        "//example.org/x",
        "http://",
        "https:///x",
        "https://a b/",
        'https://a"onclick="x',
        "https://a<b>",
        "https://a\nb/",
        "\x01https://example.org",
        "https://[half",
        "mailto:a@b.c",
        "",
        None,
    ],
)
def test_what_is_no_web_address_becomes_no_link(address):
    assert not is_web_address(address)
    assert "<a" not in render_link(address, "words")
    assert find_faults(build_website(make_website(link=address))) == []


@pytest.mark.parametrize("address", ["https://doi.org/10.1000/a(b)c", "http://a.org/?q=1&r='2'"])
def test_a_web_address_becomes_a_link(address):
    assert is_web_address(address)
    assert f'href="{escape_text(address)}"' in render_link(address, "words")


def test_figures_have_their_texts_and_tables_their_scopes():
    index = parse_pages(build_website(make_website()))["index.html"]
    assert [image.get("alt") for image in index.xpath("//img")] == ["Long text: Plain words"] * 4
    assert len(index.xpath("//table")) == 5
    assert index.xpath("//tbody/tr/th[@scope='row']") and index.xpath("//nav[@aria-label]")
    assert all(region.get("aria-label") for region in index.xpath("//*[@role='region']"))


@pytest.mark.parametrize("address", [None, "https://example.org/review/"])
@pytest.mark.parametrize("text", ["Plain words", HOSTILE])
def test_the_feed_is_a_valid_atom_feed(text, address):
    data = build_website(make_website(text, address=address))["feed.xml"]
    assert find_feed_faults(data) == []
    entries = etree.fromstring(data).findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}id")[-1] for entry in entries] == ["2", "1"]
    assert (address or "") + "editions.html#edition-2" == entries[0].find(f"{ATOM}link").get("href")
    assert "<li>Change 1.</li>" in entries[1].findtext(f"{ATOM}content")
    assert entries[1].findtext(f"{ATOM}updated") == "2026-02-01T23:59:59Z"


def test_the_checker_of_feeds_sees_faults():
    data = build_website(make_website())["feed.xml"].decode()
    for old, new in (
        ("<updated>2026-02-02T23:59:59Z", "<updated>2 February 2026"),
        ("<author><name>The review team</name></author>", ""),
        ("-000000000002", "-000000000001"),
        ('rel="self"', 'rel="next"'),
        (' type="html"', ' type="xhtml"'),
    ):
        assert old in data and find_feed_faults(data.replace(old, new).encode()), old


def test_the_ids_of_the_feed_stay_when_editions_are_added():
    website = make_website()
    older = replace(website, editions=website.editions[:1])

    def read_ids(files):
        root = etree.fromstring(files["feed.xml"])
        return [node.text for node in root.iter(f"{ATOM}id")]

    before, after = read_ids(build_website(older)), read_ids(build_website(website))
    assert before[0] == after[0] and before[1] == after[2]


def test_the_same_page_gives_the_same_bytes_and_lists_its_files():
    files = build_website(make_website(HOSTILE))
    assert files == build_website(make_website(HOSTILE))
    listed = json.loads(files[EDITION_FILE])["files"]
    assert listed.keys() | {EDITION_FILE} == files.keys()


def test_the_citation_is_yaml_whatever_the_title():
    citation = yaml.safe_load(build_website(make_website(HOSTILE))["CITATION.cff"])
    assert citation["title"].startswith("<script>") and citation["version"] == "2"
    assert citation["cff-version"] == "1.2.0" and citation["authors"]


def test_the_digest_tells_every_change_of_the_content():
    content = make_website().content
    assert compute_digest(content) == compute_digest(make_website().content)
    for field in fields(content):
        value = getattr(content, field.name)
        other = (*value, *value) if isinstance(value, tuple) else f"{value} changed"
        changed = replace(content, **{field.name: other})
        assert compute_digest(changed) != compute_digest(content), field.name


def test_the_colours_are_legible_in_light_and_dark():
    style = build_website(make_website())["style.css"].decode()
    light, dark = (dict(re.findall(r"--(\w+): (#\w{6})", part)) for part in split_modes(style))
    dark = light | dark
    for mode in (light, dark):
        for ink in ("ink", "soft", "link"):
            for back in ("back", "card"):
                assert contrast(mode[ink], mode[back]) >= 4.5, (ink, back)
        for level in ("low", "unclear", "high", "none"):
            assert contrast("#ffffff", mode[level]) >= 4.5, level


def split_modes(style):
    light, _, rest = style.partition("@media (prefers-color-scheme: dark)")
    return light, rest.partition("@media")[0]


def contrast(one, two):
    """The contrast ratio of two colours. Source: WCAG 2.1, 1.4.3."""

    def luminance(colour):
        shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_contrast_is_computed_as_published():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
