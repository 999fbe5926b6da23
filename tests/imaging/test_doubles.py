"""Duplicates of phantoms: exact, scaled, rotated, mirrored, inverted and cropped."""

import io

import numpy as np
import pytest
from PIL import Image

from review.errors import ReviewError
from review.imaging.doubles import (
    ComparedImages,
    Double,
    find_doubles,
    find_doubles_between,
    group_doubles,
)
from review.imaging.features import make_thumbnail
from review.imaging.files import decode_image
from review.imaging.manifest import check_images

TURNS = {
    "as it is": lambda pixels: pixels,
    "mirrored": lambda pixels: pixels[:, ::-1],
    "upside down and mirrored": lambda pixels: pixels[::-1],
    "turned by 180 degrees": lambda pixels: pixels[::-1, ::-1],
    "transposed": lambda pixels: pixels.T,
    "turned by 90 degrees": lambda pixels: np.rot90(pixels, 1),
    "turned by 270 degrees": lambda pixels: np.rot90(pixels, 3),
    "transposed the other way": lambda pixels: np.rot90(pixels, 2).T,
}


@pytest.fixture(scope="module")
def films(clean_films, clean_check):
    """One film of each patient."""
    chosen = {}
    for entry in clean_check.readable:
        chosen.setdefault(entry.path[:5], entry.path)
    root = clean_films / "films"
    return {path: decode_image(root / path).pixels for path in chosen.values()}


def compare(films):
    return ComparedImages(
        paths=list(films), thumbnails=np.stack([make_thumbnail(film) for film in films.values()])
    )


def test_films_of_different_patients_are_no_doubles(films):
    search = find_doubles(compare(films))
    assert search.doubles == () and search.groups == ()
    assert search.compared == len(films) and search.crops_sought


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("inverted", [False, True])
def test_the_second_turned_so_becomes_the_first(films, turn, inverted):
    path, film = next(iter(films.items()))
    undo = TURNS[turn]
    # The copy is the film before the turn that makes it the film again.
    changed = np.ascontiguousarray(invert_turn(undo)(film))
    assert (undo(changed) == film).all()
    copy = 255 - changed if inverted else changed
    search = find_doubles_between(compare(films), compare({"copy": copy}), crops=False)
    assert len(search.doubles) == 1
    double = search.doubles[0]
    assert (double.first, double.second, double.kind) == (path, "copy", "copy")
    assert (double.turn, double.inverted) == (turn, inverted)
    assert double.bits <= 8


def invert_turn(turn):
    """The turn that undoes another; all but the quarter turns undo themselves."""
    probe = np.arange(12).reshape(3, 4)
    for other in TURNS.values():
        if other(turn(probe)).shape == probe.shape and (turn(other(probe)) == probe).all():
            return other
    raise AssertionError


def test_scaled_and_recompressed_copies(films):
    path, film = list(films.items())[4]
    picture = Image.fromarray(film)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=40)
    copies = {
        "small": np.asarray(picture.resize((100, 100), Image.Resampling.LANCZOS)),
        "large": np.asarray(picture.resize((700, 700), Image.Resampling.BICUBIC)),
        "squeezed": np.asarray(picture.resize((300, 200), Image.Resampling.BICUBIC)),
        "jpeg": np.asarray(Image.open(stream)),
    }
    search = find_doubles(compare({**films, **copies}), crops=False)
    pairs = {frozenset((double.first, double.second)) for double in search.doubles}
    assert pairs == {frozenset((a, b)) for a in (path, *copies) for b in (path, *copies) if a != b}
    assert search.groups == (tuple(sorted((path, *copies))),)


def test_exact_copies_are_told_from_the_same_pixels(tmp_path, films):
    film = Image.fromarray(next(iter(films.values())))
    for name in ("a.png", "b.png"):
        film.save(tmp_path / name)
    film.save(tmp_path / "c.tif")
    Image.fromarray(list(films.values())[1]).save(tmp_path / "other.png")
    check = check_images(tmp_path)
    search = find_doubles(ComparedImages.from_check(check))
    assert [(double.first, double.second, double.kind) for double in search.doubles] == [
        ("a.png", "b.png", "same bytes"),
        ("a.png", "c.tif", "same pixels"),
        ("b.png", "c.tif", "copy"),
    ]
    assert search.groups == (("a.png", "b.png", "c.tif"),)


def test_two_sets_may_use_the_same_names(films):
    names = list(films)
    first = compare({name: films[name] for name in names[:30]})
    second = compare({name: films[other] for name, other in zip(names, names[25:55], strict=False)})
    search = find_doubles_between(first, second)
    assert [(double.first, double.second) for double in search.doubles] == [
        (names[25 + place], names[place]) for place in range(5)
    ]


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("share", [0.92, 0.8, 0.7])
def test_cropped_copies(films, share, mirrored):
    generator = np.random.default_rng(int(share * 100))
    side = round(256 * share)
    chosen = list(films)[:20]
    parts = {}
    for path in chosen:
        top, left = (int(value) for value in generator.integers(0, 257 - side, 2))
        part = films[path][top : top + side, left : left + side]
        parts[f"part of {path}"] = part[:, ::-1] if mirrored else part
    search = find_doubles_between(compare(films), compare(parts))
    pairs = [(double.first, double.second) for double in search.doubles]
    assert all(second == f"part of {first}" for first, second in pairs)
    assert len(pairs) >= 17
    cropped = [double for double in search.doubles if double.kind == "cropped"]
    assert all(double.cropped == "second" for double in cropped)
    assert {double.turn for double in search.doubles} == {"mirrored" if mirrored else "as it is"}


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("turn", TURNS)
def test_cropped_copies_turned_and_inverted(films, turn, inverted):
    path, film = list(films.items())[7]
    quarters = ("turned by 90 degrees", "turned by 270 degrees")
    back = quarters[turn == quarters[0]] if turn in quarters else turn
    part = TURNS[turn](film[50:240, 30:220])
    part = np.ascontiguousarray(255 - part if inverted else part)
    whole, cut = compare(films), compare({"part": part})
    (forward,) = find_doubles_between(whole, cut).doubles
    assert (forward.first, forward.kind, forward.cropped) == (path, "cropped", "second")
    assert (forward.turn, forward.inverted) == (back, inverted)
    assert forward.part == pytest.approx([50 / 256, 240 / 256, 30 / 256, 220 / 256], abs=0.03)
    (backward,) = find_doubles_between(cut, whole).doubles
    assert (backward.second, backward.cropped, backward.turn) == (path, "first", turn)


def test_turned_parts_of_a_large_set_are_sought_on_request(films, monkeypatch):
    monkeypatch.setattr("review.imaging.doubles.MOST_TURNED_CROPS", len(films))
    film = list(films.values())[7]
    parts = {"turned": np.ascontiguousarray(np.rot90(film[50:240, 30:220]))}
    searched = find_doubles(compare({**films, **parts}))
    assert searched.crops_sought and not searched.turned_crops_sought and not searched.doubles
    searched = find_doubles(compare({**films, **parts}), crops=True)
    assert searched.turned_crops_sought and len(searched.doubles) == 1
    upright = {"mirrored": np.ascontiguousarray(film[50:240, 220:30:-1])}
    assert find_doubles(compare({**films, **upright})).doubles[0].turn == "mirrored"


def test_the_part_is_located_whichever_set_it_is_in(films):
    path, film = list(films.items())[7]
    part = film[50:240, 30:220]
    whole, cut = compare(films), compare({"part": part})
    forward = find_doubles_between(whole, cut).doubles
    backward = find_doubles_between(cut, whole).doubles
    assert (forward[0].first, forward[0].second, forward[0].cropped) == (path, "part", "second")
    assert (backward[0].first, backward[0].second, backward[0].cropped) == ("part", path, "first")
    expected = [50 / 256, 240 / 256, 30 / 256, 220 / 256]
    assert forward[0].part == pytest.approx(expected, abs=0.03)
    within = find_doubles(compare({**films, "part": part})).doubles
    assert [(double.first, double.second) for double in within] == [(path, "part")]


def test_blank_images_are_counted_apart(films):
    black = np.zeros((64, 64), np.uint8)
    search = find_doubles(compare({**films, "black": black, "dark": black + 2}))
    assert search.too_blank == ("black", "dark") and search.doubles == ()
    assert search.compared == len(films)


def test_crops_may_be_left_out(films):
    assert not find_doubles(compare(films), crops=False).crops_sought


def test_nothing_to_compare():
    empty = ComparedImages(paths=[], thumbnails=np.zeros((0, 64, 64), np.uint8))
    assert find_doubles(empty).doubles == ()
    with pytest.raises(ReviewError, match="0 to 80 bits"):
        find_doubles(empty, most_bits=120)


def test_blocks_do_not_lose_a_pair(films, monkeypatch):
    monkeypatch.setattr("review.imaging.doubles.BLOCK", 7)
    names = list(films)
    doubled = {**films, **{f"copy of {name}": films[name][:, ::-1] for name in names[::5]}}
    calls = []
    search = find_doubles(
        compare(doubled), crops=False, progress=lambda *numbers: calls.append(numbers)
    )
    assert {(double.first, double.second) for double in search.doubles} == {
        (name, f"copy of {name}") for name in names[::5]
    }
    assert calls[-1][0] == calls[-1][1] == len(calls)


def test_groups_join_chains():
    chain = [Double("a", "b", "copy"), Double("c", "b", "same bytes"), Double("d", "a", "cropped")]
    assert group_doubles(chain) == (("a", "b", "c"),)
