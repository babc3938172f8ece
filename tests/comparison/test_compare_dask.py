"""`ccmeval compare` on a Dask cluster gives what worker processes give, and goes on where they stopped."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ccmeval.comparison.run import run_compare
from ccmeval.comparison.schema import CompareResult
from tests.clusters import Cluster
from tests.comparison.tiny import N_FRAMES, wanted

FEW = {"pillars": ["fidelity", "preservation"]}


def numbers_of(result: CompareResult) -> dict[str, Any]:
    """Give all that a run found: not when, and not where it ran."""
    found = result.model_dump(exclude={"created", "command"})
    for place in ("jobs", "dask"):
        del found["settings"]["evaluation"][place]
    return found


@pytest.mark.slow
def test_a_cluster_gives_the_same_comparison_and_processes_go_on_with_it(
    sets: Path, tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client

    import ccmeval.batch.run as batch
    from ccmeval.evaluation import masks

    monkeypatch.setenv("CCMEVAL_CACHE", str(tmp_path / "cache"))
    here = run_compare(wanted(sets, "none", "much", evaluation=FEW), tmp_path / "here")
    on_it = {**FEW, "jobs": None, "dask": cluster.address}
    there = run_compare(wanted(sets, "none", "much", evaluation=on_it), tmp_path / "there")
    assert numbers_of(there) == numbers_of(here)
    assert [it.status for it in there.sets] == ["scored", "scored"]
    with Client(cluster.address, set_as_default=False) as client:
        tasks = client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.transition_log))
    assert tasks >= 3 * N_FRAMES

    done, measured = Counter[str](), Counter[str]()
    work, measure = masks._work_through, batch.work_through

    def noted_masks(tasks: Any, parts: Any, stage: str) -> Any:
        done.update([stage])
        return work(tasks, parts, stage)

    def noted_frames(task: Any, records: Any, **more: Any) -> Any:
        measured.update({task.out.name: len(records)})
        return measure(task, records, **more)

    monkeypatch.setattr(masks, "_work_through", noted_masks)
    monkeypatch.setattr(batch, "work_through", noted_frames)
    more = run_compare(wanted(sets, "none", "much", "some", evaluation=FEW), tmp_path / "there", resume=True)
    assert more.sets[:2] == here.sets
    assert done == {"Masks of synth frames": 1}
    assert measured == {"synth": N_FRAMES}
