"""`ccmeval.three_pillar`: one call that runs the pillars in order.

Not a module of that name: importing it would put the module in the function's place.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ccmeval.evaluation.run_parts import Progress
    from ccmeval.evaluation.schema import ThreePillarResult
    from ccmeval.evaluation.settings import ThreePillarSettings


def three_pillar(
    real: str | Path,
    synth: str | Path,
    settings: ThreePillarSettings | None = None,
    *,
    out: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> ThreePillarResult:
    """Score a synthetic set against a real one.

    Parameters
    ----------
    real : path or str
        A folder, a manifest, a reference bundle, or ``"published:2602.13693"``.
    synth : path
        A folder or a manifest.
    settings : ThreePillarSettings, optional
        All settings; see :func:`ccmeval.evaluation.settings.make_three_pillar_settings`.
    out : path, optional
        Folder for report, tables, figures and overlays; without it nothing is kept.
    resume, overwrite : bool
        What to do where `out` holds a run of these sets.
    progress : callable, optional
        Called with the words of a stage, how much of it is done, and of how much.

    Returns
    -------
    ThreePillarResult
        All numbers; ``result.verdicts`` says what they come to.

    Raises
    ------
    CcmevalError
        If nothing can be done: no frames, a wrong setting, a folder of another run.
    """
    from tempfile import TemporaryDirectory

    from ccmeval.evaluation.run import run_three_pillar

    if out is not None:
        return run_three_pillar(
            real, synth, out, settings, resume=resume, overwrite=overwrite, progress=progress
        )
    with TemporaryDirectory(prefix="ccmeval-") as folder:
        return run_three_pillar(real, synth, folder, settings, progress=progress, write=False)
