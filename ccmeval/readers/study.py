"""`ccmeval reader-study`: from two sets of frames to a form and its key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from ccmeval.batch.conclusion import library_versions
from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.evaluation.run_parts import Progress, silent
from ccmeval.readers.candidates import Candidate, SetToRead, cues, read_candidates
from ccmeval.readers.choosing import Shown, choose, ordered
from ccmeval.readers.display import Display, choose_display, data_uri, fits, shown_levels
from ccmeval.readers.form_page import ShownItem, write_form
from ccmeval.readers.key import FORM, KEY, KeyItem, StudyKey, read_key, write_key
from ccmeval.readers.power import power_sentences
from ccmeval.readers.settings import StudySettings
from ccmeval.statistics.tables import diagnosis_order


@dataclass(frozen=True)
class Study:
    """A study that was made.

    Attributes
    ----------
    key : StudyKey
    form : pathlib.Path
        The one file that readers get.
    was_there : bool
        Whether it had been made before.
    """

    key: StudyKey
    form: Path
    was_there: bool = False


def make_study(
    real: SetToRead,
    synth: SetToRead,
    out: Path,
    settings: StudySettings,
    *,
    progress: Progress = silent,
) -> Study:
    """Write the form and the key of a reader study.

    Parameters
    ----------
    real, synth : SetToRead
    out : pathlib.Path
        Folder; the form in it goes to the readers, the key stays.
    settings : StudySettings
    progress : callable

    Returns
    -------
    Study

    Raises
    ------
    SettingsMismatchError
        If the folder holds another study, whose answers would lose their key.
    CcmevalError
        If the sets have too few frames, or frames without the diagnosis that is asked for.
    """
    candidates, notes = read_candidates(real, synth, progress)
    identity = _identity(candidates, settings)
    past = _past(out, identity)
    if past is not None:
        return Study(past, out / FORM, was_there=True)
    display = choose_display(candidates)
    usable = [it for it in candidates if fits(it, display)]
    if len(usable) < len(candidates):
        notes.append(
            f"{len(candidates) - len(usable)} frames are smaller than what is shown and were left out."
        )
    # One stream of randomness each, so that a change of one leaves the others alone.
    streams = [np.random.default_rng(it) for it in np.random.SeedSequence(settings.seed).spawn(2)]
    stratify = _stratified(usable, settings)
    chosen = choose(usable, settings.n, settings.per_subject, streams[0], stratify=stratify)
    order = ordered(chosen, settings.n_repeats, streams[1])
    items = _items(order)
    key = StudyKey(
        study=hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16],
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        versions=library_versions(),
        identity=identity,
        question=settings.question,
        title=settings.title,
        margin=settings.margin,
        diagnoses=_diagnoses(chosen) if settings.asks_diagnosis else [],
        by_subject=all(it.subject is not None for it in chosen),
        shape_px=display.shape_px,
        pixel_size_um=float(display.scale.pixel_size_um or chosen[0].pixel_size_um),
        items=items,
        power=power_sentences(settings.n, settings.margin) if settings.asks_real else [],
        notes=[*display.notes, *cues(chosen), *notes],
    )
    write_form(key, _pictures(order, items, display, progress), out / FORM)
    write_key(key, out)  # last: its presence tells that the study is whole
    return Study(key, out / FORM)


def _identity(candidates: Sequence[Candidate], settings: StudySettings) -> dict[str, Any]:
    told = [
        (it.truth, it.sha256, it.record.page, it.record.diagnosis, it.cluster, it.pixel_size_um)
        for it in candidates
    ]
    frames = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    return {"frames": frames, **settings.model_dump(mode="json")}


def _past(out: Path, identity: dict[str, Any]) -> StudyKey | None:
    if not (out / KEY).exists():
        return None
    past = read_key(out)
    if past.identity != identity or not (out / FORM).exists():
        raise SettingsMismatchError(
            f"{out} holds another study, whose answers would lose their key; choose another folder with -o."
        )
    return past


def _stratified(usable: Sequence[Candidate], settings: StudySettings) -> bool:
    """Whether diagnoses are balanced: wherever both sets know them."""
    sides = [{it.record.diagnosis for it in usable if it.truth == truth} for truth in ("real", "synthetic")]
    common = (sides[0] & sides[1]) - {None}
    if settings.asks_diagnosis and len(common) < 2:
        shared = f"only {next(iter(common))}" if common else "none"
        raise CcmevalError(
            f"--question {settings.question} asks for the diagnosis, but the sets have {shared} in common;"
            " name diagnoses in their manifests, or ask --question real."
        )
    return bool(common)


def _diagnoses(chosen: Sequence[Candidate]) -> list[str]:
    return diagnosis_order(sorted({it.record.diagnosis for it in chosen if it.record.diagnosis}))


def _items(order: Sequence[Shown]) -> list[KeyItem]:
    digits = max(3, len(str(len(order))))
    names = [f"{place:0{digits}d}" for place in range(1, len(order) + 1)]
    return [
        KeyItem(
            item=name,
            truth=one.candidate.truth,
            frame=one.candidate.record.frame,
            sha256=one.candidate.sha256,
            diagnosis=one.candidate.record.diagnosis,
            subject=one.candidate.subject,
            cluster=one.candidate.cluster,
            repeat_of=None if one.repeat_of is None else names[one.repeat_of],
        )
        for name, one in zip(names, order, strict=True)
    ]


def _pictures(
    order: Sequence[Shown], items: Sequence[KeyItem], display: Display, progress: Progress
) -> list[ShownItem]:
    found = []
    for number, (one, item) in enumerate(zip(order, items, strict=True), start=1):
        found.append(ShownItem(item.item, data_uri(shown_levels(one.candidate, display))))
        progress("Drawing the form", number, len(order))
    return found
