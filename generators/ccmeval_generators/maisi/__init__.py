"""MAISI in two dimensions as a generator."""

from ccmeval_generators.maisi.generator import MaisiGenerator

__all__ = ["MaisiGenerator"]
