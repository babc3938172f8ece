"""Work over many frames: in this process, in worker processes and on a Dask cluster alike."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from ccmeval.batch.parallel import work_through
from ccmeval.batch.run import run_biomarkers
from ccmeval.batch.worker import Outcome
from ccmeval.cohort.record import Record
from ccmeval.errors import UnavailableError
from ccmeval.report.files import OutputError
from ccmeval.report.schema import FrameRow
from ccmeval.report.tables import read_table
from ccmeval.settings import RunSettings
from tests.clusters import Cluster
from tests.drawn import write_frames

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@dataclass(frozen=True)
class Scripted:
    """Does to a record what its name says, and notes it in a folder."""

    folder: Path

    def __call__(self, record: Record) -> Outcome:
        with (self.folder / record.key).open("a") as note:
            note.write(f"{os.getpid()}\n")
        if record.frame == "kills its process":
            os.kill(os.getpid(), signal.SIGKILL)
        if record.frame == "cannot write":
            raise OutputError("The disk is full.")
        return Outcome(FrameRow(frame=record.frame, key=record.key))


def _records(count: int, **odd: str) -> list[Record]:
    names = {f"k{index}": odd.get(f"k{index}", "plain") for index in range(count)}
    return [Record(frame=name, key=key, path=Path(key)) for key, name in names.items()]


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_record_is_done_once(tmp_path: Path, jobs: int) -> None:
    records = _records(20)
    keys = [outcome.row.key for outcome in work_through(Scripted(tmp_path), records, jobs=jobs)]
    assert sorted(keys) == sorted(record.key for record in records)
    notes = [path.read_text().split() for path in tmp_path.iterdir()]
    assert [len(note) for note in notes] == [1] * 20
    in_this_process = {pid for (pid,) in notes} == {str(os.getpid())}
    assert in_this_process == (jobs == 1)


def test_a_few_frames_start_no_workers(tmp_path: Path) -> None:
    assert len(list(work_through(Scripted(tmp_path), _records(3)))) == 3
    assert {path.read_text() for path in tmp_path.iterdir()} == {f"{os.getpid()}\n"}


@posix_only
def test_a_frame_that_kills_its_process_is_one_failed_row(tmp_path: Path) -> None:
    records = _records(12, k4="kills its process")
    rows = {o.row.key: o.row for o in work_through(Scripted(tmp_path), records, jobs=2)}
    assert set(rows) == {record.key for record in records}
    assert {key for key, row in rows.items() if row.status == "failed"} == {"k4"}
    assert rows["k4"].reason == "The process measuring kills its process died; it may need too much memory."


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_full_disk_stops_the_run(tmp_path: Path, jobs: int) -> None:
    with pytest.raises(OutputError, match="The disk is full"):
        list(work_through(Scripted(tmp_path), _records(10, k1="cannot write"), jobs=jobs))


@posix_only
def test_workers_end_with_a_killed_run(tmp_path: Path) -> None:
    psutil = pytest.importorskip("psutil")  # comes with distributed
    write_frames(tmp_path / "in", 40)
    code = "from ccmeval.cli.main import main; main()"
    argv = ["biomarkers", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--pixel-size", "1", "-j", "2"]
    with subprocess.Popen([sys.executable, "-c", code, *argv], stderr=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 60
        while not list((tmp_path / "out").glob("overlays/*.png")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        workers = psutil.Process(run.pid).children()
        assert len(workers) >= 2
        run.kill()
    gone, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive
    assert gone


@posix_only
def test_a_worker_whose_run_is_gone_before_its_first_frame_ends() -> None:
    code = "import time; from ccmeval.batch.processes import follow_run; follow_run(-1); time.sleep(60)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 1


def _blocked_signals(record: Record) -> Outcome:
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return Outcome(FrameRow(frame=record.frame, key=record.key), {"blocked": sorted(map(int, blocked))})


@posix_only
def test_ctrl_c_reaches_the_run_and_never_a_worker() -> None:
    outcomes = work_through(_blocked_signals, _records(4), jobs=2)
    assert all(signal.SIGINT in outcome.inputs["blocked"] for outcome in outcomes)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_an_address_without_a_scheduler_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("ccmeval.batch.cluster._CONNECT_S", 0.5)
    with pytest.raises(UnavailableError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9 "):
        list(work_through(Scripted(tmp_path), _records(1), dask="tcp://127.0.0.1:9"))


@pytest.mark.parametrize("address", ["", "host", "http://host:1", "tcp://host:port"])
def test_what_is_no_address_is_a_sentence(tmp_path: Path, address: str) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(UnavailableError, match="is no scheduler's address"):
        list(work_through(Scripted(tmp_path), _records(1), dask=address))


@posix_only
def test_a_dask_cluster_gives_the_same_table_also_when_a_worker_is_killed(
    cluster: Cluster, tmp_path: Path
) -> None:
    from distributed import Client

    write_frames(tmp_path / "in", 16)
    settings = RunSettings(pixel_size_um=1.0, jobs=1, overlays=False)
    run_biomarkers(tmp_path / "in", tmp_path / "here", settings)
    with Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=30)

    def kill_one(done: int, failed: int, total: int) -> None:
        if done == 5:
            cluster.workers[0].kill()

    result = run_biomarkers(
        tmp_path / "in",
        tmp_path / "there",
        settings.model_copy(update={"dask": cluster.address}),
        progress=kill_one,
    )
    assert cluster.workers[0].wait() == -signal.SIGKILL
    assert [row.status for row in result.frames] == ["measured"] * 16
    here, there = (read_table(tmp_path / name / "biomarkers.csv") for name in ("here", "there"))
    pd.testing.assert_frame_equal(here, there)
    assert len(list((tmp_path / "there" / "masks").iterdir())) == 16


@pytest.mark.parametrize("how", ["CancelledError", "CommClosedError"])
def test_a_closed_connection_is_no_fault_of_a_worker(how: str) -> None:
    pytest.importorskip("distributed")
    from concurrent.futures import CancelledError

    from distributed.comm.core import CommClosedError

    from ccmeval.batch.cluster import _dask_outcome

    class Lost:
        def result(self) -> Outcome:
            raise {"CancelledError": CancelledError, "CommClosedError": CommClosedError}[how]

    with pytest.raises(UnavailableError, match="connection to the Dask scheduler was lost"):
        _dask_outcome(Lost(), _records(1)[0])


@posix_only
def test_a_lost_scheduler_is_a_sentence(cluster: Cluster, tmp_path: Path) -> None:
    def kill(done: int, failed: int, total: int) -> None:
        if done == 3:
            cluster.scheduler.kill()

    write_frames(tmp_path / "in", 12)
    settings = RunSettings(pixel_size_um=1.0, overlays=False)
    there = settings.model_copy(update={"dask": cluster.address})
    with pytest.raises(UnavailableError, match="connection to the Dask scheduler was lost; run again with"):
        run_biomarkers(tmp_path / "in", tmp_path / "out", there, progress=kill)
    result = run_biomarkers(tmp_path / "in", tmp_path / "out", settings, resume=True)
    assert [row.status for row in result.frames] == ["measured"] * 12
