"""The fixed conditions of a training's samples: a few masks of each diagnosis, chosen once by the seed."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.cohort.record import Record
from ccmeval.generation.conditions import Capabilities, Condition
from ccmeval.generation.training_data import TrainingData, square_of
from ccmeval.generation.training_schema import SampleTold
from ccmeval.generation.training_settings import TrainSettings
from ccmeval.generation.training_survey import Look, look_at
from ccmeval.measurement.seen_frames import SMALLEST_SHARE

_Any = TypeVar("_Any")


@dataclass(frozen=True)
class Sample:
    """A fixed condition, and the real frame that it was taken from.

    Attributes
    ----------
    condition : Condition
    told : SampleTold
    real : float32 array (S, S), in [0, 1]
        That frame.
    """

    condition: Condition
    told: SampleTold
    real: FloatArray


def choose_samples(
    data: TrainingData, capabilities: Capabilities, settings: TrainSettings
) -> tuple[list[Sample], list[str]]:
    """Choose the conditions of the samples.

    They are of validation frames; of a diagnosis that has none there, of training frames. Diagnoses take
    turns, and within one the subjects do.

    Parameters
    ----------
    data : TrainingData
    capabilities : Capabilities
    settings : TrainSettings
        Number and seed.

    Returns
    -------
    samples : list of Sample
        Fewer than asked for where there are fewer frames.
    notes : list of str
    """
    if settings.samples == 0:
        return [], []
    rng = np.random.default_rng(np.random.SeedSequence(settings.seed, spawn_key=(_stream("samples"),)))
    diagnoses: list[str | None] = list(data.classes) or [None]
    chosen = _in_turns([_queue(data, name, rng) for name in diagnoses], settings.samples)
    # Seeds of their own, whichever frames are there, so that the same number gives the same seeds.
    seeds = np.random.SeedSequence(settings.seed, spawn_key=(_stream("seeds"),)).generate_state(len(chosen))
    samples = [
        _sample(index, found, int(seed), data, capabilities, settings.prompt)
        for index, (found, seed) in enumerate(zip(chosen, seeds, strict=True), start=1)
    ]
    return samples, _notes(samples, settings.samples, data)


@dataclass(frozen=True)
class _Found:
    look: Look
    split: str


def _stream(purpose: str) -> int:
    return zlib.crc32(f"training {purpose}".encode())


def _queue(data: TrainingData, diagnosis: str | None, rng: np.random.Generator) -> list[_Found]:
    """Order the frames of a diagnosis that may be sampled: one of each subject before the second of any."""
    records = [it for it in data.split.validation if diagnosis is None or it.diagnosis == diagnosis]
    looks = _usable(records, data, rng)
    if looks:
        return [_Found(look, "validation") for look in looks]
    trained = [it for it in data.looks if diagnosis is None or it.record.diagnosis == diagnosis]
    own = [it for it in trained if it.has_nerves or not data.masks] or trained
    order = rng.permutation(len(own))
    return [_Found(look, "train") for look in _subjects_in_turn([own[index] for index in order])]


def _usable(records: Sequence[Record], data: TrainingData, rng: np.random.Generator) -> list[Look]:
    looks = []
    for index in rng.permutation(len(records)):
        look = look_at(records[index], data.reading, masks=data.masks, diagnoses=bool(data.classes))
        if look.reason or look.side_um < SMALLEST_SHARE * data.side_um:
            continue
        if look.has_nerves or not data.masks:
            looks.append(look)
    return _subjects_in_turn(looks)


def _subjects_in_turn(looks: Sequence[Look]) -> list[Look]:
    by_subject: dict[str, list[Look]] = defaultdict(list)
    for look in looks:
        by_subject[look.record.subject or f"frame {look.record.frame}"].append(look)
    return _in_turns(list(by_subject.values()), len(looks))


def _in_turns(queues: list[list[_Any]], most: int) -> list[_Any]:
    chosen: list[_Any] = []
    for turn in range(max((len(queue) for queue in queues), default=0)):
        chosen += [queue[turn] for queue in queues if turn < len(queue)]
    return chosen[:most]


def _sample(
    number: int, found: _Found, seed: int, data: TrainingData, capabilities: Capabilities, prompt: str
) -> Sample:
    record = found.look.record
    real, mask = square_of(found.look, data)
    takes = capabilities.takes
    condition = Condition(
        seed=seed,
        diagnosis=record.diagnosis if data.classes else None,
        mask=_fixed(mask) if "mask" in takes else None,
        prompt=prompt if "prompt" in takes else "",
        reference=real if "reference" in capabilities.needs else None,  # as frames are mostly asked for
    )
    told = SampleTold(
        sample=number,
        diagnosis=record.diagnosis,
        mask_of=record.frame if mask is not None else None,
        subject=record.subject,
        split=found.split,
        seed=seed,
    )
    return Sample(condition, told, real)


def _fixed(mask: BoolArray | None) -> BoolArray | None:
    return None if mask is None else np.ascontiguousarray(mask)


def _notes(samples: Sequence[Sample], asked: int, data: TrainingData) -> list[str]:
    notes = []
    trained = [it.told for it in samples if it.told.split == "train"]
    if trained:
        which = sorted({it.diagnosis or "not stated" for it in trained})
        whose = "" if len(trained) == len(samples) else f" of {', '.join(which)}"
        notes.append(
            f"The samples{whose} are made from masks that are trained on, since there are no validation"
            f" frames{whose}: they flatter the generator."
            if data.masks
            else f"The samples{whose} follow training frames, since there are no validation frames{whose}."
        )
    if len(samples) < asked:
        notes.append(f"There are only {len(samples)} frames to make samples from, not {asked}.")
    return notes
