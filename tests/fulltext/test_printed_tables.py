"""Tables drawn as journals print them, read back cell by cell from the PDF."""

from support.manuscripts import WIDTH, Print, draw_pages

from review.fulltext import list_tables
from review.fulltext.models import Limits
from review.fulltext.reader import read_in_process

LEADING = 13.0
XS = (60.0, 190.0, 265.0, 340.0, 415.0)
RIGHT = 480.0
TEXT = (
    "The networks were trained with the same settings on one machine, and each of them was then",
    "tested once on images that had been put aside before the work began. All of the figures are",
    "means of the five folds, and the folds were drawn at random from the list of the patients.",
)


def print_row(y, cells, xs=XS, size=9):
    """One printed line: a text at each x; '' prints nothing."""
    return [
        Print(text=text, x=x, y=y, size=size) for x, text in zip(xs, cells, strict=False) if text
    ]


def print_rows(y, rows, xs=XS, leading=LEADING):
    return [piece for n, row in enumerate(rows) for piece in print_row(y - n * leading, row, xs)]


def print_text(y, x=60.0, lines=TEXT):
    return [Print(text=line, x=x, y=y - 12 * n, size=10) for n, line in enumerate(lines)]


def rule(y, x0=XS[0] - 4, x1=RIGHT):
    return (x0, y, x1, y)


def rule_down(x, top, bottom):
    return (x, bottom, x, top)


def read(tmp_path, *pages, ruled=(), rotate=0):
    """The tables of a PDF of these pages, as label, heads, rows and notes."""
    path = tmp_path / "paper.pdf"
    path.write_bytes(draw_pages(pages, ruled=ruled, rotate=rotate))
    text = read_in_process(path, None, Limits(), lambda page: None)
    assert text.state == "ok"
    return list_tables(text)


def caption(y, words="Table 1. Results on the test set.", x=60.0):
    return [Print(text=words, x=x, y=y, size=9)]


ROWS = (
    ("ResNet-50", "91.2", "90.1", "0.88", "0.93"),
    ("DenseNet", "92.4", "91.7", "0.90", "0.94"),
    ("Our net", "93.4", "92.0", "0.91", "0.95"),
)


def test_merged_heads_over_three_levels_reach_as_far_as_the_lines_under_them(tmp_path):
    page = [
        *caption(700),
        Print(text="All cohorts", x=300, y=680, size=9),
        Print(text="Internal", x=225, y=666, size=9),
        Print(text="External", x=375, y=666, size=9),
        Print(text="Model", x=60, y=666, size=9),
        *print_row(652, ("", "Acc. (%)", "Sens. (%)", "AUC", "F1")),
        *print_rows(636, ROWS),
        *print_text(560),
    ]
    ruled = [
        rule(692),
        rule(676, 186),
        rule(662, 186, 310),
        rule(662, 336),
        rule(648),
        rule(606),
    ]
    [table] = read(tmp_path, page, ruled=[ruled])
    assert table.columns == (
        "Model",
        "All cohorts | Internal | Acc. (%)",
        "All cohorts | Internal | Sens. (%)",
        "All cohorts | External | AUC",
        "All cohorts | External | F1",
    )
    assert table.rows == ROWS


def test_a_head_over_three_columns_and_one_over_two_between_lines_drawn_down(tmp_path):
    page = [
        *caption(700),
        Print(text="At 0.5", x=285, y=680, size=9),
        Print(text="Area", x=435, y=680, size=9),
        *print_row(666, ("Model", "Prec.", "Rec.", "F1", "ROC", "PR"), (*XS, 460)),
        *print_rows(650, [(*row, "0.90") for row in ROWS], (*XS, 460)),
    ]
    ruled = [rule(692, x1=500), rule(676, 180, 500), rule(660, x1=500), rule(620, x1=500)]
    ruled += [rule_down(x, 692, 620) for x in (180, 405)]
    [table] = read(tmp_path, page, ruled=[ruled])
    assert table.columns == (
        "Model",
        "At 0.5 | Prec.",
        "At 0.5 | Rec.",
        "At 0.5 | F1",
        "Area | ROC",
        "Area | PR",
    )
    assert table.rows == tuple((*row, "0.90") for row in ROWS)


def test_units_below_the_names_of_columns_belong_to_the_heads(tmp_path):
    page = [
        *caption(700),
        *print_row(680, ("Patient", "Age", "Dose", "Volume", "Time")),
        *print_row(669, ("", "(years)", "(mGy)", "(cm3)", "(s)")),
        *print_rows(652, [("A", "63", "12.1", "310", "0.4"), ("B", "71", "9.8", "295", "0.5")]),
        *print_text(600),
    ]
    [table] = read(tmp_path, page, ruled=[[rule(692), rule(664), rule(634)]])
    assert table.columns == ("Patient", "Age (years)", "Dose (mGy)", "Volume (cm3)", "Time (s)")
    assert [row[2] for row in table.rows] == ["12.1", "9.8"]


def test_marks_stay_on_cells_and_their_notes_are_below_the_table(tmp_path):
    rows = [("ResNet-50a", "91.2*", "90.1", "0.88†", "0.93"), ROWS[1], ROWS[2]]
    page = [
        *caption(700),
        *print_row(680, ("Model", "Acc.", "Sens.", "F1", "AUC")),
        *print_rows(664, rows),
        *print_row(622, ("* p below 0.05 against our net.",), size=8),
        *print_row(611, ("† Two images were left out because the film",), size=8),
        *print_row(600, ("was lost.",), size=8),
        *print_row(589, ("a Trained without the last layer.",), size=8),
        *print_text(560),
    ]
    [table] = read(tmp_path, page, ruled=[[rule(692), rule(674), rule(634)]])
    assert table.rows == tuple(map(tuple, rows))
    assert table.notes == (
        "* p below 0.05 against our net.",
        "† Two images were left out because the film was lost.",
        "a Trained without the last layer.",
    )


def test_text_after_a_table_is_no_row_and_no_note(tmp_path):
    page = [
        *caption(700),
        *print_row(680, ("Model", "Acc.", "Sens.", "F1", "AUC")),
        *print_rows(664, ROWS),
        *print_text(622),
    ]
    for ruled in ([rule(692), rule(674), rule(634)], []):
        [table] = read(tmp_path, page, ruled=[ruled])
        assert table.columns == ("Model", "Acc.", "Sens.", "F1", "AUC")
        assert (table.rows, table.notes) == (ROWS, ())


def test_commas_spreads_intervals_and_empty_cells(tmp_path):
    rows = (
        ("ResNet-50", "91,2", "0.88 ± 0.03", "0.93 (0.91–0.95)"),
        ("DenseNet", "", "0.90 ± 0.02", "0.94 [0.92, 0.96]"),
        ("Our net", "93,4", "", "1,204 (45.3%)"),
    )
    xs = (60, 170, 240, 340)
    page = [
        *caption(700),
        *print_row(680, ("Model", "Acc. (%)", "Dice", "AUC (95% CI)"), xs),
        *print_rows(664, rows, xs),
        *print_text(600),
    ]
    for ruled in ([rule(692), rule(674), rule(634)], []):
        [table] = read(tmp_path, page, ruled=[ruled])
        assert table.columns == ("Model", "Acc. (%)", "Dice", "AUC (95% CI)")
        assert table.rows == rows


def test_an_interval_below_its_value_is_in_the_same_cell(tmp_path):
    page = [
        *caption(700),
        *print_row(680, ("Model", "Acc.", "Sens.")),
        *print_row(664, ("ResNet-50", "91.2", "90.1")),
        *print_row(653, ("", "(89.0–93.1)", "(87.2–92.8)")),
        *print_row(638, ("Our net", "93.4", "92.0")),
        *print_row(627, ("", "(91.5–95.0)", "(90.3–93.9)")),
    ]
    [table] = read(tmp_path, page, ruled=[[rule(692), rule(674), rule(620)]])
    assert table.rows == (
        ("ResNet-50", "91.2 (89.0–93.1)", "90.1 (87.2–92.8)"),
        ("Our net", "93.4 (91.5–95.0)", "92.0 (90.3–93.9)"),
    )


def test_cells_of_several_lines_are_one_row_between_ruled_lines(tmp_path):
    page = [
        *caption(700, "Table 2. Data sets."),
        *print_row(680, ("Set", "Patients", "Scanner", "Labels")),
        *print_row(662, ("Northtown", "190 with the", "Two scanners of", "Two readers")),
        *print_row(651, ("hospital", "disease, 59 without", "one maker", "")),
        *print_row(633, ("Southtown", "305", "Unknown", "Reports, read")),
        *print_row(622, ("", "", "", "by one reader")),
        *print_row(604, ("Public set", "1,110", "Many", "None")),
    ]
    xs = (60, 150, 270, 380)
    page = [p for p in page if p.y > 690] + [
        Print(text=p.text, x=dict(zip(XS, xs, strict=False))[p.x], y=p.y, size=9)
        for p in page
        if p.y < 690
    ]
    ruled = [rule(y) for y in (692, 674, 644, 615, 596)]
    [table] = read(tmp_path, page, ruled=[ruled])
    assert table.columns == ("Set", "Patients", "Scanner", "Labels")
    assert table.rows == (
        (
            "Northtown hospital",
            "190 with the disease, 59 without",
            "Two scanners of one maker",
            "Two readers",
        ),
        ("Southtown", "305", "Unknown", "Reports, read by one reader"),
        ("Public set", "1,110", "Many", "None"),
    )


def test_a_label_beside_several_rows_is_repeated_in_each(tmp_path):
    xs = (60, 150, 265, 340)
    page = [
        *caption(700),
        *print_row(680, ("Features", "Model", "Acc.", "AUC"), xs),
        *print_rows(664, [("", "LDA", "82", "0.78"), ("", "SVM", "85", "0.79")], xs, 16),
        Print(text="Spectral", x=60, y=656, size=9),
        *print_rows(632, [("", "LDA", "79", "0.75"), ("", "SVM", "91", "0.83")], xs, 16),
        Print(text="Time", x=60, y=624, size=9),
    ]
    ruled = [rule(692), rule(674), rule(658.5, 146), rule(643), rule(626.5, 146), rule(611)]
    [table] = read(tmp_path, page, ruled=[ruled])
    assert table.columns == ("Features", "Model", "Acc.", "AUC")
    assert table.rows == (
        ("Spectral", "LDA", "82", "0.78"),
        ("Spectral", "SVM", "85", "0.79"),
        ("Time", "LDA", "79", "0.75"),
        ("Time", "SVM", "91", "0.83"),
    )


def test_captions_below_their_tables_keep_their_own_table(tmp_path):
    page = []
    for number, y in ((1, 740), (2, 620)):
        page += print_row(y, ("Model", f"Acc. {number}", "Sens.", "F1", "AUC"))
        page += print_rows(y - 16, [(row[0], f"{number}1.2", *row[2:]) for row in ROWS])
        page += caption(y - 66, f"Table {number}. Results of run {number}.")
    ruled = [rule(y) for y in (752, 734, 694, 632, 614, 574)]
    for lines in (ruled, []):
        first, second = read(tmp_path, [*page, *print_text(500)], ruled=[lines])
        assert (first.label, first.columns[1], first.rows[0][1]) == ("Table 1", "Acc. 1", "11.2")
        assert (second.label, second.columns[1], second.rows[0][1]) == ("Table 2", "Acc. 2", "21.2")
        assert len(first.rows) == len(second.rows) == 3


def test_two_tables_side_by_side_in_two_columns_of_print(tmp_path):
    short = (
        "The networks were trained with the same settings",
        "on one machine, and each was tested once.",
    )
    page, lines = [], []
    for number, x in ((1, 60.0), (2, 320.0)):
        xs = (x, x + 80, x + 140)
        page += caption(700, f"Table {number}. Results of run {number}.", x)
        page += print_row(680, ("Model", "Acc.", "AUC"), xs)
        page += print_rows(664, [(r[0], f"{number}{r[1][1:]}", r[4]) for r in ROWS], xs)
        for n in range(4):
            page += print_text(600 - 30 * n, x, short)
        lines += [rule(y, x - 4, x + 200) for y in (692, 674, 634)]
    for ruled in ([lines], []):
        first, second = read(tmp_path, page, ruled=ruled)
        assert first.rows == tuple((r[0], f"1{r[1][1:]}", r[4]) for r in ROWS)
        assert second.rows == tuple((r[0], f"2{r[1][1:]}", r[4]) for r in ROWS)
        assert first.columns == second.columns == ("Model", "Acc.", "AUC")


def test_a_table_over_two_pages_is_read_on_both(tmp_path):
    head = ("Patient", "Age", "Dose", "Volume", "Time")
    first = [(f"P{n}", f"{50 + 7 * n % 31}", "12.1", "310", "0.4") for n in range(40)]
    second = [(f"P{n}", f"{50 + 7 * n % 31}", "9.8", "295", "0.5") for n in range(40, 50)]
    pages = [
        [*print_text(760), *caption(700), *print_row(680, head), *print_rows(664, first)],
        [*print_row(760, head), *print_rows(744, second), *print_text(560)],
    ]
    ruled = [[rule(692), rule(674), rule(150)], [rule(772), rule(754), rule(620)]]
    tables = read(tmp_path, *pages, ruled=ruled)
    assert [(t.label, t.page, len(t.rows)) for t in tables] == [
        ("Table 1", 1, 40),
        ("Table 1", 2, 10),
    ]
    assert tables[1].columns == head
    assert tables[1].rows == tuple(second)
    assert tables[1].caption.endswith("(continued)")


def turn(page, lines):
    """The print and lines of a page turned by a quarter, as on a landscape page set upright."""
    turned = [Print(text=p.text, x=WIDTH - p.y + 200, y=p.x, size=p.size, angle=90) for p in page]
    return turned, [(WIDTH - y + 200, x, WIDTH - v + 200, u) for x, y, u, v in lines]


def test_rotated_pages_read_as_upright_ones(tmp_path):
    page = [
        *caption(700),
        *print_row(680, ("Model", "Acc.", "Sens.", "F1", "AUC")),
        *print_rows(664, ROWS),
        *print_text(600),
    ]
    lines = [rule(692), rule(674), rule(634)]
    drawn, drawn_lines = turn(page, lines)
    upright = read(tmp_path, page, ruled=[lines])
    assert [t.rows for t in upright] == [ROWS]
    for tables in (
        read(tmp_path, page, ruled=[lines], rotate=90),
        read(tmp_path, drawn, ruled=[drawn_lines]),
        read(tmp_path, drawn, ruled=[drawn_lines], rotate=90),
        read(tmp_path, drawn),
    ):
        assert [(t.columns, t.rows) for t in tables] == [(upright[0].columns, ROWS)]


def test_a_table_whose_head_alone_is_ruled(tmp_path):
    page = [
        *caption(700),
        *print_row(680, ("Model", "Acc.", "Sens.", "F1", "AUC")),
        *print_rows(664, ROWS),
        *print_text(600),
    ]
    for ruled in (
        [rule(692), rule(674)],
        [rule(674)],
        [rule(674), rule(634)],
        [rule(692), rule(674), rule(648)],
    ):
        [table] = read(tmp_path, page, ruled=[ruled])
        assert table.columns == ("Model", "Acc.", "Sens.", "F1", "AUC")
        assert table.rows == ROWS


def test_names_of_columns_under_a_line_below_merged_heads_are_heads(tmp_path):
    page = [
        *caption(700),
        Print(text="Pairs of changes", x=80, y=680, size=9),
        Print(text="Evaluated on", x=330, y=680, size=9),
        *print_row(664, ("First", "Second", "North", "South", "East")),
        *print_rows(
            648, [("Blur", "Crop", "0.76", "0.66", "0.70"), ("Flip", "Blur", "0.7", "0.6", "0.5")]
        ),
    ]
    ruled = [[rule(692), rule(674, x1=240), rule(674, 250), rule(658), rule(630)]]
    [table] = read(tmp_path, page, ruled=ruled)
    assert table.columns == (
        "Pairs of changes | First",
        "Pairs of changes | Second",
        "Evaluated on | North",
        "Evaluated on | South",
        "Evaluated on | East",
    )
    assert [row[0] for row in table.rows] == ["Blur", "Flip"]


def test_two_tables_one_below_the_other_under_one_caption_are_two(tmp_path):
    first = (("North", "30", "1260", "12"), ("South", "80", "3840", "8"))
    second = (("North", "9000", "90", "2250"), ("South", "9500", "117", "2200"))
    xs = XS[:4]
    page = [
        *caption(700),
        *print_row(680, ("Centre", "Patients", "Images", "Scanners"), xs),
        *print_rows(664, first, xs),
        *print_row(638, ("", "Acquisition"), xs),
        *print_row(625, ("Centre", "TR (ms)", "TE (ms)", "TI (ms)"), xs),
        *print_rows(609, second, xs),
    ]
    ruled = [rule(y) for y in (692, 674, 658, 646, 633, 619, 604, 592)]
    tables = read(tmp_path, page, ruled=[ruled])
    assert [table.rows for table in tables] == [first, second]
    assert tables[0].columns == ("Centre", "Patients", "Images", "Scanners")
    assert [head.rsplit(" | ", 1)[-1] for head in tables[1].columns] == [
        "Centre",
        "TR (ms)",
        "TE (ms)",
        "TI (ms)",
    ]


def test_a_caption_with_a_wide_gap_in_a_justified_line_is_whole(tmp_path):
    page = [
        *caption(712, "Table 1. Results of all of the networks on the test set of the second run"),
        Print(text="of the study.", x=60, y=701, size=9),
        Print(text="The mean of the five folds is given with its spread.", x=135, y=701, size=9),
        *print_row(680, ("Model", "Acc.", "Sens.", "F1", "AUC")),
        *print_rows(664, ROWS),
    ]
    [table] = read(tmp_path, page, ruled=[[rule(692), rule(674), rule(634)]])
    assert table.caption.endswith("is given with its spread.")
    assert (table.columns[0], table.rows) == ("Model", ROWS)


def test_a_line_under_the_best_value_parts_no_rows(tmp_path):
    page = [
        *caption(700),
        *print_row(680, ("Model", "Acc.", "Sens.", "F1", "AUC")),
        *print_rows(664, ROWS),
        *print_text(600),
    ]
    underlines = [(XS[1], 649.5, XS[1] + 17.5, 649.5), (XS[2], 662.5, XS[2] + 17.5, 662.5)]
    [table] = read(tmp_path, page, ruled=[[rule(692), rule(674), rule(634), *underlines]])
    assert table.rows == ROWS


def test_a_first_column_that_counts_the_rows_is_kept(tmp_path):
    rows = tuple((f"{n}", f"{50 + 7 * n % 31}", "12.1", "310", "0.4") for n in range(1, 26))
    page = [
        *print_text(760),
        *caption(700),
        *print_row(680, ("No.", "Age", "Dose", "Volume", "Time")),
        *print_rows(664, rows),
        *print_text(320),
    ]
    [table] = read(tmp_path, page, ruled=[[rule(692), rule(674), rule(345)]])
    assert table.rows == rows


def test_a_sentence_that_begins_a_line_with_table_is_no_caption(tmp_path):
    lines = (
        "To see how much the figures differ between folds, all of the results are given in",
        "Table 5. These results show high values in all of the folds, with few differences.",
        "Patients 12 34 56 were left out, and 78 90 12 were asked again after the first visit.",
    )
    assert read(tmp_path, print_text(700, lines=lines)) == ()


def box(*heights, xs):
    """Lines ruled across at these heights and down at each x."""
    across = [rule(y, xs[0], xs[-1]) for y in heights]
    return [*across, *(rule_down(x, heights[0], heights[-1]) for x in xs)]


def test_a_head_in_the_middle_of_a_ruled_column_stands_over_cells_at_its_left(tmp_path):
    page = [
        *caption(700),
        *print_row(680, ("Field", "Type"), (160, 370)),
        *print_row(662, ("Age", "Number"), (64, 365)),
        *print_row(644, ("Sex", "Text"), (64, 370)),
        *print_text(600),
    ]
    [table] = read(tmp_path, page, ruled=[box(692, 674, 656, 638, xs=(60, 280, 480))])
    assert table.columns == ("Field", "Type")
    assert table.rows == (("Age", "Number"), ("Sex", "Text"))


def test_justified_words_between_lines_drawn_down_are_one_cell(tmp_path):
    page = [
        *caption(700),
        *print_row(680, ("Work", "Objective", "Data"), (64, 140, 320)),
        *print_row(664, ("[24]", "Analysis", "of", "Indian"), (64, 140, 230, 320)),
        *print_row(652, ("large volumes of", "Pines"), (140, 320)),
        *print_row(640, ("the", "brain"), (140, 205)),
        *print_row(624, ("[25]", "Classification", "Houston"), (64, 140, 320)),
        *print_row(612, ("of whole slides", "2013"), (140, 320)),
        *print_text(570),
    ]
    [table] = read(tmp_path, page, ruled=[box(692, 674, 634, 606, xs=(60, 136, 246, 480))])
    assert table.columns == ("Work", "Objective", "Data")
    assert table.rows == (
        ("[24]", "Analysis of large volumes of the brain", "Indian Pines"),
        ("[25]", "Classification of whole slides", "Houston 2013"),
    )


def test_columns_of_numbers_between_lines_drawn_down_stay_apart(tmp_path):
    page = [
        *caption(700),
        *print_row(680, ("Model", "Acc.", "Sens.", "AUC", "F1")),
        *print_rows(662, ROWS),
        *print_text(580),
    ]
    [table] = read(tmp_path, page, ruled=[box(692, 674, 630, xs=(56, 180, 330, 480))])
    assert table.columns == ("Model", "Acc.", "Sens.", "AUC", "F1")
    assert table.rows == ROWS


def test_names_of_columns_stand_below_a_title_inside_the_table(tmp_path):
    page = [
        *caption(700),
        Print(text="Accuracy (%)", x=240, y=680, size=9),
        *print_row(662, ("Subject", "1", "2", "3", "4")),
        *print_rows(644, [("5 bpm", "80", "43", "80", "60"), ("8 bpm", "87", "53", "80", "63")]),
        *print_text(580),
    ]
    [table] = read(tmp_path, page, ruled=[box(692, 674, 656, 626, xs=(56, 480))])
    assert [name.rsplit(" | ", 1)[-1] for name in table.columns] == ["Subject", "1", "2", "3", "4"]
    assert len(table.rows) == 2


def test_a_caption_left_of_its_table_is_read_whole_and_has_that_table(tmp_path):
    def print_beside(y, title, *rows):
        return [
            *caption(y, title[0]),
            *caption(y - 11, title[1]),
            *print_row(y - 2, ("Classifier", "Accuracy (%)"), (210, 420)),
            *print_rows(y - 22, rows, (210, 420)),
        ]

    page = [
        *print_beside(700, ("Table 3 Accuracy", "on the notes"), ("LSTM", "70.4"), ("SVM", "66.2")),
        *print_beside(600, ("Table 4 Order of", "the inputs"), ("First", "67.5"), ("Last", "74.2")),
    ]
    ruled = [rule(y - d, 206, 500) for y in (709, 609) for d in (0, 18, 50)]
    tables = read(tmp_path, page, ruled=[ruled])
    assert [(table.label, table.caption) for table in tables] == [
        ("Table 3", "Table 3 Accuracy on the notes"),
        ("Table 4", "Table 4 Order of the inputs"),
    ]
    assert {table.columns for table in tables} == {("Classifier", "Accuracy (%)")}
    assert tables[1].rows == (("First", "67.5"), ("Last", "74.2"))


def test_the_rest_of_a_full_cell_on_the_next_line_is_no_row(tmp_path):
    rows = [
        ("Yu et al.", "2020", "Unstructured data with no"),
        ("", "", "labels"),
        ("Chen et al.", "2018", "Sharp images"),
        ("Jin et al.", "2020", "Slices of the whole lumbar"),
        ("", "", "spine"),
        ("Lan et al.", "2021", "Reconstruction at low dose"),
        ("", "", "Synthesis"),
    ]
    page = [
        *caption(700),
        *print_row(680, ("Authors", "Year", "Application"), (60, 190, 280)),
        *print_rows(662, rows, (60, 190, 280)),
        *print_text(560),
    ]
    [table] = read(tmp_path, page, ruled=[[rule(692), rule(674), rule(578)]])
    assert [row[2] for row in table.rows] == [
        "Unstructured data with no labels",
        "Sharp images",
        "Slices of the whole lumbar spine",
        "Reconstruction at low dose",
        "Synthesis",
    ]
