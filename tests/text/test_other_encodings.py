"""Texts that are not UTF-8: Western ones are named, others refused, and none read in silence."""

import pytest

from review.errors import SourceError
from review.formats import read_file
from review.text.encodings import CHUNK, find_other_encoding

RIS = "TY  - JOUR\nTI  - {}\nAU  - {}\nPY  - 2020\nER  - \n"


@pytest.mark.parametrize(
    ("title", "author", "encoding"),
    [
        ("基于深度学习的肺结节检测", "张三", "gb18030"),
        ("深層学習による胸部画像の診断", "山田太郎", "shift_jis"),
        ("딥러닝을 이용한 흉부 촬영", "김철수", "cp949"),
        ("Глубокое обучение в рентгенографии", "Иванов И", "cp1251"),
        ("Βαθιά μάθηση στην ακτινογραφία", "Παπαδόπουλος", "cp1253"),
    ],
)
def test_text_in_a_foreign_encoding_is_refused(title: str, author: str, encoding: str) -> None:
    text = RIS.format(title, author)
    assert read_file(text.encode()).records[0].title == title
    with pytest.raises(SourceError, match="save it as UTF-8"):
        read_file(text.encode(encoding))


def test_western_text_is_read_and_named() -> None:
    text = RIS.format("Étude d’imagerie", "Müller, J.")
    parsed = read_file(text.encode("cp1252"))
    assert parsed.records[0].title == "Étude d’imagerie"
    assert "'Étude'" in parsed.notes[0]
    assert read_file(text.encode()).notes == ()


def test_one_broken_letter_in_a_chinese_file_refuses_nothing() -> None:
    data = RIS.format("基于深度学习的肺结节检测", "张三").encode()
    broken = data.replace("肺".encode(), b"\x82", 1)
    parsed = read_file(broken)
    assert len(parsed.records) == 1
    assert len(parsed.notes) == 1


def test_letters_across_the_end_of_a_piece_are_whole() -> None:
    line = b"a" * (CHUNK - 1) + "ü".encode() * 3
    assert find_other_encoding(line) is None
    assert find_other_encoding(line + b"\n" + "x\xfcy".encode("latin-1")) == ("xüy", False)
