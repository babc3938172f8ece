"""What trained models said of the test frames: the tables that scores and statistics start from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ccmeval.utility.learning import Task

Floats = npt.NDArray[np.float64]
Level = Literal["frame", "subject", "mean over frames", "pooled over frames"]
"""Of diagnosis: every frame counts, or every subject by its mean probability. Of segmentation: the mean of a
number that each frame has, or one number from the sums over all frames."""

COUNTS = (
    "tp_px",
    "fp_px",
    "fn_px",
    "tn_px",
    "trace_px",
    "trace_found_px",
    "trace_in_mask_px",
    "centre_line_px",
    "centre_line_false_px",
    "centre_line_in_truth_px",
    "cnfl_mm_per_mm2",
    "true_cnfl_mm_per_mm2",
)
"""What is counted in a predicted frame. `trace`: skeleton of the true mask; `centre_line`: skeleton of the
predicted one; `found` and `false`: within, or farther than, the tolerance; `in_mask`, `in_truth`: lying on
the other's mask (clDice). The two CNFL are of the predicted and of the true mask, by the same rule."""


@dataclass(frozen=True)
class DiagnosisOutcome:
    """Predictions of one or more trained models of one group that together cover the test frames.

    Attributes
    ----------
    probabilities : float64 array (N, C)
    labels : int array (N,)
    clusters : sequence of str
        Subject of each frame (or the frame itself where subjects are unknown).
    classes : sequence of str
    """

    probabilities: Floats
    labels: npt.NDArray[np.intp]
    clusters: Sequence[str]
    classes: Sequence[str]


@dataclass(frozen=True)
class SegmentationOutcome:
    """Counts in the predicted frames of one or more models of one group that cover the test frames.

    Attributes
    ----------
    counts : mapping of str to float64 array (N,)
        With the names of `COUNTS`.
    clusters : sequence of str
    """

    counts: Mapping[str, Floats]
    clusters: Sequence[str]


Outcome = DiagnosisOutcome | SegmentationOutcome


@dataclass(frozen=True)
class MetricSpec:
    """One number by which groups are compared.

    Attributes
    ----------
    name : str
        Machine name, such as ``balanced_accuracy``.
    label : str
        What tables call it, with what exactly it is.
    task : {"diagnosis", "segmentation"}
    level : str
        What counts once.
    better : {"higher", "lower", "neither"}
    unit : str
        Empty for a share.
    compute : callable
        Takes an outcome and the weight of each frame (N,) and gives the number, NaN where it is undefined.
        Weights are how often a resample drew the frame's subject: 1 each gives the number itself.
    primary : bool
        Whether the verdict of the task rests on it; one a task.
    """

    name: str
    label: str
    task: Task
    level: Level
    better: Literal["higher", "lower", "neither"]
    compute: Callable[..., float]
    unit: str = ""
    primary: bool = False
