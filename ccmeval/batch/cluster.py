"""Work on a Dask cluster, for :func:`ccmeval.batch.parallel.work_through`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice
from typing import Any

from ccmeval.batch.worker import AHEAD, Outcome, WorkFunction, failed_row
from ccmeval.cohort.record import Record
from ccmeval.errors import CcmevalError, UnavailableError

_CONNECT_S = 20.0
"""How long a scheduler, and then its first worker, may take to answer."""


def work_on_cluster(work: WorkFunction, records: Sequence[Record], address: str) -> Iterator[Outcome]:
    """Measure records on a cluster; what a lost worker had in hand is done again by another.

    Parameters
    ----------
    work : callable
        What to do with a record.
    records : sequence of Record
        In any order.
    address : str
        Of the scheduler.

    Yields
    ------
    Outcome
        One a record, in no fixed order.

    Raises
    ------
    UnavailableError
        If the cluster cannot be used, or its scheduler is lost.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise UnavailableError(
            "--dask needs the package distributed; install it with: pip install 'ccmeval[dask]'."
        ) from error
    with _quiet_client(), _connect(Client, address) as client:
        threads = max(sum(client.nthreads().values()), 1)
        waiting = iter(records)
        by_key = {}

        def submit(batch: Sequence[Record]) -> list[Any]:
            futures = [client.submit(work, record, pure=False) for record in batch]
            by_key.update({future.key: record for future, record in zip(futures, batch, strict=True)})
            return futures

        done = as_completed(submit(list(islice(waiting, AHEAD * threads))), loop=client.loop)
        for future in done:
            yield _dask_outcome(future, by_key.pop(future.key))
            for more in submit(list(islice(waiting, 1))):
                done.add(more)


@contextmanager
def _quiet_client() -> Iterator[None]:
    """Keep the client's own log off the screen; what concerns the user is told in a sentence."""
    log = logging.getLogger("distributed.client")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _connect(client_type: Any, address: str) -> Any:
    from distributed.comm.addressing import parse_address, parse_host_port
    from distributed.comm.registry import get_backend

    try:
        # Before the client, which would try to close itself for a minute after a wrong address.
        scheme, place = parse_address(address)
        get_backend(scheme)
        parse_host_port(place)
    except ValueError as error:
        raise UnavailableError(
            f"--dask {address!r} is no scheduler's address ({error}); give one such as tcp://host:8786."
        ) from error
    try:
        client = client_type(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UnavailableError(
            f"No Dask scheduler answers at {address} ({type(error).__name__}); check the address of --dask."
        ) from error
    try:
        client.wait_for_workers(1, timeout=_CONNECT_S)
    except TimeoutError as error:
        client.close()
        raise UnavailableError(
            f"The Dask scheduler at {address} has no workers; start some with: dask worker {address}"
        ) from error
    return client


def _dask_outcome(future: Any, record: Record) -> Outcome:
    """Take an outcome from the cluster.

    Raises
    ------
    CcmevalError
        If the workers cannot do this work at all.
    """
    from distributed import KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        outcome = future.result()
    except KilledWorker:
        return Outcome(
            failed_row(record, f"Several workers died measuring {record.frame}; it may need too much memory.")
        )
    except CcmevalError:
        raise
    except (CancelledError, CommClosedError) as error:  # which of them depends on the moment
        raise UnavailableError(
            "The connection to the Dask scheduler was lost; run again with --resume once it is there."
        ) from error
    except Exception as error:  # e.g. a worker without ccmeval
        raise UnavailableError(
            f"A Dask worker cannot measure frames ({type(error).__name__}: {error}); its environment"
            " must hold the same versions as this one."
        ) from error
    assert isinstance(outcome, Outcome)
    return outcome
