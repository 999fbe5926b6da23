"""The check of an image set and its manifest, also when it is interrupted or moved."""

import shutil

import numpy as np
import pytest
from PIL import Image

from review.errors import ReviewError
from review.imaging import manifest
from review.imaging.features import MEASURES, measure_image
from review.imaging.files import DecodedImage
from review.imaging.manifest import (
    check_images,
    find_duplicate_names,
    read_manifest,
    summarize_check,
    verify_images,
)


def make_set(folder, count=12, seed=0):
    generator = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for number in range(count):
        small = generator.integers(0, 255, (9, 9)).astype(np.uint8)
        image = Image.fromarray(small).resize((96, 96), Image.Resampling.BICUBIC)
        image.save(folder / f"{number:03d}.png")
    return folder


def test_every_file_is_counted(tmp_path):
    root = make_set(tmp_path / "set")
    Image.fromarray(np.full((96, 96), 9, np.uint8)).save(root / "black.png")
    Image.fromarray(np.zeros((96, 20), np.uint8) + np.arange(20, dtype=np.uint8) * 9).save(
        root / "narrow.png"
    )
    shutil.copy(root / "000.png", root / "copy.png")
    (root / "cut.png").write_bytes((root / "001.png").read_bytes()[:400])
    (root / "renamed.png").write_bytes(b"")
    Image.open(root / "002.png").save(root / "saved_again.tif")
    Image.open(root / "003.png").convert("RGB").save(root / "looks_like.png", "JPEG")
    (root / "readme.txt").write_text("x")
    (root / "more").mkdir()
    shutil.copy(root / "004.png", root / "more" / "004.png")
    check = check_images(root)
    summary = summarize_check(check)
    assert summary.files == len([path for path in root.rglob("*") if path.is_file()])
    assert summary.files == summary.readable + summary.unreadable + summary.skipped
    assert summary.faults == {"truncated": 1, "empty": 1}
    assert summary.skip_reasons == {"not an image": 1}
    assert summary.notes["blank"] == 1
    assert summary.notes["odd size"] == 1
    assert summary.notes["suffix differs from content"] == 1
    assert summary.formats == {"PNG": 16, "TIFF": 1, "JPEG": 1}
    assert summary.exact_doubles == 2
    assert summary.duplicate_names == {"004.png": ("004.png", "more/004.png")}
    assert check.thumbnails.shape == (summary.readable, 64, 64)
    assert check.measures.shape == (summary.readable, len(MEASURES))
    by_path = {entry.path: entry for entry in check.entries}
    assert by_path["saved_again.tif"].pixels_sha256 == by_path["002.png"].pixels_sha256
    assert by_path["saved_again.tif"].sha256 != by_path["002.png"].sha256
    assert str(root) not in by_path["cut.png"].fault_text


def test_names_that_differ_in_case_or_suffix_are_duplicates():
    found = find_duplicate_names(["a/1.png", "b/1.PNG", "c/1.jpg", "c/2.png"])
    assert found == {"1.png": ("a/1.png", "b/1.PNG", "c/1.jpg")}


def test_a_manifest_is_read_back(tmp_path):
    root = make_set(tmp_path / "set")
    (root / "cut.png").write_bytes((root / "001.png").read_bytes()[:400])
    check = check_images(root, out=tmp_path / "manifest", shard_size=5)
    assert len(list((tmp_path / "manifest").glob("*.jsonl"))) == 3
    again = read_manifest(tmp_path / "manifest", root)
    assert again.entries == check.entries
    assert (again.thumbnails == check.thumbnails).all()
    assert (again.measures == check.measures).all()


def test_a_stopped_check_goes_on(tmp_path, monkeypatch):
    root, out = make_set(tmp_path / "set"), tmp_path / "manifest"
    seen = []

    def stop(done, total):
        seen.append((done, total))
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_images(root, out=out, shard_size=3, progress=stop)
    decoded = []
    original = manifest.decode_image
    monkeypatch.setattr(
        manifest, "decode_image", lambda path: decoded.append(path.name) or original(path)
    )
    check = check_images(root, out=out, shard_size=3)
    assert len(check.entries) == 12
    assert decoded == [f"{number:03d}.png" for number in range(6, 12)]
    plain = check_images(root)
    assert check.entries == plain.entries and (check.thumbnails == plain.thumbnails).all()
    decoded.clear()
    check_images(root, out=out)
    assert decoded == []


def test_new_changed_and_lost_images_are_seen(tmp_path):
    root, out = make_set(tmp_path / "set"), tmp_path / "manifest"
    check_images(root, out=out)
    (root / "000.png").unlink()
    Image.fromarray(np.zeros((96, 96), np.uint8)).save(root / "001.png")
    shutil.copy(root / "002.png", root / "new.png")
    check = check_images(root, out=out)
    assert check.missing == ("000.png",)
    assert [entry.path for entry in check.entries][-1] == "new.png"
    assert "blank" in next(entry for entry in check.entries if entry.path == "001.png").notes
    assert verify_images(check) == {}
    Image.fromarray(np.ones((96, 96), np.uint8)).save(root / "003.png")
    (root / "004.png").unlink()
    assert verify_images(check) == {"003.png": "changed", "004.png": "gone"}


def test_the_folder_may_move(tmp_path):
    root, out = make_set(tmp_path / "set"), tmp_path / "manifest"
    check_images(root, out=out)
    moved = tmp_path / "elsewhere"
    root.rename(moved)
    assert verify_images(read_manifest(out, moved)) == {}
    assert str(root) not in (out / "shard-00001.jsonl").read_text()


def test_a_half_written_shard_does_not_count(tmp_path):
    root, out = make_set(tmp_path / "set"), tmp_path / "manifest"
    check_images(root, out=out, shard_size=6)
    lines = out / "shard-00002.jsonl"
    lines.rename(lines.with_suffix(".jsonl.part"))
    assert len(read_manifest(out, root).entries) == 6
    assert len(check_images(root, out=out).entries) == 12


def test_a_damaged_manifest_is_named(tmp_path):
    root, out = make_set(tmp_path / "set"), tmp_path / "manifest"
    check_images(root, out=out)
    lines = out / "shard-00001.jsonl"
    text = lines.read_text()
    lines.write_text(text[: len(text) // 2])
    with pytest.raises(ReviewError, match=r"shard-00001.jsonl: the manifest is damaged"):
        read_manifest(out, root)
    lines.write_text(text.replace('"manifest": 1', '"manifest": 99'))
    with pytest.raises(ReviewError, match="another version"):
        read_manifest(out, root)


def test_what_cannot_be_checked_is_said(tmp_path):
    root = make_set(tmp_path / "set")
    with pytest.raises(ReviewError, match="among the images"):
        check_images(root, out=root / "manifest")
    (tmp_path / "none").mkdir()
    with pytest.raises(ReviewError, match="no PNG, JPEG, TIFF or DICOM"):
        check_images(tmp_path / "none")
    with pytest.raises(ReviewError, match="check the image set first"):
        read_manifest(tmp_path / "nothing", root)
    with pytest.raises(ReviewError, match="at least 1"):
        check_images(root, workers=0)


def test_two_workers_find_the_same(tmp_path):
    root = make_set(tmp_path / "set", 8)
    one, two = check_images(root), check_images(root, workers=2)
    assert one.entries == two.entries and (one.measures == two.measures).all()


def test_measures_say_what_they_name(tmp_path):
    pixels = np.zeros((200, 300), np.uint8)
    pixels[20:180, 60:240] = np.random.default_rng(0).integers(90, 160, (160, 180))
    pixels[2:16:3, 2:40:3] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    check = check_images(tmp_path)
    measures = dict(zip(MEASURES, check.measures[0].tolist(), strict=True))
    assert measures["margin left and right"] == pytest.approx(60 / 300, abs=0.25)
    assert measures["margin top and bottom"] >= 20 / 200
    assert measures["corner marks top left"] > 0.05
    assert measures["corner marks bottom right"] == 0
    assert measures["width"] == 300 and measures["aspect"] == 1.5
    assert measures["bytes"] == (tmp_path / "a.png").stat().st_size
    assert measures["edge darkness"] > 0.9


def test_measuring_leaves_the_pixels_alone():
    pixels = np.random.default_rng(0).integers(0, 255, (40, 40)).astype(np.uint8)
    before = pixels.copy()
    image = DecodedImage(
        pixels=pixels, format="PNG", mode="L", bits=8, frames=1, orientation=1, used_range=1.0
    )
    measure_image(image, 1000)
    assert (pixels == before).all()
