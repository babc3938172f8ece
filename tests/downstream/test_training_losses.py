"""Losses against MONAI, against answers by hand, and where there is nothing to find."""

from __future__ import annotations

from inspect import signature

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from ccmeval_downstream.settings import LossSettings  # noqa: E402
from ccmeval_downstream.training.losses import (  # noqa: E402
    bce_losses,
    cldice_losses,
    dice_losses,
    frame_losses,
    skeleton_recall_losses,
    soft_skeleton,
)
from ccmeval_downstream.training.targets import SegmentationTargets, tube  # noqa: E402

ALL = LossSettings(bce=1.0, dice=1.0, cldice=1.0, skeleton_recall=1.0)


@pytest.fixture
def pair() -> tuple:
    generator = torch.Generator().manual_seed(1)
    return torch.rand((3, 20, 20), generator=generator), torch.rand((3, 20, 20), generator=generator)


def test_dice_is_monais_with_squares(pair: tuple) -> None:
    losses = pytest.importorskip("monai.losses")
    peer = losses.DiceLoss(squared_pred=True, smooth_nr=1.0, smooth_dr=1.0, reduction="none")
    probability, coverage = pair
    theirs = peer(probability[:, None], coverage[:, None]).flatten()
    torch.testing.assert_close(dice_losses(probability, coverage), theirs)


@pytest.mark.parametrize("iterations", [0, 3, 5])
def test_the_soft_skeleton_and_cldice_are_monais(pair: tuple, iterations: int) -> None:
    cldice = pytest.importorskip("monai.losses.cldice")
    probability, coverage = pair
    theirs = cldice.soft_skel(probability[:, None], iterations)[:, 0]
    torch.testing.assert_close(soft_skeleton(probability, iterations), theirs)
    ours = cldice_losses(probability, coverage, iterations)
    for index in range(3):
        one = slice(index, index + 1)
        by_hand = _cldice_loss(probability[one], coverage[one], iterations)
        assert ours[index].item() == pytest.approx(by_hand, abs=1e-6)
        if "smooth_nr" in signature(cldice.SoftclDiceLoss).parameters:  # since MONAI 1.6 each is named
            peer = cldice.SoftclDiceLoss(iter_=iterations, smooth_nr=1.0, smooth_dr=1.0, smooth=1e-12)
            theirs = peer(probability[one, None], coverage[one, None])
            torch.testing.assert_close(ours[index], theirs)


def _cldice_loss(probability, coverage, iterations: int) -> float:
    """Compute the loss in numpy from MONAI's skeletons."""
    from monai.losses.cldice import soft_skel

    images = [image[:, None] for image in (probability, coverage)]
    lines = [soft_skel(image, iterations).double().numpy() for image in images]
    areas = [image.double().numpy() for image in reversed(images)]
    shares = [((line * area).sum() + 1) / (line.sum() + 1) for line, area in zip(lines, areas, strict=True)]
    return 1 - 2 * shares[0] * shares[1] / sum(shares)


def test_cldice_forgives_width_but_not_a_gap() -> None:
    true, wide, broken = (torch.zeros(1, 24, 24) for _ in range(3))
    true[:, 10:13], wide[:, 9:14], broken[:, 10:13] = 1.0, 1.0, 1.0
    broken[:, :, 8:16] = 0.0
    assert cldice_losses(wide, true).item() < 0.02
    assert cldice_losses(broken, true).item() > 0.15


def test_bce_takes_soft_targets() -> None:
    logits, coverage = torch.tensor([[[0.0, 2.0]]]), torch.tensor([[[0.25, 1.0]]])
    by_hand = (np.log(2.0) + np.log1p(np.exp(-2.0))) / 2.0
    assert bce_losses(logits, coverage).item() == pytest.approx(by_hand, abs=1e-6)


def test_losses_of_frames_do_not_mix(pair: tuple) -> None:
    probability, coverage = pair
    logits = torch.logit(probability, eps=1e-6)[:, None]
    targets = torch.stack([coverage, (coverage > 0.5).float()], dim=1)
    together = frame_losses("segmentation", logits, targets, ALL)
    apart = [frame_losses("segmentation", logits[i : i + 1], targets[i : i + 1], ALL) for i in range(3)]
    torch.testing.assert_close(together, torch.cat(apart))
    parts = [
        frame_losses("segmentation", logits, targets, LossSettings(**{**NONE, name: 2.0})) for name in NONE
    ]
    torch.testing.assert_close(sum(parts), 2.0 * together)


NONE = {"bce": 0.0, "dice": 0.0, "cldice": 0.0, "skeleton_recall": 0.0}


@pytest.mark.parametrize("filled", [0.0, 1.0])
@pytest.mark.parametrize("logit", [-200.0, -8.0, 0.0, 200.0])
def test_gradients_are_finite_for_empty_and_full_masks(filled: float, logit: float) -> None:
    logits = torch.full((2, 1, 12, 12), logit, requires_grad=True)
    losses = frame_losses("segmentation", logits, torch.full((2, 2, 12, 12), filled), ALL)
    losses.sum().backward()
    assert torch.isfinite(losses).all()
    assert torch.isfinite(logits.grad).all()


def test_an_empty_crop_in_which_nothing_is_found_costs_nothing() -> None:
    nothing = torch.zeros(1, 8, 8)
    for losses in (dice_losses, cldice_losses, skeleton_recall_losses):
        assert losses(nothing, nothing).item() == pytest.approx(0.0, abs=1e-6)
    assert dice_losses(torch.ones(1, 8, 8), nothing).item() == pytest.approx(64 / 65)


def test_skeleton_recall_sees_the_tube_only() -> None:
    mask = np.zeros((20, 40), np.uint8)
    mask[5:14] = 255
    drawn = torch.from_numpy(tube(mask))[None].float()
    found = torch.zeros(1, 20, 40)
    assert drawn.sum() < (mask > 0).sum()
    found[drawn.bool()] = 1.0
    assert skeleton_recall_losses(found, drawn).item() == pytest.approx(0.0, abs=1e-6)
    found[:, :, 20:] = 0.0
    by_hand = 1 - (drawn[:, :, :20].sum() + 1) / (drawn.sum() + 1)
    assert skeleton_recall_losses(found, drawn).item() == pytest.approx(by_hand.item())


def test_a_tube_stays_within_its_mask_and_an_empty_one_is_empty() -> None:
    mask = np.zeros((16, 16), np.uint8)
    assert not tube(mask).any()
    mask[4:6] = 255
    mask[8] = 100
    assert (tube(mask) <= (mask >= 128)).all()
    assert tube(mask)[4:6].any(axis=0).all()


def test_tubes_of_crops_are_parts_of_the_frames_tube() -> None:
    from ccmeval.utility.learning import learning_set
    from tests.downstream.tiny import toy_pool

    pool = toy_pool(4)
    targets = SegmentationTargets(learning_set(pool, [3, 1]), with_tubes=True)
    crop = targets.crop(1, 2, 5, 10)
    assert crop.shape == (2, 10, 10)
    assert np.array_equal(crop[0], pool.masks[1, 2:12, 5:15])
    assert np.array_equal(crop[1], tube(pool.masks[1])[2:12, 5:15] * 255)


def test_label_smoothing_by_hand() -> None:
    logits, labels = torch.tensor([[2.0, 0.0]]), torch.tensor([0])
    found = frame_losses("diagnosis", logits, labels, LossSettings(label_smoothing=0.2)).item()
    right, wrong = np.log1p(np.exp(-2.0)), np.log1p(np.exp(2.0))
    assert found == pytest.approx(0.9 * right + 0.1 * wrong, abs=1e-6)
