"""Asks a language model one question over an OpenAI-compatible API: Ollama, vLLM or a vendor.

One request for one press of a button: no retry, no redirect, within limits of time and size. The
key comes from the environment, and neither it nor the service's own words reach a message.
API: https://platform.openai.com/docs/api-reference/chat
"""

import json
import os
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from review.errors import SourceError
from review.sources.http import HttpClient, RawResponse, Request

KEY_VARIABLE = "FUNNEL_ASSISTANT_KEY"
"""Environment variable that holds the key, where the service wants one."""
MAX_REPLY_BYTES = 256 * 1024
"""Largest answer that is read (bytes); one of 400 tokens has about 2,000."""
MAX_NAME_LENGTH = 100
"""Characters kept of what a service says of itself."""
CONNECT_SECONDS = 10.0
SLACK_SECONDS = 1.0
"""Time after the limit in which a connection may report its own end (seconds)."""
_REDACTED = "[key]"
_REFUSED_REQUEST = (400, 422)
"""Statuses of a service that does not know one of the optional settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModel:
    """A model and where it is asked."""

    address: str
    """Base URL, for example http://localhost:11434/v1."""
    name: str
    seconds: float
    """Time limit of one question."""
    reply_tokens: int
    """Most tokens of the answer."""

    @property
    def host(self) -> str:
        """Name of the machine that is asked."""
        return urlsplit(self.address).hostname or self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """What a model answered."""

    text: str
    model: str | None
    """Its name as the service reports it."""
    version: str | None
    """Fingerprint of the service's version, where it reports one."""
    tokens: int | None
    """Tokens of question and answer together, where they are reported."""


def read_key() -> str | None:
    """The key in the environment; None where there is none.

    Raises:
        SourceError: it has characters that cannot be sent. It is not shown.
    """
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        return None
    if not (key.isascii() and key.isprintable()) or " " in key or len(key) > 4096:
        raise SourceError(
            f"{KEY_VARIABLE} is not a key: expected one line of ASCII characters without spaces."
        )
    return key


def build_request_body(model: LanguageModel, messages: Sequence[Mapping[str, str]]) -> bytes:
    """The request as it is sent; the same question to the same model gives the same bytes."""
    body = {
        "model": model.name,
        "messages": [dict(message) for message in messages],
        "max_tokens": model.reply_tokens,
        "temperature": 0,
        "response_format": {"type": "json_object"},
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True).encode()


def ask_model(model: LanguageModel, body: bytes, key: str | None) -> ModelReply:
    """Sends a request once, and once more without optional settings where the service refuses them.

    Raises:
        SourceError: no usable answer; one line that names the host and what to do, with nothing of
            the key or of the service's own words.
    """
    deadline = time.monotonic() + model.seconds
    response = _post(model, body, key, deadline)
    if response.status in _REFUSED_REQUEST:
        response = _post(model, _simplify(model, body), key, deadline)
    if response.status != 200:
        raise SourceError(_describe_status(model, response))
    return _parse_reply(model, response.body, key)


def _simplify(model: LanguageModel, body: bytes) -> bytes:
    """The same question with what every service accepts."""
    asked = json.loads(body)
    simple = {
        "model": asked["model"],
        "messages": asked["messages"],
        "max_completion_tokens": model.reply_tokens,
    }
    return json.dumps(simple, ensure_ascii=False, sort_keys=True).encode()


def _post(model: LanguageModel, body: bytes, key: str | None, deadline: float) -> RawResponse:
    """One POST. It runs beside this thread, so that a service that sends a byte now and then cannot
    hold the caller longer than the limit."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = Request(
        service="assistant",
        url=f"{model.address.rstrip('/')}/chat/completions",
        limit=MAX_REPLY_BYTES,
        body=body,
        headers=headers,
    )
    seconds = max(deadline - time.monotonic(), 0.001)
    client = HttpClient(Path())  # keeps no pace, so it has no files
    client.timeout = (min(CONNECT_SECONDS, seconds), seconds)
    client.total_timeout = seconds
    results: queue.Queue[RawResponse | SourceError] = queue.Queue()

    def send() -> None:
        try:
            results.put(client.send_unpaced(request))
        except SourceError as error:
            results.put(error)
        finally:
            client.close()

    threading.Thread(target=send, name="assistant", daemon=True).start()
    try:
        result = results.get(timeout=seconds + SLACK_SECONDS)
    except queue.Empty:
        result = SourceError(f"no complete answer within {model.seconds:.0f} s")
    if isinstance(result, SourceError):
        raise SourceError(f"The assistant at {model.host} did not answer: {result}.") from result
    return result


def _describe_status(model: LanguageModel, response: RawResponse) -> str:
    """What a status means to a reviewer; the body, which may repeat the key, is not shown."""
    status, start = response.status, f"The assistant at {model.host}"
    code = f"(HTTP {status})"
    if 300 <= status < 400:
        return (
            f"{start} points to another address, which was not followed {code}. Check "
            "'assistant.address' in protocol.yaml."
        )
    if status in (401, 403):
        return f"{start} did not accept the key {code}. Check {KEY_VARIABLE}."
    if status == 404:
        return (
            f"{start} has no model '{model.name}', or 'assistant.address' is not its base URL "
            f"{code}."
        )
    if status == 429:
        wait = response.headers.get("Retry-After", "").strip()
        when = f"in {wait} s" if wait.isdecimal() and len(wait) < 7 else "later"
        return f"{start} takes no more questions at the moment {code}. Try again {when}."
    if status >= 500:
        return f"{start} has a fault of its own {code}. Try again later."
    return f"{start} did not accept the request {code}."


def _parse_reply(model: LanguageModel, body: bytes, key: str | None) -> ModelReply:
    unreadable = SourceError(
        f"The assistant at {model.host} sent no chat completion. Check that 'assistant.address' is "
        "the base URL of an OpenAI-compatible service."
    )
    try:
        data = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise unreadable from None
    text = _find_text(data)
    if text is None:
        raise unreadable
    usage = data.get("usage")
    tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
    return ModelReply(
        text=_redact(text, key),
        model=_clean_name(data.get("model"), key),
        version=_clean_name(data.get("system_fingerprint"), key),
        tokens=tokens if type(tokens) is int and 0 <= tokens < 2**31 else None,
    )


def _find_text(data: Any) -> str | None:
    """The text of the first choice; None where the answer is built differently."""
    if not isinstance(data, dict):
        return None
    choices = data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    text = message.get("content") if isinstance(message, dict) else None
    return text if isinstance(text, str) else None


def _clean_name(value: Any, key: str | None) -> str | None:
    """A name as a service reports it: one line, of bounded length."""
    if not isinstance(value, str):
        return None
    printable = "".join(letter if letter.isprintable() else " " for letter in _redact(value, key))
    return " ".join(printable.split())[:MAX_NAME_LENGTH] or None


def _redact(text: str, key: str | None) -> str:
    """A text without the key, which a service may send back, and without what cannot be stored."""
    whole = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return whole.replace(key, _REDACTED) if key else whole
