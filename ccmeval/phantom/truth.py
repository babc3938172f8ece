"""Exact biomarkers of a phantom, and whether they are beyond dispute."""

from __future__ import annotations

from ccmeval.morphometry import MorphometrySettings, compute_biomarkers, find_trunks
from ccmeval.morphometry.graph import NerveGraph
from ccmeval.morphometry.trunks import Trunks


def _rule(factor: float) -> MorphometrySettings:
    """Give the trunk rule with each threshold `factor` times as strict; grey levels have no say in it."""
    rule = MorphometrySettings(intensity_exponent=0.0)
    return rule.model_copy(
        update={
            "min_chord_share": rule.min_chord_share * factor,
            "min_fading_share": rule.min_fading_share * factor,
            "min_straightness": rule.min_straightness * factor,
            "max_turn_deg": rule.max_turn_deg / factor,
        }
    )


RULES = (_rule(1.0), _rule(0.9), _rule(1.1))
"""The trunk rule as it stands, and with each threshold a tenth looser and stricter."""


def exact_trunks(graph: NerveGraph) -> Trunks:
    """Apply the trunk rule to the curves and their widths, whatever the grey levels.

    Parameters
    ----------
    graph : NerveGraph
        The drawn curves.

    Returns
    -------
    Trunks
    """
    return find_trunks(graph, RULES[0])


def unambiguous(graph: NerveGraph, trunks: int, branch_points: int) -> bool:
    """Tell whether the trunk rule, also with other thresholds, finds the planned trunks.

    Parameters
    ----------
    graph : NerveGraph
    trunks, branch_points : int
        Planned trunks and branch points on them.

    Returns
    -------
    bool
    """
    for rule in RULES:
        found = find_trunks(graph, rule)
        if found.count != trunks or len(found.branch_nodes) != branch_points:
            return False
    return True


def exact_biomarkers(graph: NerveGraph, beads: int) -> dict[str, float]:
    """Compute the biomarkers from the exact graph.

    Lengths, counts, widths, tortuosity and the rest come from the curves. The nerve area is that of all
    points within half the local width of a curve, integrated on a grid of at most 1.1 um by the exact
    distance to the curves' edges (within 0.1 % of the area of the union of polygons).
    `bead_density_per_mm` is what was drawn, `nerve_contrast` the noiseless contrast on the centre lines.

    Parameters
    ----------
    graph : NerveGraph
        The drawn curves.
    beads : int
        Number of beads drawn.

    Returns
    -------
    dict of str to float
        By column of the definitions.
    """
    values = dict(compute_biomarkers(graph, exact_trunks(graph)))
    if graph.length_um > 0:
        values["bead_density_per_mm"] = beads / (graph.length_um * 1e-3)
    return values
