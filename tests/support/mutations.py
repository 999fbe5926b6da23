"""Files of every format, damaged in many ways, and what reading a damaged file may not do.

Every value of every record bears a word of its own, so a value in the wrong record is seen. The
damage never copies text from one record into another: each mix found is the reader's.
"""

import itertools
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from review.errors import SourceError
from review.formats import read_file
from review.formats.ris import TYPES
from review.models import ParseResult, Record, record_to_dict
from review.text.encodings import convert_to_utf8
from review.workflow.records.imports import refuse_damaged

Values = dict[str, str]
"""What one record holds: field -> text, each with a word that no other record has."""

RECORDS = 5
_SYLLABLES = [a + b for a, b in itertools.product("bdfgklmnprstvz", "aeiou")]


def make_word(dice: random.Random) -> str:
    """A word that hardly comes twice, nor by a change of one letter."""
    return "".join(dice.choice(_SYLLABLES) for _ in range(5))


def make_values(number: int, dice: random.Random) -> Values:
    """The fields of one made-up record."""
    word = lambda: make_word(dice)  # noqa: E731
    return {
        "title": f"{word().title()} of {word()} in {word()}",
        "author": f"{word().title()}, Anna",
        "second": f"{word().title()}, Bea",
        "journal": f"Journal of {word()}",
        "abstract": f"Aims: {word()} {word()}. We read {word()} films; p < 0.05. {word()} ended.",
        "keyword": f"{word()} films",
        "note": f"{word()} note",
        "volume": str(10 + number),
        "issue": str(number),
        "first": str(100 * number),
        "last": str(100 * number + 7),
        "year": str(2000 + number),
        "doi": f"10.5555/{word()}.{number}",
        "id": str(30_000_000 + 1_111 * number),
    }


def _write_ris(record: Values) -> str:
    return (
        "TY  - JOUR\nTI  - {title}\nAU  - {author}\nAU  - {second}\nPY  - {year}\nJO  - {journal}\n"
        "VL  - {volume}\nIS  - {issue}\nSP  - {first}\nEP  - {last}\nDO  - {doi}\nAN  - {id}\n"
        "KW  - {keyword}\nAB  - {abstract}\nN1  - {note}\nER  - \n\n"
    ).format(**record)


def _write_nbib(record: Values) -> str:
    return (
        "PMID- {id}\nOWN - NLM\nSTAT- MEDLINE\nDP  - {year} Mar 4\nTI  - {title}.\nVI  - {volume}\n"
        "IP  - {issue}\nPG  - {first}-{last}\nLID - {doi} [doi]\nAB  - {abstract}\nFAU - {author}\n"
        "FAU - {second}\nJT  - {journal}\nOT  - {keyword}\nGN  - {note}\n"
        "SO  - {journal}. {year};{volume}.\n\n"
    ).format(**record)


def _write_ovid(record: Values) -> str:
    return (
        "<{issue}. >\nUI  - {id}\nTI  - {title}.\nAU  - {author}\nAU  - {second}\nJN  - {journal}\n"
        "YR  - {year}\nVO  - {volume}\nDO  - {doi}\nAB  - {abstract}\nKW  - {keyword}\n"
        "NT  - {note}\nSO  - {journal}. {volume}({issue}):{first}-{last}, {year}.\n\n"
    ).format(**record)


def _write_bibtex(record: Values) -> str:
    return (
        "@article{{key{issue},\n  title = {{{title}}},\n  author = {{{author} and {second}}},\n"
        "  journal = {{{journal}}},\n  year = {{{year}}},\n  volume = {{{volume}}},\n"
        "  number = {{{issue}}},\n  pages = {{{first}--{last}}},\n  doi = {{{doi}}},\n"
        '  keywords = {{{keyword}}},\n  note = "{note}",\n  abstract = {{{abstract}}}\n}}\n\n'
    ).format(**record)


_COLUMNS = ("title", "authors", "year", "journal", "volume", "doi", "keyword", "abstract", "note")


def _write_row(record: Values, mark: str) -> str:
    cells = {**record, "authors": f"{record['author']}; {record['second']}"}
    return mark.join(f'"{cells[name]}"' for name in _COLUMNS) + "\n"


def _write_csv(record: Values) -> str:
    return _write_row(record, ",")


def _write_plain_csv(record: Values) -> str:
    return _write_row(record, "\t").replace('"', "")


def _write_endnote_xml(record: Values) -> str:
    return (
        "<record><rec-number>{id}</rec-number><contributors><authors><author>{author}</author>"
        "<author>{second}</author></authors></contributors><titles><title>{title}</title>"
        "<secondary-title>{journal}</secondary-title></titles><pages>{first}-{last}</pages>"
        "<volume>{volume}</volume><keywords><keyword>{keyword}</keyword></keywords><dates><year>"
        "{year}</year></dates><notes>{note}</notes><abstract>{note} in {title}</abstract>"
        "<electronic-resource-num>{doi}</electronic-resource-num></record>\n"
    ).format(**record)


def _write_pubmed_xml(record: Values) -> str:
    return (
        "<PubmedArticle><MedlineCitation><PMID>{id}</PMID><Article><Journal><JournalIssue>"
        "<Volume>{volume}</Volume><PubDate><Year>{year}</Year></PubDate></JournalIssue>"
        "<Title>{journal}</Title></Journal><ArticleTitle>{title}</ArticleTitle><Abstract>"
        "<AbstractText>{note} in {keyword}</AbstractText></Abstract><AuthorList><Author><LastName>"
        "{author}</LastName></Author></AuthorList></Article></MedlineCitation></PubmedArticle>\n"
    ).format(**record)


def _write_wos(record: Values) -> str:
    return (
        "PT J\nAU {author}\n   {second}\nTI {title}\nSO {journal}\nPY {year}\nVL {volume}\n"
        "IS {issue}\nBP {first}\nEP {last}\nDI {doi}\nDE {keyword}\nAB {abstract}\nFX {note}\n"
        "UT WOS:{id}\nER\n\n"
    ).format(**record)


def _write_percent(record: Values) -> str:
    return (
        "%0 Journal Article\n%T {title}\n%A {author}\n%A {second}\n%J {journal}\n%D {year}\n"
        "%V {volume}\n%N {issue}\n%P {first}-{last}\n%R {doi}\n%K {keyword}\n%X {abstract}\n"
        "%Z {note}\n%M {id}\n\n"
    ).format(**record)


def _write_refworks(record: Values) -> str:
    return (
        "RT Journal Article\nSR 1\nID {id}\nA1 {author};{second}\nT1 {title}\nJF {journal}\n"
        "YR {year}\nVO {volume}\nIS {issue}\nSP {first}\nOP {last}\nDO {doi}\nK1 {keyword}\n"
        "AB {abstract}\nNO {note}\n\n"
    ).format(**record)


def _write_noteexpress(record: Values) -> str:
    return (
        "{{Reference Type}}: Journal Article\n{{Title}}: {title}\n{{Author}}: {author};{second}\n"
        "{{Journal}}: {journal}\n{{Year}}: {year}\n{{Volume}}: {volume}\n{{Issue}}: {issue}\n"
        "{{Pages}}: {first}-{last}\n{{DOI}}: {doi}\n{{Keywords}}: {keyword}\n"
        "{{Abstract}}: {abstract}\n{{Notes}}: {note}\n\n"
    ).format(**record)


def _write_vertical(record: Values) -> str:
    return (
        '"TITLE","{title}"\n"AUTHOR NAMES","{author}","{second}"\n"SOURCE TITLE","{journal}"\n'
        '"PUBLICATION YEAR","{year}"\n"VOLUME","{volume}"\n"DOI","{doi}"\n"ABSTRACT","{abstract}"\n'
        '"AUTHOR KEYWORDS","{keyword}"\n"NOTES","{note}"\n\n'
    ).format(**record)


def _write_json_line(record: Values) -> str:
    names = ("title", "year", "journal", "volume", "doi", "abstract", "note")
    data = {name: record[name] for name in names}
    return json.dumps({**data, "authors": [record["author"], record["second"]]}) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How to write a file of the format, and how to count its entries without reading it."""

    write: Callable[[Values], str]
    marker: str
    """A regular expression (of lines) that matches once an entry."""
    head: str = ""
    tail: str = ""
    signs: tuple[str, ...] = ()
    """Pieces of the format's grammar, put in at random places."""


FORMATS = {
    "ris": Format(
        write=_write_ris, marker=r"^TY  -", signs=("ER  - \n", "TY  - JOUR\n", "TI  - ", "\n")
    ),
    "nbib": Format(
        write=_write_nbib, marker=r"^PMID-", signs=("PMID- ", "\n\n", "SO  - ", "      ")
    ),
    "ovid": Format(write=_write_ovid, marker=r"^<\d+\. >$", signs=("<9. >\n", "\n\n", "TI  - ")),
    "bibtex": Format(write=_write_bibtex, marker=r"^@article\{", signs=("{", "}", "@", '"', ",")),
    "csv": Format(
        write=_write_csv,
        marker=r'"[A-Z][a-z]+ of [a-z]+ in ',
        head=",".join(_COLUMNS) + "\n",
        signs=('"', ",", "\n", '""'),
    ),
    "tsv": Format(
        write=_write_plain_csv,
        marker=r"[A-Z][a-z]+ of [a-z]+ in ",
        head="\t".join(_COLUMNS) + "\n",
        signs=('"', "\t", "\n", "'"),
    ),
    "endnote_xml": Format(
        write=_write_endnote_xml,
        marker=r"<record>",
        head="<?xml version='1.0' encoding='UTF-8'?><xml><records>\n",
        tail="</records></xml>\n",
        signs=("<", ">", "</record>", "<record>", "&", "<title>"),
    ),
    "pubmed_xml": Format(
        write=_write_pubmed_xml,
        marker=r"<PubmedArticle>",
        head="<?xml version='1.0' encoding='UTF-8'?><PubmedArticleSet>\n",
        tail="</PubmedArticleSet>\n",
        signs=("<", ">", "</PubmedArticle>", "&", "<PMID>", "</Article>"),
    ),
    "wos": Format(
        write=_write_wos,
        marker=r"^PT J",
        head="FN Clarivate Analytics Web of Science\nVR 1.0\n",
        tail="EF\n",
        signs=("PT J\n", "ER\n", "   ", "TI ", "\n"),
    ),
    "percent": Format(write=_write_percent, marker=r"^%0 ", signs=("%0 ", "%T ", "\n\n", "%")),
    "refworks": Format(write=_write_refworks, marker=r"^RT ", signs=("RT ", "T1 ", "\n\n")),
    "noteexpress": Format(
        write=_write_noteexpress,
        marker=r"^\{Reference Type\}",
        signs=("{", "}: ", "{Title}: ", "\n\n"),
    ),
    "vertical": Format(
        write=_write_vertical, marker=r'^"TITLE",', signs=('"', ",", "\n", '"TITLE",')
    ),
    "json_lines": Format(
        write=_write_json_line, marker=r"^\{", signs=("{", "}", '"', ",", "\n", "[")
    ),
}


def make_file(name: str, dice: random.Random) -> tuple[str, list[set[str]]]:
    """A sound file of the format, and the words that only each of its records has."""
    form = FORMATS[name]
    values = [make_values(number, dice) for number in range(1, RECORDS + 1)]
    text = form.head + "".join(form.write(record) for record in values) + form.tail
    return text, [find_words(" ".join(record.values())) for record in values]


MADE_UP = re.compile(r"(?:[bdfgklmnprstvz][aeiou]){5}")
LONG = re.compile(r"[^\W\d_]{7,}")


def find_words(text: str, pattern: re.Pattern[str] = MADE_UP) -> set[str]:
    """The words of a text that match, in lower case."""
    return set(pattern.findall(text.lower()))


def read_sample(path: Path) -> tuple[str, list[set[str]]]:
    """A sample's text, and the long words that only each of its records has.

    A word that damage could turn into another record's, or puts in, is left out.
    """
    text = convert_to_utf8(path.read_bytes()).decode("utf-8", "replace")
    word_sets = [find_words(_to_text(record), LONG) for record in read_file(path).records]
    signs = find_words(" ".join(sign for form in FORMATS.values() for sign in form.signs), LONG)
    own: list[set[str]] = []
    for number, words in enumerate(word_sets):
        others = signs.union(*word_sets[:number], *word_sets[number + 1 :])
        own.append({word for word in words if not _is_near(word, others)})
    return text, own


def _is_near(word: str, others: set[str]) -> bool:
    return any(word[:4] in other or word[-4:] in other for other in others)


def _to_text(record: Record) -> str:
    data = record_to_dict(record)
    extra = list(data.pop("extra", {}).values())
    # A kind that the format names by a code ("JOUR") is no word of the file.
    data["types"] = [kind for kind in record.types if kind not in TYPES.values()]
    return json.dumps([list(data.values()), extra], ensure_ascii=False, default=list)


def damage_text(text: str, signs: tuple[str, ...], dice: random.Random) -> str:
    """The file damaged in one or two places."""
    for _ in range(dice.randint(1, 2)):
        text = dice.choice(_DAMAGES)(text, signs, dice)
    return text


def _delete_piece(text: str, signs: tuple[str, ...], dice: random.Random) -> str:
    at = dice.randrange(len(text) + 1)
    return text[:at] + text[at + dice.randint(1, 40) :]


def _insert_sign(text: str, signs: tuple[str, ...], dice: random.Random) -> str:
    at = dice.randrange(len(text) + 1)
    return text[:at] + dice.choice(signs) + text[at:]


def _change_letter(text: str, signs: tuple[str, ...], dice: random.Random) -> str:
    at = dice.randrange(len(text) + 1)
    return text[:at] + dice.choice("\x00\t{}\"'@%<>&-, \n~\u00e9\u00a0\u2013") + text[at + 1 :]


def _delete_line(text: str, signs: tuple[str, ...], dice: random.Random) -> str:
    lines = text.split("\n")
    del lines[dice.randrange(len(lines))]
    return "\n".join(lines)


def _repeat_line(text: str, signs: tuple[str, ...], dice: random.Random) -> str:
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    return "\n".join([*lines[:at], lines[at], *lines[at:]])


def _join_lines(text: str, signs: tuple[str, ...], dice: random.Random) -> str:
    ends = [match.start() for match in re.finditer("\n", text)]
    at = dice.choice(ends) if ends else 0
    return text[:at] + text[at + 1 :]


def _break_line(text: str, signs: tuple[str, ...], dice: random.Random) -> str:
    blanks = [match.start() for match in re.finditer(" ", text)]
    at = dice.choice(blanks) if blanks else 0
    return text[:at] + dice.choice(("\n", "\n\n", "\n      ")) + text[at + 1 :]


def _cut_end(text: str, signs: tuple[str, ...], dice: random.Random) -> str:
    at = len(text) - dice.randint(1, max(1, len(text) // 2))
    return text[: text.rfind("\n", 0, at) + 1] if dice.random() < 0.5 else text[:at]


def _cut_start(text: str, signs: tuple[str, ...], dice: random.Random) -> str:
    return text[dice.randint(1, max(1, len(text) // 4)) :]


def _drop_blank_lines(text: str, signs: tuple[str, ...], dice: random.Random) -> str:
    return re.sub(r"\n\n+", lambda match: "\n" if dice.random() < 0.5 else match.group(), text)


_DAMAGES = (
    _delete_piece,
    _insert_sign,
    _change_letter,
    _delete_line,
    _repeat_line,
    _join_lines,
    _break_line,
    _cut_end,
    _cut_start,
    _drop_blank_lines,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What reading one damaged file did that it may not do."""

    name: str
    kind: str
    """crash, lost or mixed."""
    detail: str
    text: str


def check_reading(
    name: str,
    text: str,
    words: list[set[str]],
    pattern: re.Pattern[str] = MADE_UP,
    marker: str | None = None,
) -> Fault | None:
    """The first fault in reading a damaged file; None where all is well.

    A crash is a SourceError of several lines; any other error is raised. A record is lost where
    fewer entries were read than the file has marks of its format, and nothing says so. Records are
    mixed where one holds words of two of the file.
    """
    try:
        parsed = read_file(text.encode("utf-8", "surrogatepass"))
    except SourceError as error:
        return Fault(name, "crash", f"two lines: {error}", text) if "\n" in str(error) else None
    except Exception as error:
        error.add_note(f"in reading this {name} file: {text!r}")
        raise
    for record in parsed.records:
        owners = find_owners(record, words, pattern)
        if len(owners) > 1:
            return Fault(name, "mixed", f"records {owners}: {record.title!r}", text)
    marks = len(re.findall(marker, text, re.M)) if marker else 0
    if len(parsed.records) < marks and not has_warning(parsed):
        return Fault(name, "lost", f"{len(parsed.records)} read, {marks} marks", text)
    return None


def find_owners(
    record: Record, words: list[set[str]], pattern: re.Pattern[str] = MADE_UP
) -> list[int]:
    """The records of the sound file whose words the record holds; 1 and up."""
    own = find_words(_to_text(record), pattern)
    return [number for number, theirs in enumerate(words, 1) if own & theirs]


def has_warning(parsed: ParseResult) -> bool:
    """Whether an import of the file would stop and say why."""
    try:
        refuse_damaged(Path("file"), parsed)
    except SourceError:
        return True
    return False


def find_faults(name: str, count: int, seed: int) -> Iterator[Fault]:
    """The faults in reading so many damaged files of the format."""
    dice = random.Random(f"{name} {seed}")
    form = FORMATS[name]
    for _ in range(count):
        text, words = make_file(name, dice)
        damaged = damage_text(text, form.signs, dice)
        if fault := check_reading(name, damaged, words, marker=form.marker):
            yield fault


def find_sample_faults(path: Path, count: int, seed: int) -> Iterator[Fault]:
    """The faults in reading so many damaged copies of a sample."""
    dice = random.Random(f"{path.name} {seed}")
    text, words = read_sample(path)
    signs = tuple(sign for form in FORMATS.values() for sign in form.signs)
    for _ in range(count):
        damaged = damage_text(text, signs, dice)
        if fault := check_reading(
            path.name, damaged, words, LONG, _SAMPLE_MARKERS.get(path.suffix)
        ):
            yield fault


_SAMPLE_MARKERS = {
    ".ris": r"^TY  -",
    ".nbib": r"^PMID-",
    ".bib": r"^@(?!comment|string|preamble)[a-zA-Z]+\{",
    ".xml": r"<record>",
    ".ciw": r"^PT ",
}
"""Marks of an entry by the sample's ending; tables have none that a line shows."""
