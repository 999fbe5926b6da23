"""A protocol loads completely; mistakes are reported with file, line, key and what was expected."""

import pytest

from review.errors import ProtocolError
from review.protocol import find_stage, list_stage_reviewers, load_protocol, parse_protocol
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
        ("reviewers: 2  ", "reviewers: many  ", ["line 27", "reviewers", "integer", "'many'"]),
        ("reviewers: 2  ", "reviewers: 4  ", ["needs 4 reviewers, but the team has 2"]),
        ("name: ben", "name: ada", ["lists 'ada' twice"]),
        ("name: ben", "name: be|n", ["'be|n'", "must not contain '|'"]),
        ("name: ben", 'name: "ben "', ["'ben '", "begin or end with a space"]),
        ("name: ben", "name: stopping", ["'stopping'", "choose another name"]),
        ("name: ben", "name: rule words", ["'rule words'", "choose another name"]),
        ("tools: [claim-2020, rqs-1.0", "tools: [claim-2020", ["rqs-1.0", "appraisal.tools"]),
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
