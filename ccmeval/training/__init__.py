"""What the trainings of both wings have in common.

Checkpoints, streams of randomness, schedules, and what a run changes of its process. The wings import it
when they train; the core, which measures, never does, so its modules may import torch and Lightning.
"""
