"""The works of a run, kept in its folder so that other processes and machines can share them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ccmeval.errors import CcmevalError
from ccmeval.evaluation.folder import TRAINED
from ccmeval.evaluation.run_parts import Progress
from ccmeval.plugins import WeightSource
from ccmeval.report.files import replacing
from ccmeval.utility.execute import execute
from ccmeval.utility.portions import Portion, portion
from ccmeval.utility.store import UnitStore
from ccmeval.utility.truths import Truths
from ccmeval.utility.unit_key import JobFacts
from ccmeval.utility.units import UnitSpec
from ccmeval.utility.work import UnitWork

PLAN = "plan.json"


def keep_plan(works: Sequence[UnitWork], folder: Path, store: Path | None = None) -> None:
    """Write the works of a run.

    Parameters
    ----------
    works : sequence of UnitWork
        With their keys.
    folder : pathlib.Path
        Of the pillar; paths within it are kept relative to it, as another machine may see it elsewhere.
    store : pathlib.Path, optional
        Folder of the results, where that is another one.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    told = {
        "works": [_document(work, folder) for work in works],
        "store": Path(os.path.relpath(store or folder, folder)).as_posix(),
    }
    with replacing(folder / PLAN) as partial:
        partial.write_text(json.dumps(told), encoding="utf-8")


def read_plan(folder: Path) -> list[UnitWork]:
    """Read the works of a run.

    Parameters
    ----------
    folder : pathlib.Path
        Of the pillar.

    Raises
    ------
    CcmevalError
        If there is no run here, or none that has got so far.
    """
    return _read_plan(folder)[0]


def _read_plan(folder: Path) -> tuple[list[UnitWork], Path]:
    """Read the works of a run, and the folder of their results."""
    try:
        told = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        return [_work(document, folder) for document in told["works"]], folder / told.get("store", ".")
    except FileNotFoundError:
        raise CcmevalError(
            f"{folder.parent} holds no run of ccmeval utility that has begun to train; start it first, or"
            " name its folder."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CcmevalError(
            f"{folder / PLAN} cannot be used ({type(error).__name__}); run ccmeval utility with --resume to"
            " write it anew."
        ) from error


def work_along(out: Path, jobs: int | None, progress: Progress) -> int:
    """Train units of a run that goes on elsewhere, until none is left to begin.

    Parameters
    ----------
    out : pathlib.Path
        Folder of the run.
    jobs : int or None
        Training runs side by side.
    progress : callable

    Returns
    -------
    int
        Training runs done here.
    """
    folder = out.resolve() / TRAINED
    works, home = _read_plan(folder)
    store = UnitStore(home)
    open_ = [work for work in works if store.load(work.key) is None and not store.is_claimed(work.key)]
    done = execute(open_, store, jobs, progress, wait=False) if open_ else []
    return len(done)


def _document(work: UnitWork, folder: Path) -> dict[str, Any]:
    """Give a work as JSON values."""
    return {
        "spec": asdict(work.spec),
        "facts": asdict(work.facts),
        "classes": list(work.classes),
        "pool": _relative(work.pool, folder),
        "parts": {name: _lists(getattr(work, name)) for name in ("train", "validation", "test")},
        "identity": work.identity,
        "settings": dict(work.settings),
        "weights": {"paths": dict(work.weights.paths), "download": work.weights.download},
        "counts": {"n_real": work.n_real, "n_synth": work.n_synth},
        "synth": [int(row) for row in work.synth],
        "examples": [int(row) for row in work.examples],
        "truths": _truths_document(work, folder),
        "keep_model": work.keep_model,
        "key": work.key,
    }


def _lists(part: Portion) -> dict[str, list[Any]]:
    return {"rows": part.rows.tolist(), "labels": part.labels.tolist(), "weights": part.weights.tolist()}


def _truths_document(work: UnitWork, folder: Path) -> dict[str, Any] | None:
    if not isinstance(work.truths, Truths):
        return None
    rows = {*work.validation.rows.tolist(), *work.test.rows.tolist()}
    digests = {str(row): digest for row, digest in work.truths.digests.items() if row in rows}
    return {"folder": _relative(work.truths.folder, folder), "digests": digests}


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _work(document: Mapping[str, Any], folder: Path) -> UnitWork:
    truths = document["truths"]
    bare = UnitWork(
        spec=UnitSpec(**document["spec"]),
        facts=JobFacts(**document["facts"]),
        classes=tuple(document["classes"]),
        pool=folder / document["pool"],
        train=portion(**document["parts"]["train"]),
        validation=portion(**document["parts"]["validation"]),
        test=portion(**document["parts"]["test"]),
        identity=document["identity"],
        settings=document["settings"],
        folder=folder,
        weights=WeightSource(**document["weights"]),
        n_real=document["counts"]["n_real"],
        n_synth=document["counts"]["n_synth"],
        synth=document["synth"],
        examples=document["examples"],
        keep_model=document["keep_model"],
        key=document["key"],
    )
    if truths is None:
        return bare
    digests = {int(row): digest for row, digest in truths["digests"].items()}
    return replace(bare, truths=Truths(folder / truths["folder"], digests))
