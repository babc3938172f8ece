"""The folder of a generated set: whose it is, which frames are done, and its pictures.

A journal keeps a line a frame, written once the frame and its mask are in place, so that a run that was
killed at any moment goes on with nothing lost and nothing made twice.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from ccmeval.arrays import BoolArray, FloatArray
from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.generation.set_journal import JOURNAL_FILE, Done, append, locked, read_journal, write_head
from ccmeval.generation.wanted import WantedFrame
from ccmeval.report.files import PARTIAL, replacing


@dataclass
class SetFolder:
    """A generated set that is being written, open for one process at a time.

    Attributes
    ----------
    root : pathlib.Path
    done : dict of str to Done
        By the frame's name.
    """

    root: Path
    file: IO[bytes]
    done: dict[str, Done] = field(default_factory=dict)

    def keep(
        self,
        wanted: WantedFrame,
        frame: FloatArray,
        mask: BoolArray | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """Write a frame (float in [0, 1]) and its mask, then its line in the journal."""
        mask_sha256 = ""
        if mask is not None:
            mask_sha256 = _write_png(self.root / wanted.mask_path, mask.astype(np.uint8) * np.uint8(255))
        levels = np.rint(np.asarray(frame, np.float64) * 255.0).astype(np.uint8)
        sha256 = _write_png(self.root / wanted.frame_path, levels)
        done = Done(wanted.fingerprint, sha256, mask_sha256, dict(extra or {}))
        append(self.file, {"frame": wanted.name, **asdict(done)})
        self.done[wanted.name] = done

    def is_kept(self, wanted: WantedFrame) -> bool:
        """Whether a frame and its mask are in place, byte for byte as they were written."""
        done = self.done.get(wanted.name)
        if done is None or _sha256(self.root / wanted.frame_path) != done.sha256:
            return False
        return not done.mask_sha256 or _sha256(self.root / wanted.mask_path) == done.mask_sha256


@contextmanager
def open_set(
    root: Path, identity: Mapping[str, Any], wanted: Sequence[WantedFrame], *, resume: bool
) -> Iterator[SetFolder]:
    """Open the folder of a generated set for writing.

    Parameters
    ----------
    root : pathlib.Path
        Made if absent.
    identity : mapping
        JSON values that decide what any frame looks like.
    wanted : sequence of WantedFrame
    resume : bool
        Go on with a run of the same identity.

    Yields
    ------
    SetFolder

    Raises
    ------
    SettingsMismatchError
        If the folder holds another run, or anything else.
    CcmevalError
        If it holds this run and `resume` is not said, or another process writes into it.
    """
    _make(root)
    journal = root / JOURNAL_FILE
    if not journal.exists() and any(root.iterdir()):
        raise SettingsMismatchError(
            f"{root} is not empty and holds no generated set; choose another with -o."
        )
    with locked(journal) as file:
        found, done, size = read_journal(journal)
        if found is not None:
            _check_same(root, found, identity)
            _check_asked(root, done, wanted)
            if done and not resume:
                raise CcmevalError(
                    f"{root} holds this run already ({len(done)} of {len(wanted)} frames done); add --resume"
                    " to go on with it, or choose another folder with -o."
                )
        file.truncate(size)
        _sweep(root)
        if found is None:
            write_head(file, identity)
        yield SetFolder(root, file, done)
        os.fsync(file.fileno())


def _make(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CcmevalError(f"{root} cannot be made ({error.strerror}); choose another with -o.") from error


def _check_same(root: Path, found: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
    names = dict.fromkeys((*found, *identity))
    differing = [name for name in names if found.get(name) != identity.get(name)]
    if differing:
        shown = "; ".join(f"{it}: {found.get(it)} there, {identity.get(it)} here" for it in differing[:3])
        raise SettingsMismatchError(f"{root} holds another run ({shown}); choose another folder with -o.")


def _check_asked(root: Path, done: Mapping[str, Done], wanted: Sequence[WantedFrame]) -> None:
    """Refuse frames in the folder that this run would not make."""
    asked = {frame.name: frame.fingerprint for frame in wanted}
    for name, one in done.items():
        if name not in asked:
            what = (
                f"the frame {name}, which this run does not make; ask for as many frames as before, or more"
            )
            raise SettingsMismatchError(f"{root} holds {what}, or choose another folder with -o.")
        if asked[name] != one.fingerprint:
            raise SettingsMismatchError(
                f"{root} holds the frame {name} made from another mask; give the same masks as before, or"
                " choose another folder with -o."
            )


def _sweep(root: Path) -> None:
    """Delete the half-written pictures of a killed run."""
    for path in (*root.glob(f"*{PARTIAL}"), *root.glob(f"*/*{PARTIAL}")):
        path.unlink(missing_ok=True)


def _write_png(path: Path, levels: np.ndarray[Any, np.dtype[np.uint8]]) -> str:
    """Write an 8-bit grey picture; give the sha256 of the file."""
    import io

    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(levels).save(held, format="PNG")
    with replacing(path) as partial:
        partial.write_bytes(held.getvalue())
    return hashlib.sha256(held.getvalue()).hexdigest()


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
