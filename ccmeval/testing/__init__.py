"""Conformance tests for plug-ins: run them in your own tests, they raise where a contract is broken."""

from ccmeval.testing.generator import check_generator
from ccmeval.testing.learner import check_learner
from ccmeval.testing.toy import toy_generator_job, toy_job

__all__ = ["check_generator", "check_learner", "toy_generator_job", "toy_job"]
