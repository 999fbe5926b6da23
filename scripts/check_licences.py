"""Refuses runtime dependencies under the GPL or AGPL, because Funnel is MIT and ships to hospitals.

Walks the requirements of the installed package, including its extras, and reads the licence each
distribution declares. Exit status 1 names every package that must be removed.
"""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution

PROJECT = "funnel-review"
EXTRAS = ("postgres",)
"""Optional parts that a hospital's installation includes."""
COPYLEFT = re.compile(r"\bA?GPL|affero|gnu general public", re.I)
LESSER = re.compile(r"\bLGPL|lesser", re.I)
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?")


def describe_licence(package: Distribution) -> str:
    """The licence a distribution declares: expression, classifiers, or its first line."""
    meta = package.metadata
    if meta.get("License-Expression"):
        return str(meta["License-Expression"])
    named = [
        value.rsplit("::", 1)[-1].strip()
        for value in meta.get_all("Classifier") or []
        if value.startswith("License ::") and value != "License :: OSI Approved"
    ]
    return "; ".join(named) or str(meta.get("License") or "").split("\n", 1)[0].strip()


def list_requirements(name: str, extras: tuple[str, ...]) -> set[str]:
    """Names of all installed packages that `name` needs at runtime."""
    found: set[str] = set()
    waiting: list[tuple[str, tuple[str, ...]]] = [(name, extras)]
    while waiting:
        current, wanted = waiting.pop()
        try:
            package = distribution(current)
        except PackageNotFoundError:
            continue
        for line in package.requires or []:
            match = _REQUIREMENT.match(line)
            marker = line.partition(";")[2]
            needed_extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", marker)
            if match is None or (needed_extra and needed_extra.group(1) not in wanted):
                continue
            required = re.sub(r"[-_.]+", "-", match.group(1)).lower()
            inner = tuple(part.strip() for part in (match.group(2) or "").split(",") if part)
            if required not in found:
                found.add(required)
                waiting.append((required, inner))
    return found


def is_forbidden(licence: str) -> bool:
    """Whether a licence is the GPL or AGPL without an alternative (such as "MIT OR GPL-3.0")."""
    choices = re.split(r"\bOR\b|;", licence)
    return all(COPYLEFT.search(choice) and not LESSER.search(choice) for choice in choices)


def main() -> int:
    """Prints the packages that must be removed; returns the exit status."""
    names = sorted(list_requirements(PROJECT, EXTRAS))
    licences = {}
    for name in names:
        try:
            licences[name] = describe_licence(distribution(name))
        except PackageNotFoundError:
            continue
    forbidden = {name: text for name, text in licences.items() if text and is_forbidden(text)}
    for name, text in forbidden.items():
        print(f"licences: {name} is under {text}; use another package or write it here.")
    if not forbidden:
        print(f"licences: {len(licences)} packages, none under the GPL or AGPL")
    return 1 if forbidden else 0


if __name__ == "__main__":
    sys.exit(main())
