"""What is known of a training under way; it lies in every checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

State = dict[str, Any]


def new_state(job_id: str, notes: Sequence[str]) -> State:
    """Begin the books of a training.

    Examples
    --------
    >>> new_state("1a", ())["step"]
    0
    """
    return {
        "job": job_id,
        "stage": 0,
        "stage_step": 0,
        "step": 0,
        "sums": {},
        "count": 0,
        "history": [],
        "log": [],
        "cache_key": "",
        "seconds": 0.0,
        "device": "cpu",
        "notes": list(notes),
    }


def next_stage(state: State) -> State:
    """Go on to the next stage.

    Examples
    --------
    >>> state = next_stage({**new_state("1a", ()), "stage_step": 7, "step": 7})
    >>> state["stage"], state["stage_step"], state["step"]
    (1, 0, 7)
    """
    return {**state, "stage": state["stage"] + 1, "stage_step": 0, "sums": {}, "count": 0, "cache_key": ""}
