"""Mask to skeleton graph to trunks, branches and biomarkers."""

from ccmeval.morphometry.biomarkers import compute_biomarkers
from ccmeval.morphometry.build import nerve_graph
from ccmeval.morphometry.graph import Edge, NerveGraph, Node
from ccmeval.morphometry.settings import MorphometrySettings
from ccmeval.morphometry.trunks import Trunks, find_trunks

__all__ = [
    "Edge",
    "MorphometrySettings",
    "NerveGraph",
    "Node",
    "Trunks",
    "compute_biomarkers",
    "find_trunks",
    "nerve_graph",
]
