"""The process that reads PDFs, so that a malformed file can crash only this process.

Speaks JSON lines: a request on standard input; beats and one answer on standard output.
"""

import base64
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

OUT_OF_MEMORY = 75
"""Exit status when the memory limit was met."""
_GRACE_SECONDS = 10
"""Seconds past the parent's limit at which the process ends itself, should the parent be gone."""


def main() -> None:
    """Answers requests until standard input closes. Anything the PDF readers print is dropped."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        for line in sys.stdin.buffer:
            request = json.loads(line)
            _apply_limits(request["memory_mb"], request["seconds"])
            _send_message(answers, {"done": _answer_request(request, answers)})
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _send_message(answers: BinaryIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message).encode() + b"\n")
    answers.flush()


def _apply_limits(memory_mb: int, seconds: float) -> None:
    """Caps the address space and sets an alarm that ends the process, where the system can."""
    if sys.platform == "win32":
        return
    import resource

    _, hard_limit = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 1_000_000, hard_limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(int(seconds) + _GRACE_SECONDS)


def _answer_request(request: dict[str, Any], answers: BinaryIO) -> Any:
    import pypdfium2  # noqa: F401 - loaded before the time of the file begins

    from review.fulltext import models, pdfium, reader

    _send_message(answers, {"page": 0})
    path, password = Path(request["path"]), request["password"]
    if request["do"] == "read":
        limits = models.Limits(**request["limits"])
        text = reader.read_in_process(
            path, password, limits, lambda page: _send_message(answers, {"page": page})
        )
        return models.full_text_to_dict(text)
    document = pdfium.open_pdf(path, password)
    boxes = [(box[0], box[1], box[2], box[3]) for box in request["boxes"]]
    picture = pdfium.draw_page(document, request["number"], boxes, request["scale"])
    return base64.b64encode(picture).decode()
