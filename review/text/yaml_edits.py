"""Changes a few places of a YAML text and leaves everything else, comments included, as it is."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def format_flow_mapping(values: Mapping[str, Any]) -> str:
    """A mapping on one line, as {name: ada, roles: [lead]}; keys that are None are left out."""
    import yaml

    given = {key: value for key, value in values.items() if value is not None}
    text: str = yaml.safe_dump(
        given, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1_000_000
    )
    return text.strip()


def edit_list(
    text: str, key: str, *, changed: Mapping[int, str | None], added: Sequence[str]
) -> str:
    """The text with entries of the list under a top-level key changed.

    Args:
        changed: place of an entry -> what it becomes, on one line; None removes it.
        added: entries that follow the last one.

    Raises:
        ValueError: there is no such list, or nothing would be left of it.
    """
    node = _find_list(text, key)
    if len(changed) == len(node.value) and not added and None in changed.values():
        raise ValueError(f"'{key}' would be empty")
    if node.flow_style:
        return _edit_flow_list(text, node, changed, added)
    return _edit_block_list(text, node, changed, added)


def replace_scalars(text: str, replaced: Iterable[tuple[tuple[Any, ...], str]]) -> str:
    """The text with single values (or names of keys) changed.

    Args:
        replaced: path of a value, and what it becomes; a path that ends in ('key', name) is the
            key itself.

    Raises:
        ValueError: a path that leads to no single value.
    """
    spans = []
    tree = _compose(text)
    for path, value in replaced:
        node = _follow_path(tree, path)
        spans.append((node.start_mark.index, node.end_mark.index, _format_scalar(value)))
    return _replace_spans(text, spans)


def _compose(text: str) -> Any:
    import yaml

    return yaml.compose(text, Loader=yaml.SafeLoader)


def _find_list(text: str, key: str) -> Any:
    import yaml

    tree = _compose(text)
    pairs = tree.value if isinstance(tree, yaml.MappingNode) else []
    for name, node in pairs:
        if name.value == key and isinstance(node, yaml.SequenceNode) and node.value:
            return node
    raise ValueError(f"there is no list '{key}'")


def _follow_path(node: Any, path: tuple[Any, ...]) -> Any:
    import yaml

    for number, part in enumerate(path):
        if part == "key":
            names = [name for name, _ in node.value if name.value == path[number + 1]]
            node = names[0] if names else None
            break
        if isinstance(part, int):
            node = node.value[part]
        else:
            node = next((value for name, value in node.value if name.value == part), None)
        if node is None:
            break
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError(f"no single value at {path}")
    return node


def _format_scalar(value: str) -> str:
    """A value as it can stand in a flow list as well as alone."""
    return format_flow_mapping({"x": value})[len("{x: ") : -1]


def _find_end(node: Any) -> int:
    """Where a value's own text ends: a block list or mapping reaches to the next key otherwise,
    over blank lines and comments that are not its own."""
    import yaml

    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _find_end(last[1] if isinstance(last, tuple) else last)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return int(node.end_mark.index) - 1  # the line break before the next key
    return int(node.end_mark.index)


def _replace_spans(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _edit_flow_list(
    text: str, node: Any, changed: Mapping[int, str | None], added: Sequence[str]
) -> str:
    entries = []
    for place, entry in enumerate(node.value):
        old = text[entry.start_mark.index : entry.end_mark.index]
        new = changed.get(place, old)
        entries += [] if new is None else [new]
    inner = ", ".join([*entries, *added])
    return text[: node.start_mark.index] + f"[{inner}]" + text[node.end_mark.index :]


def _edit_block_list(
    text: str, node: Any, changed: Mapping[int, str | None], added: Sequence[str]
) -> str:
    last = len(node.value) - 1
    if added and last in changed and changed[last] is None:  # what is added takes its line
        changed, added = {**changed, last: added[0]}, added[1:]
    spans = []
    for place, new in changed.items():
        entry = node.value[place]
        if new is None:
            spans.append((*_find_lines(text, entry), ""))
        else:
            spans.append((entry.start_mark.index, _find_end(entry), new))
    last_end = _find_end(node.value[-1])
    line_end = text.find("\n", last_end)
    line_end = len(text) if line_end < 0 else line_end
    indent = " " * node.start_mark.column
    lines = "".join(f"\n{indent}- {entry}" for entry in added)
    return _replace_spans(text[:line_end] + lines + text[line_end:], spans)


def _find_lines(text: str, entry: Any) -> tuple[int, int]:
    """First and last place of the lines that an entry of a block list fills."""
    start = text.rfind("\n", 0, entry.start_mark.index) + 1
    end = text.find("\n", _find_end(entry))
    return start, len(text) if end < 0 else end + 1
