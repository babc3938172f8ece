"""Which picture is the mask or trace of which frame, by the usual habits of naming."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from ccmeval.cohort.diagnosis import fold
from ccmeval.errors import CcmevalError

Kind = Literal["mask", "trace"]

MASK_WORDS: Final = frozenset({
    "mask", "masks", "lab", "label", "labels", "annotation", "annotations", "seg", "segs", "segmentation",
    "segmentations", "gt", "gts", "groundtruth", "groundtruths", "manual", "1stmanual", "nervemask",
    "nervemasks",
})  # fmt: skip
TRACE_WORDS: Final = frozenset({
    "trace", "traces", "tracing", "tracings", "tracking", "centreline", "centrelines", "centerline",
    "centerlines", "skeleton", "skeletons",
})  # fmt: skip
FRAME_WORDS: Final = frozenset({
    "image", "images", "img", "imgs", "frame", "frames", "original", "originals", "raw", "input", "inputs",
})  # fmt: skip
SPLIT_WORDS: Final = frozenset(
    {"train", "training", "test", "testing", "val", "valid", "validation", "dataset", "data"}
)
STRUCTURE_WORDS: Final = MASK_WORDS | TRACE_WORDS | FRAME_WORDS | SPLIT_WORDS
"""Folder names that tell how a collection is built, not what is in it."""

_FILLERS = frozenset({"overlay", "nerve", "nerves", "binary", "bw"})
"""Words that come with those of a mask or trace in a stem's tail (``_centerline_overlay``)."""

_TAIL = re.compile(r"^(?P<base>.+?)[ _.-]+(?P<word>[A-Za-z0-9]+)$")


@dataclass
class Pairs:
    """Frames, and the annotation of each.

    Attributes
    ----------
    frames : list of pathlib.PurePosixPath
        Pictures that are frames.
    masks, traces : dict
        Annotation by frame.
    unmatched : int
        Number of annotations without a frame.
    doubled : list of tuple
        Frame, kind, the annotation taken and the one left, where a frame has two (of two raters).
    layout : str
        What the folder looks like, in words.
    """

    frames: list[PurePosixPath]
    masks: dict[PurePosixPath, PurePosixPath] = field(default_factory=dict)
    traces: dict[PurePosixPath, PurePosixPath] = field(default_factory=dict)
    unmatched: int = 0
    doubled: list[tuple[PurePosixPath, Kind, PurePosixPath, PurePosixPath]] = field(default_factory=list)
    layout: str = "folder"

    def give(self, kind: Kind, frame: PurePosixPath, annotation: PurePosixPath) -> None:
        """Pair; where a frame has two annotations of one kind, the first is taken."""
        given = self.masks if kind == "mask" else self.traces
        if given.setdefault(frame, annotation) != annotation:
            self.doubled.append((frame, kind, given[frame], annotation))


def kind_of(word: str) -> Kind | None:
    """Tell masks from traces by the word of a folder or a stem's tail.

    Examples
    --------
    >>> kind_of("Annotations"), kind_of("centre-line"), kind_of("Control")
    ('mask', 'trace', None)
    """
    folded = fold(word).rstrip("0123456789")  # several raters: label1, label2
    return "mask" if folded in MASK_WORDS else "trace" if folded in TRACE_WORDS else None


def split_tail(stem: str) -> tuple[str, Kind | None]:
    """Take a mask's or trace's words, or a frame's, off the end of a stem.

    Examples
    --------
    >>> split_tail("P01_mask"), split_tail("shOD-tracking"), split_tail("P01_image"), split_tail("P01_3")
    (('P01', 'mask'), ('shOD', 'trace'), ('P01', None), ('P01_3', None))
    >>> split_tail("7_centerline_overlay")
    ('7', 'trace')
    """
    base, kinds = stem, set[Kind]()
    while match := _TAIL.match(base):
        kind = kind_of(match["word"])
        if kind:
            kinds.add(kind)
        elif fold(match["word"]) not in _FILLERS:
            break
        base = match["base"]
    if kinds:
        return base, "trace" if "trace" in kinds else "mask"
    match = _TAIL.match(stem)
    if match and fold(match["word"]) in FRAME_WORDS:
        return match["base"], None
    return stem, None


def pair(pictures: Iterable[PurePosixPath]) -> Pairs:
    """Sort pictures into frames and their annotations.

    A picture is an annotation if a folder above it, or the tail of its stem, is one of the words
    and a frame of the same stem stands where the habit puts it: in the folder beside (``images``,
    ``frames``... or the parent itself), or in the same folder for a tail. In a folder that has at least one
    such pair no picture is a frame.

    Parameters
    ----------
    pictures : iterable of pathlib.PurePosixPath
        Paths below the root.

    Returns
    -------
    Pairs
        Frames and their annotations.

    Examples
    --------
    >>> found = pair(map(PurePosixPath, ["images/1.tif", "traces/1.tif", "traces/2.tif"]))
    >>> found.frames, found.traces, found.unmatched
    ([PurePosixPath('images/1.tif')], {PurePosixPath('images/1.tif'): PurePosixPath('traces/1.tif')}, 1)
    """
    candidates: dict[PurePosixPath, list[PurePosixPath]] = defaultdict(list)
    plain = []
    for picture in pictures:
        folder = _annotation_folder(picture)
        if folder is None:
            plain.append(picture)
        else:
            candidates[folder].append(picture)
    pairs = _pair_tails(plain)
    index = _index(pairs.frames)
    for folder, inside in sorted(candidates.items()):
        _pair_folder(folder, inside, index, pairs)
    return pairs


def _annotation_folder(picture: PurePosixPath) -> PurePosixPath | None:
    for folder in picture.parents:
        if folder.name and kind_of(folder.name):
            return folder
    return None


def _pair_tails(plain: list[PurePosixPath]) -> Pairs:
    by_stem: dict[tuple[PurePosixPath, str], list[PurePosixPath]] = defaultdict(list)
    tails = []
    frames = []
    for picture in plain:
        base, kind = split_tail(picture.stem)
        if kind is None:
            by_stem[picture.parent, base.casefold()].append(picture)
            frames.append(picture)
        else:
            tails.append((picture, base, kind))
    pairs = Pairs(frames)
    for picture, base, kind in tails:
        owners = by_stem.get((picture.parent, base.casefold()), [])
        for frame in owners:
            pairs.give(kind, frame, picture)
        if not owners:
            pairs.frames.append(picture)
    if pairs.masks or pairs.traces:
        pairs.layout = "frames with masks or traces of the same stem beside them"
    return pairs


def _place(picture: PurePosixPath) -> tuple[str, ...]:
    """Folders and stem without what habit adds: words of structure and tails."""
    folders = tuple(part.casefold() for part in picture.parent.parts if fold(part) not in FRAME_WORDS)
    return (*folders, split_tail(picture.stem)[0].casefold())


def _index(frames: list[PurePosixPath]) -> dict[tuple[str, ...], list[PurePosixPath]]:
    index: dict[tuple[str, ...], list[PurePosixPath]] = defaultdict(list)
    for frame in frames:
        index[_place(frame)].append(frame)
    return index


def _pair_folder(
    folder: PurePosixPath,
    inside: list[PurePosixPath],
    index: dict[tuple[str, ...], list[PurePosixPath]],
    pairs: Pairs,
) -> None:
    folder_kind = kind_of(folder.name)
    assert folder_kind is not None
    owners = {
        picture: index.get(_place(folder.parent / picture.relative_to(folder)), []) for picture in inside
    }
    if not any(owners.values()):
        # Nothing beside it has these names: a folder of frames that happens to be called so.
        pairs.frames.extend(inside)
        return
    for picture, frames in owners.items():
        for frame in frames:
            # The file's own tail knows better than the folder: label2/7_centerline_overlay.tif.
            pairs.give(split_tail(picture.stem)[1] or folder_kind, frame, picture)
        pairs.unmatched += not frames
    pairs.layout = _layout(folder, next(frame for frames in owners.values() for frame in frames))


def _layout(folder: PurePosixPath, frame: PurePosixPath) -> str:
    if fold(folder.name) == "annotations" and frame.parent.name == "images" and frame.suffix == ".png":
        return "images/ and annotations/ (as in the Qilu collection)"
    beside = f"{frame.parent.name}/" if fold(frame.parent.name) in FRAME_WORDS else "frames"
    return f"{beside} and {folder.name}/"


class Given:
    """The files of a folder of masks or traces that the user names, found again by stem.

    Parameters
    ----------
    folder : pathlib.Path
        That folder.
    pictures : iterable of pathlib.PurePosixPath
        Pictures below it.
    option : str
        How the user named it, for sentences.
    """

    def __init__(self, folder: Path, pictures: Iterable[PurePosixPath], option: str) -> None:
        self.folder = folder
        self.option = option
        self._by_place: dict[tuple[str, ...], list[PurePosixPath]] = defaultdict(list)
        self._by_stem: dict[str, list[PurePosixPath]] = defaultdict(list)
        for picture in pictures:
            self._by_place[_place(picture)].append(picture)
            self._by_stem[_place(picture)[-1]].append(picture)

    def match(self, frame: str) -> Path | None:
        """Find a frame's annotation: first by its path below the root, then by its stem.

        Raises
        ------
        CcmevalError
            If several files would do.
        """
        place = _place(PurePosixPath(frame))
        for start in range(len(place)):
            found = self._by_place.get(place[start:])
            if found:
                break
        else:
            found = self._by_stem.get(place[-1])
        if not found:
            return None
        if len(found) > 1:
            raise CcmevalError(
                f"{self.option}: {frame} may be any of {', '.join(map(str, sorted(found)[:3]))};"
                " arrange that folder like the frames' folder, or name them in a manifest."
            )
        return self.folder / found[0]
