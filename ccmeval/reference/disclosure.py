"""What a bundle discloses of the real set and what not, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.reference.schema import Minimum, ReferenceExtractor, ReferenceSet


def disclosure(found: ReferenceSet, minimum: Minimum, extractors: Sequence[ReferenceExtractor]) -> list[str]:
    """State it, for the person who decides whether the file may leave the house.

    Parameters
    ----------
    found : ReferenceSet
    minimum : Minimum
    extractors : sequence of ReferenceExtractor

    Returns
    -------
    list of str
        Sentences.
    """
    smallest = min(cell.n_units for cell in found.cells)
    return [
        f"It holds numbers over {found.n_frames} frames of {found.n_units} {minimum.unit}s, by diagnosis and"
        f" together: counts; means, SDs, quantiles and correlations of biomarkers; means and covariances of"
        " image features; the pixel size, and one hash of the whole set.",
        "It holds no frame, no mask, no file name, no subject's name and no hash of a single frame.",
        f"Means, SDs and covariances are over at least {minimum.n} {minimum.unit}s each (the smallest is over"
        f" {smallest}); a smaller diagnosis is left out altogether, of the pooled numbers too, and we"
        f" know of no sum or difference of numbers here that would be over fewer than {minimum.n}.",
        "Means over few subjects still say something of each: who knows all but one of them can work out the"
        " last. A count of frames without nerves may be one.",
        *_membership(extractors),
        *_vectors(extractors),
        "Nothing is perturbed: it is not differentially private. Its release is a decision about personal"
        " data, to be made by those who answer for them.",
    ]


def _membership(extractors: Sequence[ReferenceExtractor]) -> list[str]:
    thin = [it.name for it in extractors if any(cell.n_frames <= it.dimension for cell in it.moments)]
    if not thin:
        return []
    return [
        f"Where features outnumber frames ({', '.join(thin)}), the covariance names the subspace that the"
        " frames' features span. Nobody can draw a frame from it; but who already has a frame can tell,"
        " nearly without error, whether it is one of the set."
    ]


def _vectors(extractors: Sequence[ReferenceExtractor]) -> list[str]:
    kept = [it.name for it in extractors if it.vectors is not None]
    if not kept:
        return []
    return [
        f"Kept on request: the feature vector of every single frame ({', '.join(kept)}), with its diagnosis"
        " and a number that frames of one subject share. Vectors of morphometric features are that frame's"
        " biomarkers; from those of a network a blurred likeness of the frame may be reconstructed. The"
        " minimum above does not hold for them."
    ]
