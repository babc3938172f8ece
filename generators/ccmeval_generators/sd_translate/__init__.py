"""Stable Diffusion in two stages as a generator: from a mask's picture to a frame."""

from ccmeval_generators.sd_translate.generator import SdTranslateGenerator

__all__ = ["SdTranslateGenerator"]
