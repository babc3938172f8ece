"""A hierarchical masked self-supervised vision transformer for nerves, after HMSViT (arXiv 2506.19474).

What is published (Zhang et al., 2025; no code): a pooling-based hierarchy, attention that is local in early
layers and global in deeper ones, absolute position encoding, block-masked self-supervised pretraining, and a
light multi-scale decoder that fuses the levels for segmentation and for diagnosis.

What is our reading: the encoder is timm's Hiera (Ryali et al., ICML 2023), which has the first four of these
by name; sizes, fusion, both heads and the masked autoencoder are ours and described where they stand.
"""

from ccmeval_downstream.hmsvit.learner import HmsvitLearner
from ccmeval_downstream.hmsvit.sizes import SIZES, HmsvitSettings

__all__ = ["SIZES", "HmsvitLearner", "HmsvitSettings"]
