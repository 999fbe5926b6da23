"""Draws chest phantoms: plausible frontal films of made-up patients, with known faults.

    python scripts/make_phantoms.py DIR --patients 60 --seed 1

writes DIR/films/*.png, DIR/labels.csv (file, labels, patient, age, sex, view, site, split) and
DIR/faults.csv (file, fault, source). No real film is used.
"""

import argparse
import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIDE = 256
LABELS = ("Pneumothorax", "Mass", "Cardiomegaly", "Effusion")
FAULTS = (
    "rotated", "inverted", "upside down", "mirrored", "over-bordered", "blank", "grey",
    "exact double", "scaled double", "turned double", "mirrored double", "cropped double",
)  # fmt: skip


@dataclass(frozen=True)
class Patient:
    """The shape of a made-up patient."""

    number: int
    age: int
    sex: str
    lung_width: float
    lung_height: float
    heart: float
    tilt: float
    ribs: int
    bone: float
    texture: int


@dataclass(frozen=True)
class Film:
    """A film of a patient."""

    name: str
    patient: Patient
    labels: tuple[str, ...]
    view: str
    site: str
    split: str
    seed: int


def make_patient(number: int, generator: np.random.Generator) -> Patient:
    """Draws a random patient."""
    return Patient(
        number=number,
        age=int(generator.integers(4, 92)),
        sex=str(generator.choice(["M", "F"])),
        lung_width=float(generator.uniform(0.76, 1.18)),
        lung_height=float(generator.uniform(0.78, 1.15)),
        heart=float(generator.uniform(0.8, 1.15)),
        tilt=float(generator.uniform(-2.5, 2.5)),
        ribs=int(generator.integers(7, 12)),
        bone=float(generator.uniform(0.7, 1.2)),
        texture=int(generator.integers(2**31)),
    )


def draw_film(film: Film, side: int = SIDE) -> np.ndarray:
    """The film as grey values; the heart is on the right side of the picture, as it should be."""
    patient = film.patient
    generator = np.random.default_rng([film.seed, patient.number])
    own = np.random.default_rng(patient.texture)
    scale = side / 256
    middle = 128 + generator.uniform(-5, 5) + own.uniform(-5, 5)
    top = 42 + own.uniform(-7, 7) + generator.uniform(-4, 4)
    canvas = np.full((side, side), 30.0)
    body = _ellipse(
        side,
        middle,
        175,
        116 * own.uniform(0.85, 1.12),
        150 * own.uniform(0.9, 1.05),
        scale,
        soft=6,
    )
    neck = _ellipse(side, middle, 20, 34, 42, scale, soft=5)
    canvas += 140 * np.maximum(body, neck)
    half = 43 * patient.lung_width
    rib_start = own.uniform(3, 14)
    height = 76 * patient.lung_height
    for sign in (-1, 1):
        lung = _ellipse(side, middle + sign * half, top + height, 33 * patient.lung_width,
                        height, scale, soft=4)  # fmt: skip
        lung *= _half_plane(side, top + 2 * height - (18 if sign < 0 else 8), scale)
        canvas -= 95 * lung
        rib_gap = 2 * height / patient.ribs
        for rib in range(patient.ribs):
            canvas += (
                20
                * patient.bone
                * lung
                * _rib(
                    side,
                    middle,
                    sign,
                    top + rib_start + rib * rib_gap,
                    half,
                    scale,
                    own.uniform(2.0, 3.4),
                )
            )
        collar = _rib(side, middle, -sign, top + 4, 60, scale, 4.0, lift=-14)
        canvas += 32 * patient.bone * collar * (_columns(side, scale) * sign > middle * sign)
    spine = np.exp(-(((_columns(side, scale) - middle) / 11) ** 2))
    vertebrae = 0.85 + 0.15 * np.cos(_rows(side, scale) / own.uniform(2.2, 3.0))
    canvas += 42 * spine * vertebrae
    size = patient.heart * (1.45 if "Cardiomegaly" in film.labels else 1.0)
    heart = _ellipse(side, middle + 17 * size, top + 1.5 * height, 36 * size, 33 * size, scale, 5)
    canvas += 68 * heart
    canvas += 26 * _ellipse(side, middle + 13, top + 0.72 * height, 11, 13, scale, 4)
    stomach = _ellipse(side, middle + 45, top + 2 * height + 22, 20, 11, scale, 4)
    canvas -= 34 * stomach
    if "Mass" in film.labels:
        sign = own.choice([-1, 1])
        canvas += 55 * _ellipse(side, middle + sign * half, top + own.uniform(0.5, 1.2) * height,
                                11, 10, scale, 3)  # fmt: skip
    if "Effusion" in film.labels:
        sign = own.choice([-1, 1])
        fluid = _ellipse(side, middle + sign * (half + 8), top + 2 * height - 18, 34, 30, scale, 6)
        canvas += 70 * fluid
    if "Pneumothorax" in film.labels:
        sign = own.choice([-1, 1])
        canvas -= 30 * _ellipse(side, middle + sign * (half + 16), top + 0.45 * height, 14, 30,
                                scale, 2)  # fmt: skip
    canvas += _texture(own, 40, 9, side) + _texture(generator, 28, 6, side)
    canvas += generator.normal(0, 3, canvas.shape)
    gain, shift = generator.uniform(0.85, 1.1), generator.uniform(-10, 10)
    picture = Image.fromarray(np.clip(canvas * gain + shift, 0, 255).astype(np.uint8))
    zoom = generator.uniform(0.93, 1.07)
    angle = patient.tilt + generator.uniform(-3, 3)
    picture = picture.rotate(
        angle,
        Image.Resampling.BILINEAR,
        translate=tuple(int(move) for move in generator.integers(-9, 10, 2) * scale),
        fillcolor=25,
    )
    cut = side * (1 - 1 / zoom) / 2
    picture = picture.transform(
        picture.size,
        Image.Transform.EXTENT,
        (cut, cut, side - cut, side - cut),
        Image.Resampling.BILINEAR,
        fillcolor=25,
    )
    draw = ImageDraw.Draw(picture)
    mark = "L" if film.site == "north" else "L AP" if film.view == "AP" else "LEFT"
    font = ImageFont.load_default(size=max(8, int(14 * scale)))
    draw.text((side * 0.88 - 10 * len(mark) * scale / 2, side * 0.06), mark, 240, font=font)
    if film.site == "south":
        picture = picture.filter(ImageFilter.GaussianBlur(0.8 * scale))
    return np.asarray(picture)


def plan_films(
    patients: int, seed: int, *, most_films: int = 3, patients_over_splits: int = 0
) -> list[Film]:
    """Films of made-up patients: one to `most_films` each, a fifth of the patients for testing.

    Args:
        patients_over_splits: patients of whom one film is in train and another in test.
    """
    generator = np.random.default_rng(seed)
    films = []
    for number in range(1, patients + 1):
        patient = make_patient(number, generator)
        split = "test" if number % 5 == 0 else "train"
        site = "north" if generator.random() < 0.5 else "south"
        count = int(generator.integers(1, most_films + 1))
        count = max(count, 2) if number <= patients_over_splits else count
        labels = tuple(label for label in LABELS if generator.random() < 0.2)
        for turn in range(count):
            leak = number <= patients_over_splits and turn == 1
            films.append(
                Film(
                    name=f"{number:05d}_{turn:03d}.png",
                    patient=replace(patient, age=patient.age + turn),
                    labels=labels,
                    view="AP" if generator.random() < 0.3 else "PA",
                    site=site,
                    split={"train": "test", "test": "train"}[split] if leak else split,
                    seed=int(generator.integers(2**31)),
                )
            )
    return films


def make_fault(pixels: np.ndarray, fault: str, generator: np.random.Generator) -> np.ndarray:
    """The film with a fault; for a duplicate, the copy."""
    if fault == "rotated":
        return np.rot90(pixels, int(generator.integers(1, 4)))
    if fault == "inverted":
        return 255 - pixels
    if fault in ("upside down", "turned double"):
        return np.rot90(pixels, 2 if fault == "upside down" else 1)
    if fault in ("mirrored", "mirrored double"):
        return pixels[:, ::-1]
    if fault == "over-bordered":
        small = Image.fromarray(pixels).resize((170, 170), Image.Resampling.BOX)
        bordered = np.zeros((SIDE, SIDE), dtype=np.uint8)
        bordered[43:213, 43:213] = np.asarray(small)
        return bordered
    if fault == "blank":
        return np.full_like(pixels, 3)
    if fault == "grey":
        return (118 + pixels // 24).astype(np.uint8)
    if fault == "scaled double":
        small = Image.fromarray(pixels).resize((180, 180), Image.Resampling.BICUBIC)
        return np.asarray(small)
    if fault == "cropped double":
        top, left = (int(value) for value in generator.integers(0, 45, 2))
        return pixels[top : top + 205, left : left + 205]
    return pixels.copy()


def write_phantoms(
    folder: Path,
    *,
    patients: int = 60,
    seed: int = 1,
    faults_each: int = 2,
    wrong_labels: float = 0.3,
) -> None:
    """Writes films, labels.csv and faults.csv.

    Args:
        faults_each: films of every fault.
        wrong_labels: share of the films with Pneumothorax in labels.csv that have none.
    """
    films = plan_films(patients, seed, patients_over_splits=2)
    generator = np.random.default_rng([seed, 1])
    (folder / "films").mkdir(parents=True, exist_ok=True)
    pictures = {film.name: draw_film(film) for film in films}
    faults: list[tuple[str, str, str]] = []
    spoiled = generator.permutation(len(films))
    for number, fault in enumerate(name for name in FAULTS for _ in range(faults_each)):
        film = films[spoiled[number % len(films)]]
        faulty = np.ascontiguousarray(make_fault(pictures[film.name], fault, generator))
        if "double" in fault:
            name = f"{film.name.removesuffix('.png')}_copy{number}.png"
            films.append(replace(film, name=name))
            pictures[name] = faulty
            faults.append((name, fault, film.name))
        else:
            pictures[film.name] = faulty
            faults.append((film.name, fault, ""))
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / "films" / name)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["file", "labels", "patient", "age", "sex", "view", "site", "split", "truth"]
        )
        for film in films:
            mined = set(film.labels)
            if "Pneumothorax" not in mined and generator.random() < 0.2 * wrong_labels:
                mined.add("Pneumothorax")
            shown, truth = (
                "|".join(sorted(names)) or "No Finding" for names in (mined, film.labels)
            )
            writer.writerow([
                film.name, shown, f"P{film.patient.number}", film.patient.age, film.patient.sex,
                film.view, film.site, film.split, truth,
            ])  # fmt: skip
    with (folder / "faults.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "fault", "source"])
        writer.writerows(faults)


def _texture(generator: np.random.Generator, grid: int, strength: float, side: int) -> np.ndarray:
    """Smooth noise of `grid` by `grid` patches."""
    noise = Image.fromarray(generator.normal(0, strength, (grid, grid)).astype(np.float32))
    return np.asarray(noise.resize((side, side), Image.Resampling.BICUBIC))


def _rows(side: int, scale: float) -> np.ndarray:
    return np.arange(side)[:, None] / scale


def _columns(side: int, scale: float) -> np.ndarray:
    return np.arange(side)[None, :] / scale


def _ellipse(
    side: int, x: float, y: float, width: float, height: float, scale: float, soft: float
) -> np.ndarray:
    """1 inside, 0 outside, with a soft edge of about `soft` pixels."""
    distance = np.hypot((_columns(side, scale) - x) / width, (_rows(side, scale) - y) / height)
    return 1 / (1 + np.exp((distance - 1) * min(width, height) / soft * 2))


def _half_plane(side: int, y: float, scale: float) -> np.ndarray:
    return 1 / (1 + np.exp((_rows(side, scale) - y) / 3))


def _rib(
    side: int, middle: float, sign: int, y: float, half: float, scale: float, thick: float,
    lift: float = 10,
) -> np.ndarray:  # fmt: skip
    """A curved bright line outwards from the spine."""
    across = (_columns(side, scale) - middle) * sign / (2 * half)
    line = y + lift * (4 * across * (1 - across)) * -1 + 16 * across
    return np.exp(-(((_rows(side, scale) - line) / thick) ** 2))


def main() -> None:
    """Parses the command line and writes the phantoms."""
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("folder", type=Path)
    words.add_argument("--patients", type=int, default=60)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--faults", type=int, default=2, help="films of every fault")
    given = words.parse_args()
    write_phantoms(given.folder, patients=given.patients, seed=given.seed, faults_each=given.faults)


if __name__ == "__main__":
    main()
