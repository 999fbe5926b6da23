"""Changes of single places in a YAML text leave the rest as it is."""

import random

import pytest
import yaml

from review.text.yaml_edits import (
    edit_list,
    format_flow_mapping,
    is_same_data,
    replace_scalars,
    rewrite_data,
)

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


PLAN = """# head
title: A plan            # shown on top
query: >                 # folded
  (a OR b)
  AND c
note: |
  first
  second

empty:
list: []                 # nothing yet
flow: [one, two]         # two of them
deep: {a: 1, b: {c: yes}}
stages:
  - id: one              # the first
    # within
    who: [x]
    n: 2                 # how many

  # before the second
  - id: two
    reasons:             # most important first
    - r1                 # why r1
    - r2
last: end
"""


def change(**values):
    data = yaml.safe_load(PLAN)
    data.update(values)
    new = rewrite_data(PLAN, {key: value for key, value in data.items() if value != "gone"})
    assert yaml.safe_load(new) == {k: v for k, v in data.items() if v != "gone"}
    return new


@pytest.mark.parametrize(
    ("values", "old", "new"),
    [
        ({"title": "B: c # d"}, "title: A plan ", "title: 'B: c # d' "),
        ({"query": "x OR y\n"}, "  (a OR b)\n  AND c\n", "  x OR y\n"),
        (
            {"query": "x"},
            ">                 # folded\n  (a OR b)\n  AND c",
            ">-                 # folded\n  x",
        ),
        ({"note": "one\n\ntwo\n"}, "  first\n  second\n", "  one\n\n  two\n"),
        ({"empty": "x"}, "empty:\n", "empty: x\n"),
        ({"empty": ["x"]}, "empty:\n", "empty: [x]\n"),
        ({"list": ["a"]}, "[]  ", "[a]  "),
        ({"flow": []}, "[one, two]", "[]"),
        ({"flow": ["two", "one", "3"]}, "[one, two]", "[two, one, '3']"),
        ({"deep": {"a": 2, "b": {"c": True}}}, "{a: 1,", "{a: 2,"),
        ({"deep": {"b": {"c": True}, "d": None}}, "{a: 1, b: {c: yes}}", "{b: {c: yes}, d: null}"),
        ({"last": "gone"}, "last: end\n", ""),
        ({"more": [{"a": 1}]}, "last: end\n", "last: end\nmore:\n  - {a: 1}\n"),
    ],
)
def test_only_what_differs_is_rewritten(values, old, new):
    assert PLAN.count(old) == 1
    assert change(**values) == PLAN.replace(old, new)


def change_stage(edit):
    data = yaml.safe_load(PLAN)
    edit(data["stages"])
    new = rewrite_data(PLAN, data)
    assert yaml.safe_load(new) == data
    return new


def test_entries_of_a_list_come_go_and_change_with_their_comments():
    new = change_stage(lambda s: s[1]["reasons"].insert(1, "between: two"))
    assert new == PLAN.replace("# why r1\n", "# why r1\n    - 'between: two'\n")
    new = change_stage(lambda s: s[1]["reasons"].remove("r1"))
    assert new == PLAN.replace("    - r1                 # why r1\n", "")
    new = change_stage(lambda s: s[1]["reasons"].reverse())
    assert "    - r2\n    - r1                 # why r1\n" in new
    new = change_stage(lambda s: s[1].update(reasons=[]))
    assert "    reasons: []             # most important first\nlast" in new
    new = change_stage(lambda s: s[0].update(n=3, extra="e"))
    assert "    n: 3                 # how many\n    extra: e\n\n  # before" in new
    new = change_stage(lambda s: s.pop(0))
    assert "# before the second\n  - id: two" in new and "id: one" not in new
    new = change_stage(lambda s: s.insert(0, {"id": "zero", "who": []}))
    assert "stages:\n  - {id: zero, who: []}\n  - id: one              # the first" in new


def test_comments_survive_any_run_of_small_changes():
    words = ["w", "a: b", "# c", "yes", "1", "two\nlines", "- d", "'q'", "ü", "", "{x}", "z " * 60]
    lines = [line.split("#", 1)[1] for line in PLAN.splitlines() if "#" in line]

    def mutate(value, generator):
        if isinstance(value, dict):
            key = generator.choice(
                [key for key in value if key != "id"]
            )  # another id: another entry
            return {**value, key: mutate(value[key], generator)}
        if isinstance(value, list) and value and generator.random() < 0.7:
            place = generator.randrange(len(value))
            return [*value[:place], mutate(value[place], generator), *value[place + 1 :]]
        if isinstance(value, list):
            return [*value, generator.choice(words)]
        return generator.choice([*words, 3, 2.5, True, None])

    for seed in range(400):
        generator = random.Random(seed)
        data = yaml.safe_load(PLAN)
        for _ in range(generator.randint(1, 4)):
            data = mutate(data, generator)
        new = rewrite_data(PLAN, data)
        assert is_same_data(yaml.safe_load(new), data)
        assert all(comment in new for comment in lines), seed


def test_true_is_not_one():
    assert not is_same_data({"a": 1}, {"a": True}) and not is_same_data([1.0], [1])
    assert rewrite_data("a: 1\n", {"a": True}) == "a: true\n"


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: &x [1, 2]\nb: *x\n", {"a": [1, 2], "b": [1]}),
        ("a: [1, # first\n  2]\n", {"a": [1]}),
        ("- a\n", {"a": 1}),
        ("a:\n- {id: 1}\n- id: 2\n  b: 3\n", {"a": [{"id": 1}, {"b": 3}]}),
    ],
)
def test_what_cannot_be_changed_in_place_is_refused(text, data):
    with pytest.raises(ValueError, match=r"cannot|comments|found"):
        rewrite_data(text, data)
