"""Whatever happens to the bytes of a file, its reader gets samples or one sentence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmeval.cohort import ReadingSettings
from ccmeval.cohort.decode import decode
from ccmeval.cohort.pages import pages_of_bytes
from ccmeval.errors import CcmevalError
from tests.hostile import picture, saved, tiff

GREY = picture(96, 96)
DEEP = GREY.astype(np.uint16) * 257
DEEP_RGB = np.repeat(DEEP[..., None], 3, axis=2)
WHOLE = {
    "png": saved(GREY, "PNG"),
    "jpeg": saved(GREY, "JPEG", "RGB"),
    "bmp": saved(GREY, "BMP"),
    "tiff": saved(GREY, "TIFF"),
    "bigtiff": tiff(GREY, bigtiff=True),
    "deep": tiff(DEEP),
    "deep_rgb": tiff(DEEP_RGB, photometric="rgb", compression="zlib"),
    "stack": tiff(np.stack([GREY] * 3), photometric="minisblack"),
    "imagej": tiff(np.stack([GREY] * 3), imagej=True, resolution=(1.25, 1.25), metadata={"unit": "um"}),
    "ome": tiff(np.stack([DEEP] * 3), ome=True, metadata={"PhysicalSizeX": 0.8, "PhysicalSizeY": 0.8}),
}
CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6)


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=60, deadline=None)
@given(
    changes=CHANGES,
    near_head=st.booleans(),
    kept=st.sampled_from([1.0, 1.0, 0.5, 0.1]),
    page=st.integers(0, 2),
)
def test_damaged_bytes(
    kind: str, changes: list[tuple[float, int]], near_head: bool, kept: float, page: int
) -> None:
    data = bytearray(WHOLE[kind])
    reach = 300 if near_head else len(data)
    for place, value in changes:
        data[int(place * reach)] = value
    damaged = bytes(data[: int(kept * len(data))])
    assert pages_of_bytes(damaged)
    limits = ReadingSettings(max_pixels=10**6)
    sentence, raster = "x.png is read.", None
    try:
        raster = decode(damaged, "x.png", page, limits)
    except CcmevalError as error:
        sentence = str(error)
    assert sentence.startswith("x.png ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    if raster is not None:
        assert raster.samples.ndim == 2
        assert raster.samples.size <= limits.max_pixels
        assert raster.unscaled or 0 <= raster.samples.min() <= raster.samples.max() <= raster.white
