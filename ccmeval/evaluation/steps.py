"""What every kind of run does alike: load and check sets, begin a result, judge it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

from ccmeval.batch.conclusion import library_versions
from ccmeval.batch.folder import without_results
from ccmeval.checking.check import CheckedSet, check_cohort
from ccmeval.cohort import load_cohort
from ccmeval.cohort.record import Cohort
from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.evaluation.measuring import SetSource, reading_settings
from ccmeval.evaluation.run_parts import Progress, RunParts, silent
from ccmeval.evaluation.schema import Finding, Pillar, ThreePillarResult
from ccmeval.evaluation.sets import EvaluatedSet
from ccmeval.evaluation.settings import ThreePillarSettings
from ccmeval.evaluation.shared import SharedReal
from ccmeval.evaluation.verdicts import pillar_verdicts
from ccmeval.evaluation.watch import Watch

T = TypeVar("T")

PUBLISHED = "published:"
BUNDLE_SUFFIX = ".ccmref"
LEARNING_LIBRARIES = (
    *("scikit-learn", "torch", "torchvision", "timm", "torch-fidelity", "torchmetrics"),
    *("lightning", "segmentation-models-pytorch", "transformers"),
)


@dataclass
class Run:
    """How a run was called.

    Attributes
    ----------
    real : str
        A path, or ``published:NAME``.
    synth : str
    out : pathlib.Path
    settings : ThreePillarSettings
    overwrite : bool
    progress : callable
    command : str
    shared : SharedReal or None
        What other runs of the same real set leave and find.
    watch : Watch
    """

    real: str
    synth: str
    out: Path
    settings: ThreePillarSettings
    overwrite: bool = False
    progress: Progress = field(default=silent)
    command: str = ""
    shared: SharedReal | None = None
    watch: Watch = field(default_factory=Watch)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Make what depends on the real side alone, or find it as another run of the same made it."""
        return make() if self.shared is None else self.shared.once(name, make)


def identity_of(run: Run) -> dict[str, Any]:
    """Tell what a folder's measurements depend on."""
    held_out = run.settings.held_out
    scale = run.shared.scale if run.shared is not None else None
    together = {} if scale is None else {"scale": [scale.pixel_size_um, *(scale.field_of_view_um or ())]}
    return {
        "real": run.real if run.real.startswith(PUBLISHED) else str(Path(run.real).resolve()),
        "synth": str(Path(run.synth).resolve()),
        "held_out": None if held_out is None else str(held_out.resolve()),
        "measurement": run.settings.measurement,
        **together,
    }


def load_set(source: SetSource, out: Path) -> Cohort:
    """Load the cohort of a set, leaving out what runs of ccmeval wrote below it.

    Raises
    ------
    CcmevalError
        If there are no frames.
    """
    cohort = load_cohort(source.path, subject_pattern=source.subject_pattern, masks=source.masks)
    cohort = without_results(cohort, out)
    if not cohort.records:
        raise CcmevalError(f"There are no frames in {source.path}; give a folder of frames or a manifest.")
    return cohort


def check_set_of(run: Run, source: SetSource, cohort: Cohort, real: CheckedSet | None) -> CheckedSet:
    """Check one set, beside the real one where that was checked before."""
    reading = reading_settings(source, run.settings, None)
    stage = f"Checking {source.name} frames"
    return check_cohort(
        cohort,
        source.name,
        pixel_size_um=reading.pixel_size_um,
        field_of_view_um=reading.field_of_view_um,
        reading=reading.part("reading"),
        against=real,
        paired=run.settings.paired,
        progress=lambda done, total: run.progress(stage, done, total),
    )


def findings_of(parts: RunParts, checked: Mapping[str, CheckedSet]) -> list[Finding]:
    """Join what was found in each set and what the clusters say."""
    found = [finding for one in checked.values() for finding in one.findings]
    known = {one.name: one for one in (parts.real, parts.synth, parts.held_out) if one is not None}
    for one in known.values():
        if one.name in checked:
            found += [
                Finding(set=one.name, code="clusters", severity="note", sentence=note)
                for note in one.clusters.notes
            ]
    return found


def needs_measurement(settings: ThreePillarSettings) -> bool:
    """Whether anything that was asked for rests on biomarkers."""
    if "preservation" in settings.pillars:
        return True
    if "fidelity" in settings.pillars and "morphometric" in settings.fidelity.features:
        return True
    return (
        "utility" in settings.pillars
        and "diagnosis" in settings.utility.tasks
        and _learns_biomarkers(settings)
    )


def _learns_biomarkers(settings: ThreePillarSettings) -> bool:
    """Whether a learner of the run says that it learns from the biomarker table."""
    from ccmeval.plugins import load

    for name in settings.utility.learners:
        with suppress(UnavailableError):  # which the run itself reports
            if getattr(load("ccmeval.learners", name), "needs_biomarkers", False):
                return True
    return False


def begin(run: Run, sets: list[EvaluatedSet]) -> ThreePillarResult:
    """Make a result that says what was asked for and with what."""
    return ThreePillarResult(
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        command=run.command,
        versions={**library_versions(), **_versions_of_learning()},
        settings=run.settings.model_dump(mode="json"),
        pillars=list(run.settings.pillars),
        sets=[one.summary() for one in sets],
    )


def _versions_of_learning() -> dict[str, str]:
    """Name the versions of the libraries behind features and learners, as far as they are installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in LEARNING_LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def judged(
    result: ThreePillarResult, run: Run, reasons: dict[Pillar, str] | None = None
) -> ThreePillarResult:
    """Fill in the verdicts."""
    result.verdicts = pillar_verdicts(
        result.fidelity,
        result.preservation,
        run.settings.criteria,
        run.settings.pillars,
        reasons,
        run.settings.preservation.gradient_band,
        result.utility,
        run.settings.utility.tasks,
    )
    return result
