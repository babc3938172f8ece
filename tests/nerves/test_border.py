"""Nerves run through the rim of the imaged area; what ends inside stays."""

import numpy as np
import pytest

from ccmeval.nerves.border import lead_to_border, without_rim

IMAGED = np.tile(np.arange(120) < 100, (80, 1))


def led(line, coherence=1.0):
    return lead_to_border(line, IMAGED, np.full(line.shape, coherence), least_coherence=0.7)


@pytest.mark.parametrize(("last", "coherence", "goes"), [(88, 1.0, True), (60, 1.0, False), (88, 0.6, False)])
def test_only_ends_near_the_border_with_evidence_are_led_on(last, coherence, goes):
    line = np.zeros(IMAGED.shape, dtype=bool)
    line[40, 30:last] = True
    drawn = led(line, coherence)
    assert drawn[40].nonzero()[0][-1] == (99 if goes else last - 1)
    assert not (drawn & ~IMAGED).any()
    assert drawn[40, :40].nonzero()[0][0] == 30


def test_a_nerve_along_the_border_stays_as_it_is():
    line = np.zeros(IMAGED.shape, dtype=bool)
    line[20:60, 85] = True
    assert np.array_equal(led(line), line)


def test_border_of_the_frame_is_no_rim():
    assert without_rim(np.ones((5, 5), dtype=bool)).all()
    inside = without_rim(IMAGED)
    assert inside[:, :90].all()
    assert not inside[:, 90:].any()
