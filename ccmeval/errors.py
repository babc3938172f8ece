"""Errors that a user can mend: each carries one sentence and no traceback reaches them."""

from __future__ import annotations


class CcmevalError(Exception):
    """A mistake in the input or the settings, told in one sentence.

    The sentence names the file or option, says what is wrong and what to do about it. The command
    line prints it and exits with :attr:`exit_code`; in a batch it becomes the `reason` of one row.
    """

    exit_code = 2


class UnreadableFrameError(CcmevalError):
    """A file that is not a usable CCM frame (truncated, coloured, absurdly large...)."""


class UnknownPixelSizeError(CcmevalError):
    """A frame whose pixel size neither the user nor the file tells."""


class SettingsMismatchError(CcmevalError):
    """An output folder that holds a run made with other settings."""


class UnavailableError(CcmevalError):
    """A part that is not installed or not loadable; the sentence says the cure."""
