"""Formats by content."""

import pytest

from ccmeval.cohort.formats import sniff
from tests.hostile import animated, picture, saved, tiff


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (saved(picture(), "PNG"), "PNG"),
        (saved(picture(), "BMP"), "BMP"),
        (saved(picture(), "JPEG"), "JPEG"),
        (tiff(picture()), "TIFF"),
        (tiff(picture(), byteorder=">"), "TIFF"),
        (tiff(picture(), bigtiff=True), "TIFF"),
        (animated("GIF"), "GIF"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (bytes(128) + b"DICM", "DICOM"),
        (b"BMI and age of each subject are listed below", None),
        (b"II is a Roman numeral", None),
        (b"%PDF-1.7", "PDF"),
        (b"frame,subject\n", None),
        (b"", None),
    ],
)
def test_sniff(head: bytes, kind: str | None) -> None:
    assert sniff(head[:132]) == kind
