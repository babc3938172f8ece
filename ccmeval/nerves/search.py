"""The search for nerves on the working grid: candidates, judgement, cleaning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.nerves.border import lead_to_border, without_rim
from ccmeval.nerves.candidates import Candidates, cut, joined, prune, thin
from ccmeval.nerves.cleaning import clean
from ccmeval.nerves.features import segment_features, segment_probability
from ccmeval.nerves.filters import Evidence, gather_evidence
from ccmeval.nerves.flanks import flank_contrast
from ccmeval.nerves.normalise import GRID_UM, normalise
from ccmeval.nerves.settings import RidgeSettings


@dataclass(frozen=True)
class Findings:
    """All that might be nerve in a frame, before it is judged.

    Attributes
    ----------
    imaged : bool array (H, W)
        Imaged area on the working grid.
    contrast : float32 array (H, W)
        Normalised frame on the working grid.
    evidence : Evidence
    candidates : Candidates
    features : float array (S + 1, F)
        By segment, see :mod:`ccmeval.nerves.features`.
    is_edge : bool array (S + 1,)
        Segments that are no brighter than one of their sides, see :mod:`ccmeval.nerves.flanks`.
    """

    imaged: BoolArray
    contrast: FloatArray
    evidence: Evidence
    candidates: Candidates
    features: FloatArray
    is_edge: BoolArray


def find_candidates(frame: FloatArray, imaged: BoolArray, settings: RidgeSettings) -> Findings:
    """Find all that might be nerve.

    Parameters
    ----------
    frame, imaged : arrays (H, W)
        On the working grid, see :func:`ccmeval.nerves.normalise.to_grid`.
    settings : RidgeSettings

    Returns
    -------
    Findings
    """
    contrast = normalise(
        frame, imaged, background_um=settings.background_um, contrast_um=settings.contrast_um
    )
    evidence = gather_evidence(contrast, settings)
    possible = (evidence.coherence >= settings.candidate_coherence) & without_rim(imaged)
    candidates = cut(prune(thin(possible), settings.spur_um / GRID_UM))
    features = segment_features(candidates, evidence, settings)
    long_enough = (
        np.bincount(candidates.segment.ravel(), minlength=candidates.count + 1) * GRID_UM
        >= settings.edge_length_um
    )
    flanks = flank_contrast(candidates, evidence, contrast)
    is_edge = long_enough & (flanks < settings.least_flank_contrast)
    is_edge[0] = False
    return Findings(imaged, contrast, evidence, candidates, features, is_edge)


def keep_nerves(findings: Findings, settings: RidgeSettings) -> tuple[BoolArray, FloatArray]:
    """Judge the candidates and clean what remains.

    Parameters
    ----------
    findings : Findings
    settings : RidgeSettings

    Returns
    -------
    centre_line : bool array (H, W)
        One pixel wide.
    probability : float array (S + 1,)
        By candidate segment.
    """
    probability = segment_probability(findings.features, settings.weights)
    probability[findings.is_edge] = 0.0
    kept = thin(joined(findings.candidates, probability >= settings.least_probability))
    coherence = findings.evidence.coherence
    cleaned = clean(kept, findings.contrast, coherence, settings)
    return (
        lead_to_border(cleaned, findings.imaged, coherence, least_coherence=settings.bridge_coherence),
        probability,
    )
