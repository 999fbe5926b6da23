"""English phrases shared by screens and texts."""


def format_count(number: int | None, singular: str, plural: str | None = None) -> str:
    """A number with its noun: "1 record", "1,200 records", "2 studies"; "?" if it is unknown."""
    if number is None:
        return f"? {plural or singular + 's'}"
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
