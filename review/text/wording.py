"""English phrases shared by screens and texts."""


def format_count(number: int | None, singular: str, plural: str | None = None) -> str:
    """A number with its noun: "1 record", "1,200 records", "2 studies"; "?" if it is unknown."""
    if number is None:
        return f"? {plural or singular + 's'}"
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


PLAIN_EXPECTATIONS = {
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "string_type": "expected text",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "tuple_type": "expected a list",
    "dict_type": "expected keys with values",
    "dataclass_type": "expected keys with values",
    "date_type": "expected a date such as 2020-10-03",
    "date_parsing": "expected a date such as 2020-10-03",
    "date_from_datetime_parsing": "expected a date such as 2020-10-03",
}
"""Kind of fault as the validator names it -> what was expected, in plain words."""
