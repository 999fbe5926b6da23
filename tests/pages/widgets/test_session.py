"""The row that was chosen in a list."""

import pytest

from review.pages.widgets import session


@pytest.mark.parametrize(
    ("selection", "row"),
    [
        ({"rows": [3], "cells": []}, 3),
        ({"rows": [], "cells": [[2, "Title"]]}, 2),
        ({"rows": [0]}, 0),
        ({"rows": [], "cells": []}, None),
        ({}, None),
    ],
)
def test_a_row_is_chosen_by_its_box_or_by_any_of_its_cells(selection, row):
    assert session.find_chosen_row({"selection": selection}) == row


def test_a_table_without_a_selection_chooses_nothing():
    assert session.find_chosen_row({}) is None
