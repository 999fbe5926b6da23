"""The client of a language model, over real HTTP against a service that also misbehaves."""

import json
import logging
import time
import traceback

import pytest
from support.language_model import language_model

from review.errors import SourceError
from review.sources import assistant
from review.sources.assistant import LanguageModel, ask_model, build_request_body, read_key

KEY = "sk-invented-0123456789"
MESSAGES = [{"role": "system", "content": "Answer."}, {"role": "user", "content": "{}"}]


@pytest.fixture
def service():
    with language_model() as running:
        yield running


def ask(service, *, seconds=30.0, key=KEY, name="invented-7b"):
    model = LanguageModel(address=service.address, name=name, seconds=seconds, reply_tokens=50)
    return ask_model(model, build_request_body(model, MESSAGES), key)


def refuse(service, caplog, **options):
    """The one line of a refused question, from which no key can be read."""
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceError) as caught:
        ask(service, **options)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert KEY not in told
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_question_is_one_request_with_its_limits_and_the_key_in_a_header(service):
    service.says("hello")
    reply = ask(service)
    assert (reply.text, reply.model, reply.version) == ("hello", "invented-7b:latest", "fp_1")
    assert reply.tokens == 320
    (asked,) = service.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.body["model"] == "invented-7b"
    assert asked.body["max_tokens"] == 50
    assert asked.body["messages"] == MESSAGES


def test_a_service_on_this_machine_needs_no_key(service):
    ask(service, key=None)
    assert "Authorization" not in service.asked[0].headers


def test_the_same_question_is_the_same_request():
    model = LanguageModel(address="http://localhost/v1", name="m", seconds=1, reply_tokens=9)
    assert build_request_body(model, MESSAGES) == build_request_body(model, MESSAGES)
    assert build_request_body(model, MESSAGES) != build_request_body(model, MESSAGES[:1])


def test_a_service_that_knows_no_optional_settings_is_asked_without_them_once(service):
    from support.language_model import send, send_completion

    def answer(_, asked, handler):
        if "max_tokens" in asked.body:
            send(handler, 400, b"unsupported parameter")
        else:
            send_completion(handler, "fine")

    service.answer = answer
    assert ask(service).text == "fine"
    assert set(service.asked[1].body) == {"model", "messages", "max_completion_tokens"}
    service.fails(400)
    with pytest.raises(SourceError, match="did not accept the request"):
        ask(service)
    assert len(service.asked) == 4


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (401, "did not accept the key (HTTP 401). Check FUNNEL_ASSISTANT_KEY."),
        (403, "did not accept the key (HTTP 403)"),
        (404, "has no model 'invented-7b'"),
        (429, "takes no more questions at the moment (HTTP 429). Try again in 30 s."),
        (500, "has a fault of its own (HTTP 500). Try again later."),
        (503, "has a fault of its own (HTTP 503)"),
        (204, "did not accept the request (HTTP 204)"),
    ],
)
def test_a_status_is_one_line_without_the_words_of_the_service(service, caplog, status, line):
    service.fails(status, f"Incorrect API key provided: {KEY}", Retry_After="30")
    message = refuse(service, caplog)
    assert line in message
    assert "Incorrect" not in message
    assert len(service.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("same_host", [True, False])
def test_a_redirect_is_not_followed_and_gets_no_key(service, caplog, status, same_host):
    with language_model() as other:
        target = service.address if same_host else other.address.replace("127.0.0.1", "localhost")
        service.fails(status, Location=f"{target}/elsewhere")
        assert "points to another address, which was not followed" in refuse(service, caplog)
        assert other.asked == []
    assert len(service.asked) == 1


@pytest.mark.parametrize("before_headers", [True, False])
def test_a_service_that_sends_a_byte_now_and_then_ends_at_the_limit(
    service, caplog, before_headers
):
    service.stalls(before_headers=before_headers)
    start = time.monotonic()
    assert "did not answer: " in refuse(service, caplog, seconds=1.0)
    assert time.monotonic() - start < 20


def test_a_service_that_is_not_there_is_named(caplog):
    with language_model() as gone:
        pass
    assert "The assistant at 127.0.0.1 did not answer: no connection" in refuse(gone, caplog)


def test_a_flood_is_not_read_to_its_end(service, caplog):
    service.sends(b" " * (assistant.MAX_REPLY_BYTES + 1))
    assert "more than 262,144 bytes" in refuse(service, caplog)
    fits = json.dumps({"choices": [{"message": {"content": "x"}}]}).encode()
    service.sends(fits + b" " * (assistant.MAX_REPLY_BYTES - len(fits)))
    assert ask(service).text == "x"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Welcome</html>",
        b"[" * 100_000,
        b"null",
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": null}}]}',
        b'{"choices": [{"message": {"content": [1]}}]}',
        b'{"choices": {"0": "x"}}',
        b'{"error": {"message": "no"}}',
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_chat_completion_is_said_to_be_none(service, caplog, body):
    service.sends(body)
    assert "sent no chat completion" in refuse(service, caplog)


def test_a_key_that_comes_back_is_taken_out_of_all_that_is_kept(service):
    service.says(
        f"your key is {KEY}\x00 \ud800", model=f"m {KEY}\n{'x' * 500}", system_fingerprint=[KEY]
    )
    reply = ask(service)
    assert KEY not in repr(reply)
    assert reply.text == "your key is [key] ?"
    assert reply.model is not None
    assert reply.model.startswith("m [key] xxx")
    assert len(reply.model) == assistant.MAX_NAME_LENGTH
    assert reply.version is None


@pytest.mark.parametrize("usage", [None, [], {"total_tokens": "9"}, {"total_tokens": 10**30}])
def test_tokens_that_are_no_count_are_unknown(service, usage):
    service.says("x", usage=usage)
    assert ask(service).tokens is None


def test_the_key_is_read_from_the_environment_and_never_shown(monkeypatch):
    monkeypatch.delenv(assistant.KEY_VARIABLE, raising=False)
    assert read_key() is None
    monkeypatch.setenv(assistant.KEY_VARIABLE, "  \n")
    assert read_key() is None
    monkeypatch.setenv(assistant.KEY_VARIABLE, f" {KEY}\n")
    assert read_key() == KEY
    for wrong in (f"{KEY}\nX-Other: 1", f"{KEY} {KEY}", f"{KEY}é", KEY * 1000):
        monkeypatch.setenv(assistant.KEY_VARIABLE, wrong)
        with pytest.raises(SourceError, match="one line of ASCII characters") as caught:
            read_key()
        assert "sk-" not in str(caught.value)
