"""Changes of single places in a YAML text leave the rest as it is."""

import pytest
import yaml

from review.text.yaml_edits import edit_list, format_flow_mapping, replace_scalars

TEXT = """# a plan
title: "A: b"
team:                                   # the people
  - {name: ada, roles: [lead]}          # leads
  # two who screen
  - name: ben
    roles:
      - reviewer

  - {name: cleo, roles: [adjudicator]}

# what follows
stages:
  - {id: one, who: [ada, ben], shares: {ada: 0.5, ben: 0.5}}
"""


def test_an_entry_changes_and_everything_else_stays():
    new = edit_list(TEXT, "team", changed={0: "{name: amy}"}, added=[])
    assert new == TEXT.replace("{name: ada, roles: [lead]}", "{name: amy}")
    new = edit_list(TEXT, "team", changed={1: "{name: bob}"}, added=[])
    assert new == TEXT.replace("name: ben\n    roles:\n      - reviewer\n", "{name: bob}\n")


def test_entries_are_added_after_the_last_one_and_removed_with_their_lines():
    new = edit_list(TEXT, "team", changed={}, added=["{name: dan}", "{name: eve}"])
    last = "  - {name: cleo, roles: [adjudicator]}\n"
    assert new == TEXT.replace(last, f"{last}  - {{name: dan}}\n  - {{name: eve}}\n")
    assert edit_list(TEXT, "team", changed={2: None}, added=[]) == TEXT.replace(last, "")
    new = edit_list(TEXT, "team", changed={1: None, 2: None}, added=["{name: dan}", "{name: eve}"])
    assert [one["name"] for one in yaml.safe_load(new)["team"]] == ["ada", "dan", "eve"]
    assert "# what follows\nstages:" in new


@pytest.mark.parametrize(
    "text",
    [
        "team: [{name: ada}, {name: ben}]\ntitle: x\n",
        "title: x\nteam:\n- name: ada\n- name: ben",
        "title: x\nteam:\n    -   name: ada\n    -   name: 'ben'   # a comment\n",
        "team:\n- {name: ada,\n   note: two lines}\n- ben:\n    note: |\n      long\n\ntitle: x\n",
    ],
)
def test_other_ways_to_write_a_list(text):
    before = yaml.safe_load(text)
    added = edit_list(text, "team", changed={}, added=["{name: cleo}"])
    after = yaml.safe_load(added)
    assert after == {**before, "team": [*before["team"], {"name": "cleo"}]}
    changed = yaml.safe_load(edit_list(text, "team", changed={1: "{name: x}"}, added=[]))
    assert changed == {**before, "team": [before["team"][0], {"name": "x"}]}
    first = yaml.safe_load(edit_list(text, "team", changed={0: None}, added=["{name: y}"]))
    assert first == {**before, "team": [before["team"][1], {"name": "y"}]}


def test_a_list_is_neither_missing_nor_emptied():
    for text in ("title: x\n", "team: ada\n", "team: []\n", "- team\n"):
        with pytest.raises(ValueError, match="no list 'team'"):
            edit_list(text, "team", changed={}, added=["{name: x}"])
    with pytest.raises(ValueError, match="would be empty"):
        edit_list("team: [a]\n", "team", changed={0: None}, added=[])


def test_single_values_and_names_of_keys_are_replaced():
    paths = [("stages", 0, "who", 1), ("stages", 0, "shares", "key", "ben")]
    new = replace_scalars(TEXT, [(path, "Ben, Jr: [x]") for path in paths])
    stage = yaml.safe_load(new)["stages"][0]
    assert stage["who"] == ["ada", "Ben, Jr: [x]"]
    assert stage["shares"] == {"ada": 0.5, "Ben, Jr: [x]": 0.5}
    assert new.startswith(TEXT[: TEXT.index("stages:")])
    with pytest.raises(ValueError, match="no single value"):
        replace_scalars(TEXT, [(("stages", 0, "shares", "key", "eve"), "x")])


@pytest.mark.parametrize("name", ["yes", "12", "Zoë", "a, b", "x: y", "#1", "{a}", "o'b", "null"])
def test_names_that_yaml_could_read_as_something_else(name):
    text = format_flow_mapping({"name": name, "full_name": None, "roles": ["lead"]})
    assert "\n" not in text
    assert yaml.safe_load(f"- {text}") == [{"name": name, "roles": ["lead"]}]
