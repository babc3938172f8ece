"""One set of a comparison: made, checked, scored, or listed with the reason why not."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccmeval.checking.check import CheckedSet
from ccmeval.comparison.costs import NOT_MADE, Costs
from ccmeval.comparison.facts import generator_facts
from ccmeval.comparison.grid import WantedSet
from ccmeval.comparison.journal import CompareJournal
from ccmeval.comparison.making import Made, Maker
from ccmeval.comparison.material import FEATURES, Keeper, Material
from ccmeval.comparison.schema import ComparedSet, MeasuredCost
from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.evaluation.measuring import sources
from ccmeval.evaluation.run import checked_sets, run_three_pillar
from ccmeval.evaluation.run_parts import Progress
from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.evaluation.sets import hash_of
from ccmeval.evaluation.settings import ThreePillarSettings
from ccmeval.evaluation.shared import SharedReal
from ccmeval.evaluation.steps import Run
from ccmeval.report.files import OutputError
from ccmeval.report.three_pillar import JSON_NAME

SETS = "sets"
"""Folder of a comparison with the three-pillar run of each set."""


@dataclass
class Candidate:
    """A set on its way to a score.

    Attributes
    ----------
    wanted : WantedSet
    settings : ThreePillarSettings
        Of its own run.
    made : Made or None
    checked : CheckedSet or None
    result : ThreePillarResult or None
    material : Material or None
    reason : str
        Why it failed.
    """

    wanted: WantedSet
    settings: ThreePillarSettings
    made: Made | None = None
    checked: CheckedSet | None = None
    result: ThreePillarResult | None = None
    material: Material | None = None
    reason: str = ""


@dataclass
class Scorer:
    """Scores sets in the folder of a comparison.

    Attributes
    ----------
    out : pathlib.Path
    real : str
    shared : SharedReal
    journal : CompareJournal
    progress : callable
    command : str
    n_scored : int
        Sets that were scored by this process.
    """

    out: Path
    real: str
    shared: SharedReal
    journal: CompareJournal
    progress: Progress
    command: str = ""
    n_scored: int = field(default=0)

    def make(self, it: Candidate, maker: Maker) -> None:
        """Make a set and check its frames."""
        with _noted(it):
            it.made = maker.make(it.wanted, self.named(it))
            run = self._run(it)
            wanted = sources(self.real, it.made.path, it.settings)
            it.checked = checked_sets(run, wanted)[1]["synth"]
            if not it.checked.usable:
                raise CcmevalError(f"No frame of {it.made.path} can be used; ccmeval check says why.")

    def score(self, it: Candidate) -> None:
        """Score a set, or find the score that it has."""
        if it.reason or it.made is None or it.checked is None:
            return
        home, store = self.out / SETS / it.wanted.name, self.out / FEATURES
        digest = self._digest(it)
        with _noted(it):
            if not self._is_scored(it, digest):
                try:
                    self._scored(it, home, store)
                except SettingsMismatchError:  # of an earlier set of this name, or at an earlier scale
                    shutil.rmtree(home)
                    self._scored(it, home, store)
                self.journal.note(scored=it.wanted.name, digest=digest)
                self.n_scored += 1
            it.result = read_result(home)
            it.material = Material(home, store)

    def _scored(self, it: Candidate, home: Path, store: Path) -> None:
        """Run the pillars; what an earlier process measured is kept."""
        assert it.made is not None
        keeper = Keeper(home, store)
        run_three_pillar(
            self.real, it.made.path, home, it.settings, resume=True, progress=self.named(it),
            command=self.command, shared=self.shared, watch=keeper,
        )  # fmt: skip
        keeper.finish()

    def _is_scored(self, it: Candidate, digest: str) -> bool:
        """Whether the set was scored from these very frames and settings, and all of that is still there."""
        home, store = self.out / SETS / it.wanted.name, self.out / FEATURES
        if self.journal.scored.get(it.wanted.name, {}).get("digest") != digest:
            return False
        try:
            read_result(home)
            return Material(home, store).is_whole()
        except CcmevalError:
            return False

    def _digest(self, it: Candidate) -> str:
        assert it.checked is not None
        assert it.made is not None
        scale = self.shared.scale
        free = {"jobs", "dask"}
        told: dict[str, Any] = {
            "frames": hash_of([fact.sha256 for fact in it.checked.facts]),
            "path": str(it.made.path.resolve()),
            "settings": it.settings.model_dump(mode="json", exclude=free),
            "scale": None if scale is None else scale.model_dump(mode="json"),
        }
        others = self.shared.others
        if "utility" in it.settings.pillars and others is not None and it.settings.held_out is None:
            told["others"] = [sorted(others.seen), sorted(others.sources)]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def _run(self, it: Candidate) -> Run:
        assert it.made is not None
        return Run(
            self.real, str(it.made.path), self.out, it.settings, progress=self.named(it), shared=self.shared
        )

    def named(self, it: Candidate) -> Progress:
        """Show the stages of a set under its name."""

        def show(stage: str, done: int, total: int) -> None:
            self.progress(f"{it.wanted.name}: {stage[:1].lower()}{stage[1:]}", done, total)

        return show

    def row(self, it: Candidate) -> ComparedSet:
        """Make the set's row, without scores."""
        made = it.made
        common: dict[str, Any] = {
            "name": it.wanted.name,
            "source": self._relative(made.path if made is not None else it.wanted.entry.path),
            "axes": it.wanted.axes,
            "family": it.wanted.family if it.wanted.axes else "",
            "made_here": made is not None and made.generated is not None,
            "notes": list(made.notes) if made is not None else [],
        }
        if it.result is None or made is None:
            return ComparedSet(status="failed", reason=it.reason, **common)
        synth = next(one for one in it.result.sets if one.name == "synth")
        known = [one for one in synth.frames if one.status == "measured"]
        cost = Costs(made.generated).measured() if made.generated else MeasuredCost(reason=NOT_MADE)
        utility = it.result.utility
        return ComparedSet(
            folder=f"{SETS}/{it.wanted.name}", n_frames=synth.n_frames, n_failed=synth.n_failed,
            n_clusters=synth.n_clusters, by_subject=bool(known) and all(one.subject for one in known),
            diagnoses=synth.diagnoses, sha256=synth.sha256, generator=generator_facts(made), cost=cost,
            verdicts=it.result.verdicts, curves=utility.curves if utility is not None else [],
            findings=[
                one.sentence for one in it.result.findings if one.set == "synth" and one.severity != "note"
            ],
            **common,
        )  # fmt: skip

    def _relative(self, path: Path | None) -> str:
        if path is None:
            return ""
        try:
            return path.resolve().relative_to(self.out).as_posix()
        except ValueError:
            return str(path)


def read_result(home: Path) -> ThreePillarResult:
    """Read the result of a set's run.

    Raises
    ------
    CcmevalError
        If it is missing or damaged.
    """
    try:
        return ThreePillarResult.model_validate_json((home / JSON_NAME).read_bytes())
    except (OSError, ValueError) as error:
        raise CcmevalError(
            f"{home / JSON_NAME} is missing or damaged; run again with --resume, which scores this set anew."
        ) from error


class _noted:  # noqa: N801 - used as a statement
    """Let a set fail alone; what stops the whole run goes through."""

    def __init__(self, it: Candidate) -> None:
        self.it = it

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, CcmevalError) or isinstance(error, OutputError):
            return False
        self.it.reason = str(error)
        return True
