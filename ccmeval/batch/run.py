"""The run of `ccmeval biomarkers`: a cohort in, a folder of results out, at any moment resumable.

The journal holds every row as soon as it is made; tables and the page are drawn from it at the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from ccmeval import __version__
from ccmeval.batch.conclusion import conclude
from ccmeval.batch.folder import ERRORS_NAME, open_folder, sweep_partials, without_results
from ccmeval.batch.journal import Journal, Past
from ccmeval.batch.parallel import work_through
from ccmeval.batch.worker import PICTURE_FOLDERS, Outcome, Work, fingerprint
from ccmeval.cohort.record import Cohort, Record
from ccmeval.errors import CcmevalError
from ccmeval.report.schema import BiomarkersResult
from ccmeval.settings import RunSettings

DEFAULT_OUT = Path("ccmeval-results") / "biomarkers"

Progress = Callable[[int, int, int], None]
"""Called with the number of frames done, of those that failed, and of all."""


def run_biomarkers(
    path: str | Path | Cohort,
    out: str | Path = DEFAULT_OUT,
    settings: RunSettings | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    command: str = "",
) -> BiomarkersResult:
    """Measure every frame of a cohort and write tables, pictures and the page.

    Parameters
    ----------
    path : path or Cohort
        A frame, a folder or a manifest; or a cohort that was loaded already, with its subjects and masks.
    out : path
        Folder for the results.
    settings : RunSettings, optional
        All settings.
    resume : bool
        Go on with an interrupted run; a frame is measured again only if its file changed or if it
        failed before. In an empty folder, begin.
    overwrite : bool
        Delete what an earlier run wrote into `out` and begin anew.
    progress : callable, optional
        Called whenever a frame is done.
    command : str
        The command line, for the record.

    Returns
    -------
    BiomarkersResult
        What `biomarkers.json` holds.

    Raises
    ------
    CcmevalError
        If nothing can be done: no frames, a wrong setting, a folder of another run, a full disk.
    """
    settings = settings or RunSettings()
    out = Path(out).resolve()
    cohort = _load(path, out, settings)
    identity = {
        "input": str((path.root if isinstance(path, Cohort) else Path(path)).resolve()),
        "ccmeval": __version__,
        "nerves": _nerve_source(settings),
        "settings": settings.identity(),
    }
    past = open_folder(out, identity, resume=resume, overwrite=overwrite)
    with Journal(out, identity, past) as journal:
        sweep_partials(out)
        _work_off(cohort, out, settings, past, journal, progress or (lambda done, failed, total: None))
        sweep_partials(out)  # of the killed run's workers, which outlive it by up to a second
        return conclude(cohort, out, settings, command=command)


def _load(path: str | Path | Cohort, out: Path, settings: RunSettings) -> Cohort:
    from ccmeval.cohort import load_cohort

    if isinstance(path, Cohort):
        cohort = path
    else:
        cohort = load_cohort(
            path, subject_pattern=settings.subject_pattern, masks=settings.masks, traces=settings.traces
        )
    cohort = without_results(cohort, out)
    if not cohort.records:
        where = cohort.root if isinstance(path, Cohort) else path
        raise CcmevalError(f"There are no frames in {where}; give a picture, a folder of them or a manifest.")
    for name in settings.covariates:
        if not any(name in record.extra for record in cohort):
            known = ", ".join(dict.fromkeys(name for record in cohort for name in record.extra)) or "none"
            raise CcmevalError(
                f"The manifest has no column {name!r} to adjust for; further columns: {known}."
            )
    return cohort


def _nerve_source(settings: RunSettings) -> str:
    """Name the segmenter and its version; a missing one is found out before anything is written."""
    if settings.nerves_from != "segmenter":
        return f"given {settings.nerves_from}"
    from ccmeval.measurement.nerve_source import load_segmenter

    segmenter = load_segmenter(settings)
    return f"{segmenter.name} {segmenter.version}"


def _work_off(
    cohort: Cohort, out: Path, settings: RunSettings, past: Past | None, journal: Journal, progress: Progress
) -> None:
    """Measure what is not done yet, keeping each row as it is made."""
    todo = [record for record in cohort if not _is_done(record, past, settings, out)]
    total, failed = len(cohort), 0
    done = total - len(todo)
    progress(done, failed, total)
    if not todo:
        return
    journal.begin([record.key for record in todo])
    with closing(work_through(Work(settings, out), todo, jobs=settings.jobs, dask=settings.dask)) as outcomes:
        for outcome in outcomes:
            journal.append({"row": outcome.row.model_dump(mode="json"), "inputs": outcome.inputs})
            _log_trouble(out, outcome)
            done += 1
            failed += outcome.row.status == "failed"
            progress(done, failed, total)


def _is_done(record: Record, past: Past | None, settings: RunSettings, out: Path) -> bool:
    """Tell whether a row can be kept: measured, from the same bytes, with its pictures in place."""
    if past is None or record.key not in past.places:
        return False
    line = json.loads(past.line(record.key))
    if line["row"]["status"] != "measured":
        return False
    wanted = PICTURE_FOLDERS if settings.overlays else PICTURE_FOLDERS[:2]
    if not all((out / name / f"{record.key}.png").is_file() for name in wanted):
        return False
    try:
        inputs: dict[str, Any] = fingerprint(record, settings)
    except (OSError, CcmevalError):
        return False
    return bool(inputs == line["inputs"])


def _log_trouble(out: Path, outcome: Outcome) -> None:
    # Where the disk is full, the row's reason must do.
    with suppress(OSError):
        if outcome.trouble:
            with (out / ERRORS_NAME).open("a", encoding="utf-8") as log:
                log.write(f"{outcome.row.frame}\n{outcome.trouble}\n")
