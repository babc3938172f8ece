"""The multi-scale decoder: fusion of the four stages, and a head for each task."""

from __future__ import annotations

import torch
from timm.layers import LayerNorm2d
from torch import nn
from torch.nn.functional import interpolate

from ccmeval_downstream.hmsvit.encoder import HmsvitEncoder, standardised

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


class DiagnosisHead(nn.Module):  # type: ignore[misc]
    """Logits of the diagnoses from the mean of the fused features over the frame; that mean is our reading.

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
        self.decide = nn.Sequential(nn.LayerNorm(width), nn.Dropout(dropout), nn.Linear(width, classes))

    def forward(self, fused: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """Give logits (B, C) from fused features; the frames are not looked at again."""
        return self.decide(fused.mean((2, 3)))


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
