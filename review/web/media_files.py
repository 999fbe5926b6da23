"""Which files a message of the app offers to a browser, by the fields in which the app itself
writes their addresses: a note or a reason that looks like an address offers nothing."""

import json
import re
from collections.abc import Iterator
from typing import Any

from google.protobuf.message import DecodeError

MEDIA_ADDRESS = re.compile(r"/media/([0-9a-f]{32})(?:\.[A-Za-z0-9]+)?")
"""How Streamlit writes the address of a file; its name is a hash of what it holds."""
PDF_COMPONENT = "pdf_viewer"


def find_offered_files(data: bytes) -> list[str]:
    """Names of the files that a message of the server offers."""
    if b"/media/" not in data:
        return []
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    try:
        message = ForwardMsg.FromString(data)
    except DecodeError:
        return []
    matches = (MEDIA_ADDRESS.fullmatch(address) for address in _list_addresses(message))
    return [match[1] for match in matches if match is not None]


def find_asked_file(path: str) -> str | None:
    """Name of the file that a path asks for; None where it is no file's."""
    match = MEDIA_ADDRESS.fullmatch(path)
    return None if match is None else match[1]


def _list_addresses(message: Any) -> Iterator[str]:
    kind = message.WhichOneof("type")
    if kind == "backend_operation_response":
        yield message.backend_operation_response.deferred_file.url
    elif kind == "delta":
        delta = message.delta
        yield from _list_element_addresses(delta.new_element)
        for element in delta.new_transient.elements:
            yield from _list_element_addresses(element)


def _list_element_addresses(element: Any) -> Iterator[str]:
    kind = element.WhichOneof("type")
    if kind in ("download_button", "audio", "video"):
        yield getattr(element, kind).url
    elif kind == "imgs":
        yield from (image.url for image in element.imgs.imgs)
    elif kind == "bidi_component":
        yield from _list_pdf_addresses(element.bidi_component)


def _list_pdf_addresses(component: Any) -> Iterator[str]:
    """The address that the viewer of PDFs is given."""
    if component.component_name.rpartition(".")[2] != PDF_COMPONENT:
        return
    try:
        arguments = json.loads(component.json or component.mixed.json)
    except ValueError:
        return
    if isinstance(arguments, dict) and isinstance(arguments.get("file"), str):
        yield arguments["file"]
