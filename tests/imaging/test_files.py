"""Finding and decoding image files."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEGLSLossless,
)

from review.errors import ReviewError
from review.imaging import files
from review.imaging.files import (
    ImageError,
    decode_image,
    find_images,
    locate_image,
    scale_to_bytes,
    turn_upright,
)

GRADIENT = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64)


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def save_dicom(
    path, pixels, *, frames=1, photometric="MONOCHROME2", header=True,
    syntax=ExplicitVRLittleEndian, **elements,
):  # fmt: skip
    """A DICOM file as written by hand: 8 or 16 bits allocated."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, photometric
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.dtype.itemsize
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, 0
    if frames > 1:
        dataset.NumberOfFrames = frames
    dataset.PixelData = pixels.tobytes()
    for name, value in elements.items():
        setattr(dataset, name, value)
    if header:
        dataset.save_as(path, enforce_file_format=True)
    else:
        del dataset.file_meta
        dataset.save_as(path, implicit_vr=True, little_endian=True)
    return path


def test_images_are_found_and_everything_else_has_a_reason(tmp_path):
    pixels = np.zeros((8, 8), np.uint8)
    save(tmp_path / "set" / "a.png", pixels)
    save(tmp_path / "set" / "deep" / "B.JPG", pixels)
    save_dicom(tmp_path / "set" / "no_suffix", pixels)
    save(tmp_path / "set" / "old.bmp", pixels)
    (tmp_path / "set" / "labels.csv").write_text("a,b")
    (tmp_path / "set" / "DICOMDIR").write_bytes(b"x")
    (tmp_path / "set" / "._a.png").write_bytes(b"x")
    save(tmp_path / "outside.png", pixels)
    (tmp_path / "set" / "escape.png").symlink_to(tmp_path / "outside.png")
    (tmp_path / "set" / "again.png").symlink_to(tmp_path / "set" / "a.png")
    (tmp_path / "set" / "loop").symlink_to(tmp_path / "set")
    os.mkfifo(tmp_path / "set" / "pipe.png")
    listing = find_images(tmp_path / "set")
    assert listing.images == ("a.png", "deep/B.JPG", "no_suffix")
    assert {file.path: file.reason for file in listing.skipped} == {
        "._a.png": "not an image",
        "DICOMDIR": "DICOM index",
        "again.png": "link",
        "escape.png": "link out of the folder",
        "labels.csv": "not an image",
        "loop": "link",
        "old.bmp": "format not read",
        "pipe.png": "not a regular file",
    }


def test_a_name_that_is_no_text_is_listed(tmp_path):
    with open(os.path.join(os.fsencode(tmp_path), b"caf\xe9.png"), "wb") as stream:  # noqa: PTH118, PTH123
        stream.write(b"x")
    listing = find_images(tmp_path)
    assert listing.images == ()
    assert [file.reason for file in listing.skipped] == ["name not in UTF-8"]


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_a_folder_is_asked_for(tmp_path, name):
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(ReviewError, match="name the folder"):
        find_images(tmp_path / name)


@pytest.mark.parametrize("path", ["../secret.png", "/etc/passwd", "a/../../b.png", "..\\b.png"])
def test_a_path_stays_inside_the_folder(tmp_path, path):
    with pytest.raises(ImageError) as raised:
        locate_image(tmp_path, path)
    assert raised.value.fault == "outside the folder"


def test_a_path_does_not_go_through_a_link(tmp_path):
    (tmp_path / "set").mkdir()
    save(tmp_path / "out" / "a.png", np.zeros((8, 8), np.uint8))
    (tmp_path / "set" / "in").symlink_to(tmp_path / "out")
    with pytest.raises(ImageError) as raised:
        locate_image(tmp_path / "set", "in/a.png")
    assert raised.value.fault == "outside the folder"
    with pytest.raises(ImageError) as raised:
        locate_image(tmp_path / "set", "gone.png")
    assert raised.value.fault == "not found"


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_kept(tmp_path, suffix):
    image = decode_image(save(tmp_path / f"a{suffix}", GRADIENT * 20))
    assert image.pixels.dtype == np.uint16 and image.bits == 16
    assert (image.pixels == GRADIENT * 20).all()
    assert image.used_range == pytest.approx(GRADIENT.max() * 20 / 65535)


def test_colour_becomes_grey(tmp_path):
    pixels = np.zeros((5, 7, 3), np.uint8)
    pixels[..., 1] = 255
    image = decode_image(save(tmp_path / "a.png", pixels))
    assert image.mode == "RGB" and image.pixels.shape == (5, 7)
    assert image.pixels[0, 0] == 150


def test_palette_and_one_bit_are_read(tmp_path):
    bits = Image.fromarray(np.tile([[0, 255]], (8, 4)).astype(np.uint8)).convert("1")
    bits.save(tmp_path / "bits.png")
    assert set(np.unique(decode_image(tmp_path / "bits.png").pixels)) == {0, 255}
    bits.convert("P").save(tmp_path / "palette.png")
    assert decode_image(tmp_path / "palette.png").mode == "P"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("name", "depth", "options"),
    [
        ("a.jpg", np.uint8, {"quality": 100}),
        ("a.png", np.uint8, {}),
        ("a.png", np.uint16, {}),
        ("a.tif", np.uint8, {}),
        ("a.tif", np.uint16, {}),
        ("a.tif", np.uint8, {"compression": "tiff_lzw"}),
        ("a.tif", np.uint16, {"compression": "tiff_adobe_deflate"}),
    ],
)
def test_exif_is_obeyed_and_reported(tmp_path, orientation, name, depth, options):
    upright = (np.add.outer(np.arange(40) * 4, np.arange(24) * 2)).astype(depth)
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1], 5: upright.T,
        6: np.rot90(upright), 7: upright[::-1, ::-1].T, 8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[274] = orientation
    save(tmp_path / name, np.ascontiguousarray(stored), exif=exif, **options)
    image = decode_image(tmp_path / name)
    assert image.orientation == orientation
    assert image.pixels.shape == (40, 24) and image.pixels.dtype == depth
    assert np.abs(image.pixels.astype(int) - upright).max() <= (2 if name == "a.jpg" else 0)


def test_an_unknown_orientation_leaves_the_image():
    assert (turn_upright(GRADIENT, 9) == GRADIENT).all()


def test_frames_of_a_tiff(tmp_path):
    first, second = (Image.fromarray(np.full((6, 6), v, np.uint8)) for v in (10, 200))
    first.save(tmp_path / "a.tif", save_all=True, append_images=[second])
    assert decode_image(tmp_path / "a.tif").frames == 2
    assert decode_image(tmp_path / "a.tif", frame=1).pixels[0, 0] == 200
    with pytest.raises(ImageError, match="no number 2"):
        decode_image(tmp_path / "a.tif", frame=2)


def test_white_is_zero_in_a_tiff_of_16_bits(tmp_path):
    path = tmp_path / "a.tif"
    Image.fromarray(GRADIENT).save(path, tiffinfo={262: 0})
    image = decode_image(path)
    assert image.pixels[0, 0] > image.pixels[-1, -1]


def test_dicom_monochrome1_is_turned_to_bright_is_high(tmp_path):
    plain = decode_image(save_dicom(tmp_path / "a.dcm", GRADIENT))
    turned = decode_image(save_dicom(tmp_path / "b.dcm", GRADIENT, photometric="MONOCHROME1"))
    assert turned.mode == "MONOCHROME1"
    assert plain.pixels[0, 0] < plain.pixels[-1, -1]
    assert turned.pixels[0, 0] > turned.pixels[-1, -1]
    assert (turned.pixels[::-1, ::-1].astype(int) == plain.pixels).all() or (
        scale_to_bytes(turned.pixels)[::-1, ::-1] == scale_to_bytes(plain.pixels)
    ).mean() > 0.95


def test_dicom_window_is_applied(tmp_path):
    windowed = save_dicom(tmp_path / "a.dcm", GRADIENT, WindowCenter=1000, WindowWidth=200)
    pixels = decode_image(windowed).pixels
    inside = (GRADIENT > 905) & (GRADIENT < 1095)
    assert len(np.unique(pixels[GRADIENT < 895])) == 1
    assert len(np.unique(pixels[GRADIENT > 1105])) == 1
    assert len(np.unique(pixels[inside])) > 100


@pytest.mark.parametrize("width", ["0", "0.5", "-20"])
def test_a_window_that_is_not_valid_costs_no_film(tmp_path, width):
    path = save_dicom(tmp_path / "a.dcm", GRADIENT, WindowCenter="1000", WindowWidth=width)
    image = decode_image(path)
    assert (image.pixels == GRADIENT).all()
    assert image.notes == ("window of the file not valid, left aside",)


def test_a_deflated_dicom_file_is_read_up_to_a_bound(tmp_path, monkeypatch):
    path = save_dicom(
        tmp_path / "a.dcm", GRADIENT, syntax=DeflatedExplicitVRLittleEndian, PatientID="77"
    )
    image = decode_image(path)
    assert (image.pixels == GRADIENT).all() and image.tags["PatientID"] == "77"
    monkeypatch.setattr(files, "MOST_UNPACKED", 2 * GRADIENT.size)
    with pytest.raises(ImageError) as raised:
        decode_image(path)
    assert raised.value.fault == "too large"


def test_dicom_voi_table_is_applied(tmp_path):
    table = Dataset()
    table.LUTDescriptor = [4096, 0, 16]
    table.add_new(0x00283006, "OW", np.arange(4095, -1, -1).astype("<u2").tobytes())
    path = save_dicom(tmp_path / "a.dcm", GRADIENT, VOILUTSequence=[table])
    pixels = decode_image(path).pixels
    assert pixels[0, 0] > pixels[-1, -1]


def test_frames_of_dicom(tmp_path):
    frames = np.stack([np.full((8, 8), value, np.uint8) for value in (5, 90, 200)])
    frames[:, 0, 0] = 0
    path = save_dicom(tmp_path / "a.dcm", frames, frames=3)
    assert decode_image(path).frames == 3
    assert decode_image(path, frame=2).pixels[4, 4] == 200


def test_dicom_keeps_tags_but_no_name(tmp_path):
    path = save_dicom(
        tmp_path / "a.dcm", GRADIENT, PatientName="Doe^Jane", PatientID="77", PatientSex="F",
        PatientAge="043Y", ViewPosition="PA", PatientBirthDate="19700101",
    )  # fmt: skip
    tags = decode_image(path).tags
    assert tags["PatientID"] == "77" and tags["ViewPosition"] == "PA"
    assert not {"PatientName", "PatientBirthDate"} & set(tags)
    assert "Doe" not in str(tags)


def test_dicom_without_a_header_is_read(tmp_path):
    image = decode_image(save_dicom(tmp_path / "a.dcm", GRADIENT, header=False))
    assert image.pixels.shape == (48, 64)


def test_dicom_faults_are_named(tmp_path):
    whole = save_dicom(tmp_path / "a.dcm", GRADIENT)
    (tmp_path / "cut.dcm").write_bytes(whole.read_bytes()[:-1001])
    report = save_dicom(tmp_path / "report.dcm", GRADIENT)
    from pydicom import dcmread

    dataset = dcmread(report)
    del dataset.PixelData
    dataset.save_as(report)
    packed = dcmread(whole)
    packed.file_meta.TransferSyntaxUID = JPEGLSLossless
    packed.PixelData = (
        b"\xfe\xff\x00\xe0\x00\x00\x00\x00\xfe\xff\x00\xe0\x04\x00\x00\x00\xff\xd8\xff\xd9"
    )
    packed["PixelData"].is_undefined_length = True
    packed["PixelData"].VR = "OB"
    packed.save_as(tmp_path / "packed.dcm")
    large = dcmread(whole)
    large.Rows = large.Columns = 60_000
    large.save_as(tmp_path / "large.dcm")
    faults = {}
    for name in ("cut", "report", "packed", "large"):
        with pytest.raises(ImageError) as raised:
            decode_image(tmp_path / f"{name}.dcm")
        faults[name] = raised.value.fault
        assert str(tmp_path) not in str(raised.value)
    assert faults == {
        "cut": "truncated", "report": "no pixels", "packed": "no decoder", "large": "too large",
    }  # fmt: skip


def make_bomb():
    """A PNG that announces 50,000 x 50,000 pixels in a few bytes."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(50_000)))
    )


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("empty.png", b"", "empty"),
        ("page.png", b"<html>not here</html>", "unreadable"),
        ("bomb.png", make_bomb(), "too large"),
        ("noise.dcm", bytes(range(256)) * 4, "unreadable"),
        ("noise.tif", b"II*\x00" + b"\xff" * 50, "unreadable"),
    ],
)
def test_faults_are_named(tmp_path, name, content, fault):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageError) as raised:
        decode_image(tmp_path / name)
    assert raised.value.fault == fault
    assert name in str(raised.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_truncated_pictures(tmp_path, kind):
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (200, 200)).astype(np.uint8)
    Image.fromarray(noise).save(stream, kind)
    path = tmp_path / f"a.{kind.lower()}"
    path.write_bytes(stream.getvalue()[: len(stream.getvalue()) // 2])
    with pytest.raises(ImageError) as raised:
        decode_image(path)
    assert raised.value.fault == "truncated"


def test_a_damaged_picture_is_not_taken_for_a_black_one(tmp_path):
    noise = np.random.default_rng(0).integers(1, 255, (90, 90)).astype(np.uint8)
    path = save(tmp_path / "a.png", noise)
    content = bytearray(path.read_bytes())
    start = content.index(b"IDAT") + 20
    content[start : start + 40] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(ImageError) as raised:
        decode_image(path)
    assert raised.value.fault == "unreadable"


def test_a_comment_that_unpacks_to_too_much_is_not_unpacked(tmp_path):
    content = save(tmp_path / "a.png", GRADIENT).read_bytes()
    body = b"zTXtnote\0\0" + zlib.compress(b"a" * 50_000_000)
    bomb = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    (tmp_path / "a.png").write_bytes(content[:33] + bomb + content[33:])
    with pytest.raises(ImageError, match="unpacks to more than is safe") as raised:
        decode_image(tmp_path / "a.png")
    assert raised.value.fault == "too large"


def test_grey_values_are_scaled():
    assert (scale_to_bytes(np.array([[0, 255]], np.uint8)) == [[0, 255]]).all()
    stretched = scale_to_bytes(GRADIENT)
    assert stretched.min() == 0 and stretched.max() == 255
    shown = scale_to_bytes(np.array([[90, 100, 110]], np.uint16), (100, 20))
    assert shown.tolist() == [[0, 128, 255]]
    assert not scale_to_bytes(np.full((4, 4), 7, np.uint16)).any()
    with pytest.raises(ReviewError, match="width of a window"):
        scale_to_bytes(GRADIENT, (100, 0))
