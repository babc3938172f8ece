"""Stable Diffusion with one adapter for all diagnoses, as a generator."""

from ccmeval_generators.sd_lora.generator import SdLoraGenerator

__all__ = ["SdLoraGenerator"]
