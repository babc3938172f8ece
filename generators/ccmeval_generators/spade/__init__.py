"""SPADE VAE-GAN as a generator."""

from ccmeval_generators.spade.generator import SpadeGenerator

__all__ = ["SpadeGenerator"]
