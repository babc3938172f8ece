"""Biomarker vectors: frames without nerves have a place, and unknown columns are left out."""

import numpy as np
import pytest

from ccmeval.fidelity.extractors.morphometric import (
    LEFT_OUT,
    VECTOR,
    MorphometricExtractor,
    least_sds,
    morphometric_vectors,
    vector_columns,
)
from ccmeval.fidelity.scaling import standardise_by
from ccmeval.morphometry.definitions import COLUMNS, DEFINITIONS
from ccmeval.plugins import WeightSource

EMPTY = {d.column: d.empty for d in DEFINITIONS}


def row(rng: np.random.Generator, **changed: float | None) -> dict[str, float | None]:
    return {column: float(rng.normal(10, 1)) for column in COLUMNS} | changed


def test_frame_without_nerves_has_zeros_and_says_so() -> None:
    values, names = morphometric_vectors(
        [EMPTY, row(np.random.default_rng(0), tortuosity=None, cnfd_per_mm2=0.0)]
    )
    found = [dict(zip(names, line, strict=True)) for line in values.tolist()]
    assert set(found[0].values()) == {0.0}
    assert (found[1]["has_nerves"], found[1]["has_trunks"], found[1]["tortuosity"]) == (1.0, 0.0, 0.0)
    assert not set(names) & set(LEFT_OUT)


def test_set_without_nerves_is_far_and_known_by_its_indicator() -> None:
    rng = np.random.default_rng(1)
    real, names = morphometric_vectors([row(rng) for _ in range(50)])
    same, _ = morphometric_vectors([row(rng) for _ in range(50)])
    none, _ = morphometric_vectors([EMPTY] * 50)
    to_scale = standardise_by(real, names, least_sds(names))
    assert to_scale.notes == []
    near, far = (
        np.linalg.norm(to_scale(it).mean(axis=0) - to_scale(real).mean(axis=0)) for it in (same, none)
    )
    assert near < 1.5
    assert far > 20
    assert to_scale(none)[0, names.index("has_nerves")] == -2.0


def test_widths_of_traces_are_left_out_everywhere() -> None:
    rng = np.random.default_rng(2)
    masks, traces = [row(rng)], [row(rng, mean_width_um=float("nan"), cnfa_mm2_per_mm2=None), EMPTY]
    columns = vector_columns(masks, traces)
    assert set(VECTOR) - set(columns) == {"mean_width_um", "cnfa_mm2_per_mm2"}


def test_sets_without_nerves_or_trunks_leave_nothing_out() -> None:
    rng = np.random.default_rng(3)
    no_trunks = {"cnfd_per_mm2": 0.0, "tortuosity": None, "tortuosity_coefficient": None}
    rows = [row(rng, **no_trunks, curvature_squared_per_um=None)]
    assert vector_columns([EMPTY], rows, []) == VECTOR


def test_unmeasured_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="Row 1 has no CNFL"):
        morphometric_vectors([EMPTY, dict.fromkeys(COLUMNS)])


def test_extractor_measures() -> None:
    frame = np.full((96, 96), 0.2, np.float32)
    frame[:, 46:50] = 0.9
    extractor = MorphometricExtractor()
    assert "phantom-net" in extractor.prepare(WeightSource())
    found = dict(zip(extractor.names, extractor.extract([frame], [1.0])[0], strict=True))
    assert found["has_nerves"] == 1.0
    assert 5 < found["cnfl_mm_per_mm2"] < 15
    assert len(found) == extractor.dimension
