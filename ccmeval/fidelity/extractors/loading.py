"""An extractor by the name that a user gives."""

from __future__ import annotations

import inspect
from typing import cast

from ccmeval.errors import UnavailableError
from ccmeval.plugins import FeatureExtractor, load


def load_extractor(name: str, *, autocast: bool = False) -> FeatureExtractor:
    """Load a feature extractor.

    Parameters
    ----------
    name : str
        An entry point of the group ``ccmeval.features``, or ``timm:NAME`` with a model of timm.
    autocast : bool
        Compute networks in bfloat16; an extractor without networks ignores it.

    Returns
    -------
    FeatureExtractor
        Not yet prepared.

    Raises
    ------
    UnavailableError
        If there is none of that name, or it cannot be loaded.

    Examples
    --------
    >>> load_extractor("timm:test_vit").name
    'timm:test_vit'
    """
    from ccmeval.fidelity.extractors.timm_models import PREFIX, TimmExtractor

    if name.startswith(PREFIX):
        model = name.removeprefix(PREFIX)
        if not model:
            raise UnavailableError(
                "timm: needs the name of a model after the colon, e.g. timm:resnet50.a1_in1k."
            )
        return TimmExtractor(model, autocast=autocast)
    found = cast(FeatureExtractor, load("ccmeval.features", name))
    if autocast and "autocast" in inspect.signature(type(found).__init__).parameters:
        found = type(found)(autocast=True)  # type: ignore[call-arg]
    return found
