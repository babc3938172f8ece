"""From maps to lines, on maps drawn by hand."""

from __future__ import annotations

import numpy as np

from ccmeval.nerves.net.inputs import network_input
from ccmeval.nerves.net.lines import at_level, find_lines, widths_along
from ccmeval.nerves.net.operating import NetSettings

SETTINGS = NetSettings(least=0.4, sure=0.6)


def drawn(crest: np.ndarray) -> np.ndarray:
    """A horizontal line in row 30 with the given probability along it."""
    across = np.exp(-0.5 * ((np.arange(60.0) - 30) / 1.5) ** 2)
    return np.asarray(across[:, None] * crest, dtype=np.float32)


def test_line_is_found_on_its_crest_from_border_to_border():
    found = find_lines(drawn(np.full(90, 0.9)), np.ones((60, 90), bool), SETTINGS)
    assert np.array_equal(np.argwhere(found)[:, 0], np.full(90, 30))


def test_piece_that_is_nowhere_sure_is_dropped():
    assert not find_lines(drawn(np.full(90, 0.55)), np.ones((60, 90), bool), SETTINGS).any()


def test_gap_with_some_evidence_is_bridged_and_one_without_is_not():
    for between, bridged in ((0.3, True), (0.0, False)):
        crest = np.full(90, 0.9)
        crest[40:54] = between
        found = find_lines(drawn(crest), np.ones((60, 90), bool), SETTINGS)
        assert found[:, 47].any() == bridged


def test_crumb_is_dropped():
    crest = np.zeros(90)
    crest[40:52] = 0.9
    assert not find_lines(drawn(crest), np.ones((60, 90), bool), SETTINGS).any()


def test_level_between_two_maps_lies_between_them():
    maps = np.stack([np.full((2, 2), p) for p in (0.8, 0.3)]).astype(np.float32)
    maps = np.log(maps / (1 - maps))
    assert np.allclose(at_level(maps, 0), 0.8)
    assert np.allclose(at_level(maps, 1), 0.3)
    assert (at_level(maps, 0.4) < 0.8).all()
    assert (at_level(maps, 0.4) > 0.3).all()


def test_widths_are_averaged_along_the_line_only():
    line = np.zeros((9, 40), bool)
    line[4] = True
    widths = np.full((9, 40), 20.0)
    widths[4] = 4.0 + np.tile([-1.0, 1.0], 20)
    found = widths_along(np.log(widths), line, 8.0)
    assert np.isnan(found[~line]).all()
    assert np.abs(found[4, 10:30] - 4.0).max() < 0.1


def test_input_does_not_depend_on_gain_and_is_zero_outside():
    rng = np.random.default_rng(0)
    frame = rng.uniform(0.2, 0.4, (64, 64)).astype(np.float32)
    assert np.allclose(network_input(frame), network_input(frame * 1.7), atol=2e-3)
    imaged = np.ones((64, 64), bool)
    imaged[:, 40:] = False
    assert (network_input(np.where(imaged, frame, 0), imaged)[:, ~imaged] == 0).all()
