"""Which skeleton junctions are one, which are mere crossings, and which nerve goes on where.

The rules, applied in this order:

1. Two junctions of three arms with a rung of at most `crossing_distance_um` between them, or one
   junction of four arms, are a crossing when the four arms pair up into two nerves that each go
   straight on: no direction bends by more than `crossing_angle_deg`, neither between the two arms
   nor against the line that links them, and the two arms, led on straight to half way, come within
   `crossing_offset_um` of each other. The two nerves then pass over each other without joining.
2. Otherwise, two junctions no farther apart than `merge_width_ratio` times the local width are one
   branch point, which skeletonisation had split.
3. At a branch point, the two arms that bend least and differ least in width are one nerve; the others
   end there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.morphometry.arms import Arm
from ccmeval.morphometry.settings import MorphometrySettings

ArmEnd = tuple[int, int]
"""Index of an arm, and 0 for its start or 1 for its end."""

_PAIRINGS = (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2)))


_SHARPEST_DEG = 120.0
"""No nerve turns back at a junction by more."""

_MOST_ARMS = 12
"""Junctions are not joined into one of more arms: no nerves meet so, and in a mask of noise all would."""


@dataclass
class Junction:
    """A node where three or more arms meet, after splitting was undone.

    Attributes
    ----------
    position : float array (2,)
        Where the skeleton has it, in pixels.
    ends : list of (int, int)
        The arms' ends that meet here.
    through : list of pairs of (int, int)
        Ends that belong to one nerve: none, one, or two for a crossing.
    crossing : bool
    """

    position: FloatArray
    ends: list[ArmEnd]
    through: list[tuple[ArmEnd, ArmEnd]]
    crossing: bool = False


@dataclass(frozen=True)
class _Scale:
    """Settings in pixels."""

    fit: float
    crossing: float
    angle: float
    offset: float
    merge: float
    width_bend: float


def find_junctions(
    positions: Sequence[FloatArray], arms: Sequence[Arm], pixel_size_um: float, settings: MorphometrySettings
) -> tuple[list[Junction], set[int]]:
    """Undo splitting, find crossings, and pair the arms that go on.

    Parameters
    ----------
    positions : sequence of float arrays (2,)
        Skeleton nodes, in pixels.
    arms : sequence of Arm
    pixel_size_um : float
    settings : MorphometrySettings

    Returns
    -------
    junctions : list of Junction
    rungs : set of int
        Arms that were only the inside of a split junction or crossing.
    """
    scale = _Scale(
        settings.direction_um / 2.0 / pixel_size_um,
        settings.crossing_distance_um / pixel_size_um,
        settings.crossing_angle_deg,
        settings.crossing_offset_um / pixel_size_um,
        settings.merge_width_ratio,
        settings.width_bend_deg,
    )
    ends: dict[int, list[ArmEnd]] = {}
    for index, arm in enumerate(arms):
        ends.setdefault(arm.start, []).append((index, 0))
        ends.setdefault(arm.end, []).append((index, 1))
    junctions = {
        node: Junction(np.asarray(positions[node], dtype=np.float64), here, [])
        for node, here in ends.items()
        if len(here) >= 3
    }
    rungs = _merge(junctions, arms, scale)
    merged = {id(j): j for j in junctions.values()}
    for junction in merged.values():
        if not junction.through:
            _pair(junction, arms, scale)
    return list(merged.values()), rungs


def _merge(junctions: dict[int, Junction], arms: Sequence[Arm], scale: _Scale) -> set[int]:
    """Join split junctions and the halves of crossings; shortest rungs first."""
    rungs: set[int] = set()
    lengths = [
        (len(arm.path) - 1, i) for i, arm in enumerate(arms) if len(arm.path) - 1 <= 2 * scale.crossing
    ]
    for _, index in sorted(lengths):
        arm = arms[index]
        one, two = junctions.get(arm.start), junctions.get(arm.end)
        if one is None or two is None or one is two:
            continue
        distance = float(np.hypot(*(arm.path[-1] - arm.path[0])))
        if distance > scale.crossing:
            continue
        both = [end for end in (*one.ends, *two.ends) if end[0] != index]
        if len(both) > _MOST_ARMS:
            continue
        three = len(one.ends) == 3 and len(two.ends) == 3
        pairs = _crossing(both, arms, scale) if three else None
        # Where each nerve goes on at its own junction, the rung is the bar of an H.
        if pairs is not None and pairs[0] == (both[0], both[1]):
            pairs = None
        if pairs is None and distance > scale.merge * _local_width(both, arms):
            continue
        if one.crossing or two.crossing:
            continue
        joined = Junction((one.position + two.position) / 2.0, both, pairs or [], pairs is not None)
        for node, junction in junctions.items():
            if junction is one or junction is two:
                junctions[node] = joined
        rungs.add(index)
    return rungs


def _local_width(ends: Sequence[ArmEnd], arms: Sequence[Arm]) -> float:
    return max(arms[index].typical_width for index, _ in ends)


def bend_deg(one: ArmEnd, two: ArmEnd, arms: Sequence[Arm], fit: float) -> float:
    """Largest bend of a nerve that would run from one arm's end into the other's, in degrees."""
    if one[0] == two[0]:
        return 180.0
    from_point, onward = arms[one[0]].toward(one[1], fit)
    to_point, back = arms[two[0]].toward(two[1], fit)
    link = to_point - from_point
    length = float(np.hypot(*link))
    cosines = [float(-onward @ back)]
    # Across a gap of a few pixels the link's direction is noise.
    if length > 4.0:
        cosines += [float(onward @ link) / length, float(-back @ link) / length]
    return float(np.degrees(np.arccos(np.clip(min(cosines), -1.0, 1.0))))


def _offset(one: ArmEnd, two: ArmEnd, arms: Sequence[Arm], fit: float) -> float:
    """Gap between two arms that are led on straight to half way between them."""
    point, onward = arms[one[0]].toward(one[1], fit)
    other, back = arms[two[0]].toward(two[1], fit)
    half = float(np.hypot(*(other - point))) / 2.0
    return float(np.hypot(*(point + half * onward - other - half * back)))


def _crossing(
    ends: Sequence[ArmEnd], arms: Sequence[Arm], scale: _Scale
) -> list[tuple[ArmEnd, ArmEnd]] | None:
    """Pair four ends into two straight nerves, if they are that."""
    if len(ends) != 4 or len({index for index, _ in ends}) < 4:
        return None
    bend = {(i, j): bend_deg(ends[i], ends[j], arms, scale.fit) for i, j in combinations(range(4), 2)}
    worst = [(max(bend[a], bend[b]), a, b) for a, b in _PAIRINGS]
    least, a, b = min(worst)
    if least > scale.angle:
        return None
    if max(_offset(ends[i], ends[j], arms, scale.fit) for i, j in (a, b)) > scale.offset:
        return None
    return [(ends[a[0]], ends[a[1]]), (ends[b[0]], ends[b[1]])]


def _pair(junction: Junction, arms: Sequence[Arm], scale: _Scale) -> None:
    """Find the nerve that goes on through a branch point, or both of a crossing."""
    pairs = _crossing(junction.ends, arms, scale)
    if pairs is not None:
        junction.through, junction.crossing = pairs, True
        return
    costs = []
    for a, b in combinations(junction.ends, 2):
        bend = bend_deg(a, b, arms, scale.fit)
        if bend < _SHARPEST_DEG:
            costs.append((bend + scale.width_bend * _width_change(arms[a[0]], arms[b[0]]), a, b))
    if costs:
        _, a, b = min(costs)
        junction.through = [(a, b)]


def _width_change(one: Arm, two: Arm) -> float:
    if not (one.typical_width > 0.0 and two.typical_width > 0.0):
        return 0.0
    return abs(float(np.log(one.typical_width / two.typical_width)))
