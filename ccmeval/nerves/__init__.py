"""Nerves from a frame: segmenters and the cleaning of what they find."""

from ccmeval.nerves.segmentation import Segmentation

__all__ = ["Segmentation"]
