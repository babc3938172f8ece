"""Plug-ins that make frames, found by the core through the entry-point group ``ccmeval.generators``."""
