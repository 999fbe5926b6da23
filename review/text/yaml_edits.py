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


def format_data(values: Mapping[str, Any]) -> str:
    """A mapping as the lines of a file; what is short within it stays on one line."""
    return _format_block(dict(values), 0) + "\n"


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
        end = node.end_mark.index
        if node.style in ("|", ">"):  # its end is where the next key begins, over blank lines
            end = len(text[:end].rstrip())
        spans.append((node.start_mark.index, end, _format_scalar(value)))
    return _replace_spans(text, spans)


def empty_lists(text: str, paths: Iterable[tuple[Any, ...]]) -> str:
    """The text with nothing left in the lists at these paths.

    Raises:
        ValueError: a path that leads to no list.
    """
    import yaml

    spans = []
    tree = _compose(text)
    for path in paths:
        node = _follow_mappings(tree, path)
        if not isinstance(node, yaml.SequenceNode):
            raise ValueError(f"there is no list at {path}")
        end = node.end_mark.index if node.flow_style else _find_end(node)
        spans.append((node.start_mark.index, int(end), "[]"))
    return _replace_spans(text, spans)


def remove_key(text: str, key: str) -> str:
    """The text without the lines of a top-level key and its value.

    Raises:
        ValueError: there is no such key.
    """
    for name, node in _compose(text).value:
        if name.value == key:
            start = text.rfind("\n", 0, name.start_mark.index) + 1
            end = text.find("\n", _find_end(node))
            return text[:start] + ("" if end < 0 else text[end + 1 :])
    raise ValueError(f"there is no key '{key}'")


def _follow_mappings(node: Any, path: tuple[Any, ...]) -> Any:
    """The value at a path of keys. Raises ValueError where there is none."""
    for key in path:
        values = [value for name, value in getattr(node, "value", []) if name.value == key]
        if not values:
            raise ValueError(f"there is nothing at {path}")
        node = values[0]
    return node


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
    """A value valid in a flow list as well as alone."""
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


def rewrite_data(text: str, data: Mapping[str, Any]) -> str:
    """The text changed so that it holds other data: only the lines whose values differ change, and
    comments, order and layout of everything else stay.

    Args:
        data: what the text is to hold, in the types that YAML has.

    Raises:
        ValueError: the text is written in a way that cannot be changed in place (with anchors, for
            example).
    """
    import yaml

    tree = _compose(text)
    before = yaml.safe_load(text)
    if not isinstance(before, dict) or not isinstance(tree, yaml.MappingNode):
        raise ValueError("its keys cannot be found")
    spans = _join_insertions(_Rewriter(text).compare(tree, before, data))
    new_text = _replace_spans(text, spans)
    try:
        is_right = is_same_data(yaml.safe_load(new_text), data)
    except yaml.YAMLError:
        is_right = False
    if not is_right:
        raise ValueError("it is written in a way that cannot be changed in place")
    return new_text


def is_same_data(first: Any, second: Any) -> bool:
    """Whether two values read from YAML are the same, with true distinguished from 1."""
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(
            is_same_data(value, second[key]) for key, value in first.items()
        )
    if isinstance(first, list):
        return len(first) == len(second) and all(map(is_same_data, first, second))
    return bool(first == second)


_Span = tuple[int, int, str]
FOLD_WIDTH = 90
"""Letters in a line of folded text."""
MAX_FLOW_WIDTH = 90
"""Longest list that is written on one line."""


class _Rewriter:
    """Finds the places of a text that have to change for it to hold other data."""

    def __init__(self, text: str) -> None:
        self._text = text

    def compare(self, node: Any, old: Any, new: Any) -> list[_Span]:
        """The changes that make of a value another of its kind; a list or mapping stays one."""
        import yaml

        if is_same_data(old, new):
            return []
        if isinstance(node, yaml.MappingNode) and isinstance(new, dict):
            return self._compare_mapping(node, old, new)
        if isinstance(node, yaml.SequenceNode) and isinstance(new, list):
            return self._compare_list(node, old, new)
        if isinstance(node, yaml.ScalarNode) and not isinstance(new, dict | list):
            return [self._replace_scalar(node, new)]
        return [(int(node.start_mark.index), _find_end(node), _format_inline(new))]

    def _compare_mapping(self, node: Any, old: dict[str, Any], new: dict[str, Any]) -> list[_Span]:
        pairs = {name.value: (name, value) for name, value in node.value}
        removed = [key for key in old if key not in new and key in pairs]
        added = {key: value for key, value in new.items() if key not in old}
        if node.flow_style and (removed or added):
            entries = [
                f"{self._cut(name, name)}: {self._rewrite(value, old[key], new[key])}"
                for key, (name, value) in pairs.items()
                if key in new
            ]
            entries += [_format_inline({key: value})[1:-1] for key, value in added.items()]
            return [self._replace_flow(node, entries, "{}")]
        spans: list[_Span] = []
        for key in removed:
            name, value = pairs[key]
            spans.append(self._find_pair_lines(name, value))
        for key, (name, value) in pairs.items():
            if key in new and not is_same_data(old[key], new[key]):
                spans += self._compare_value(name, value, old[key], new[key])
        last_kept = [key for key in pairs if key in new] or list(pairs)
        before = last_kept[-1]
        for key in new:  # a new key follows the one before it in the data, else the last one
            if key in added:
                line = _format_block({key: added[key]}, int(node.start_mark.column))
                spans.append(self._insert_after(*pairs[before], line))
            elif key in pairs:
                before = key
        return spans

    def _compare_value(self, name: Any, value: Any, old: Any, new: Any) -> list[_Span]:
        """The changes of the value of one key."""
        import yaml

        is_list = isinstance(value, yaml.SequenceNode) and isinstance(new, list)
        is_mapping = isinstance(value, yaml.MappingNode) and isinstance(new, dict)
        is_scalar = isinstance(value, yaml.ScalarNode) and not isinstance(new, dict | list)
        is_block = not is_scalar and not getattr(value, "flow_style", True)
        if (is_list or is_mapping) and new and (old or not is_wide(new)):
            kept = not is_mapping or any(key in new for key in old)
            if value.flow_style or kept:
                return self.compare(value, old, new)
        if is_scalar and self._is_on_key_line(name, value):
            if value.start_mark.index == value.end_mark.index and value.style is None:
                return [(self._find_colon(name), self._find_colon(name), f" {_format_inline(new)}")]
            return [self._replace_scalar(value, new)]
        return self._replace_whole(name, value, new, is_block=is_block)

    def _replace_whole(self, name: Any, value: Any, new: Any, *, is_block: bool) -> list[_Span]:
        """The value of a key put in place of another kind of value; a comment after the key stays
        on its line."""
        colon = self._find_colon(name)
        spans: list[_Span] = []
        if is_block:
            start, end = self._find_line_start(value.start_mark.index), self._find_line_end(value)
            spans.append((start, min(end + 1, len(self._text)), ""))
            line_end = start - 1
        else:
            spans.append((int(value.start_mark.index), _find_end(value), ""))
            line_end = self._find_line_end(value)
        if isinstance(new, dict | list) and new and is_wide(new):
            indent = int(name.start_mark.column) + 2
            spans.append((line_end, line_end, "\n" + _format_block(new, indent)))
        elif is_block:
            spans.append((colon, colon, f" {_format_inline(new)}"))
        else:
            spans[0] = (*spans[0][:2], _format_inline(new))
            if value.start_mark.index == colon:
                spans[0] = (colon, colon, f" {_format_inline(new)}")
        return spans

    def _compare_list(self, node: Any, old: list[Any], new: list[Any]) -> list[_Span]:
        matches = _match_entries(old, new)
        if node.flow_style:
            entries = []
            for place, entry in enumerate(new):
                before = matches.get(place)
                entries.append(
                    _format_inline(entry)
                    if before is None
                    else self._rewrite(node.value[before], old[before], entry)
                )
            if len(old) == len(new) and all(matches.get(n) == n for n in range(len(new))):
                return [
                    span
                    for child, first, second in zip(node.value, old, new, strict=True)
                    for span in self.compare(child, first, second)
                ]
            return [self._replace_flow(node, entries, "[]")]
        return self._compare_block_list(node, old, new, matches)

    def _compare_block_list(
        self, node: Any, old: list[Any], new: list[Any], matches: Mapping[int, int]
    ) -> list[_Span]:
        kept = list(matches.values())
        if kept != sorted(kept):  # entries changed places: their lines move with them
            return self._reorder_lines(node, old, new, matches)
        spans: list[_Span] = []
        for place in set(range(len(old))) - set(kept):
            start, end = self._find_line_start(node.value[place].start_mark.index), 0
            end = self._find_line_end(node.value[place])
            spans.append((start, min(end + 1, len(self._text)), ""))
        indent = int(node.start_mark.column)
        previous = -1
        for place, entry in enumerate(new):
            before = matches.get(place)
            if before is not None:
                spans += self.compare(node.value[before], old[before], entry)
                previous = before
                continue
            line = _format_block([entry], indent)
            if previous >= 0:
                at = self._find_line_end(node.value[previous])
                spans.append((at, at, "\n" + line))
            else:
                at = self._find_line_start(node.value[0].start_mark.index)
                spans.append((at, at, line + "\n"))
        return spans

    def _reorder_lines(
        self, node: Any, old: list[Any], new: list[Any], matches: Mapping[int, int]
    ) -> list[_Span]:
        indent = int(node.start_mark.column)
        start = self._find_line_start(node.value[0].start_mark.index)
        end = self._find_line_end(node.value[-1])
        edges = [start, *(self._find_line_end(child) + 1 for child in node.value)]
        lines = []
        for place, entry in enumerate(new):
            before = matches.get(place)
            if before is None or not is_same_data(old[before], entry):
                lines.append(_format_block([entry], indent))
            else:
                lines.append(self._text[edges[before] : edges[before + 1]].rstrip("\n"))
        return [(start, end, "\n".join(lines))]

    def _rewrite(self, node: Any, old: Any, new: Any) -> str:
        """The text of a value within a flow list or mapping, changed."""
        offset = int(node.start_mark.index)
        text = self._text[offset : _find_end(node)]
        spans = self.compare(node, old, new)
        return _replace_spans(text, [(a - offset, b - offset, c) for a, b, c in spans])

    def _replace_flow(self, node: Any, entries: Sequence[str], brackets: str) -> _Span:
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        if "#" in self._text[start:end] and _has_comment(self._text[start:end]):
            raise ValueError("a list in brackets has comments within")
        return start, end, brackets[0] + ", ".join(entries) + brackets[1]

    def _replace_scalar(self, node: Any, new: Any) -> _Span:
        start, end = int(node.start_mark.index), _find_text_end(self._text, node)
        if node.style in ("|", ">") and isinstance(new, str):
            header = self._text[start : self._text.index("\n", start)]
            line_start = self._find_line_start(start)
            indent = " " * (_count_indent(self._text, line_start) + 2)
            text = _format_folded(header, new, indent)
            if text is not None:
                return start, end, text
        comment = ""
        if node.style in ("|", ">"):  # a comment beside the | stays on its line
            header = self._text[start : self._text.index("\n", start)]
            comment = header[1:].lstrip("+-123456789")
        return start, end, _format_inline(new) + comment

    def _find_pair_lines(self, name: Any, value: Any) -> _Span:
        start = self._find_line_start(name.start_mark.index)
        if self._text[start : name.start_mark.index].strip():  # the first key after a dash
            raise ValueError("the first key of an entry cannot be removed")
        end = max(self._find_line_end(name), self._find_line_end(value))
        return start, min(end + 1, len(self._text)), ""

    def _insert_after(self, name: Any, value: Any, lines: str) -> _Span:
        at = max(self._find_line_end(name), self._find_line_end(value))
        return at, at, "\n" + lines

    def _find_line_start(self, index: int) -> int:
        return self._text.rfind("\n", 0, index) + 1

    def _find_line_end(self, node: Any) -> int:
        end = self._text.find("\n", _find_text_end(self._text, node))
        return len(self._text) if end < 0 else end

    def _find_colon(self, name: Any) -> int:
        return self._text.index(":", int(name.end_mark.index)) + 1

    def _is_on_key_line(self, name: Any, value: Any) -> bool:
        return bool(name.end_mark.line == value.start_mark.line)

    def _cut(self, first: Any, last: Any) -> str:
        return self._text[first.start_mark.index : last.end_mark.index]


def is_wide(value: Any) -> bool:
    """Whether a list or mapping is too long for one line."""
    return len(_format_inline(value)) > MAX_FLOW_WIDTH or any(
        isinstance(part, dict | list) and part
        for part in (value.values() if isinstance(value, dict) else value)
    )


def _match_entries(old: list[Any], new: list[Any]) -> dict[int, int]:
    """Place of an entry in the new list -> the entry of the old one that it was: the same, or one
    with the same id or name, or that in the same gap between entries that stay."""
    matches: dict[int, int] = {}
    taken: set[int] = set()
    for find in (_is_same_entry, _has_same_name):
        for place, entry in enumerate(new):
            if place in matches:
                continue
            for before, old_entry in enumerate(old):
                if before not in taken and find(old_entry, entry):
                    matches[place] = before
                    taken.add(before)
                    break
    if len(old) == len(new):
        for place in range(len(new)):
            if place not in matches and place not in taken and _is_one_kind(old[place], new[place]):
                matches[place] = place
                taken.add(place)
    return dict(sorted(matches.items()))


def _is_same_entry(old: Any, new: Any) -> bool:
    return is_same_data(old, new)


def _is_one_kind(old: Any, new: Any) -> bool:
    """Whether both are lists, both mappings, or both single values."""
    return all(isinstance(old, kind) == isinstance(new, kind) for kind in (dict, list))


def _has_same_name(old: Any, new: Any) -> bool:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    return any(key in old and old.get(key) == new.get(key) for key in ("id", "name", "file"))


def _join_insertions(spans: list[_Span]) -> list[_Span]:
    """Insertions at one place joined in the order they were found in; what is removed stays."""
    joined: dict[tuple[int, int], str] = {}
    for start, end, new in spans:
        joined[start, end] = joined.get((start, end), "") + new
    return [(start, end, new) for (start, end), new in joined.items()]


def _find_text_end(text: str, node: Any) -> int:
    """Where the letters of a value end, without the blank lines after it."""
    end = _find_end(node)
    start = int(node.start_mark.index)
    return start + len(text[start:end].rstrip()) if end > start else end


def _count_indent(text: str, line_start: int) -> int:
    line = text[line_start:].split("\n", 1)[0]
    return len(line) - len(line.lstrip(" -"))


def _has_comment(text: str) -> bool:
    import yaml

    end = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if "#" in text[end : token.start_mark.index]:
            return True
        end = token.end_mark.index
    return "#" in text[end:]


def _format_inline(value: Any) -> str:
    """A value on one line, valid in a flow list as well as alone."""
    import yaml

    if isinstance(value, str) and "\n" in value:
        quoted: str = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=1_000_000)
        return quoted.strip()
    if isinstance(value, dict):
        inner = (f"{_format_inline(key)}: {_format_inline(part)}" for key, part in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_format_inline, value)) + "]"
    return format_flow_mapping({"x": value})[len("{x: ") : -1] if value is not None else "null"


def _format_block(value: Any, indent: int) -> str:
    """A list or mapping on lines of its own; what is short within it stays on one line."""
    lines = []
    pairs = value.items() if isinstance(value, dict) else ((None, entry) for entry in value)
    for key, part in pairs:
        head = " " * indent + ("-" if key is None else f"{_format_inline(key)}:")
        if isinstance(part, dict | list) and part and is_wide(part):
            inner = _format_block(part, indent + 2)
            lines.append(f"{head} {inner.lstrip()}" if key is None else f"{head}\n{inner}")
        else:
            lines.append(f"{head} {_format_inline(part)}")
    return "\n".join(lines)


def _format_folded(header: str, value: str, indent: str) -> str | None:
    """A text in the block style it had, on lines of readable length; None where it cannot be."""
    import textwrap

    body = value.removesuffix("\n")
    if header.startswith(">"):
        if not body or "\n" in body or "  " in body or body != body.strip():
            return None
        lines = textwrap.wrap(body, FOLD_WIDTH, break_long_words=False, break_on_hyphens=False)
    else:
        lines = body.split("\n")
    if any(line != line.strip() for line in lines[:1]):
        return None
    keeps_break = "" if value.endswith("\n") else "-"
    header = header[0] + keeps_break + header[1:].lstrip("+-")
    return "\n".join([header, *(indent + line if line else "" for line in lines)])
