"""Exact biomarkers of a phantom."""

from __future__ import annotations

from ccmeval.morphometry.graph import NerveGraph


def exact_biomarkers(graph: NerveGraph, beads: int) -> dict[str, float]:
    """Compute the biomarkers from the exact graph.

    Parameters
    ----------
    graph : NerveGraph
        The drawn curves.
    beads : int
        Number of beads drawn.

    Returns
    -------
    dict of str to float
        By column of the definitions. `bead_density_per_mm` is what was drawn.
    """
    try:
        from ccmeval.morphometry import compute_biomarkers
    except ImportError:  # the room next door is still being built
        area = graph.imaged_area_mm2
        return {
            "cnfl_mm_per_mm2": graph.length_um * 1e-3 / area,
            "cnfa_mm2_per_mm2": graph.nerve_area_mm2 / area,
        }

    values = dict(compute_biomarkers(graph))
    if graph.length_um > 0:
        values["bead_density_per_mm"] = beads / (graph.length_um * 1e-3)
    return values
