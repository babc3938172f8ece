"""Generators at work: what they are asked for, how they are trained, and the cohorts they make."""
