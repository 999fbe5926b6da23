"""Tables of a PDF read by position: heads, units, merged heads, footnotes, rotated pages."""

from dataclasses import replace

from review.fulltext import FullText, list_tables, list_unread_tables
from review.models import Page, PrintedTable, Sentence, Word

WIDTH, HEIGHT = 600.0, 800.0
LETTER = 4.0
"""Points a letter takes on these pages."""


def print_words(text, x, top, height=8.0):
    """The words of a text from a place on, as a reader gives them."""
    words = []
    for word in text.split():
        words.append(Word(word, x, top, x + LETTER * len(word), top + height))
        x += LETTER * (len(word) + 0.6)
    return words


def print_page(*lines, number=1, width=WIDTH, height=HEIGHT):
    """A page of lines; a line is its height and (x, text) for each of its cells."""
    words = [
        word for top, *cells in lines for x, text in cells for word in print_words(text, x, top)
    ]
    return Page(number, "", width, height, tuple(words))


def read(*pages):
    return list_tables(FullText("ok", "", "", len(pages), pages=pages))


def print_rows(top, *rows, xs=(50, 200, 300, 400)):
    return [
        (top + 12 * n, *((x, text) for x, text in zip(xs, row, strict=False) if text))
        for n, row in enumerate(rows)
    ]


CAPTION = (100, (50, "Table 1. Results of the networks on the test set."))
PROSE = "The network was trained on all of the images that were left after this step of the work."
ROWS = [
    ("Network", "Accuracy", "Recall", "F1"),
    ("ResNet-50", "91.2", "90.1 ± 0.3", "0.88"),
    ("Our net", "93.4", "92.0 ± 0.2", "0.91"),
]


def test_heads_and_cells_are_read_by_their_place_and_end_where_text_goes_on():
    page = print_page(CAPTION, *print_rows(115, *ROWS), (170, (50, PROSE)))
    [table] = read(page)
    assert (table.label, table.page) == ("Table 1", 1)
    assert table.caption == "Table 1. Results of the networks on the test set."
    assert table.columns == ROWS[0]
    assert table.rows == tuple(ROWS[1:])


def test_a_label_on_a_line_of_its_own_has_its_title_below():
    title = "Sizes of the classes (M: men; W: women)."
    label = (60, (50, "Table 4"))
    rows = print_rows(84, *ROWS)
    upper = print_page(label, (70, (50, title)), *rows, (150, (50, PROSE)))
    [table] = read(upper)
    assert (table.label, table.caption) == ("Table 4", f"Table 4 {title}")
    assert (table.columns, table.rows) == (ROWS[0], tuple(ROWS[1:]))


def test_each_label_keeps_its_own_table_where_another_follows():
    other = [("Reader", "Accuracy", "Recall", "F1"), ("A", "81.2", "80.1", "0.78")]
    other.append(("B", "83.1", "82.0", "0.79"))
    page = print_page(
        (60, (50, "Table 4")),
        (70, (50, "Networks on the test set")),
        *print_rows(84, *ROWS),
        (140, (50, "Table 5")),
        (150, (50, "Readers on the test set")),
        *print_rows(164, *other),
        (220, (50, PROSE)),
    )
    networks, readers = read(page)
    assert (networks.label, networks.rows) == ("Table 4", tuple(ROWS[1:]))
    assert (readers.label, readers.rows) == ("Table 5", tuple(other[1:]))


def test_a_title_set_in_the_middle_stands_under_its_label():
    title = "COMPARISON OF THE NETWORKS ON THE TEST SET OF THE SECOND HOSPITAL"
    middle = 300 - LETTER * len(title) / 2
    label = (60, (300 - LETTER * 8 / 2, "TABLE IV"))
    page = print_page(label, (72, (middle, title)), *print_rows(88, *ROWS), (160, (50, PROSE)))
    [table] = read(page)
    assert (table.label, table.caption) == ("Table IV", f"TABLE IV {title}")
    assert table.rows == tuple(ROWS[1:])


def test_a_caption_over_a_picture_is_named_as_not_read():
    read_one = print_page(CAPTION, *print_rows(115, *ROWS), (170, (50, PROSE)))
    picture = print_page(
        (100, (50, "Table 2. Sizes of the classes.")), (400, (50, PROSE)), number=2
    )
    text = FullText("ok", "", "", 2, pages=(read_one, picture))
    assert [table.label for table in list_tables(text)] == ["Table 1"]
    assert list_unread_tables(text) == (("Table 2", 2),)


def test_text_in_two_columns_between_a_table_and_the_line_of_the_foot_is_no_row():
    def print_column(x, top):
        words = ["all", "of", "these", "images", "were", "used", "once", "for", "training"]
        step = 230 / len(words)
        return [
            Word(word, x + n * step, top, x + (n + 1) * step - 4, top + 8)
            for n, word in enumerate(words)
        ]

    page = print_page(CAPTION, *print_rows(118, *ROWS))
    columns = [word for n in range(10) for x in (48, 302) for word in print_column(x, 180 + 12 * n)]
    rules = tuple((46.0, y, 534.0, y) for y in (114.0, 128.0, 156.0, 320.0))
    page = replace(page, words=(*page.words, *columns), ruled_lines=rules)
    [table] = read(page)
    assert (table.columns, table.rows) == (ROWS[0], tuple(ROWS[1:]))


def test_a_merged_head_stands_over_each_of_its_columns():
    merged = (115, (50, ""), (210, "Measured on the test set (%)"))
    page = print_page(CAPTION, merged, *print_rows(127, *ROWS))
    [table] = read(page)
    assert table.columns[0] == "Network"
    assert table.columns[1] == "Measured on the test set (%) | Accuracy"
    assert table.columns[2].endswith("(%) | Recall")
    assert table.columns[3] == "F1"


def test_footnotes_and_empty_cells():
    rows = [*ROWS, ("Third", "", "88.0", "0.80")]
    page = print_page(CAPTION, *print_rows(115, *rows), (165, (50, "* p below 0.05 against ours.")))
    [table] = read(page)
    assert table.rows[-1] == ("Third", "", "88.0", "0.80")


def test_a_label_over_two_lines_is_one_and_a_group_keeps_its_row():
    rows = [
        ROWS[0],
        ("External", "", "", ""),
        ("ResNet-50 with", "91.2", "90.1", "0.88"),
        ("pretraining", "", "", ""),
        ("Our net", "93.4", "92.0", "0.91"),
    ]
    [table] = read(print_page(CAPTION, *print_rows(115, *rows)))
    assert [row[0] for row in table.rows] == ["External", "ResNet-50 with pretraining", "Our net"]


def test_cells_that_nearly_touch_go_to_their_own_columns():
    tight = (
        151,
        (50, "Anetworkwithaverylongnameofitsown net"),
        (199, "90.0"),
        (300, "80.1"),
        (400, "0.7"),
    )
    last = (163, (50, "B"), (200, "90.1"), (300, "80.2"), (400, "0.8"))
    [table] = read(print_page(CAPTION, *print_rows(115, *ROWS), tight, last))
    assert table.rows[-1] == ("B", "90.1", "80.2", "0.8")
    assert table.rows[-2][1:] == ("90.0", "80.1", "0.7")


def test_a_caption_below_its_table_and_one_without_a_table():
    below = print_page(
        *print_rows(100, *ROWS), (145, (50, "Table 2: Networks.")), (158, (50, PROSE))
    )
    [table] = read(below)
    assert (table.label, table.rows[0][0]) == ("Table 2", "ResNet-50")
    sentence = (100, (50, "Table 3 shows the results of all the networks in full, as said."))
    assert read(print_page(sentence, *print_rows(115, *ROWS))) == ()
    assert read(print_page(CAPTION, (112, (50, PROSE)), (124, (50, PROSE)))) == ()


def test_two_tables_side_by_side_are_kept_apart():
    left = [("Net", "Acc"), ("A", "91.2"), ("B", "93.4"), ("C", "94.0")]
    lines = [(100, (50, "Table 1: Left."), (350, "Table 2: Right."))]
    for n, (one, two) in enumerate(left):
        lines.append((115 + 12 * n, (50, one), (150, two), (350, one + "x"), (450, two)))
    first, second = read(print_page(*lines))
    assert (first.columns, second.columns) == (("Net", "Acc"), ("Netx", "Acc"))
    assert [row[0] for row in second.rows] == ["Ax", "Bx", "Cx"]


def turn(page, *, upwards):
    """The page with its print turned by a quarter, reading upwards or downwards."""
    words = tuple(
        Word(w.text, w.top, page.width - w.x1, w.bottom, page.width - w.x0)
        if upwards
        else Word(w.text, page.height - w.bottom, w.x0, page.height - w.top, w.x1)
        for w in page.words
    )
    return replace(page, words=words, width=page.height, height=page.width)


def test_a_rotated_page_reads_as_an_upright_one():
    page = print_page(CAPTION, *print_rows(115, *ROWS))
    for upwards in (True, False):
        [table] = read(turn(page, upwards=upwards))
        assert table.columns == ROWS[0], upwards
        assert table.rows == tuple(ROWS[1:]), upwards


def test_tables_marked_in_the_file_are_taken_as_they_are():
    table = PrintedTable("Table 1", "T", 0, ("a",), (("1",),))
    text = FullText("ok", "", "jats", 0, sentences=(Sentence("T", 0, ""),), tables=(table,))
    assert list_tables(text) == (table,)
    assert list_tables(FullText("missing", "", "", 0)) == ()


def test_a_drawing_of_thousands_of_lines_does_not_hold_up_the_table_beside_it():
    page = print_page(CAPTION, *print_rows(115, *ROWS), (170, (50, PROSE)))
    hatching = tuple((50.0, 300 + n / 20, 90.0 + n / 10, 300.5 + n / 20) for n in range(4_000))
    [table] = read(replace(page, ruled_lines=hatching))
    assert (table.columns, table.rows) == (ROWS[0], tuple(ROWS[1:]))
