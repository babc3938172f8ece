"""An existing set of frames, whoever made it, adopted as is."""

from ccmeval_generators.folder.generator import FolderGenerator

__all__ = ["FolderGenerator"]
