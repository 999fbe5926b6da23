from review.pages.widgets.count_table import format_counts


def test_whole_numbers_have_commas_and_stay_numbers():
    rows = [
        {"Name": "ada", "Left": 1454, "Per day": 2.5, "Seen": True},
        {"Name": "ben", "Left": None, "Per day": None, "Seen": False},
    ]
    table = format_counts(rows)
    text = table.to_html()
    assert ">1,454<" in text and "<NA>" not in text and "&lt;NA" not in text
    assert list(table.data["Left"].dropna()) == [1454]
    assert table.data["Name"].tolist() == ["ada", "ben"]


def test_a_column_without_any_number_is_left_as_it_is():
    table = format_counts([{"Left": None}, {"Left": None}])
    assert table.data["Left"].isna().all()
