"""`ccmeval check`: finds out whether a set of frames, perhaps a stranger's, is fit to be scored."""

from ccmeval.checking.check import CheckedSet, check_cohort, check_set, exit_code
from ccmeval.checking.facts import FrameFacts, MaskFacts, facts_of, read_facts

__all__ = [
    "CheckedSet",
    "FrameFacts",
    "MaskFacts",
    "check_cohort",
    "check_set",
    "exit_code",
    "facts_of",
    "read_facts",
]
