"""Mask to skeleton graph to trunks, branches and biomarkers."""

from ccmeval.morphometry.graph import Edge, NerveGraph, Node

__all__ = ["Edge", "NerveGraph", "Node"]
