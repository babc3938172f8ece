from __future__ import annotations

import numpy as np
import pytest

from ccmeval.morphometry import compute_biomarkers
from ccmeval.phantom import TARGETS, PhantomSettings, draw_anatomy, draw_plan, draw_subject
from ccmeval.phantom.diagnoses import BETWEEN_SUBJECTS


def plans(diagnosis: str, subjects: int, frames: int) -> np.ndarray:
    rng = np.random.default_rng(11)
    rows = []
    for _ in range(subjects):
        person = draw_subject(rng, diagnosis)
        for _ in range(frames):
            plan = draw_plan(rng, person)
            rows.append((plan.length_um * 1e-3, plan.trunks, plan.branch_points, plan.mean_width_um))
    return np.array(rows).reshape(subjects, frames, 4) / 0.16


@pytest.mark.parametrize("diagnosis", TARGETS)
def test_plans_follow_the_published_table(diagnosis: str) -> None:
    values = plans(diagnosis, 1500, 2).reshape(-1, 4)
    target = TARGETS[diagnosis]
    published = (
        target.cnfl_mm_per_mm2, target.cnfd_per_mm2, target.cnbd_per_mm2, target.cnfw_um_per_mm2,
    )  # fmt: skip
    for column, (mean, deviation) in enumerate(published):
        # Four standard errors: frames of a subject are half dependent.
        assert values[:, column].mean() == pytest.approx(mean, abs=4 * deviation / np.sqrt(2000))
        assert values[:, column].std() == pytest.approx(deviation, rel=0.12)


def test_frames_of_twice_the_side_have_twice_the_trunks_and_nerves_as_wide() -> None:
    """A mean width of 31.58 x 0.16 = 5.05 um belongs to the nerves, not to the frame."""
    rng = np.random.default_rng(12)
    drawn = [draw_plan(rng, draw_subject(rng, "Control"), 0.64) for _ in range(1500)]
    assert np.mean([plan.mean_width_um for plan in drawn]) == pytest.approx(5.05, abs=0.03)
    assert np.mean([plan.trunks for plan in drawn]) == pytest.approx(2 * 21.36 * 0.16, rel=0.06)
    assert np.mean([plan.branch_points for plan in drawn]) == pytest.approx(4 * 62.35 * 0.16, rel=0.08)
    assert np.mean([plan.length_um for plan in drawn]) == pytest.approx(4 * 19.4e3 * 0.16, rel=0.05)


def test_branch_points_are_overdispersed_and_need_trunks() -> None:
    values = plans("T1DPN", 1500, 2).reshape(-1, 4) * 0.16
    assert values[:, 2].std() > values[:, 2].mean()
    assert (values[values[:, 1] == 0, 2] == 0).all()
    assert (values[:, 1:3] == np.round(values[:, 1:3])).all()


def test_half_of_the_variance_lies_between_subjects() -> None:
    values = plans("Control", 1200, 4)
    within = values.var(axis=1, ddof=1).mean(axis=0)
    between = values.mean(axis=1).var(axis=0, ddof=1) - within / 4
    assert np.allclose(between / (between + within), BETWEEN_SUBJECTS, atol=0.07)


def test_subjects_keep_their_own_level_of_bends() -> None:
    rng = np.random.default_rng(3)
    people = [draw_subject(rng, "T1DPN") for _ in range(400)]
    bends = np.log([[draw_plan(rng, person).bend for _ in range(4)] for person in people])
    within = bends.var(axis=1, ddof=1).mean()
    between = bends.mean(axis=1).var(ddof=1) - within / 4
    assert between / (between + within) == pytest.approx(BETWEEN_SUBJECTS, abs=0.1)


def test_drawn_frames_follow_and_the_diagnoses_are_ordered() -> None:
    found: dict[str, list[dict[str, float]]] = {}
    for diagnosis in TARGETS:
        rng = np.random.default_rng(2)
        found[diagnosis] = []
        for _ in range(36):
            plan = draw_plan(rng, draw_subject(rng, diagnosis))
            found[diagnosis].append(compute_biomarkers(draw_anatomy(rng, plan, PhantomSettings()).graph))
    columns = ("cnfl_mm_per_mm2", "cnfd_per_mm2", "cnbd_per_mm2", "cnfw_um_per_mm2", "tortuosity",
               "fragmentation_per_mm")  # fmt: skip
    mean = {d: {k: np.nanmean([r[k] for r in rows]) for k in columns} for d, rows in found.items()}
    for diagnosis, target in TARGETS.items():
        for column in ("cnfl_mm_per_mm2", "cnfd_per_mm2", "cnbd_per_mm2", "cnfw_um_per_mm2"):
            wanted, deviation = getattr(target, column)
            assert mean[diagnosis][column] == pytest.approx(wanted, abs=3.5 * deviation / 6)
    for rising in ("tortuosity", "fragmentation_per_mm"):
        assert mean["Control"][rising] < mean["T1NoDPN"][rising] < mean["T1DPN"][rising]
    for falling in ("cnfl_mm_per_mm2", "cnfd_per_mm2", "cnbd_per_mm2"):
        assert mean["Control"][falling] > mean["T1NoDPN"][falling] > mean["T1DPN"][falling]


def test_unknown_diagnosis() -> None:
    with pytest.raises(KeyError):
        draw_subject(np.random.default_rng(0), "healthy")
