"""Random outcomes for the tests of metrics."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ccmeval.utility.outcomes import COUNTS, DiagnosisOutcome, SegmentationOutcome


def random_outcome(
    rng: np.random.Generator, n: int, n_classes: int = 3, subjects: int | None = None, ties: bool = False
) -> DiagnosisOutcome:
    """Probabilities that lean to the truth; of few values where `ties`; subjects with one diagnosis each."""
    subject = rng.integers(0, subjects or n, n) if subjects else np.arange(n)
    labels = rng.integers(0, n_classes, subjects or n)[subject]
    logits = rng.normal(size=(n, n_classes)) + 1.2 * np.eye(n_classes)[labels]
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if ties:
        chances = np.round(chances * 3) / 3 + 1 / 7
        chances /= chances.sum(axis=1, keepdims=True)
    classes = [f"class {k}" for k in range(n_classes)]
    return DiagnosisOutcome(chances, labels.astype(np.intp), [f"s{k}" for k in subject], classes)


@st.composite
def weighted_outcomes(draw: st.DrawFn) -> tuple[DiagnosisOutcome, np.ndarray]:
    """An outcome, with whole weights of its subjects' frames of which some are positive."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, subjects = draw(st.integers(1, 30)), draw(st.integers(1, 8))
    outcome = random_outcome(rng, n, draw(st.integers(2, 4)), subjects, draw(st.booleans()))
    if draw(st.booleans()):
        outcome.labels[rng.integers(0, n)] = 0  # some subject may have two diagnoses
    drawn = np.bincount(rng.integers(0, subjects, subjects), minlength=subjects)
    weights = np.array([drawn[int(name[1:])] for name in outcome.clusters], dtype=np.float64)
    return outcome, weights


def repeated_outcome(outcome: DiagnosisOutcome, weights: np.ndarray) -> DiagnosisOutcome:
    """Every frame as often as its weight says, each copy of a subject a subject of its own."""
    rows = [(i, copy) for i, weight in enumerate(weights) for copy in range(int(weight))]
    index = [i for i, _ in rows]
    names = [f"{outcome.clusters[i]} {copy}" for i, copy in rows]
    return DiagnosisOutcome(outcome.probabilities[index], outcome.labels[index], names, outcome.classes)


def random_counts(rng: np.random.Generator, n: int) -> SegmentationOutcome:
    """Counts as frames could have them; in some neither, or only one, mask has nerve."""
    true, predicted = rng.integers(0, 4, (2, n)) > 0
    numbers = {name: np.zeros(n) for name in COUNTS}
    both = true & predicted
    numbers["tp_px"] = both * rng.integers(0, 50, n).astype(float)
    numbers["fn_px"] = true * rng.integers(1, 50, n).astype(float)
    numbers["fp_px"] = predicted * rng.integers(1, 50, n).astype(float)
    numbers["tn_px"] = rng.integers(0, 2, n) * 100.0
    for whole, parts, there in (
        ("trace_px", ("trace_found_px", "trace_in_mask_px"), true),
        ("centre_line_px", ("centre_line_false_px", "centre_line_in_truth_px"), predicted),
    ):
        numbers[whole] = there * rng.integers(1, 30, n).astype(float)
        for part in parts:
            numbers[part] = np.floor(numbers[whole] * rng.random(n))
    numbers["cnfl_mm_per_mm2"], numbers["true_cnfl_mm_per_mm2"] = rng.uniform(0, 30, (2, n))
    return SegmentationOutcome(numbers, [f"s{k}" for k in range(n)])
