"""Inception-v3 as the canonical FID uses it, by torch-fidelity's architecture."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np

from ccmeval.arrays import FloatArray
from ccmeval.extras import require
from ccmeval.fidelity.extractors.network import NetworkExtractor, grey_tensor, load_exactly
from ccmeval.fidelity.weights import FoundWeights, OfficialWeights
from ccmeval.plugins import WeightSource

WEIGHTS = OfficialWeights(
    key="inception",
    what="Inception's weights",
    file_name="weights-inception-2015-12-05-6726825d.pth",
    url="https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
    "weights-inception-2015-12-05-6726825d.pth",
    sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    megabytes=96,
    licence="Apache-2.0",
)
"""TensorFlow's weights of 2015-12-05, as torch-fidelity converted and published them."""

SIDE_PX = 299
_BODY = (
    *("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "MaxPool_1"),
    *("Conv2d_3b_1x1", "Conv2d_4a_3x3", "MaxPool_2", "Mixed_5b", "Mixed_5c", "Mixed_5d"),
    *("Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e", "Mixed_7a", "Mixed_7b", "Mixed_7c"),
    "AvgPool",
)
"""The layers in order, up to the pooled 2048 features."""


class InceptionExtractor(NetworkExtractor):
    """The 2048 pooled features of torch-fidelity's Inception-v3.

    A Frechet distance on them is called FID only if the weights are the official ones, by their sha256.
    The canonical FID takes 8-bit pictures: frames of any depth are rounded to 256 grey levels, which
    is exact for 8-bit frames, and the grey level goes into all three channels.

    Batch normalisation is fused into the convolutions and memory is channels-last: on two cores of an
    AVX-512 Xeon 68 instead of 170 ms a frame. Features then differ from torch-fidelity's by less than
    1e-6 of the largest feature. With `autocast` they are computed in bfloat16; see the notes.

    Parameters
    ----------
    autocast : bool
        Compute in bfloat16.

    Notes
    -----
    Drift of `autocast`, measured with seeded random weights by ``benchmarks/fidelity_end_to_end.py
    --autocast``: features by up to 0.7 % of the largest, a Frechet distance of 7.71 between 40 and 40
    frames by 0.4 %. It grows in proportion as the distance falls towards its floor.

    References
    ----------
    Heusel et al., GANs trained by a two time-scale update rule, NeurIPS 2017 (FID). Obukhov et al.,
    torch-fidelity, 2020, doi:10.5281/zenodo.4957738.
    """

    name = "inception"
    label = "FD-inception (unofficial weights)"
    dimension = 2048
    resizer = (
        "whole frame, 256 grey levels, to 299 x 299 px by TensorFlow 1's bilinear rule without antialiasing"
    )
    licence = WEIGHTS.licence

    def prepare(self, weights: WeightSource) -> str:
        """Find the weights; see :meth:`NetworkExtractor.prepare`."""
        require("deep", "torch_fidelity")
        return super().prepare(weights)

    def _wanted(self) -> OfficialWeights:
        return WEIGHTS

    def _learn(self, found: FoundWeights) -> None:
        super()._learn(found)
        canonical = found.is_official and not self.autocast
        unofficial = "bfloat16" if found.is_official else "unofficial weights"
        self.label = "FID" if canonical else f"FD-inception ({unofficial})"

    def _build(self, state: dict[str, Any]) -> Any:
        from torch.nn import Flatten, Sequential

        whole = _bare_inception()
        load_exactly(whole, state, self._found.path if self._found else None)
        body = Sequential(*[getattr(whole, layer) for layer in _BODY], Flatten()).eval()
        _fuse_normalisation(body)
        return body

    def _inputs(self, frames: Sequence[FloatArray]) -> Any:
        import torch

        grey = torch.cat([_like_tensorflow(frame) for frame in frames])
        return ((grey - 128) / 128).expand(-1, 3, -1, -1)


def _bare_inception() -> Any:
    """Make torch-fidelity's network without weights; by itself it would fetch them or unpickle a file."""
    import torch
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class Bare(FeatureExtractorInceptionV3):  # type: ignore[misc]
        def load_state_dict(self, state: Any, **options: Any) -> Any:
            return super().load_state_dict(state, **options) if state else None

    nothing = BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    return Bare("inception", ["2048"], feature_extractor_weights_path=nothing)


def _fuse_normalisation(body: Any) -> None:
    """Fold each batch normalisation into the convolution before it, in float32 as it would be computed."""
    from torch.nn import Identity
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    for block in body.modules():
        if hasattr(block, "conv") and hasattr(block, "bn"):
            block.conv, block.bn = fuse_conv_bn_eval(block.conv, block.bn), Identity()


def _like_tensorflow(frame: FloatArray) -> Any:
    """Quantise to 8 bits and resize: a float32 tensor (1, 1, 299, 299) in [0, 255]."""
    from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

    levels = np.rint(np.clip(frame, 0.0, 1.0) * np.float32(255.0))
    return interpolate_bilinear_2d_like_tensorflow1x(
        grey_tensor(levels), size=(SIDE_PX, SIDE_PX), align_corners=False
    )
