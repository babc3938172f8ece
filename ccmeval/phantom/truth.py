"""Exact biomarkers of a phantom, and whether they are beyond dispute."""

from __future__ import annotations

from ccmeval.morphometry import MorphometrySettings, compute_biomarkers, find_trunks
from ccmeval.morphometry.graph import NerveGraph

RULES = (
    MorphometrySettings(),
    MorphometrySettings(min_chord_share=0.44, min_fading_share=0.54, min_straightness=0.7, max_turn_deg=68.0),
    MorphometrySettings(min_chord_share=0.56, min_fading_share=0.66, min_straightness=0.8, max_turn_deg=52.0),
)
"""The trunk rule as it stands, and with each threshold about a tenth looser and stricter."""


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

    Lengths, counts, widths, tortuosity and the rest come from the curves. The nerve area is the sum of
    the pixels' covered shares, each from the exact distance to the curves' edges. `bead_density_per_mm`
    is what was drawn, `nerve_contrast` the noiseless contrast on the centre lines.

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
    values = dict(compute_biomarkers(graph))
    if graph.length_um > 0:
        values["bead_density_per_mm"] = beads / (graph.length_um * 1e-3)
    return values
