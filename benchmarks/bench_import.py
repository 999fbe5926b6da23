"""Speed and memory of reading export files and importing them into a review.

Generates its own files, with abstracts of typical length. Each run is a separate process, so that
the peak memory is that of one file. Target: 100,000 RIS records in under 60 s and 1 GiB.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import peak

SENTENCE = (
    "we trained a deep learning model on chest computed tomography to tell covid pneumonia from "
    "other infections and validated it on an external cohort with a calibrated threshold"
)
WORDS = SENTENCE.split()


def abstract(n: int) -> str:
    """About 900 characters that differ between records."""
    return " ".join(WORDS[(n * 7 + i * (n % 5 + 1)) % len(WORDS)] for i in range(150)).capitalize()


def ris(n: int) -> str:
    return (
        f"TY  - JOUR\nTI  - Deep learning study {n} of chest imaging\nAU  - Müller, Eva\n"
        f"AU  - Li, Wei{n % 97}\nPY  - {2015 + n % 10}\nT2  - Journal {n % 50}\nVL  - {n % 30}\n"
        f"SP  - {n}\nEP  - {n + 9}\nDO  - 10.1234/bench.{n}\nKW  - deep learning\nKW  - lung\n"
        f"UR  - https://doi.org/10.1234/bench.{n}\nAB  - {abstract(n)}.\nER  - \n\n"
    )


def nbib(n: int) -> str:
    return (
        f"PMID- {10_000_000 + n}\nOWN - NLM\nTI  - Deep learning study {n} of chest imaging.\n"
        f"AB  - {abstract(n)}.\nFAU - Müller, Eva\nAU  - Müller E\nDP  - 2020 Mar {n % 28 + 1}\n"
        f"JT  - Journal {n % 50}\nAID - 10.1234/bench.{n} [doi]\nSO  - J. 2020.\n\n"
    )


def bibtex(n: int) -> str:
    return (
        f"@article{{key{n},\n  title = {{Deep learning study {n} of chest imaging}},\n"
        f'  author = {{M{{\\"u}}ller, Eva and Li, Wei}},\n  journal = {{Journal {n % 50}}},\n'
        f"  year = {{2020}},\n  doi = {{10.1234/bench.{n}}},\n"
        f"  abstract = {{{abstract(n)}.}},\n}}\n\n"
    )


def table(n: int) -> str:
    return (
        f'"Deep learning study {n} of chest imaging","Müller, E.; Li, W.",2020,"Journal {n % 50}",'
        f'10.1234/bench.{n},"{abstract(n)}."\n'
    )


def endnote(n: int) -> str:
    return (
        f"<record><ref-type name='Journal Article'>17</ref-type><contributors><authors><author>"
        f"<style>Müller, Eva</style></author></authors></contributors><titles><title><style>Study "
        f"{n}</style></title><secondary-title>Journal</secondary-title></titles><dates>"
        f"<year>2020</year></dates><electronic-resource-num>10.1234/bench.{n}</electronic-resource-num>"
        f"<abstract>{abstract(n)}</abstract></record>"
    )


MAKERS = {
    "ris": ("", ris, ""),
    "nbib": ("", nbib, ""),
    "bibtex": ("", bibtex, ""),
    "csv": ("Title,Authors,Year,Source title,DOI,Abstract\n", table, ""),
    "endnote_xml": ("<?xml version='1.0'?><xml><records>", endnote, "</records></xml>"),
}


def made(folder: Path, form: str, count: int) -> Path:
    """Writes a file of `count` records."""
    head, maker, tail = MAKERS[form]
    path = folder / f"{form}-{count}.txt"
    with path.open("w", encoding="utf-8") as out:
        out.write(head)
        out.writelines(maker(n) for n in range(1, count + 1))
        out.write(tail)
    return path


def one(path: Path, into: str) -> None:
    """Reads a file (or imports it into the review `into`); prints time, peak memory and count."""
    began = time.perf_counter()
    if into:
        from review.workflow.records.imports import import_file
        from review.workflow.setup.loading import open_project

        read = import_file(open_project(Path(into), who="bench"), path, "bench").new
    else:
        from review.formats import read_file

        parsed = read_file(path)
        assert parsed.rejected == ()
        read = len(parsed.records)
    seconds = time.perf_counter() - began
    used = time.process_time()
    print(json.dumps({"seconds": seconds, "used": used, "peak": peak(), "records": read}))


def measured(path: Path, into: str = "") -> dict[str, float]:
    words = [sys.executable, __file__, "--one", str(path), "--into", into]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def line(what: str, count: int, size: float, got: dict[str, float]) -> None:
    assert got["records"] == count, f"{what}: {got['records']} of {count} records"
    print(
        f"{what:<22}{count:>9,}{size:>8.0f}{got['seconds']:>9.1f}{got['used']:>9.1f}"
        f"{count / got['seconds']:>11,.0f}{got['peak']:>10.0f}"
    )


def main(count: int = 100_000) -> None:
    """Prints a table of formats and sizes."""
    from review.workflow.setup.loading import init_project

    head = ("records", 9), ("MB", 8), ("seconds", 9), ("CPU s", 9), ("per second", 11)
    print(f"{'file':<22}" + "".join(f"{t:>{w}}" for t, w in (*head, ("peak MiB", 10))))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form, n in [("ris", count // 4), ("ris", count)] + [
            (form, count // 4) for form in MAKERS if form != "ris"
        ]:
            path = made(folder, form, n)
            line(form, n, path.stat().st_size / 1e6, measured(path))
        init_project(folder / "review")
        path = folder / f"ris-{count}.txt"
        got = measured(path, str(folder / "review"))
        line("ris into a review", count, path.stat().st_size / 1e6, got)
        met = got["seconds"] < 60 and got["peak"] < 1024
        busy = "" if got["used"] > 0.7 * got["seconds"] else " (the machine was busy: see CPU s)"
        print(
            f"mark: {count:,} RIS records imported under 60 s and 1,024 MiB: "
            f"{'met' if met else 'MISSED'}{busy}"
        )


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("--one", type=Path)
    words.add_argument("--into", default="")
    words.add_argument("--count", type=int, default=100_000)
    given = words.parse_args()
    if given.one:
        one(given.one, given.into)
    else:
        main(given.count)
