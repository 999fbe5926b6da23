"""Only the fields in which the app writes a file's address offer it; words never do."""

import json

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from review.web.media_files import find_asked_file, find_offered_files

NAME = "0123456789abcdef0123456789abcdef"
ADDRESS = f"/media/{NAME}.pdf"


def offer(fill):
    message = ForwardMsg()
    fill(message)
    return find_offered_files(message.SerializeToString())


def fill_pdf(message, **arguments):
    component = message.delta.new_element.bidi_component
    component.component_name = "streamlit-pdf.pdf_viewer"
    component.json = json.dumps(arguments)


def fill_pictures(message):
    for name in (NAME, NAME[::-1]):
        message.delta.new_element.imgs.imgs.add().url = f"/media/{name}.png"


def fill_transient(message):
    message.delta.new_transient.elements.add().audio.url = ADDRESS


def fill_deferred(message):
    message.backend_operation_response.deferred_file.url = ADDRESS


def fill_download(message):
    message.delta.new_element.download_button.url = ADDRESS


def fill_mixed(message):
    component = message.delta.new_element.bidi_component
    component.component_name = "streamlit-pdf.pdf_viewer"
    component.mixed.json = json.dumps({"file": ADDRESS})


@pytest.mark.parametrize(
    "fill",
    [
        fill_download,
        fill_transient,
        fill_deferred,
        fill_mixed,
        lambda message: fill_pdf(message, file=ADDRESS, height="800"),
    ],
)
def test_the_app_s_own_fields_offer_a_file(fill):
    assert offer(fill) == [NAME]


def test_every_picture_of_an_element_is_offered():
    assert offer(fill_pictures) == [NAME, NAME[::-1]]


def set_field(element, field, value=ADDRESS):
    def fill(message):
        setattr(getattr(message.delta.new_element, element), field, value)

    return fill


def fill_other_component(message):
    component = message.delta.new_element.bidi_component
    component.component_name = "notes.viewer"
    component.json = json.dumps({"file": ADDRESS})


@pytest.mark.parametrize(
    "fill",
    [
        set_field("markdown", "body"),
        set_field("text", "body"),
        set_field("html", "body", f'<img src="{ADDRESS}">'),
        set_field("text_input", "value"),
        set_field("text_area", "value"),
        set_field("link_button", "url"),
        set_field("button", "label"),
        set_field("download_button", "label"),
        set_field("download_button", "url", f"x {ADDRESS}"),
        set_field("download_button", "url", f"https://evil.example{ADDRESS}"),
        set_field("alert", "body"),
        lambda message: fill_pdf(message, file="", alt=ADDRESS),
        lambda message: fill_pdf(message, file=[ADDRESS]),
        fill_other_component,
        set_field("download_button", "url", f"/media/{NAME[:-1]}.pdf"),
    ],
)
def test_words_offer_nothing(fill):
    assert offer(fill) == []


@pytest.mark.parametrize("data", [b"", b"/media/", f"sent {ADDRESS}".encode(), b"\xff/media/\x00"])
def test_what_is_no_message_offers_nothing(data):
    assert find_offered_files(data) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (ADDRESS, NAME),
        (f"/media/{NAME}", NAME),
        (f"/media/{NAME}.pdf/../x", None),
        (f"/media/{NAME}x", None),
        (f"/media/{NAME.upper()}.pdf", None),
        ("/media/", None),
    ],
)
def test_a_path_names_a_file_or_none(path, name):
    assert find_asked_file(path) == name
