"""A protocol loads completely; mistakes are reported with file, line, key and what was expected."""

import pytest

from review.errors import ProtocolError
from review.protocol.loading import load_protocol, parse_protocol
from review.protocol.models import find_stage, list_stage_reviewers
from review.resources import get_shipped_path

STARTER = (get_shipped_path("data") / "starter-protocol.yaml").read_text()


def test_the_starter_protocol_loads():
    protocol = load_protocol(get_shipped_path("data") / "starter-protocol.yaml")
    assert [stage.kind for stage in protocol.stages] == ["screening", "eligibility", "quality"]
    assert protocol.search.from_.isoformat() == "2020-01-01"
    assert list_stage_reviewers(protocol, protocol.stages[0]) == ("ada", "ben")
    assert find_stage(protocol, "quality").id == "quality"
    assert protocol.appraisal.gates[1].minimum == 6


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("question:", "quetion:", ["line 7", "'quetion'", "Did you mean 'question'"]),
        ("pilot: 0 ", "pilott: 0 ", ["line 28", "stages.0.pilott", "Did you mean 'pilot'"]),
        (
            "kind: screening ",
            "kind: sreening ",
            ["line 26", "Did you mean 'screening'", "sreening"],
        ),
        ("from: 2020-01-01", "from: 2020-13-01", ["is invalid", "month"]),
        (
            "      - not original research\n",
            "      - wrong modality: ultrasound\n",
            ["stages.1.reasons.3", "a colon followed by a space must be in quotes"],
        ),
        ("from: 2020-01-01", "from: soon", ["line 16", "search.from", "date", "'soon'"]),
        ("from: 2020-01-01", "", ["line 9", "'search.from' is missing"]),
        ("reviewers: 2  ", "reviewers: many  ", ["line 27", "reviewers", "whole number", "'many'"]),
        ("reviewers: 2  ", "reviewers: 4  ", ["line 27", "needs 4 reviewers, but the team has 2"]),
        ("name: ben", "name: ada", ["lists 'ada' twice"]),
        ("name: ben", "name: be|n", ["'be|n'", "must not contain '|'"]),
        ("name: ben", 'name: "ben "', ["'ben '", "begin or end with a space"]),
        ("name: ben", "name: stopping", ["'stopping'", "choose another name"]),
        ("name: ben", "name: rule words", ["'rule words'", "choose another name"]),
        (
            "tools: [claim-2020, rqs-1.0",
            "tools: [claim-2020",
            ["line 77", "rqs-1.0", "appraisal.tools"],
        ),
        ("title: M", "title: [M", ["not YAML"]),
        ("    pilot: 0 ", "    who: [adda, ben] ", ["'adda'", "Did you mean 'ada'"]),
        ("minimum: 6", "minimun: 6", ["appraisal.gates.1.minimun", "Did you mean 'minimum'"]),
    ],
)
def test_a_mistake_names_its_place_and_what_was_expected(old, new, said):
    assert old in STARTER
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(STARTER.replace(old, new, 1), "protocol.yaml")
    assert "\n" not in str(caught.value)
    for words in ["protocol.yaml", *said]:
        assert words in str(caught.value)


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(ProtocolError, match="review init"):
        load_protocol(tmp_path / "protocol.yaml")


ASSISTANT = "assistant: {address: 'https://llm.example.org/v1', model: m, consent: {by: ada, on: "


def parse_assistant(plan):
    team = "team:\n  - {name: ada, roles: [lead, reviewer]}\n  - {name: ben}\n"
    return parse_protocol(f"{SHORT}{team}{plan}").assistant


SHORT = """\
title: T
question: Q
search: {query: covid, from: 2020-01-01}
stages:
  - {id: title-abstract, kind: screening, reviewers: 1}
"""


def test_an_assistant_is_off_until_the_lead_consents_and_bounded_by_default():
    assert parse_assistant("") is None
    named = parse_assistant("assistant: {address: 'http://localhost:11434/v1', model: m}\n")
    assert named.consent is None
    assert named.after_own_answer is True
    assert (named.budget.calls, named.budget.calls_per_day) == (1000, 200)
    agreed = parse_assistant(f"{ASSISTANT}2026-11-28}}}}\n")
    assert (agreed.consent.by, agreed.consent.on.isoformat()) == ("ada", "2026-11-28")


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (f"{ASSISTANT}2026-11-28}}}}".replace("by: ada", "by: ben"), "does not lead this review"),
        (f"{ASSISTANT}2026-11-28}}}}".replace("by: ada", "by: eve"), "does not lead this review"),
        (f"{ASSISTANT}soon}}}}", "assistant.consent.on"),
        ("assistant: {address: 'http://llm.example.org/v1', model: m}", "must begin with https://"),
        ("assistant: {address: 'http://93.184.216.34/v1', model: m}", "must begin with https://"),
        ("assistant: {address: 'ftp://localhost/v1', model: m}", "must be a base URL"),
        ("assistant: {address: 'localhost:11434', model: m}", "must be a base URL"),
        ("assistant: {address: 'http://[::1', model: m}", "must be a base URL"),
        ("assistant: {address: 'https://a:sk-1@x.org/v1', model: m}", "must hold no key"),
        ("assistant: {address: 'https://x.org/v1?key=sk-1', model: m}", "must hold no key"),
        ("assistant: {address: 'https://x.org/v1', model: ' '}", "name of a model"),
        ("assistant: {address: 'https://x.org/v1', model: m, sentences: 0}", "between 1 and 20"),
        ("assistant: {address: 'https://x.org/v1', model: m, budget: {calls: -1}}", "budget.calls"),
        ("assistant: {address: 'https://x.org/v1', model: m, budget: {seconds: 0}}", "seconds"),
        ("assistant: {address: 'https://x.org/v1', model: m, key: sk-1}", "unknown key"),
    ],
)
def test_an_assistant_that_could_not_be_trusted_is_refused_in_one_line(plan, told):
    with pytest.raises(ProtocolError) as caught:
        parse_assistant(f"{plan}\n")
    assert told in str(caught.value)
    assert "sk-1" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "host", ["localhost:11434", "127.0.0.1:8000", "ollama:11434", "10.0.0.7", "[::1]:1", "a.local"]
)
def test_a_service_of_ones_own_network_needs_no_encryption(host):
    plan = f"assistant: {{address: 'http://{host}/v1', model: m}}\n"
    assert parse_assistant(plan).address == f"http://{host}/v1"


@pytest.mark.parametrize("key", ["on", "yes", "7"])
def test_a_key_that_yaml_reads_as_something_else_is_named_as_it_is_written(key):
    with pytest.raises(ProtocolError, match=f"unknown key 'search.{key}'"):
        parse_protocol(SHORT.replace("from:", f"{key}: 1, from:") + "team: [{name: ada}]\n")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("question:", "title: Another\nquestion:", r"line 7: the key 'title' .*first on line 5"),
        ("from: 2020-01-01", "from: 2020-01-01\n  from: 2021-01-01", r"'search\.from' appears"),
        ("from: 2020-01-01", "from: 2020-01-01\n  from: 2020-01-01", r"'search\.from' appears"),
        ("pilot: 0 ", "pilot: 0\n    pilot: 5 ", r"'stages\.0\.pilot' appears twice"),
        ("minimum: 6", "minimum: 6\n      minimum: 9", r"'appraisal\.gates\.1\.minimum' appears"),
    ],
)
def test_a_key_that_appears_twice_is_refused_with_both_lines(old, new, words):
    assert old in STARTER
    with pytest.raises(ProtocolError, match=rf"^plan\.yaml: .*{words}"):
        parse_protocol(STARTER.replace(old, new, 1), "plan.yaml")


def test_a_version_that_was_in_force_with_a_key_twice_is_read_as_it_counted():
    text = STARTER.replace("pilot: 0 ", "pilot: 0\n    pilot: 5 ", 1)
    assert parse_protocol(text, was_in_force=True).stages[0].pilot == 5


def test_the_first_of_several_repeated_keys_is_named():
    text = STARTER.replace("question:", "title: X\nquestion:", 1).replace(
        "minimum: 6", "minimum: 6\n      minimum: 9", 1
    )
    with pytest.raises(ProtocolError, match="the key 'title' appears twice"):
        parse_protocol(text)
