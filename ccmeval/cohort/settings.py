"""Limits and tolerances of reading, each with its unit and why it has that value."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ReadingSettings(BaseModel):
    """How files become frames.

    Examples
    --------
    >>> ReadingSettings().min_side_px
    64
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_pixels: int = Field(
        default=50_000_000,
        gt=0,
        description="Most pixels a picture may claim before it is decoded. A whole-eye mosaic has about"
        " 3 to 30 million; 50 million take 200 MB as float32.",
    )
    max_file_bytes: int = Field(
        default=2**31,
        gt=0,
        description="Largest file that is read into memory, in bytes (a stack of 10,000 frames is 1.5 GB).",
    )
    undeclared_bits: int = Field(
        default=16,
        ge=8,
        le=16,
        description="Bits of 16-bit samples whose file declares no range. Cameras of 12 bits often write such"
        " files; a frame that has more than these bits is read by 16.",
    )
    min_side_px: int = Field(
        default=64,
        ge=8,
        description="Shortest side of a frame in pixels: 64 px of an HRT3-RCM frame are 67 um, the"
        " distance between two neighbouring nerves, below which no density means anything.",
    )
    grey_tolerance_levels: int = Field(
        default=16,
        ge=0,
        le=255,
        description="Largest difference between the channels of one pixel, in levels of 255, of a grey"
        " picture stored as colour. JPEG rounding leaves 1 to 3; a coloured mark differs by more than 50.",
    )
    surround_level: float = Field(
        default=8 / 255,
        ge=0,
        lt=1,
        description="Brightest grey level of a mosaic's surround: black plus what JPEG rings there.",
    )
    surround_min_fraction: float = Field(
        default=0.01,
        gt=0,
        le=1,
        description="Smallest share of the picture that a connected dark piece must cover to be surround."
        " In 171 raw frames the largest dark piece at the border covers less than 0.2 %.",
    )
    surround_black_fraction: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Share of such a piece that must be black to one level: a shadow is dark, not black.",
    )
    surround_min_piece_px: int = Field(
        default=400,
        gt=0,
        description="Smallest further piece of surround in a mosaic, in pixels (20 x 20).",
    )
    surround_solid_px: int = Field(
        default=2,
        ge=0,
        description="Half the side of the dark square that must fit around half of such a piece's pixels:"
        " noise leaves half of them a dark square of 5 px only where 97 of 100 pixels are dark.",
    )
    surround_broad_fraction: float = Field(
        default=0.9,
        ge=0,
        le=1,
        description="Smallest share of the imaged area that is at least half of `min_side_px` broad. It is"
        " above 0.99 in the two mosaics tried.",
    )
    surround_edge: float = Field(
        default=8 / 255,
        ge=0,
        lt=1,
        description="Least rise above `surround_level` within 3 px of such a piece (median). The two mosaics"
        " tried rise by 80/255, a vignette by about 1/255.",
    )
    surround_dark_fraction: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="Largest share of what is left that may be as dark as a surround: below 0.0001 in the two"
        " mosaics tried, at most 0.0013 in 160 raw frames, far more where noise was clipped to black.",
    )
    surround_fringe_px: int = Field(
        default=2,
        ge=0,
        description="Width of the rim beside a surround that is not counted as imaged, in pixels: there"
        " JPEG and interpolation mix black into the frame.",
    )
    min_plausible_um: float = Field(
        default=0.1, gt=0, description="Smallest pixel of a confocal microscope, um (half its resolution)."
    )
    max_plausible_um: float = Field(
        default=5.0, gt=0, description="Largest pixel, um: beyond it no nerve of 2 to 6 um is resolved."
    )
    square_tolerance: float = Field(
        default=0.01, ge=0, description="Relative difference of the two sides of a pixel taken as square."
    )
    mask_like_margin: float = Field(
        default=0.1,
        ge=0,
        lt=0.5,
        description="Distance from a picture's two extremes, as a share of their difference, of the black and"
        " white of a mask given as a frame by mistake.",
    )
    mask_like_fraction: float = Field(
        default=0.94,
        ge=0,
        le=1,
        description="Share of pixels that are such black or white from which a picture is no frame. In 173"
        " real frames and mosaics it is 0.54 at most, in experts' traces saved as JPEG, also widened,"
        " 0.95 and more.",
    )
    mask_like_speck_fraction: float = Field(
        default=0.005,
        ge=0,
        le=1,
        description="Least share of the rarer of the two: fewer bright pixels are specks in a dark frame.",
    )
    mask_margin: float = Field(
        default=0.25,
        ge=0,
        lt=0.5,
        description="Distance from a mask's two extremes, as a share of their difference, within which a"
        " grey level counts as that extreme (JPEG at quality 75 stays within it but for edges).",
    )
    mask_unclear_fraction: float = Field(
        default=0.12,
        ge=0,
        le=1,
        description="Largest share of pixels farther than that from both extremes in a mask with soft edges."
        " Experts' traces widened by 0 to 2 px, resized by 0.5 to 2 and saved as JPEG at quality 50 have at"
        " most 0.06; a mosaic has 0.4 and more.",
    )
    mask_ground_margin: float = Field(
        default=0.06,
        ge=0,
        lt=0.5,
        description="Distance from an extreme, as a share of their difference, of a mask's background.",
    )
    mask_ground_fraction: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Smallest share of pixels that are such background at one extreme. The same traces have"
        " 0.82 and more, 171 raw frames 0.10 at most.",
    )
