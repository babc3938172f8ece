"""Augmentation moves masks with their frames, keeps nerves, and repeats itself."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from ccmeval_downstream.settings import AugmentationSettings  # noqa: E402
from ccmeval_downstream.training.augment import augmented, mirrored, relit, rotated, turned  # noqa: E402

STILL = {"brightness": 0.0, "contrast": 0.0, "noise_sd": 0.0}
MOVES = AugmentationSettings(**STILL)


def seeded(seed: int = 0):
    return torch.Generator().manual_seed(seed)


def frames(number: int = 64, side: int = 12):
    return torch.rand((number, 1, side, side), generator=seeded(9))


@pytest.mark.parametrize("degrees", [0.0, 25.0])
def test_masks_move_exactly_as_frames_do(degrees: float) -> None:
    given = frames()
    settings = AugmentationSettings(rotate_degrees=degrees, **STILL)
    moved, masks = augmented(given, torch.cat([given, 1.0 - given], dim=1), settings, seeded())
    torch.testing.assert_close(moved, masks[:, :1], rtol=0, atol=1e-6)
    torch.testing.assert_close(1.0 - moved, masks[:, 1:], rtol=0, atol=1e-5)
    assert not torch.equal(moved, given)


def test_flips_and_turns_give_all_eight_positions_and_nothing_else() -> None:
    one = frames(1).expand(400, -1, -1, -1)
    moved, _ = augmented(one, None, MOVES, seeded())
    positions = [torch.rot90(side, k, (-2, -1)) for side in (one[0], one[0].flip(-1)) for k in range(4)]
    counts = [sum(torch.equal(image, position) for image in moved) for position in positions]
    assert sum(counts) == 400
    assert min(counts) > 25


def test_flips_and_turns_keep_the_nerve_area_to_the_bit() -> None:
    given = (frames() > 0.7).float()
    moved = turned(mirrored(given, MOVES, seeded()), MOVES, seeded())
    assert torch.equal(moved.sum(dim=(1, 2, 3)), given.sum(dim=(1, 2, 3)))


def test_rotation_by_degrees_keeps_a_disc_and_turns_a_bar() -> None:
    grid = torch.arange(41.0) - 20.0
    disc = ((grid[:, None] ** 2 + grid[None] ** 2) < 100.0).float().expand(8, 1, 41, 41)
    turned_disc = rotated(disc, 180.0, seeded())
    torch.testing.assert_close(turned_disc.sum(dim=(1, 2, 3)), disc.sum(dim=(1, 2, 3)), rtol=0.01, atol=0.0)
    bar = ((grid[:, None].abs() < 1.5) & (grid[None].abs() < 12.0)).float().expand(8, 1, 41, 41)
    turned_bar = rotated(bar, 180.0, seeded())
    torch.testing.assert_close(turned_bar.sum(dim=(1, 2, 3)), bar.sum(dim=(1, 2, 3)), rtol=0.03, atol=0.0)
    assert not torch.allclose(turned_bar, bar, atol=0.1)


def test_light_changes_stay_within_their_bounds() -> None:
    given = frames().clamp(0.3, 0.7)
    settings = AugmentationSettings(brightness=0.1, contrast=0.0, noise_sd=0.0)
    shifts = (relit(given, settings, seeded()) - given).amax(dim=(1, 2, 3))
    assert 0.07 < shifts.abs().max() <= 0.1 + 1e-6
    settings = AugmentationSettings(brightness=0.0, contrast=0.15, noise_sd=0.0)
    ratios = relit(given, settings, seeded()).std(dim=(1, 2, 3)) / given.std(dim=(1, 2, 3))
    assert ratios.min() >= 0.85 - 1e-4
    assert ratios.max() <= 1.15 + 1e-4
    settings = AugmentationSettings(brightness=0.0, contrast=0.0, noise_sd=0.02)
    noise = (relit(given, settings, seeded()) - given).std(dim=(1, 2, 3))
    assert 0.015 < noise.max() < 0.023


def test_frames_stay_in_range_and_masks_keep_their_values() -> None:
    given = frames()
    mask = (given > 0.5).float()
    changed, moved = augmented(
        given, mask, AugmentationSettings(brightness=0.9, contrast=0.9, noise_sd=0.3), seeded()
    )
    assert changed.min() >= 0.0
    assert changed.max() <= 1.0
    assert set(moved.unique().tolist()) == {0.0, 1.0}


def test_the_same_generator_gives_the_same_and_nothing_on_changes_nothing() -> None:
    settings = AugmentationSettings(rotate_degrees=10.0)
    first, _ = augmented(frames(), None, settings, seeded(4))
    second, _ = augmented(frames(), None, settings, seeded(4))
    other, _ = augmented(frames(), None, settings, seeded(5))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    nothing = AugmentationSettings(flip=False, rotate=False, **STILL)
    assert torch.equal(augmented(frames(), None, nothing, seeded())[0], frames())
