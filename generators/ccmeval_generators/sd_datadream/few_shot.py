"""Which few frames of each diagnosis are learnt from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import GeneratorJob
from ccmeval.quality import QualitySettings, quality_scores
from ccmeval.utility.learning import FramePool, LearningSet
from ccmeval_generators.sd_datadream.settings import SdDatadreamSettings


def names_of(pool: FramePool) -> list[str]:
    """Name the frames of a pool; one without names numbers them.

    Examples
    --------
    >>> names_of(FramePool(np.zeros((2, 8, 8)), 2.0))
    ['frame 0', 'frame 1']
    """
    return list(pool.names) or [f"frame {row}" for row in range(len(pool.frames))]


def part_of(frames: LearningSet, places: Sequence[int] | npt.NDArray[np.intp]) -> LearningSet:
    """Give the frames at these places of a set, in this order."""
    chosen = np.asarray(places, dtype=np.intp)
    return LearningSet(frames.pool, frames.rows[chosen], frames.labels[chosen], frames.weights[chosen])


def few_shot_job(job: GeneratorJob, settings: SdDatadreamSettings, trial: bool = False) -> GeneratorJob:
    """Leave a job with the few frames that are learnt from, their names in its setting `frames`.

    Parameters
    ----------
    job : GeneratorJob
    settings : SdDatadreamSettings
        Of the job.
    trial : bool
        Its frames may stand for others: where they repeat, any will do, so long as their number is right.

    Raises
    ------
    UnavailableError
        See :func:`few_places`.
    """
    train = job.train
    stand_ins = trial and len(np.unique(train.rows)) < len(train)
    choose = _any_places if stand_ins else few_places
    places = choose(train, job.classes, settings.shots, settings.frames)
    names = names_of(train.pool)
    told = (
        settings.frames
        if stand_ins
        else {
            diagnosis: tuple(names[int(train.rows[place])] for place in chosen)
            for diagnosis, chosen in places.items()
        }
    )
    few = part_of(train, [place for chosen in places.values() for place in chosen])
    chosen_settings = settings.model_copy(update={"frames": told})
    return replace(job, train=few, settings=chosen_settings.model_dump())


def few_places(
    frames: LearningSet, classes: Sequence[str], shots: int, given: Mapping[str, Sequence[str]]
) -> dict[str, list[int]]:
    """Choose the frames of each diagnosis: those that are given by name, or else the sharpest.

    Parameters
    ----------
    frames : LearningSet
    classes : sequence of str
        Diagnoses, in the order of the labels.
    shots : int
        Of each diagnosis without a list; all there are, if they are fewer.
    given : mapping of str to sequence of str
        Names of frames by diagnosis.

    Returns
    -------
    dict of str to list of int
        Places in `frames`, by diagnosis; the sharpest come first.

    Raises
    ------
    UnavailableError
        If a diagnosis has no frame, or a name that is given is not one of its frames'.
    """
    found = {}
    for diagnosis, there in _places_of_classes(frames, classes, given).items():
        if diagnosis in given:
            found[diagnosis] = _named(frames, there, diagnosis, given[diagnosis])
        else:
            found[diagnosis] = _sharpest(frames, there, shots)
    return found


def _any_places(
    frames: LearningSet, classes: Sequence[str], shots: int, given: Mapping[str, Sequence[str]]
) -> dict[str, list[int]]:
    """Choose as many frames of each diagnosis as :func:`few_places` would, whichever they are."""
    return {
        diagnosis: there[: len(given.get(diagnosis, ())) or shots].tolist()
        for diagnosis, there in _places_of_classes(frames, classes, given).items()
    }


def _places_of_classes(
    frames: LearningSet, classes: Sequence[str], given: Mapping[str, Sequence[str]]
) -> dict[str, npt.NDArray[np.intp]]:
    if not classes:
        raise UnavailableError(
            "sd-datadream learns each diagnosis by itself, but no frame has a diagnosis; name diagnoses in a"
            " manifest or by folders."
        )
    strange = [name for name in given if name not in classes]
    if strange:
        raise UnavailableError(
            f"The setting frames names the diagnosis {strange[0]!r}, but those of the training frames are"
            f" {', '.join(classes)}."
        )
    found = {name: np.flatnonzero(frames.labels == label) for label, name in enumerate(classes)}
    for diagnosis, there in found.items():
        if not there.size:
            raise UnavailableError(f"No training frame has the diagnosis {diagnosis!r}; leave it out.")
    return found


def sharpness(pool: FramePool, row: int) -> tuple[bool, float]:
    """Tell how sharp a frame is; of two, the sharper has the higher pair.

    Returns
    -------
    shows_lines : bool
        Whether its line signal passes the limit of the quality flag. By the second number alone noise would
        be sharp: a frame without nerves comes after those that show some.
    sharpness : float
        The ratio of mean squared grey differences over 2.1 and 6.3 um of
        :func:`ccmeval.quality.quality_scores`; -inf where it is not defined.
    """
    pixels = np.asarray(pool.frames[row], dtype=np.float32)
    scores = quality_scores(pixels, None, pixel_size_um=pool.pixel_size_um)
    shows_lines = scores.line_signal >= QualitySettings().minimum_line_signal  # False where it is NaN
    return bool(shows_lines), scores.sharpness if math.isfinite(scores.sharpness) else -math.inf


def _sharpest(frames: LearningSet, there: npt.NDArray[np.intp], shots: int) -> list[int]:
    first = _once(frames, there)
    scores = {place: sharpness(frames.pool, int(frames.rows[place])) for place in first}
    ranked = sorted(first, key=lambda place: scores[place], reverse=True)  # stable: ties stay in order
    return ranked[:shots]


def _once(frames: LearningSet, there: npt.NDArray[np.intp]) -> list[int]:
    """Give the first place of each different frame."""
    _, places = np.unique(frames.rows[there], return_index=True)
    return [int(place) for place in there[np.sort(places)]]


def _named(
    frames: LearningSet, there: npt.NDArray[np.intp], diagnosis: str, given: Sequence[str]
) -> list[int]:
    names = names_of(frames.pool)
    known: dict[str, list[int]] = {}
    for place in _once(frames, there):
        known.setdefault(names[int(frames.rows[place])], []).append(place)
    missing = [name for name in given if name not in known]
    if missing:
        raise UnavailableError(
            f"The setting frames names {missing[0]!r}, which is no training frame of the diagnosis"
            f" {diagnosis!r}; its frames are called such as {next(iter(known))!r}."
        )
    return [place for name in dict.fromkeys(given) for place in known[name]]
