from __future__ import annotations

import numpy as np
import pytest

from ccmeval.phantom.plexus import Curve, Plexus
from ccmeval.phantom.settings import AnatomySettings
from ccmeval.phantom.trunks import add_trunks, runs_through

SHAPE = (400.0, 400.0)


def line(start: tuple[float, float], end: tuple[float, float]) -> np.ndarray:
    part = np.linspace(0, 1, 800)[:, None]
    return np.array(start) + part * (np.array(end) - np.array(start))


@pytest.mark.parametrize(
    ("start", "end", "through"),
    [
        ((-30, 200), (430, 200), True),
        ((-30, 5), (430, 5), False),  # along the border
        ((-30, 330), (70, 430), False),  # cuts a corner
        ((-30, 200), (300, 200), False),  # ends inside
        ((200, -30), (220, 430), True),
    ],
)
def test_runs_through(start: tuple[float, float], end: tuple[float, float], through: bool) -> None:
    assert runs_through(line(start, end), SHAPE, AnatomySettings()) is through


@pytest.mark.parametrize("count", [0, 1, 4, 8])
def test_trunks_come_in_number_and_keep_apart(count: int) -> None:
    settings = AnatomySettings()
    for seed in range(4):
        plexus = Plexus(SHAPE, settings.clearance_um)
        assert add_trunks(plexus, np.random.default_rng(seed), count, settings) is not None
        assert len(plexus.curves) == count
        for index, curve in enumerate(plexus.curves):
            for other in plexus.curves[index + 1 :]:
                gap = np.hypot(*(curve.points[:, None] - other.points[None]).transpose(2, 0, 1)).min()
                assert gap >= settings.clearance_um


def test_more_trunks_than_fit_are_refused() -> None:
    assert add_trunks(Plexus(SHAPE, 11.0), np.random.default_rng(0), 40, AnatomySettings()) is None


def test_clearance_ramps_only_towards_the_parent() -> None:
    plexus = Plexus(SHAPE, 11.0)
    parent = plexus.add(Curve(line((0, 100), (400, 100)), "trunk"))
    plexus.add(Curve(line((0, 140), (400, 140)), "trunk"))
    away = line((200, 100), (230, 128))[::19]
    steps = np.arange(41.0)
    slanted = np.column_stack([200 + 0.7 * steps, 100 + 0.7 * steps])  # reaches column 128: 12 um off
    hugging = np.column_stack([200 + 0.99 * steps, 100 + 0.14 * steps])  # leaves at 8 degrees
    used = np.ones((1, 41), dtype=bool)
    assert len(away) > 2
    assert plexus.clear(slanted[None], used, parent)[0]
    assert not plexus.clear(hugging[None], used, parent)[0]
    assert not plexus.clear(slanted[None], used)[0]  # without parent it starts on a nerve
    assert not plexus.clear(slanted[None] + [0.0, 3.0], used, parent)[0]  # ends 9 um from the other trunk
