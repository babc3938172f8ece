"""How a file stores its picture: with a palette, colour channels, an alpha channel."""

from __future__ import annotations

import io
from dataclasses import dataclass

from ccmeval.cohort.formats import HEAD_BYTES, sniff
from ccmeval.cohort.pages import opened_at
from ccmeval.cohort.quiet import quiet


@dataclass(frozen=True)
class Form:
    """What a header tells.

    Attributes
    ----------
    palette, colour, alpha : bool
    burnt_in : bool
        A DICOM file says itself that its pixels hold a name or the like.
    """

    palette: bool = False
    colour: bool = False
    alpha: bool = False
    burnt_in: bool = False


def form_of(data: bytes, page: int) -> Form:
    """Tell from a file's header how its picture is stored; nothing is decoded.

    Examples
    --------
    >>> form_of(b"no picture", 0)
    Form(palette=False, colour=False, alpha=False, burnt_in=False)
    """
    kind = sniff(data[:HEAD_BYTES])
    if kind == "DICOM":
        return _of_dicom(data)
    from PIL import Image

    file = opened_at(data, page) if kind == "TIFF" and page else io.BytesIO(data)
    try:
        with quiet():
            image = Image.open(file or io.BytesIO(data))
    except Exception:  # of a kind that Pillow does not know: tifffile read it
        return _of_tiff(data, page) if kind == "TIFF" else Form()
    palette = image.mode in {"P", "PA"}
    alpha = image.mode in {"LA", "La", "PA", "RGBA", "RGBa"} or (palette and "transparency" in image.info)
    return Form(palette, image.mode in {"RGB", "RGBA", "RGBX", "RGBa", "YCbCr"}, alpha)


def _of_tiff(data: bytes, page: int) -> Form:
    from tifffile import TiffFile

    try:
        with quiet(), TiffFile(io.BytesIO(data)) as tiff:
            count = int(getattr(tiff.pages[page], "samplesperpixel", 1))
    except Exception:  # it could be decoded, and that is what matters
        return Form()
    return Form(colour=count >= 3, alpha=count in {2, 4})


def _of_dicom(data: bytes) -> Form:
    import pydicom

    try:
        dataset = pydicom.dcmread(io.BytesIO(data), specific_tags=["SamplesPerPixel", "BurnedInAnnotation"])
    except Exception:  # as above
        return Form()
    told = str(dataset.get("BurnedInAnnotation") or "").strip().upper()
    return Form(colour=int(dataset.get("SamplesPerPixel") or 1) >= 3, burnt_in=told == "YES")
