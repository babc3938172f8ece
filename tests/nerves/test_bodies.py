"""Dendritic cells go, the nerve that passes one stays."""

import numpy as np

from ccmeval.nerves.bodies import drop_processes, find_bodies


def disc(centre, radius, shape=(120, 120)):
    rows, columns = np.indices(shape)
    return np.hypot(rows - centre[0], columns - centre[1]) <= radius


def test_a_disc_is_a_body_and_a_line_is_none():
    contrast = np.where(disc((60, 60), 6), 4.0, 0.0)
    contrast[20:24] = 4.0  # a nerve 4 px wide
    bodies = find_bodies(contrast, thickness_um=5.2, brightness=1.5)
    assert bodies[60, 60]
    assert not bodies[10:35].any()


def test_processes_go_and_a_passing_nerve_stays():
    bodies = disc((60, 60), 6)
    skeleton = np.zeros(bodies.shape, dtype=bool)
    skeleton[60] = True  # the nerve
    skeleton[35:60, 60] = True  # a process of 25 px
    skeleton[60:, 64] = True  # a branch that leaves the frame
    kept = drop_processes(skeleton, bodies, longest_um=50.0)
    assert kept[60].sum() >= 118
    assert not kept[36:55, 60].any()
    assert kept[70:, 64].all()


def test_the_last_stretch_of_a_nerve_behind_a_branch_point_stays():
    bodies = disc((60, 60), 3)  # such as a thick bright nerve holds
    skeleton = np.zeros(bodies.shape, dtype=bool)
    skeleton[60, :85] = True
    skeleton[60:, 60] = True  # a branch that leaves the frame
    skeleton[40:60, 55] = True  # a process across the nerve
    kept = drop_processes(skeleton, bodies, longest_um=50.0)
    assert kept[60, 70:85].all()
    assert not kept[40:56, 55].any()


def test_an_isolated_cell_goes_whole():
    bodies = disc((60, 60), 6)
    skeleton = np.zeros(bodies.shape, dtype=bool)
    skeleton[60, 45:78] = True
    assert not drop_processes(skeleton, bodies, longest_um=50.0).any()
    assert drop_processes(skeleton, bodies, longest_um=20.0).any()
