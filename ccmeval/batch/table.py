"""A whole cohort into a table in memory: `ccmeval.biomarkers`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ccmeval.batch.parallel import work_through
from ccmeval.batch.worker import Work
from ccmeval.cohort.record import Cohort
from ccmeval.settings import RunSettings, make_settings

if TYPE_CHECKING:
    import pandas as pd


def biomarkers(
    cohort: Cohort | str | Path,
    *,
    settings: RunSettings | None = None,
    jobs: int | None = None,
) -> pd.DataFrame:
    """Measure every frame of a cohort into a table in memory; no file is written.

    Parameters
    ----------
    cohort : Cohort or path
        A cohort, or what :func:`ccmeval.cohort.load_cohort` reads: a file, a folder, a manifest.
    settings : RunSettings, optional
        All settings, by default those of ``ccmeval biomarkers``.
    jobs : int, optional
        Worker processes, instead of the settings'.

    Returns
    -------
    pandas.DataFrame
        One row a frame in the cohort's order, with the columns of ``biomarkers.csv``. A frame that
        could not be measured has the status ``failed`` and its reason.

    Raises
    ------
    CcmevalError
        If the cohort cannot be read or a setting is wrong.
    """
    from ccmeval.cohort import load_cohort
    from ccmeval.report.tables import frame_table

    settings = settings or RunSettings()
    if jobs is not None:
        settings = make_settings(**{**settings.model_dump(), "jobs": jobs})
    if not isinstance(cohort, Cohort):
        cohort = load_cohort(
            Path(cohort),
            subject_pattern=settings.subject_pattern,
            masks=settings.masks,
            traces=settings.traces,
        )
    rows = {}
    for outcome in work_through(Work(settings), cohort.records, jobs=settings.jobs, dask=settings.dask):
        rows[outcome.row.key] = outcome.row
    return frame_table([rows[record.key] for record in cohort])
