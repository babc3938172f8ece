"""Sample frames of a training, written and measured as they come: `samples/` and `samples.csv`."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.generation.training_samples import Sample
from ccmeval.generation.training_schema import SampleMeans
from ccmeval.measurement import measure
from ccmeval.morphometry.definitions import COLUMNS
from ccmeval.preservation.adherence import adherence
from ccmeval.report.pictures import draw_centre_lines, write_png
from ccmeval.report.tables import unguarded, write_csv
from ccmeval.settings import RunSettings

FOLDER, TABLE, REAL_TABLE = "samples", "samples.csv", "samples_real.csv"

ADHERENCE = ("length_recall", "hallucinated_length", "cl_dice")
"""Columns of mask adherence; see :class:`ccmeval.preservation.schema.AdherenceFrame`."""

SAMPLE_COLUMNS = (
    *("step", "sample", "frame", "diagnosis", "seed", "mask_of", "subject", "split"),
    *(*ADHERENCE, *COLUMNS, "quality_flags", "reason"),
)


class SampleBook:
    """Takes the sample frames of a training; a step that comes again replaces what it gave before.

    Parameters
    ----------
    out : pathlib.Path
        Folder of the training.
    samples : sequence of Sample
    pixel_size_um : float
        Of the generator's frames.
    measuring : RunSettings
        How they are measured: as by `ccmeval biomarkers`.
    """

    def __init__(
        self, out: Path, samples: Sequence[Sample], pixel_size_um: float, measuring: RunSettings
    ) -> None:
        self._out = out
        self._samples = samples
        self._pixel_size_um = pixel_size_um
        self._measuring = measuring

    def __call__(self, step: int, frames: Sequence[FloatArray]) -> None:
        """Write and measure the frames that were made after some steps.

        Raises
        ------
        UnavailableError
            If they are not the frames that were asked for.
        OutputError
            If the file system refuses.
        """
        check_frames(frames, [sample.real.shape for sample in self._samples])
        rows = [row for row in self.rows() if int(row["step"]) != step]
        for sample, frame in zip(self._samples, frames, strict=True):
            rows.append({"step": step, **self._measured(sample, frame, f"step_{step:06d}")})
        rows.sort(key=lambda row: (int(row["step"]), int(row["sample"])))
        write_csv(self._out / TABLE, rows, SAMPLE_COLUMNS)

    def write_real(self) -> None:
        """Write the masks and the real frames that they are of, measured alike: what is to be reached."""
        rows = []
        for sample in self._samples:
            if sample.condition.mask is not None:
                write_png(self._out / FOLDER / "masks" / file_name(sample), sample.condition.mask)
            rows.append(self._measured(sample, sample.real, "real"))
        write_csv(self._out / REAL_TABLE, rows, SAMPLE_COLUMNS[1:])

    def rows(self) -> list[dict[str, Any]]:
        """Read what was written so far."""
        return _read(self._out / TABLE)

    def means(self) -> list[SampleMeans]:
        """Sum mask adherence up over the frames of each step."""
        by_step: dict[int, list[dict[str, Any]]] = {}
        for row in self.rows():
            by_step.setdefault(int(row["step"]), []).append(row)
        return [SampleMeans(step=step, **_means(rows)) for step, rows in sorted(by_step.items())]

    def ceiling(self) -> SampleMeans:
        """Sum mask adherence up over the real frames that the masks are of."""
        return SampleMeans(**_means(_read(self._out / REAL_TABLE)))

    def _measured(self, sample: Sample, frame: FloatArray, folder: str) -> dict[str, Any]:
        levels = to_levels(frame)
        path = Path(FOLDER) / folder / file_name(sample)
        write_png(self._out / path, levels)
        told = sample.told
        return {
            "sample": told.sample,
            "frame": path.as_posix(),
            "diagnosis": told.diagnosis,
            "seed": told.seed,
            "mask_of": told.mask_of,
            "subject": told.subject,
            "split": told.split,
            **measured(levels, sample.condition.mask, self._pixel_size_um, self._measuring),
        }


def measured(
    levels: npt.NDArray[np.uint8], mask: BoolArray | None, pixel_size_um: float, settings: RunSettings
) -> dict[str, Any]:
    """Measure a frame, and hold the nerves found in it against the mask that asked for them.

    Parameters
    ----------
    levels : uint8 array (S, S)
        As they are written.
    mask : bool array (S, S) or None
    pixel_size_um : float
    settings : RunSettings

    Returns
    -------
    dict
        Biomarkers, :data:`ADHERENCE` (None without a mask or where undefined), `quality_flags`, and the
        `reason` where a frame cannot be measured.
    """
    try:
        found = measure(levels, pixel_size_um=pixel_size_um, settings=settings)
    except CcmevalError as error:
        return {"reason": str(error)}
    row: dict[str, Any] = {**found.biomarkers, "quality_flags": " ".join(found.quality_flags)}
    if mask is None:
        return row
    lines = draw_centre_lines(found.graph, (levels.shape[0], levels.shape[1]), pixel_size_um)
    obeyed = adherence(
        found.mask, lines, mask, pixel_size_um, found.frame.imaged, found_graph=found.graph
    )  # the lines that three-pillar reads from the measurement's pictures
    return {**row, **{name: getattr(obeyed, name) for name in ADHERENCE}}


def to_levels(frame: FloatArray) -> npt.NDArray[np.uint8]:
    """Give a frame as it is written.

    Examples
    --------
    >>> to_levels(np.array([[0.0, 0.5, 1.0]], np.float32)).tolist()
    [[0, 128, 255]]
    """
    return np.asarray(np.rint(np.asarray(frame, dtype=np.float64) * 255.0), dtype=np.uint8)


def check_frames(frames: Sequence[FloatArray], shapes: Sequence[tuple[int, ...]]) -> None:
    """Check that a generator gave what it was asked for.

    Raises
    ------
    UnavailableError
        If frames are too many or too few, or one has another shape, or levels outside of [0, 1].
    """
    if len(frames) != len(shapes):
        raise UnavailableError(
            f"The generator gave {len(frames)} frames for {len(shapes)} conditions; ask its makers."
        )
    for frame, shape in zip(frames, shapes, strict=True):
        pixels = np.asarray(frame)
        if pixels.shape != tuple(shape):
            raise UnavailableError(
                f"The generator gave a frame of shape {pixels.shape}, not {tuple(shape)}; ask its makers."
            )
        if not (pixels.min() >= 0.0 and pixels.max() <= 1.0):  # so that NaN is refused too
            raise UnavailableError(
                "The generator gave a frame with levels outside of [0, 1]; ask its makers."
            )


def file_name(sample: Sample) -> str:
    """Name a sample's files by its number and diagnosis."""
    diagnosis = re.sub(r"[^\w.-]+", "_", sample.condition.diagnosis or "")
    return f"{sample.told.sample:02d}{'_' if diagnosis else ''}{diagnosis}.png"


def _read(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: unguarded(cell) for name, cell in row.items()} for row in csv.DictReader(file)]


def _means(rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {name: _mean([row[name] for row in rows]) for name in ADHERENCE}


def _mean(cells: Sequence[str]) -> float | None:
    values = [float(cell) for cell in cells if cell not in ("", None)]
    return math.fsum(values) / len(values) if values else None
