"""Writing synthetic sets with a known fault, beside a phantom cohort that plays the real one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ccmeval.errors import CcmevalError
from ccmeval.phantom.asked import FAULTS, Wanted, choose_modes, copied_item, draw_asked, is_hit
from ccmeval.phantom.cohort import FRAMES_PER_SUBJECT, NOTE, Item, check_numbers, identity, plan_cohort
from ccmeval.phantom.cohort_files import (
    claim_folder,
    exact_row,
    in_parallel,
    read_truth,
    save_document,
    save_frame,
    save_mask,
    write_table,
)
from ccmeval.phantom.diagnoses import TARGETS
from ccmeval.phantom.faults import Shown, show
from ccmeval.phantom.graph_file import graph_document
from ccmeval.phantom.settings import PhantomSettings

SYNTHETIC_NOTE = "synthetic.json"
"""File in a synthetic set's folder that tells its fault, seed and settings."""


def write_synthetic(
    out: str | Path,
    *,
    frames: int,
    fault: str = "none",
    strength: float = 1.0,
    seed: int = 0,
    diagnoses: Sequence[str] = tuple(TARGETS),
    frames_per_subject: int = FRAMES_PER_SUBJECT,
    real: str | Path | None = None,
    settings: PhantomSettings | None = None,
    jobs: int = 1,
    progress: bool = False,
) -> Path:
    """Write what a generator conditioned on masks would make after learning from a phantom cohort.

    The real cohort is the one that :func:`ccmeval.phantom.write_cohort` writes with the same seed,
    diagnoses, frames a subject and settings. Each synthetic frame is asked to be a further frame of one of
    its subjects: the same latent subject, another anatomy, so that the subjects' means are correlated and
    nothing is copied, unless the fault is to copy. Mask, graph and `truth.csv` tell what was **asked**; the
    fault lies in what the frame shows. `truth.csv` tells that too.

    - ``none``: the frame shows what was asked.
    - ``noise``, ``blur``: Gaussian noise, with an SD of 0.12 of the full range at strength 1; Gaussian
      blur with a radius of 3 um.
    - ``missing branches``: this share of a frame's branches and thin fibres is not rendered.
    - ``collapsed modes``: each diagnosis has only (1 - strength) times as many anatomies as frames, at
      least two, from the middle of its distribution; the other frames repeat them with fresh noise and
      optics, shifted by up to 2 px.
    - ``lost gradient``: this share of frames has the anatomy of a randomly drawn diagnosis, so that at
      strength 1 the label says nothing.
    - ``copies``: this share of frames are the real cohort's own, of the same subject, with slight noise and
      another brightness; one in four is flipped, one in four shifted by up to 6 px.

    Frames that a former run wrote with the same settings are kept.

    Parameters
    ----------
    out : path
        Folder for `frames/DIAGNOSIS/`, `masks/`, `graphs/`, `manifest.csv`, `truth.csv`.
    frames : int
        Number of frames; the diagnoses take turns.
    fault : str
        One of :data:`ccmeval.phantom.FAULTS`; hyphens may stand for spaces.
    strength : float
        From 0 (no fault) to 1.
    seed : int
        The real cohort's. Frame k does not depend on `frames`, except with collapsed modes.
    diagnoses : sequence of str
        The real cohort's.
    frames_per_subject : int
        The real cohort's.
    real : path, optional
        The real cohort's folder or manifest; the fault ``copies`` needs it.
    settings : PhantomSettings, optional
    jobs : int
        Processes; -1 for all cores. Their number changes no byte.
    progress : bool
        Show a progress bar.

    Returns
    -------
    pathlib.Path
        Of `manifest.csv`. It has no column `subject`: `source_subject` names the subject whose mask asked
        for the frame, as in the real cohort's column `subject`.

    Raises
    ------
    CcmevalError
        If fault, strength, a number or a diagnosis is none, or `real` is missing or another cohort.
    SettingsMismatchError
        If `out` holds a set of another fault, seed or other settings.

    Notes
    -----
    A fault at a higher strength is the same damage and more of it: the noise is the same field, and the
    frames hit at a quarter are among those hit at a half. The shares of frames are met within one frame in
    every diagnosis, by Weyl's sequence of multiples of the golden ratio. With half or all modes collapsed,
    plans of 32 frames have means within 0.3 and 0.5 SD of all frames', and SDs of typically 0.64 and 0.27
    times theirs (12 seeds).

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> small = PhantomSettings(shape_px=(64, 64))
    >>> manifest = write_synthetic(mkdtemp(), frames=1, fault="noise", strength=0.5, settings=small)
    >>> "phantom, fault noise strength 0.5" in manifest.read_text()
    True
    """
    check_numbers(frames, diagnoses, frames_per_subject, jobs)
    wanted = Wanted(
        _named(fault),
        _checked(strength),
        seed,
        frames_per_subject,
        tuple(diagnoses),
        settings or PhantomSettings(),
        None if real is None else _folder_of(Path(real)),
    )
    items = _plan(frames, wanted)
    wanted = replace(wanted, modes=choose_modes(items, wanted) if wanted.fault == "collapsed modes" else {})
    _check_fits(items, wanted)
    folder = Path(out)
    claim_folder(folder, SYNTHETIC_NOTE, _identity(frames, wanted), ("frames", "masks", "graphs"))
    todo = [item for item in items if not (folder / "graphs" / f"{item.name}.json").exists()]
    task = partial(_write_item, folder=folder, wanted=wanted)
    in_parallel(task, todo, jobs, progress, "synthetic frames")
    truths = [read_truth(folder / "graphs" / f"{item.name}.json") for item in items]
    write_table(folder / "truth.csv", truths)
    write_table(folder / "manifest.csv", [_manifest_row(item, wanted) for item in items])
    return folder / "manifest.csv"


def _named(fault: str) -> str:
    name = fault.strip().lower().replace("-", " ").replace("_", " ")
    if name not in FAULTS:
        raise CcmevalError(f"The phantom knows no fault {fault!r}; choose among {', '.join(FAULTS)}.")
    return name


def _checked(strength: float) -> float:
    if not 0.0 <= strength <= 1.0:
        raise CcmevalError(f"A fault's strength goes from 0 (none) to 1, and is not {strength:g}.")
    return float(strength)


def _folder_of(real: Path) -> Path:
    return (real if real.is_dir() else real.parent).resolve()


def _plan(frames: int, wanted: Wanted) -> list[Item]:
    """Plan the frames: those of the real cohort's subjects that come after its own."""
    first = wanted.frames_per_subject
    planned = plan_cohort(frames, wanted.diagnoses, first)
    return [replace(item, number=first + item.number) for item in planned]


def _check_fits(items: Sequence[Item], wanted: Wanted) -> None:
    """Refuse a fault that these diagnoses or this real cohort cannot show."""
    if wanted.fault == "lost gradient" and len(set(wanted.diagnoses)) < 2:
        raise CcmevalError("The fault 'lost gradient' mixes diagnoses; name at least two.")
    if wanted.real is not None:
        _check_real(wanted.real, wanted)
    if wanted.fault != "copies":
        return
    if wanted.real is None:
        raise CcmevalError("The fault 'copies' needs the cohort to copy from; name its manifest.")
    for item in items:
        source = copied_item(item, wanted)
        if is_hit(item, wanted) and not (wanted.real / source.frame_path).exists():
            raise CcmevalError(
                f"{wanted.real} has no frame {source.frame_path} to copy; write it with at least"
                f" {len(items)} frames and the same diagnoses."
            )


def _check_real(real: Path, wanted: Wanted) -> None:
    """Refuse a real cohort whose subjects are not those of the synthetic set."""
    try:
        note: dict[str, Any] = json.loads((real / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CcmevalError(
            f"{real} is no phantom cohort (it has no readable {NOTE}); name one that ccmeval phantom wrote."
        ) from error
    own = identity(wanted.seed, wanted.frames_per_subject, wanted.settings)
    for name, words in (
        ("seed", "seed"),
        ("frames_per_subject", "frames a subject"),
        ("settings", "settings"),
    ):
        if note.get(name) != own[name]:
            raise CcmevalError(
                f"{real} was written with other {words} than the synthetic set; give both the same."
            )


def _identity(frames: int, wanted: Wanted) -> dict[str, Any]:
    collapsed = wanted.fault == "collapsed modes"
    return {
        **identity(wanted.seed, wanted.frames_per_subject, wanted.settings),
        "fault": wanted.fault,
        "strength": wanted.strength,
        # Which anatomies are drawn from, or shown, depends on these.
        "diagnoses": list(wanted.diagnoses) if wanted.fault == "lost gradient" or collapsed else None,
        "frames": frames if collapsed else None,
    }


def _write_item(item: Item, *, folder: Path, wanted: Wanted) -> None:
    asked = draw_asked(item, wanted)
    shown = show(asked, wanted)
    save_frame(folder / item.frame_path, shown.frame)
    save_mask(folder / "masks" / f"{item.name}.png", asked.phantom.mask)
    truth = {"frame": item.frame_path, **exact_row(asked.phantom), **_shown_row(shown)}
    # Written last: the graph tells that the frame is complete.
    document = {**graph_document(asked.phantom.graph), "truth": truth}
    save_document(folder / "graphs" / f"{item.name}.json", document)


def _shown_row(shown: Shown) -> dict[str, Any]:
    return {
        "shown_anatomy": shown.anatomy,
        "shown_diagnosis": shown.diagnosis,
        "hidden_length_share": round(shown.hidden_length_share, 6),
        "change": shown.change,
    }


def _manifest_row(item: Item, wanted: Wanted) -> dict[str, Any]:
    return {
        "frame": item.frame_path,
        "mask": f"masks/{item.name}.png",
        "diagnosis": item.diagnosis,
        "source_subject": item.subject_name,
        # Drawn by rule, from no frame of the real set; a set with copies keeps quiet about it.
        "generator_subjects": "" if wanted.fault == "copies" else "none",
        "pixel_size_um": wanted.settings.pixel_size_um,
        "source": wanted.source,
        "seed": wanted.seed,
        "graph": f"graphs/{item.name}.json",
    }
