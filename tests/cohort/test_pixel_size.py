"""The order of sources, the bounds of the plausible, and metadata of every kind."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from ccmeval.cohort import Record, choose_pixel_size, load_cohort, read_frame
from ccmeval.errors import CcmevalError, UnknownPixelSizeError
from tests.hostile import picture, saved, tiff

HRT = (384, 384)


def test_order_of_sources() -> None:
    everything: dict[str, Any] = {"manifest_um": 0.7, "pixel_size_um": 0.8, "metadata_um": (0.9, 0.9)}
    expected = [(0.7, "manifest"), (0.8, "command line"), (0.9, "metadata"), (400 / 384, "HRT3-RCM default")]
    for value, source in expected:
        found, by = choose_pixel_size(HRT, "a", **everything)
        assert (found, by) == (pytest.approx(value), source)
        if everything:
            del everything[next(iter(everything))]


def test_field_of_view_is_the_width() -> None:
    assert choose_pixel_size((300, 400), "a", field_of_view_um=400.0) == (1.0, "command line")


@pytest.mark.parametrize("shape", [(384, 383), (383, 384), (768, 768), (384, 400), (406, 384), (96, 96)])
def test_the_default_is_for_one_size_only(shape: tuple[int, int]) -> None:
    with pytest.raises(UnknownPixelSizeError) as caught:
        choose_pixel_size(shape, "a.png")
    for cure in ("--pixel-size", "--field-of-view", "pixel_size_um", "a.png"):
        assert cure in str(caught.value)


@pytest.mark.parametrize("dpi_um", [25400 / 72, 25400 / 96, 0.0999, 5.001])
def test_implausible_metadata_are_ignored(dpi_um: float) -> None:
    assert choose_pixel_size(HRT, "a", metadata_um=(dpi_um, dpi_um))[1] == "HRT3-RCM default"
    with pytest.raises(UnknownPixelSizeError, match="its metadata says"):
        choose_pixel_size((100, 100), "a", metadata_um=(dpi_um, dpi_um))


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, 352.8, 0.001])
@pytest.mark.parametrize("option", ["manifest_um", "pixel_size_um", "field_of_view_um"])
def test_impossible_values_are_refused(option: str, value: float) -> None:
    with pytest.raises(UnknownPixelSizeError, match=r"0\.1 to 5"):
        choose_pixel_size(HRT, "a", **{option: value * (384 if option == "field_of_view_um" else 1)})


def test_two_options_that_say_the_same() -> None:
    with pytest.raises(CcmevalError, match="only one"):
        choose_pixel_size(HRT, "a", pixel_size_um=1.0, field_of_view_um=384.0)


def test_one_plausible_side_is_not_enough() -> None:
    for metadata in ((1.0, 352.8), (352.8, 1.0)):
        assert choose_pixel_size(HRT, "a", metadata_um=metadata)[1] == "HRT3-RCM default"


def test_oblong_pixels_are_refused_and_rounding_is_not() -> None:
    for width in (1.02, 1.2):  # 2 % off would be 2 % of every length across
        with pytest.raises(UnknownPixelSizeError, match="resample"):
            choose_pixel_size(HRT, "a", metadata_um=(1.0, width))
    assert choose_pixel_size(HRT, "a", metadata_um=(1.0, 1.004))[0] == pytest.approx(1.002, abs=1e-5)


def _ome(size: float, unit: str) -> str:
    sides = " ".join(f'PhysicalSize{axis}="{size}" PhysicalSize{axis}Unit="{unit}"' for axis in "XY")
    return f"<OME><Pixels {sides}/></OME>"


def _imagej(array: Any, across: float, down: float, lines: str) -> bytes:
    text = f"ImageJ=1.54f\n{lines}\n".encode("latin-1")
    return tiff(array, description=text, metadata=None, resolution=(across, down), resolutionunit=1)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (lambda a: saved(a, "PNG", dpi=(25400 / 0.8, 25400 / 0.8)), 0.8),
        (lambda a: saved(a, "BMP", dpi=(25400 / 0.8, 25400 / 0.8)), 0.8),
        (lambda a: saved(a, "JPEG", dpi=(25400, 25400)), 1.0),
        (lambda a: tiff(a, resolution=(20000, 20000), resolutionunit=3), 0.5),
        (lambda a: tiff(a, resolution=(25400 / 0.6, 25400 / 0.6), resolutionunit=2), 0.6),
        (lambda a: tiff(a, imagej=True, resolution=(2.0, 2.0), metadata={"unit": "um"}), 0.5),
        (lambda a: tiff(a, imagej=True, resolution=(2.0, 2.0), metadata={"unit": "micron"}), 0.5),
        (lambda a: tiff(a, imagej=True, resolution=(1250.0, 1250.0), metadata={"unit": "mm"}), 0.8),
        (lambda a: tiff(a, imagej=True, resolution=(12500.0, 12500.0), metadata={"unit": "cm"}), 0.8),
        (lambda a: tiff(a, description=_ome(0.65, "um"), metadata=None), 0.65),
        (lambda a: tiff(a, description=_ome(0.65, "\u00b5m").encode(), metadata=None), 0.65),
        (lambda a: tiff(a, description=_ome(0.65, "&#181;m"), metadata=None), 0.65),
        (lambda a: tiff(a, description=_ome(0.65, "um").replace('"', "'"), metadata=None), 0.65),
        (lambda a: _imagej(a, 2.0, 2.0, "unit=\\u00B5m"), 0.5),  # as ImageJ escapes the micro sign
        (lambda a: _imagej(a, 2.0, 2.0, "unit=\u00b5m"), 0.5),
        (lambda a: _imagej(a, 2.0, 2000.0, "unit=Micron\nyunit=mm"), 0.5),
        (lambda a: tiff(a, description=_ome(650.0, "nm"), metadata=None), 0.65),
        (lambda a: tiff(a, description=_ome(0.00065, "mm"), metadata=None), 0.65),
        # No unit, an unknown one, or none of a microscope: as if nothing stood there.
        (lambda a: tiff(a, resolution=(2.0, 2.0), resolutionunit=1), None),
        (lambda a: tiff(a, imagej=True, resolution=(2.0, 2.0), metadata={"unit": "pixel"}), None),
        (lambda a: tiff(a, resolution=(72, 72), resolutionunit=2), None),
        (lambda a: saved(a, "JPEG", dpi=(96, 96)), None),
        (lambda a: tiff(a, resolution=(0, 0), resolutionunit=2), None),
        (lambda a: tiff(a, description=_ome(0.0, "um"), metadata=None), None),
    ],
)
def test_metadata_of_files(data: Any, expected: float | None, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(data(picture(128, 128)))
    record = Record("a", "a", path)
    if expected is None:
        with pytest.raises(UnknownPixelSizeError):
            read_frame(record)
    else:
        frame = read_frame(record)
        assert frame.pixel_size_um == pytest.approx(expected, rel=2e-3)
        assert frame.pixel_size_source == "metadata"


@pytest.mark.parametrize(
    "options",
    [
        {"imagej": True, "resolution": (1.25, 1.25), "metadata": {"unit": "um", "axes": "ZYX"}},
        {"ome": True, "metadata": {"axes": "ZYX", "PhysicalSizeX": 0.8, "PhysicalSizeY": 0.8}},
        {"photometric": "minisblack", "resolution": (12500, 12500), "resolutionunit": 3},
    ],
)
def test_every_page_of_a_stack_has_its_size(options: dict[str, Any], tmp_path: Path) -> None:
    # ImageJ and OME write it into the first page only.
    stack = np.stack([picture(seed=seed) for seed in range(3)])
    (tmp_path / "s.tif").write_bytes(tiff(stack, **options))
    frames = [read_frame(record) for record in load_cohort(tmp_path / "s.tif")]
    assert [frame.pixel_size_source for frame in frames] == ["metadata"] * 3
    assert [frame.pixel_size_um for frame in frames] == pytest.approx([0.8] * 3)


def test_a_turned_picture_turns_its_pixel(tmp_path: Path) -> None:
    # Stored on its side with oblong pixels: the sentence names width x height as seen upright.
    tags = ImageFileDirectory_v2()
    tags[274], tags[282], tags[283], tags[296] = 6, 25400.0, 12700.0, 2
    Image.fromarray(picture()).save(tmp_path / "a.tif", tiffinfo=tags)
    with pytest.raises(UnknownPixelSizeError, match="2 x 1 um"):
        read_frame(Record("a", "a", tmp_path / "a.tif"))


@pytest.mark.parametrize(
    "data",
    [
        saved(picture(), "PNG", dpi=(25400, 12700)),
        tiff(picture(), description=_ome(1.0, "um").replace('SizeY="1.0', 'SizeY="2.0'), metadata=None),
    ],
    ids=["PNG", "OME"],
)
def test_oblong_pixels_are_told_as_across_by_down(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(UnknownPixelSizeError, match="pixels of 1 x 2 um"):
        read_frame(Record("a", "a", tmp_path / "a"))


def test_what_is_transparent_is_no_area_however_small(tmp_path: Path) -> None:
    alpha = np.full((384, 384), 255, np.uint8)
    alpha[100:120, 200:230] = 0
    Image.fromarray(np.dstack([picture(), alpha]), "LA").save(tmp_path / "a.png")
    frame = read_frame(Record("a", "a", tmp_path / "a.png"))
    assert np.array_equal(frame.imaged, alpha > 0)
    assert frame.imaged_area_mm2 == pytest.approx((384**2 - 600) * (0.4 / 384) ** 2)


def test_area_counts_what_was_imaged(tmp_path: Path) -> None:
    array = picture(384, 400)
    array[:, :200] = 0
    (tmp_path / "a.png").write_bytes(saved(array, "PNG"))
    frame = read_frame(Record("a", "a", tmp_path / "a.png"), pixel_size_um=1.0)
    assert frame.imaged_area_mm2 == pytest.approx(384 * 198 / 1e6)
    assert np.array_equal(frame.imaged, np.arange(400)[None, :].repeat(384, 0) >= 202)
