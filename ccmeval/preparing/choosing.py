"""Which of the decoded files become frames of the cohort: scale known, no copies, no contradictions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ccmeval.cohort.pixel_size import choose_pixel_size
from ccmeval.cohort.record import PixelSizeSource
from ccmeval.errors import UnknownPixelSizeError
from ccmeval.preparing.grey import CHANGES, THE_FILE, TOLD
from ccmeval.preparing.problems import KEPT, Problem
from ccmeval.preparing.settings import PrepareSettings
from ccmeval.preparing.sources import Source

_RULE = "Subject and diagnosis do not agree, and nobody can tell which is right: no copy was kept."


@dataclass(frozen=True)
class Chosen:
    """A source that becomes a frame, and the scale of that."""

    source: Source
    pixel_size_um: float
    pixel_size_source: PixelSizeSource

    @property
    def content(self) -> str:
        """Hash of size and grey levels."""
        return self.source.content


def choose(sources: Sequence[Source], settings: PrepareSettings) -> tuple[list[Chosen], list[Problem]]:
    """Decide which sources become frames.

    Of files with the very same pixels one is kept if subject and diagnosis agree, which an unknown one does
    with any; the one of which most is known. Otherwise none is.

    Parameters
    ----------
    sources : sequence of Source
    settings : PrepareSettings

    Returns
    -------
    chosen : list of Chosen
        Each of another content.
    problems : list of Problem
    """
    groups: dict[str, list[Source]] = defaultdict(list)
    for source in sources:
        groups[source.content].append(source)
    problems: list[Problem] = []
    chosen = []
    for group in groups.values():
        torn = _disagreement(group)
        # Copies are compared before anything else: one that cannot be used contradicts all the same.
        one = None if torn else _one_of(group, settings, problems)
        problems += torn
        if one is not None:
            chosen.append(one)
            problems += _remarks(one.source)
    return chosen, problems


def _disagreement(group: Sequence[Source]) -> list[Problem]:
    torn = [
        f"{len(values)} {plural}"
        for word, plural in (("subject", "subjects"), ("diagnosis", "diagnoses"))
        if len(values := {getattr(source.record, word) for source in group} - {None}) > 1
    ]
    if not torn:
        return []
    wrong = f"The same picture is there under {' and '.join(torn)}. {_RULE}"
    names = [source.record.frame for source in group]
    return [Problem(name, "copies disagree", wrong, other=names[name == names[0]]) for name in names]


def _one_of(group: Sequence[Source], settings: PrepareSettings, problems: list[Problem]) -> Chosen | None:
    """Give the copy that is kept: of those that can be used the one of which most is known."""
    usable = [
        one
        for source in group
        if _can_be_split(source, settings, problems)
        and (one := _scaled(source, settings, problems)) is not None
    ]
    if not usable:
        return None
    best = max(usable, key=_known)  # the first of equals
    for one in usable:
        if one is not best:
            same = one.source.decoded.source_sha256 == best.source.decoded.source_sha256
            wrong = f"The file is {'byte for byte' if same else 'pixel for pixel'} the other file."
            done = "Left out; the other one was kept, since subject and diagnosis agree."
            code = "same bytes" if same else "same pixels"
            name, other = one.source.record.frame, best.source.record.frame
            problems.append(Problem(name, code, wrong, done, other, harmless=True))
    return best


def _can_be_split(source: Source, settings: PrepareSettings, problems: list[Problem]) -> bool:
    if settings.split is None or settings.split_by == "frame" or source.record.subject is not None:
        return True
    wrong = (
        "The file has no subject, so that nobody knows which frames must stay together; name it in a"
        " manifest or by --subject-pattern, or say --split-by frame."
    )
    problems.append(Problem(source.record.frame, "no subject", wrong))
    return False


def _scaled(source: Source, settings: PrepareSettings, problems: list[Problem]) -> Chosen | None:
    try:
        size_um, told_by = choose_pixel_size(
            source.decoded.shape,
            THE_FILE,
            manifest_um=source.record.pixel_size_um,
            pixel_size_um=settings.pixel_size_um,
            field_of_view_um=settings.field_of_view_um,
            metadata_um=source.decoded.pixel_um,
            settings=settings.reading,
        )
    except UnknownPixelSizeError as error:
        problems.append(Problem(source.record.frame, "unknown pixel size", str(error)))
        return None
    return Chosen(source, size_um, told_by)


def _known(one: Chosen) -> int:
    record = one.source.record
    told = (record.subject, record.diagnosis, record.mask, record.trace, record.eye, record.pixel_size_um)
    return sum(value is not None for value in told)


def _remarks(source: Source) -> list[Problem]:
    """Tell what was changed in a frame that is kept."""
    name, decoded = source.record.frame, source.decoded
    told = [
        Problem(name, code, CHANGES[code], KEPT, left_out=False)
        for code in decoded.changes
        if code in TOLD and code != "remark"
    ]
    return [*told, *(Problem(name, "remark", text, KEPT, left_out=False) for text in decoded.remarks)]
