"""Frames made by rule, with exact ground truth."""

from __future__ import annotations

from ccmeval.phantom.anatomy import Plan
from ccmeval.phantom.asked import FAULTS
from ccmeval.phantom.cohort import write_cohort
from ccmeval.phantom.diagnoses import TARGETS, Subject, draw_plan, draw_subject
from ccmeval.phantom.frame import Anatomy, Phantom, draw_anatomy, make_phantom
from ccmeval.phantom.graph_file import read_graph
from ccmeval.phantom.settings import AnatomySettings, OpticsSettings, PhantomSettings
from ccmeval.phantom.synthetic import write_synthetic

__all__ = [
    "FAULTS",
    "TARGETS",
    "Anatomy",
    "AnatomySettings",
    "OpticsSettings",
    "Phantom",
    "PhantomSettings",
    "Plan",
    "Subject",
    "draw_anatomy",
    "draw_plan",
    "draw_subject",
    "make_phantom",
    "read_graph",
    "write_cohort",
    "write_synthetic",
]
