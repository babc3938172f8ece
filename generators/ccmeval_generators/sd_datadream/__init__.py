"""DataDream, Stable Diffusion taught by a few frames a diagnosis, as a generator."""

from ccmeval_generators.sd_datadream.generator import SdDatadreamGenerator

__all__ = ["SdDatadreamGenerator"]
