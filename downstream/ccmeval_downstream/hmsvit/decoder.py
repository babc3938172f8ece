"""The multi-scale decoder: fusion of the four stages, and a head for each task."""

from __future__ import annotations

import torch
from timm.layers import LayerNorm2d
from torch import nn
from torch.nn.functional import batch_norm, interpolate

from ccmeval_downstream.hmsvit.encoder import HmsvitEncoder, standardised
from ccmeval_downstream.hmsvit.lines import line_filters

_RARE = -2.0
"""First logit of nerve, as about a tenth of a frame is nerve: no steps are lost on learning that."""


class Fusion(nn.Module):  # type: ignore[misc]
    """Bring all four stages to one width and to tokens of 4 px, and mix them.

    Published is that hierarchical features are fused for both tasks (arXiv 2506.19474); how is our reading:
    a linear map of each stage, bilinear upsampling and one mixing layer, as in SegFormer (Xie et al.,
    NeurIPS 2021, section 3.2). Norms go over channels only: one over the frame would take away how much
    nerve there is, which the diagnosis rests on.

    Parameters
    ----------
    channels : list of int
        Of the four stages.
    width : int
        Of the fused features.
    """

    def __init__(self, channels: list[int], width: int) -> None:
        super().__init__()
        self.project = nn.ModuleList(nn.Sequential(nn.LayerNorm(c), nn.Linear(c, width)) for c in channels)
        self.mix = nn.Sequential(nn.Conv2d(width * len(channels), width, 1), LayerNorm2d(width), nn.GELU())

    def forward(self, stages: list[torch.Tensor]) -> torch.Tensor:
        """Fuse stages (B, H, W, C) to (B, width, H1, W1), the first one's height and width."""
        levels = [
            project(stage).permute(0, 3, 1, 2) for project, stage in zip(self.project, stages, strict=True)
        ]
        side = levels[0].shape[-2:]
        raised = [interpolate(level, side, mode="bilinear", align_corners=False) for level in levels[1:]]
        return self.mix(torch.cat([levels[0], *raised], dim=1))


class SegmentationHead(nn.Module):  # type: ignore[misc]
    """Logits of nerve at every pixel.

    Nerves are 1 to 3 px wide and the encoder's finest token is 4 px, so that three convolutions at full
    resolution see the frame itself, the last of them together with the fused features. They are ours, not
    published, and few, since on a CPU they cost as much as the encoder does.

    Parameters
    ----------
    width : int
        Of the fused features.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        fine = max(width // 8, 8)
        self.shallow = nn.Sequential(
            nn.Conv2d(1, fine, 3, padding=1), nn.GELU(), nn.Conv2d(fine, fine, 3, padding=1)
        )
        self.deep = nn.Conv2d(width, fine, 1)
        self.decide = nn.Sequential(
            LayerNorm2d(fine),
            nn.GELU(),
            nn.Conv2d(fine, fine, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(fine, 1, 1),
        )
        nn.init.constant_(self.decide[-1].bias, _RARE)

    def forward(self, fused: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """Give logits (B, 1, S, S) from fused features and standardised frames (B, 1, S, S)."""
        deep = interpolate(self.deep(fused), frames.shape[-2:], mode="bilinear", align_corners=False)
        return self.decide(self.shallow(frames) + deep)


class OverFrames(nn.BatchNorm1d):  # type: ignore[misc]
    """Normalisation over the frames of a batch; a frame by itself takes the running mean and variance."""

    def forward(self, pooled: torch.Tensor) -> torch.Tensor:
        """Normalise (B, C)."""
        if self.training and len(pooled) < 2:
            return batch_norm(
                pooled, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(pooled)


class DiagnosisHead(nn.Module):  # type: ignore[misc]
    """Logits of the diagnoses from means over the frame: of fused features, and of lines at full resolution.

    How much nerve there is shows as a small change of such means from frame to frame beside a large common
    part. They are therefore normalised over frames before one linear layer decides, as in linear probing of
    MAE (He et al., CVPR 2022, appendix A.1). Convolutions at full resolution see lines 1 to 3 px wide, which
    tokens of 4 px do not; they begin as filters of lines
    (:func:`~ccmeval_downstream.hmsvit.lines.line_filters`) and are trained like all else, since a few hundred
    steps do not find such filters from noise. All of this is ours, not published.

    Parameters
    ----------
    width : int
        Of the fused features.
    classes : int
        Diagnoses.
    dropout : float
    """

    def __init__(self, width: int, classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        filters = torch.from_numpy(line_filters())[:, None]
        lines = len(filters)
        self.lines = nn.Conv2d(1, lines, filters.shape[-1], padding="same", padding_mode="reflect")
        with torch.no_grad():
            self.lines.weight.copy_(filters)
            self.lines.bias.fill_(-1.0)  # noise of the frame's own SD stays below
        self.over_frames = OverFrames(width + 2 * lines, affine=False)
        self.decide = nn.Sequential(nn.Dropout(dropout), nn.Linear(width + 2 * lines, classes))

    def forward(self, fused: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """Give logits (B, C) from fused features and standardised frames (B, 1, S, S)."""
        answers = self.lines(frames).relu()
        # The mean tells how much line there is; the mean square how strong it stands out.
        pooled = torch.cat(
            [fused.mean((2, 3)), answers.mean((2, 3)), answers.square().mean((2, 3)).add(1e-6).sqrt()], dim=1
        )
        return self.decide(self.over_frames(pooled))


class HmsvitNetwork(nn.Module):  # type: ignore[misc]
    """Encoder, fusion and one head.

    Parameters
    ----------
    encoder : HmsvitEncoder
    width : int
        Of the fused features.
    classes : int
        Diagnoses to tell apart; 0 for segmentation.
    dropout : float
        Before the diagnosis is decided.
    """

    def __init__(self, encoder: HmsvitEncoder, width: int, classes: int = 0, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.fusion = Fusion(encoder.channels, width)
        self.head = DiagnosisHead(width, classes, dropout) if classes else SegmentationHead(width)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Give logits, (B, C) or (B, 1, S, S), for frames (B, 1, S, S) in [0, 1]."""
        fused = self.fusion(self.encoder(frames))
        return self.head(fused, standardised(frames))
