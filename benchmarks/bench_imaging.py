"""Image audits: processor time and memory per step, and scaling with the number of films.

    python benchmarks/bench_imaging.py [--films 1000] [--side 1024] [--folder FOLDER]

Films are phantoms: a few are drawn, the rest are shifted copies with noise. They are made in a
temporary folder that is removed afterwards (0.7 MB a film of 1,024²), or in --folder, which is kept
and used again. Each size runs in a separate process. "120,000" extrapolates in proportion to the
number of films (pairs of hashes: to
its square). Training does not grow beyond 1,875 films, so the sieve on few films measures the time
of training.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
TARGET = 120_000
HEAD = f"{'step':34}{'films':>7}{'cpu s':>9}{'s / 1,000':>11}{'120,000: min':>14}{'peak GB':>9}"


def main() -> None:
    """Prints the table."""
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--films", type=int, default=400)
    words.add_argument("--side", type=int, default=1024)
    words.add_argument("--folder", type=Path, help="folder that keeps the films")
    words.add_argument("--child", nargs=2, metavar=("FOLDER", "FILMS"), help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.child:
        measure(Path(given.child[0]), int(given.child[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = (given.folder or Path(folder)) / "films"
        make_films(kept, given.films, given.side)
        if given.folder:
            (Path(folder) / "films").symlink_to(kept.resolve())
        print(HEAD, flush=True)
        for films in (given.films // 2, given.films):
            command = [sys.executable, __file__, "--child", folder, str(films)]
            subprocess.run(command, check=True)


def make_films(folder: Path, count: int, side: int) -> None:
    """Writes PNG films, two a patient, that are not there yet. Raises OSError on a full disk."""
    import make_phantoms

    folder.mkdir(parents=True, exist_ok=True)
    needed = (count - sum(1 for _ in folder.iterdir())) * side * side
    if shutil.disk_usage(folder).free < 2 * needed:
        raise OSError(
            f"{folder}: the films need {needed / 1e9:.0f} GB and as much again for safety"
        )
    drawn = [
        make_phantoms.draw_film(film) for film in make_phantoms.plan_films(40, 1, most_films=1)
    ]
    generator = np.random.default_rng(0)
    noise = generator.normal(0, 4, (side, side)).astype(np.int16)
    for number in range(count):
        path = folder / f"{number // 2:06d}_{number}.png"
        if path.exists():
            continue
        small = np.roll(drawn[number % len(drawn)], generator.integers(-9, 10, 2), (0, 1))
        large = Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)
        shifted = np.roll(noise, int(generator.integers(side * side)))
        film = np.clip(np.asarray(large) + shifted, 0, 255).astype(np.uint8)
        Image.fromarray(film).save(path, compress_level=1)


def measure(folder: Path, films: int) -> None:
    """Runs every step on the first films and prints a row for each."""
    from review.imaging import ComparedImages, check_images, find_doubles, sieve_images

    part = folder / f"part{films}"
    part.mkdir()
    for path in sorted((folder / "films").iterdir())[:films]:
        os.link(path, part / path.name)
    begin = time.process_time()
    check = check_images(part, out=folder / f"manifest{films}")
    report("read, hash, measure", films, time.process_time() - begin)
    begin = time.process_time()
    check_images(part, out=folder / f"manifest{films}")
    report("go on after a stop", films, time.process_time() - begin)
    patients = [entry.path[:6] for entry in check.readable]
    begin = time.process_time()
    sieve_images(check.thumbnails, patients, kinds=["rotated", "inverted"])
    report("sieve, two kinds, with learning", films, time.process_time() - begin)
    images = ComparedImages.from_check(check)
    begin = time.process_time()
    find_doubles(images, crops=False)
    report("copies by hash", films, time.process_time() - begin)
    measure_pairs()


def measure_pairs() -> None:
    """Hashes of 6,000 random images, all pairs and orientations."""
    from review.imaging import ComparedImages, find_doubles

    generator = np.random.default_rng(0)
    count = 6_000
    pictures = generator.integers(0, 255, (count, 64, 64)).astype(np.uint8)
    images = ComparedImages(paths=[str(place) for place in range(count)], thumbnails=pictures)
    begin = time.process_time()
    find_doubles(images, crops=False)
    report("all pairs of hashes", count, time.process_time() - begin, power=2)


def report(step: str, films: int, seconds: float, *, power: int = 1) -> None:
    """Prints one row of the table."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    minutes = seconds * (TARGET / films) ** power / 60
    print(
        f"{step:34}{films:7,}{seconds:9.1f}{1000 * seconds / films:11.2f}"
        f"{minutes:14.1f}{peak:9.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
