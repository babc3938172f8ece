"""The phantom as a generator: frames by rule, from a mask or from an anatomy of its own."""

from ccmeval_generators.phantom.generator import PhantomGenerator

__all__ = ["PhantomGenerator"]
