"""Every set is measured by a run of `ccmeval biomarkers` in a folder of its own, with one set of settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ccmeval.batch.run import run_biomarkers
from ccmeval.cohort.record import Cohort
from ccmeval.evaluation.folder import MEASURED
from ccmeval.evaluation.schema import Scale
from ccmeval.evaluation.sets import SetName
from ccmeval.evaluation.settings import ThreePillarSettings
from ccmeval.report.schema import BiomarkersResult
from ccmeval.settings import RunSettings, make_settings


@dataclass(frozen=True)
class SetSource:
    """Where a set is and how it is read.

    Attributes
    ----------
    name : {"real", "synth", "held-out"}
    path : pathlib.Path
    subject_pattern : str or None
    field_of_view_um : float or None
    masks : pathlib.Path or None
        Of real frames their nerves; of synthetic ones what conditioned them.
    """

    name: SetName
    path: Path
    subject_pattern: str | None = None
    field_of_view_um: float | None = None
    masks: Path | None = None


def sources(real: str | Path | None, synth: str | Path, settings: ThreePillarSettings) -> list[SetSource]:
    """List the sets of frames of a run.

    Parameters
    ----------
    real : path or None
        None where the real side is no set of frames.
    synth : path
    settings : ThreePillarSettings
    """
    found = []
    pattern, view = settings.real_subject_pattern, settings.real_field_of_view_um
    if real is not None:
        found.append(SetSource("real", Path(real), pattern, view, settings.real_masks))
    found.append(
        SetSource(
            "synth",
            Path(synth),
            settings.synth_subject_pattern,
            settings.synth_field_of_view_um,
            settings.synth_masks,
        )
    )
    if settings.held_out is not None:
        found.append(SetSource("held-out", settings.held_out, pattern, view))
    return found


def reading_settings(source: SetSource, settings: ThreePillarSettings, scale: Scale | None) -> RunSettings:
    """Make the settings by which frames of a set are read and measured.

    Parameters
    ----------
    source : SetSource
    settings : ThreePillarSettings
    scale : Scale or None
        What frames are brought to; None, or a scale that changes this set's frames in nothing, leaves them.

    Returns
    -------
    RunSettings
    """
    given = dict(settings.measurement)
    changed = scale is not None and (scale.changed_synth if source.name == "synth" else scale.changed_real)
    return make_settings(
        **{
            **given,
            "field_of_view_um": source.field_of_view_um,
            "resample_um": scale.pixel_size_um if scale is not None and changed else None,
            "crop_um": scale.field_of_view_um if scale is not None and changed else None,
            "jobs": settings.jobs,
            "dask": settings.dask,
        }
    )


def measure_set(
    source: SetSource,
    cohort: Cohort,
    reading: RunSettings,
    out: Path,
    *,
    overwrite: bool,
    progress: Callable[[str, int, int], None],
    command: str = "",
) -> BiomarkersResult:
    """Measure a set into ``OUT/biomarkers/NAME``; frames that an earlier run measured are kept.

    Parameters
    ----------
    source : SetSource
    cohort : Cohort
        Its frames.
    reading : RunSettings
    out : pathlib.Path
        Folder of the three-pillar run.
    overwrite : bool
        Begin anew.
    progress : callable
    command : str

    Returns
    -------
    BiomarkersResult
    """
    folder = out / MEASURED / source.name
    return run_biomarkers(
        cohort,
        folder,
        reading,
        resume=not overwrite,
        overwrite=overwrite,
        progress=lambda done, failed, total: progress(f"Measuring {source.name} frames", done, total),
        command=command,
    )
