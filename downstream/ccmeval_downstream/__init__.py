"""Models that learn from frames, found through the entry-point group ``ccmeval.learners``."""
