"""From a plan (how many trunks and branch points, how much length) to a drawn plexus."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ccmeval.phantom.branches import add_branch, add_connection, add_crossing, add_fibre, cut_gaps
from ccmeval.phantom.plexus import Plexus
from ccmeval.phantom.settings import AnatomySettings
from ccmeval.phantom.trunks import add_trunks
from ccmeval.phantom.whorl import draw_whorl

_SHORTEST_UM = 24.0
"""No branch or fibre is planned shorter: about the length at which spurs stop being noise."""


@dataclass(frozen=True)
class Plan:
    """What one frame shall hold.

    Attributes
    ----------
    trunks, branch_points : int
        Main trunks, and branch points on them.
    length_um : float
        Length of all nerves.
    mean_width_um : float
        Length-weighted mean width.
    bend : float
        Factor on all bends; tortuosity rises with it.
    gaps_per_mm : float
        Gaps in branches and thin fibres.
    """

    trunks: int
    branch_points: int
    length_um: float
    mean_width_um: float
    bend: float = 1.0
    gaps_per_mm: float = 2.0


def lessened(plan: Plan) -> Plan:
    """Give a plan that found no room a little less: a tenth of its branch points, then a trunk.

    Examples
    --------
    >>> lessened(Plan(2, 12, 1500.0, 5.0)).branch_points
    11
    """
    if plan.branch_points > 0:
        return replace(plan, branch_points=plan.branch_points - max(plan.branch_points // 10, 1))
    return replace(plan, trunks=max(plan.trunks - 1, 0))


def draw_plexus(
    rng: np.random.Generator, plan: Plan, shape_um: tuple[float, float], settings: AnatomySettings
) -> Plexus | None:
    """Draw a plexus to plan.

    Parameters
    ----------
    rng : numpy.random.Generator
    plan : Plan
    shape_um : (float, float)
        Height and width of the frame.
    settings : AnatomySettings

    Returns
    -------
    Plexus or None
        None if the trunks or branch points found no room; draw again. The length is met as far as there
        is room.
    """
    plexus = Plexus(shape_um, settings.clearance_um, settings.parting_deg)
    if settings.whorl:
        draw_whorl(plexus, rng, plan.length_um, settings, plan.gaps_per_mm, _bend_rad(rng, plan, settings))
        return plexus
    direction = add_trunks(plexus, rng, plan.trunks, settings, plan.bend)
    if direction is None:
        return None
    left = plan.branch_points - 2 * _connect(plexus, rng, plan, settings)
    if not _branch(plexus, rng, plan, left, direction, settings):
        return None
    rest = plan.length_um - plexus.length_um()
    if plan.trunks > 0 and rng.random() < settings.crossing_share:
        _cross(plexus, rng, plan, settings)
    _secondary(plexus, rng, plan, rest * settings.secondary_share, direction, settings)
    _fibres(plexus, rng, plan, direction, settings)
    return plexus


def _bend_rad(rng: np.random.Generator, plan: Plan, settings: AnatomySettings) -> float:
    return float(rng.uniform(*settings.branch_bend_rad)) * plan.bend


def _cross(plexus: Plexus, rng: np.random.Generator, plan: Plan, settings: AnatomySettings) -> None:
    """Lay a thin fibre across one of the trunks, the first that has room."""
    for trunk in rng.permutation(plan.trunks):
        bend, length = _bend_rad(rng, plan, settings), float(rng.uniform(60.0, 140.0))
        if add_crossing(plexus, rng, int(trunk), length, settings, bend) is not None:
            return


def _connect(plexus: Plexus, rng: np.random.Generator, plan: Plan, settings: AnatomySettings) -> int:
    """Spend part of the branch points on H branches; their number."""
    wanted = int(rng.binomial(plan.branch_points // 2, settings.connecting_share))
    made = 0
    for _ in range(2 * wanted):
        spare = plan.length_um - plexus.length_um()
        later = _SHORTEST_UM * (plan.branch_points - 2 * made - 2)
        if made == wanted or plan.trunks < 2 or spare - later < 40.0:
            break
        left = int(rng.integers(plan.trunks - 1))
        if add_connection(plexus, rng, (left, left + 1), settings, min(spare - later, 170.0)) is not None:
            made += 1
    return made


def _branch(
    plexus: Plexus,
    rng: np.random.Generator,
    plan: Plan,
    count: int,
    direction: float,
    settings: AnatomySettings,
) -> bool:
    """Add Y branches to the trunks until their branch points are as planned."""
    trunks = list(range(plan.trunks))
    for made in range(count):
        spare = plan.length_um - plexus.length_um()
        mean = float(np.clip(0.75 * spare / (count - made), _SHORTEST_UM, 110.0))
        low, high = settings.branch_length_um
        length = float(np.clip(mean * rng.uniform(0.55, 1.45), low, high))
        for shorter in (1.0, 0.7, 0.5, 0.35):
            tried = max(length * shorter, _SHORTEST_UM)
            bend = _bend_rad(rng, plan, settings)
            index = add_branch(plexus, rng, trunks, tried, settings, bend, direction)
            if index is not None:
                cut_gaps(plexus, rng, index, settings, plan.gaps_per_mm)
                break
        else:
            return False
    return True


def _secondary(
    plexus: Plexus,
    rng: np.random.Generator,
    plan: Plan,
    budget_um: float,
    direction: float,
    settings: AnatomySettings,
) -> None:
    """Add branches of branches for about the given length."""
    start = plexus.length_um()
    for _ in range(20):
        spare = start + budget_um - plexus.length_um()
        parents = [index for index, curve in enumerate(plexus.curves) if curve.kind == "branch"]
        if spare < _SHORTEST_UM or not parents:
            return
        length = min(float(rng.uniform(40.0, 120.0)), spare)
        bend = _bend_rad(rng, plan, settings)
        index = add_branch(plexus, rng, parents, length, settings, bend, direction)
        if index is None:
            return
        cut_gaps(plexus, rng, index, settings, plan.gaps_per_mm)


def _fibres(
    plexus: Plexus, rng: np.random.Generator, plan: Plan, direction: float, settings: AnatomySettings
) -> None:
    """Fill the rest of the length with thin fibres, some with a branch of their own."""
    failures = 0
    while failures < 6:
        spare = plan.length_um - plexus.length_um()
        if spare < 0.5 * _SHORTEST_UM:
            return
        length = float(rng.uniform(*settings.fibre_length_um)) * 0.7**failures
        length = max(min(length, spare), _SHORTEST_UM)
        bend = _bend_rad(rng, plan, settings)
        fibres = [index for index, curve in enumerate(plexus.curves) if curve.kind == "fibre"]
        if fibres and rng.random() < settings.secondary_share * 0.7:
            index = add_branch(plexus, rng, fibres, min(length, 120.0), settings, bend, direction)
        else:
            index = add_fibre(plexus, rng, direction, length, settings, bend)
        if index is None:
            failures += 1
            continue
        cut_gaps(plexus, rng, index, settings, plan.gaps_per_mm)
