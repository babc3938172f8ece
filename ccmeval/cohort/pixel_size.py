"""How large a pixel is, and who says so."""

from __future__ import annotations

import math

from ccmeval.cohort.record import PixelSizeSource
from ccmeval.cohort.settings import ReadingSettings
from ccmeval.errors import CcmevalError, UnknownPixelSizeError

HRT3_RCM_SIDE_PX = 384
HRT3_RCM_FIELD_UM = 400.0

CURE = "give --pixel-size UM or --field-of-view UM, or a manifest column pixel_size_um"


def choose_pixel_size(
    shape: tuple[int, int],
    name: str,
    *,
    manifest_um: float | None = None,
    pixel_size_um: float | None = None,
    field_of_view_um: float | None = None,
    metadata_um: tuple[float, float] | None = None,
    settings: ReadingSettings | None = None,
) -> tuple[float, PixelSizeSource]:
    """Choose the side of a pixel: manifest, command line, plausible metadata, HRT3-RCM default.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the frame in pixels.
    name : str
        The frame, for the sentence.
    manifest_um, pixel_size_um, field_of_view_um : float, optional
        Side of a pixel in um from the manifest and the command line; width of the frame in um.
    metadata_um : tuple of float, optional
        Height and width of a pixel in um from the file.
    settings : ReadingSettings, optional
        Bounds of the plausible.

    Returns
    -------
    tuple of float and str
        Side of a pixel in um, and where it came from.

    Raises
    ------
    UnknownPixelSizeError
        If nobody says, what somebody says is impossible, or pixels are not square.

    Examples
    --------
    >>> choose_pixel_size((384, 384), "a.tif", metadata_um=(352.8, 352.8))
    (1.0416666666666667, 'HRT3-RCM default')
    >>> choose_pixel_size((768, 768), "a.tif", field_of_view_um=400.0)
    (0.5208333333333334, 'command line')
    """
    settings = settings or ReadingSettings()
    if manifest_um is not None:
        return _given(manifest_um, f"the manifest's pixel_size_um of {name}", settings), "manifest"
    if pixel_size_um is not None and field_of_view_um is not None:
        raise CcmevalError("--pixel-size and --field-of-view say the same thing; give only one of them.")
    if pixel_size_um is not None:
        return _given(pixel_size_um, "--pixel-size", settings), "command line"
    if field_of_view_um is not None:
        label = f"--field-of-view {field_of_view_um:g} over the {shape[1]} px of {name}"
        return _given(field_of_view_um / shape[1], label, settings), "command line"
    if metadata_um is not None and all(_plausible(side, settings) for side in metadata_um):
        return _square(metadata_um, name, settings), "metadata"
    if shape == (HRT3_RCM_SIDE_PX, HRT3_RCM_SIDE_PX):
        return HRT3_RCM_FIELD_UM / HRT3_RCM_SIDE_PX, "HRT3-RCM default"
    raise UnknownPixelSizeError(
        f"{name} ({shape[1]} x {shape[0]} px) has no known pixel size{_aside(metadata_um)}; {CURE}."
    )


def _plausible(side_um: float, settings: ReadingSettings) -> bool:
    return settings.min_plausible_um <= side_um <= settings.max_plausible_um


def _given(side_um: float, label: str, settings: ReadingSettings) -> float:
    if not math.isfinite(side_um) or not _plausible(side_um, settings):
        raise UnknownPixelSizeError(
            f"{label} gives {side_um:g} um a pixel; a corneal confocal microscope has"
            f" {settings.min_plausible_um:g} to {settings.max_plausible_um:g}; correct it."
        )
    return float(side_um)


def _square(sides_um: tuple[float, float], name: str, settings: ReadingSettings) -> float:
    height, width = sides_um
    if abs(height - width) > settings.square_tolerance * max(sides_um):
        raise UnknownPixelSizeError(
            f"{name} has pixels of {width:.4g} x {height:.4g} um by its metadata; resample it to square ones."
        )
    return math.sqrt(height * width)


def _aside(metadata_um: tuple[float, float] | None) -> str:
    if metadata_um is None:
        return ""
    return f" (its metadata says {metadata_um[1]:.4g} um a pixel, which no such microscope has)"
