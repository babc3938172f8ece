"""Which few frames are learnt from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import GeneratorJob
from ccmeval.utility.learning import FramePool, learning_set
from ccmeval_generators.sd_datadream.few_shot import few_places, few_shot_job, sharpness
from ccmeval_generators.sd_datadream.settings import SdDatadreamSettings

SIDE = 192
BLURS = (3.0, 0.0, 1.0, 2.0, 0.5, 4.0)
CLASSES = ("Control", "T1DPN")


def nerves(blur: float, seed: int) -> np.ndarray:
    """Draw bright lines on grey with a little noise, then blur all of it."""
    generator = np.random.default_rng(seed)
    frame = np.full((SIDE, SIDE), 0.3)
    for column in range(10, SIDE, 24):
        frame[:, column : column + 3] = 0.8
    frame = ndimage.gaussian_filter(frame + 0.03 * generator.standard_normal(frame.shape), blur)
    return np.clip(frame, 0.0, 1.0).astype(np.float16)


@pytest.fixture(scope="module")
def pool() -> FramePool:
    """Give six blurs in each of both diagnoses, and noise without nerves as the last."""
    frames = [nerves(blur, number) for number, blur in enumerate((*BLURS, *BLURS))]
    noise = 0.4 + 0.1 * np.random.default_rng(0).standard_normal((SIDE, SIDE))
    frames.append(np.clip(noise, 0, 1).astype(np.float16))
    return FramePool(np.stack(frames), 1.04, names=[f"f{number}.png" for number in range(13)])


@pytest.fixture
def frames(pool: FramePool):
    return learning_set(pool, np.arange(13), [0] * 6 + [1] * 6 + [1])


def test_the_sharpest_come_first(frames) -> None:
    found = few_places(frames, CLASSES, 3, {})
    assert found == {"Control": [1, 4, 2], "T1DPN": [7, 10, 8]}
    assert len(few_places(frames, CLASSES, 16, {})["Control"]) == 6


def test_noise_is_sharp_but_shows_no_lines(pool: FramePool) -> None:
    of_noise, of_nerves = sharpness(pool, 12), sharpness(pool, 7)
    assert of_noise[1] > of_nerves[1]
    assert (of_noise[0], of_nerves[0]) == (False, True)
    assert of_nerves > of_noise


def test_a_frame_that_is_there_twice_is_one(pool: FramePool) -> None:
    twice = learning_set(pool, [1, 1, 0, 6], [0, 0, 0, 1])
    assert few_places(twice, CLASSES, 2, {})["Control"] == [0, 2]


def test_a_list_goes_before_sharpness(frames) -> None:
    found = few_places(frames, CLASSES, 2, {"T1DPN": ["f11.png", "f6.png", "f11.png"]})
    assert found == {"Control": [1, 4], "T1DPN": [11, 6]}


@pytest.mark.parametrize(
    ("given", "classes", "words"),
    [
        ({"T1DPN": ["f0.png"]}, CLASSES, r"'f0.png', which is no training frame of the diagnosis 'T1DPN'"),
        ({"T2": ["f0.png"]}, CLASSES, r"names the diagnosis 'T2', but those .* are Control, T1DPN"),
        ({}, (*CLASSES, "T1NoDPN"), r"No training frame has the diagnosis 'T1NoDPN'"),
        ({}, (), r"no frame has a diagnosis"),
    ],
)
def test_what_cannot_be_chosen_is_refused(frames, given, classes, words: str) -> None:
    with pytest.raises(UnavailableError, match=words):
        few_places(frames, classes, 2, given)


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ValueError, match="list of Control names no frame"):
        SdDatadreamSettings(frames={"Control": []})


def test_a_job_is_left_with_the_few_and_their_names(frames) -> None:
    settings = SdDatadreamSettings(shots=2)
    job = GeneratorJob(frames, CLASSES, settings.model_dump(), 1, Path("nowhere"))
    few = few_shot_job(job, settings)
    assert few.train.rows.tolist() == [1, 4, 7, 10]
    assert few.train.labels.tolist() == [0, 0, 1, 1]
    assert few.settings["frames"] == {"Control": ("f1.png", "f4.png"), "T1DPN": ("f7.png", "f10.png")}


def test_a_dry_run_with_frames_that_stand_for_others_has_as_many(pool: FramePool) -> None:
    part = FramePool(pool.frames[:4], 1.04, names=pool.names[:4])
    stand_ins = learning_set(part, np.arange(12) % 4, [0] * 6 + [1] * 6)
    settings = SdDatadreamSettings(shots=5, frames={"T1DPN": ["f7.png", "f8.png"]})
    job = GeneratorJob(stand_ins, CLASSES, settings.model_dump(), 1, Path("nowhere"))
    few = few_shot_job(job, settings, trial=True)
    assert np.bincount(few.train.labels).tolist() == [5, 2]
    with pytest.raises(UnavailableError, match="no training frame"):
        few_shot_job(job, settings)
