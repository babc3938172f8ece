"""Metrics of segmentation against torchmetrics and MONAI, against repeated frames, and by hand.

MONAI's clDice is a loss on soft skeletons and no peer of the measure on masks; that is held against examples
by hand, and in `test_segmentation_counts.py` against pillar 2.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmeval.utility import segmentation_metrics as own
from ccmeval.utility.metrics import METRICS, metrics_of, primary_metric, resampled
from ccmeval.utility.outcomes import COUNTS, MetricSpec, SegmentationOutcome
from tests.utility.strategies import random_counts

SPECS = metrics_of("segmentation")
IDS = [f"{spec.name}-{spec.level}" for spec in SPECS]


def random_masks(seed: int, n: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """True and predicted masks (N, 16, 16): some frames empty in one or both, some full."""
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 16, 16)) < rng.uniform(0.05, 0.5, (n, 1, 1))
    found = np.where(rng.random((n, 16, 16)) < 0.25, ~truth, truth)
    truth[0] = found[0] = truth[1] = found[2] = False
    truth[3] = found[3] = True
    return truth, found


def pixel_counts(truth: np.ndarray, found: np.ndarray) -> SegmentationOutcome:
    pixels = (found & truth, found & ~truth, ~found & truth, ~found & ~truth)
    counts = {name: it.sum(axis=(1, 2)).astype(float) for name, it in zip(COUNTS[:4], pixels, strict=True)}
    return SegmentationOutcome(counts, [str(k) for k in range(len(truth))])


def channels(masks: np.ndarray, *, background: bool):
    torch = pytest.importorskip("torch")
    stack = [~masks, masks] if background else [masks]
    return torch.from_numpy(np.stack(stack, axis=1).astype(np.int64))


@pytest.mark.parametrize("seed", range(5))
def test_dice_is_that_of_torchmetrics(seed: int) -> None:
    peer = pytest.importorskip("torchmetrics.functional.segmentation")
    if "aggregation_level" not in getattr(peer.dice_score, "__annotations__", {}):
        pytest.skip("this torchmetrics is older than its Dice over all frames")
    truth, found = random_masks(seed)
    outcome = pixel_counts(truth, found)
    given_maps = channels(found, background=False), channels(truth, background=False)
    of_frames = peer.dice_score(*given_maps, num_classes=1, average="none").numpy()[:, 0]
    assert np.isnan(of_frames[0])  # the rule for a frame that is empty twice is theirs
    assert of_frames[1] == of_frames[2] == 0
    np.testing.assert_allclose(own.dice(outcome.counts), of_frames, rtol=1e-6)
    ones = np.ones(len(truth))
    assert own.mean_over_frames(own.dice)(outcome, ones) == pytest.approx(np.nanmean(of_frames), rel=1e-6)
    pooled = peer.dice_score(*given_maps, num_classes=1, average="none", aggregation_level="global")
    assert own.pooled_over_frames(own.dice)(outcome, ones) == pytest.approx(float(pooled), rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_dice_and_iou_are_those_of_monai(seed: int) -> None:
    peer = pytest.importorskip("monai.metrics")
    truth, found = random_masks(seed)
    outcome = pixel_counts(truth, found)
    given_maps = channels(found, background=False), channels(truth, background=False)
    for share, name in ((own.dice, "compute_dice"), (own.nerve_iou, "compute_iou")):
        ours = share(outcome.counts)
        left_out = getattr(peer, name)(*given_maps, ignore_empty=True).numpy()[:, 0]
        with_nerve = truth.any(axis=(1, 2))
        np.testing.assert_allclose(ours[with_nerve], left_out[with_nerve], rtol=1e-6)
        assert np.isnan(left_out[1])  # their default forgives a false alarm
        counted = getattr(peer, name)(*given_maps, ignore_empty=False).numpy()[:, 0]
        assert ours[1] == counted[1] == 0
        np.testing.assert_allclose(ours[1:], counted[1:], rtol=1e-6)
        assert (np.isnan(ours[0]), counted[0]) == (True, 1)


@pytest.mark.parametrize("seed", range(5))
def test_means_are_those_of_the_classes_of_monai(seed: int) -> None:
    peer = pytest.importorskip("monai.metrics")
    truth, found = random_masks(seed)
    with_nerve = truth.any(axis=(1, 2)) & ~truth.all(axis=(1, 2))
    outcome = pixel_counts(truth[with_nerve], found[with_nerve])
    ones = np.ones(int(with_nerve.sum()))
    for share, metric in ((own.dice, peer.DiceMetric), (own.nerve_iou, peer.MeanIoU)):
        mean = metric(include_background=True, reduction="mean")
        mean(channels(found[with_nerve], background=False), channels(truth[with_nerve], background=False))
        assert own.mean_over_frames(share)(outcome, ones) == pytest.approx(float(mean.aggregate()), rel=1e-6)
    both = peer.MeanIoU(include_background=True, reduction="mean")
    both(channels(found[with_nerve], background=True), channels(truth[with_nerve], background=True))
    ours = own.mean_over_frames(own.two_class_miou)(outcome, ones)
    assert ours == pytest.approx(float(both.aggregate()), rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_pooled_miou_is_the_jaccard_index_of_torchmetrics(seed: int) -> None:
    torch = pytest.importorskip("torch")
    peer = pytest.importorskip("torchmetrics.functional.classification")
    truth, found = random_masks(seed)
    outcome = pixel_counts(truth, found)
    ones = np.ones(len(truth))
    flat = torch.from_numpy(found.astype(int).ravel()), torch.from_numpy(truth.astype(int).ravel())
    both = peer.multiclass_jaccard_index(*flat, num_classes=2, average="macro")
    assert own.pooled_over_frames(own.two_class_miou)(outcome, ones) == pytest.approx(float(both), rel=1e-6)
    nerve = peer.binary_jaccard_index(*flat)
    assert own.pooled_over_frames(own.nerve_iou)(outcome, ones) == pytest.approx(float(nerve), rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_miou_of_frames_is_that_of_torchmetrics(seed: int) -> None:
    peer = pytest.importorskip("torchmetrics.functional.segmentation")
    truth, found = random_masks(seed)
    given_maps = channels(found, background=True), channels(truth, background=True)
    of_classes = peer.mean_iou(*given_maps, num_classes=2, per_class=True).numpy().astype(float)
    absent = ~(truth | found).any(axis=(1, 2)), (truth & found).all(axis=(1, 2))
    of_classes[absent[1], 0] = of_classes[absent[0], 1] = np.nan  # theirs is -1 or 0 there, by version
    expected = np.nanmean(of_classes, axis=1)
    np.testing.assert_allclose(own.two_class_miou(pixel_counts(truth, found).counts), expected, rtol=1e-6)
    assert expected[0] == 1  # rightly left empty


def test_by_hand() -> None:
    outcome = SegmentationOutcome(
        {
            "tp_px": np.array([6.0, 10]),
            "fp_px": np.array([2.0, 0]),
            "fn_px": np.array([4.0, 0]),
            "tn_px": np.array([88.0, 90]),
            "trace_px": np.array([8.0, 12]),
            "trace_found_px": np.array([6.0, 12]),
            "trace_in_mask_px": np.array([4.0, 12]),
            "centre_line_px": np.array([5.0, 10]),
            "centre_line_false_px": np.array([1.0, 0]),
            "centre_line_in_truth_px": np.array([5.0, 10]),
            "cnfl_mm_per_mm2": np.array([10.0, 21]),
            "true_cnfl_mm_per_mm2": np.array([12.0, 20]),
        },
        ["a", "b"],
    )
    expected = {
        ("nerve_iou", "mean over frames"): (6 / 12 + 1) / 2,
        ("nerve_iou", "pooled over frames"): 16 / 22,
        ("dice", "mean over frames"): (12 / 18 + 1) / 2,
        ("dice", "pooled over frames"): 32 / 38,
        ("two_class_miou", "mean over frames"): ((6 / 12 + 88 / 94) / 2 + 1) / 2,
        ("two_class_miou", "pooled over frames"): (16 / 22 + 178 / 184) / 2,
        ("cl_dice", "mean over frames"): (2 * 1 * 0.5 / 1.5 + 1) / 2,
        ("cl_dice", "pooled over frames"): 2 * 1 * 0.8 / 1.8,
        ("length_sensitivity", "mean over frames"): (0.75 + 1) / 2,
        ("length_sensitivity", "pooled over frames"): 18 / 20,
        ("length_false_discovery", "mean over frames"): 0.1,
        ("length_false_discovery", "pooled over frames"): 1 / 15,
        ("length_f1", "mean over frames"): (2 * 0.8 * 0.75 / 1.55 + 1) / 2,
        ("length_f1", "pooled over frames"): 2 * (14 / 15) * 0.9 / (14 / 15 + 0.9),
        ("cnfl_bias", "mean over frames"): -0.5,
        ("cnfl_absolute_error", "mean over frames"): 1.5,
    }
    found = {(spec.name, spec.level): spec.compute(outcome, np.ones(2)) for spec in SPECS}
    assert found == pytest.approx(expected)


def test_frames_without_nerve() -> None:
    """Both empty, only the truth, only the prediction: left out, or 0, or what the share itself says."""
    zero = dict.fromkeys(COUNTS, 0.0) | {"tn_px": 80.0}
    alarm = zero | {"fp_px": 20.0, "centre_line_px": 5.0, "centre_line_false_px": 5.0}
    missed = zero | {"fn_px": 20.0, "trace_px": 5.0}
    counts = {name: np.array([frame[name] for frame in (zero, alarm, missed)]) for name in COUNTS}
    nan = np.nan
    for share, expected in (
        (own.dice, [nan, 0, 0]),
        (own.nerve_iou, [nan, 0, 0]),
        (own.cl_dice, [nan, 0, 0]),
        (own.length_f1, [nan, 0, 0]),
        (own.length_sensitivity, [nan, nan, 0]),
        (own.length_false_discovery, [nan, 1, nan]),
        (own.two_class_miou, [1, 0.4, 0.4]),
    ):
        np.testing.assert_array_equal(share(counts), expected)


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_whole_weights_are_repeated_frames(spec: MetricSpec, seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    outcome = random_counts(rng, n)
    weights = rng.integers(0, 4, n)
    again = SegmentationOutcome(
        {name: np.repeat(values, weights) for name, values in outcome.counts.items()},
        list(np.repeat(outcome.clusters, weights)),
    )
    expected = spec.compute(again, np.ones(int(weights.sum())))
    assert spec.compute(outcome, weights.astype(float)) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
def test_many_resamples_at_once_are_each_by_itself(spec: MetricSpec) -> None:
    rng = np.random.default_rng(1)
    outcome = random_counts(rng, 40)
    weights = rng.integers(0, 4, (30, 40)).astype(float)
    expected = [spec.compute(outcome, row) for row in weights]
    np.testing.assert_allclose(resampled(spec, outcome, weights), expected, rtol=1e-12)


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
def test_a_count_that_is_no_number_shows(spec: MetricSpec) -> None:
    outcome = random_counts(np.random.default_rng(1), 8)
    counts = {name: np.where(np.arange(8) == 2, np.nan, values) for name, values in outcome.counts.items()}
    assert np.isnan(spec.compute(SegmentationOutcome(counts, outcome.clusters), np.ones(8)))
    assert np.isnan(spec.compute(outcome, np.zeros(8)))


def test_the_registry() -> None:
    keys = [(spec.task, spec.name, spec.level) for spec in METRICS]
    assert len(set(keys)) == len(keys) == len({(spec.task, spec.label) for spec in METRICS})
    primary = [(spec.task, spec.name, spec.level) for spec in METRICS if spec.primary]
    assert primary == [
        ("diagnosis", "balanced_accuracy", "frame"),
        ("segmentation", "dice", "mean over frames"),
    ]
    for task in ("diagnosis", "segmentation"):
        assert metrics_of(task)[0] == primary_metric(task)
    # Each is named as what it is.
    assert all({"frame": "frames", "subject": "subjects"}.get(s.level, s.level) in s.label for s in METRICS)


def test_a_metric_of_others_is_resampled_too() -> None:
    outcome = random_counts(np.random.default_rng(1), 4)
    spec = MetricSpec(
        "x", "X", "segmentation", "mean over frames", "higher", lambda outcome, weights: float(weights.sum())
    )
    assert resampled(spec, outcome, np.array([[1.0, 1, 1, 1], [0, 0, 2, 0]])).tolist() == [4, 2]
    with pytest.raises(ValueError, match="shape"):
        resampled(spec, outcome, np.ones(4))
