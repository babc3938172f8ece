"""A first look at every frame that may be trained on: whether it can serve, and of what scale it is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ccmeval.cohort.common_scale import choose_scale
from ccmeval.cohort.reading import read_bytes
from ccmeval.cohort.record import Record
from ccmeval.errors import CcmevalError
from ccmeval.measurement.seen_frames import SMALLEST_SHARE, nerves_with_widths, read_by
from ccmeval.settings import RunSettings
from ccmeval.utility.learning import StepProgress, no_progress

FileIdentity = tuple[str, int]
"""Hash of a file, and the page in it."""


@dataclass(frozen=True)
class Look:
    """What was seen of one frame.

    Attributes
    ----------
    record : Record
    sha256 : str
        Of the frame's file.
    shape_px : (int, int)
    pixel_size_um : float
    whole : bool
        Whether all of it was imaged.
    mask_sha256 : str
        Of its mask's file; empty where none can serve.
    has_nerves : bool
        Whether that mask has a nerve.
    reason : str
        Why it cannot be trained on; empty where it can.
    damaged : bool
        Whether that reason lies in a file, not in what is known of the frame.
    """

    record: Record
    sha256: str = ""
    shape_px: tuple[int, int] = (0, 0)
    pixel_size_um: float = 0.0
    whole: bool = True
    mask_sha256: str = ""
    has_nerves: bool = False
    reason: str = ""
    damaged: bool = False

    @property
    def side_um(self) -> float:
        """Shorter side."""
        return min(self.shape_px) * self.pixel_size_um


@dataclass(frozen=True)
class Survey:
    """What was seen of all of them.

    Attributes
    ----------
    usable : sequence of Look
    unusable : sequence of Look
        With reasons.
    side_um : float
        Side of the square that every usable frame shows.
    native_px : int
        Pixels on that side in the cohort's own frames.
    """

    usable: Sequence[Look]
    unusable: Sequence[Look] = field(default_factory=list)
    side_um: float = 0.0
    native_px: int = 0


def survey(
    records: Sequence[Record],
    reading: RunSettings,
    *,
    masks: bool,
    diagnoses: bool,
    forbidden: frozenset[FileIdentity] = frozenset(),
    progress: StepProgress = no_progress,
) -> Survey:
    """Look at frames, and choose the square and the scale that they have in common.

    Parameters
    ----------
    records : sequence of Record
    reading : RunSettings
    masks : bool
        Whether only frames with a mask can serve.
    diagnoses : bool
        Whether only frames with a diagnosis can serve.
    forbidden : frozenset of (str, int)
        Files and pages that may not be trained on, whatever they are called.
    progress : callable

    Returns
    -------
    Survey
        The square is the shorter side of the frames' median field of view; frames that show less are not
        usable.
    """
    looks = []
    for done, record in enumerate(records, start=1):
        looks.append(look_at(record, reading, masks=masks, diagnoses=diagnoses, forbidden=forbidden))
        progress("Looking at frames", done, len(records))
    seen = [look for look in looks if not look.reason]
    unusable = [look for look in looks if look.reason]
    if not seen:
        return Survey([], unusable)
    sized = [(look.shape_px, look.pixel_size_um) for look in seen]
    pixel_size_um, field_um, _ = choose_scale(sized, sized)
    side_um = min(field_um)
    usable = [look for look in seen if look.side_um >= SMALLEST_SHARE * side_um]
    small = [_too_small(look, side_um) for look in seen if look.side_um < SMALLEST_SHARE * side_um]
    return Survey(usable, [*unusable, *small], side_um, round(side_um / pixel_size_um))


def look_at(
    record: Record,
    reading: RunSettings,
    *,
    masks: bool,
    diagnoses: bool,
    forbidden: frozenset[FileIdentity] = frozenset(),
) -> Look:
    """Look at one frame; what is wrong with it becomes its reason."""
    if diagnoses and record.diagnosis is None:
        return Look(record, reason="It has no diagnosis.")
    if masks and record.mask is None:
        return Look(record, reason="It has no mask.")
    try:
        frame = read_by(record, reading)
        nerves, reason = nerves_with_widths(record, frame, reading) if masks else (None, "")
        mask_sha256 = _file_hash(record, reading) if nerves is not None else ""
    except CcmevalError as error:
        return Look(record, reason=str(error), damaged=True)
    if (frame.sha256, record.page) in forbidden:
        return Look(record, frame.sha256, reason="It is the same file as a frame of validation or test.")
    return Look(
        record,
        frame.sha256,
        (frame.pixels.shape[0], frame.pixels.shape[1]),
        frame.pixel_size_um,
        bool(frame.imaged.all()),
        mask_sha256,
        nerves is not None and bool(nerves.mask.any()),
        reason,
        bool(reason),
    )


def file_identities(records: Sequence[Record], reading: RunSettings) -> frozenset[FileIdentity]:
    """Hash files without decoding them; those that cannot be read are passed over."""
    found = set()
    for record in records:
        with suppress(CcmevalError):
            found.add((read_bytes(record.path, record.frame, reading.part("reading"))[1], record.page))
    return frozenset(found)


def _file_hash(record: Record, reading: RunSettings) -> str:
    assert record.mask is not None
    data, _ = read_bytes(record.mask, f"The mask {record.mask.name}", reading.part("reading"))
    return hashlib.sha256(data).hexdigest()


def _too_small(look: Look, side_um: float) -> Look:
    reason = f"It shows {look.side_um:.0f} um, less than the {side_um:.0f} um that the frames have in common."
    return replace(look, reason=reason)
