"""The real side of several runs: what holds for every synthetic set is done for the first and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ccmeval.evaluation.schema import Scale
from ccmeval.fidelity.floor_memo import FloorMemo
from ccmeval.report.files import replacing
from ccmeval.utility.clusters import OtherSets

T = TypeVar("T")

FLOORS = "floors.json"


@dataclass
class SharedReal:
    """What runs of one real set share.

    Measurements of the real and the held-out set, floors, the real frames' obedience to their masks and the
    training runs that no synthetic frame enters (group A of pillar 3) lie in one folder. Features are in
    the feature cache anyway.

    Attributes
    ----------
    folder : pathlib.Path
        Of what is shared; made when first written to.
    scale : Scale or None
        What all sets are brought to, where it is chosen for them together: measurements at two scales
        cannot be shared, nor scores at two scales compared.
    others : OtherSets or None
        What all synthetic sets together declare of the real subjects, by which one test set is chosen.
    floors : FloorMemo
    counts : dict of str to int
        How often each part was done, not found.

    Examples
    --------
    >>> import tempfile
    >>> shared = SharedReal(Path(tempfile.mkdtemp()))
    >>> shared.once("answer", lambda: 42), shared.once("answer", lambda: 43), shared.counts
    (42, 42, {'answer': 1})
    """

    folder: Path
    scale: Scale | None = None
    others: OtherSets | None = None
    floors: FloorMemo = field(init=False)
    counts: dict[str, int] = field(default_factory=dict)
    _known: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.floors = FloorMemo(self.folder / FLOORS)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Give what was made under this name, as long as this object lasts."""
        if name not in self._known:
            self._known[name] = make()
            self._count(name)
        found: T = self._known[name]
        return found

    def kept(self, name: str, decides: Sequence[str], make: Callable[[], Any]) -> Any:
        """Give what was made under this name, in this or an earlier process.

        Parameters
        ----------
        name : str
            A file's stem.
        decides : sequence of str
            All that decides the result; another list has it made anew.
        make : callable
            Gives JSON values.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        key = hashlib.sha256("\n".join(decides).encode()).hexdigest()
        path = self.folder / f"{name}.json"
        with suppress(OSError, ValueError, KeyError, TypeError):
            held = json.loads(path.read_text(encoding="utf-8"))
            if held["key"] == key:
                return held["made"]
        made = make()
        self._count(name)
        with replacing(path) as partial:
            partial.write_text(json.dumps({"key": key, "made": made}), encoding="utf-8")
        return made

    def _count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1


def home_of(name: str, out: Path, shared: SharedReal | None) -> Path:
    """Give the folder that a set is measured in: that of its run, or the shared one of real frames.

    Examples
    --------
    >>> home_of("real", Path("run"), SharedReal(Path("shared"))).as_posix()
    'shared'
    >>> home_of("synth", Path("run"), SharedReal(Path("shared"))).as_posix()
    'run'
    """
    return out if shared is None or name == "synth" else shared.folder
