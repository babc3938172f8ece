"""Pillar 1: are synthetic frames like real ones, and as diverse? Pure functions on feature vectors."""
