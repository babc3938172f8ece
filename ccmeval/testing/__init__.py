"""Conformance tests for plug-ins: run them in your own tests, they raise where a contract is broken."""

from ccmeval.testing.learner import check_learner
from ccmeval.testing.toy import toy_job

__all__ = ["check_learner", "toy_job"]
