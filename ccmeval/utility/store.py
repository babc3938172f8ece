"""Finished units of work in a folder, which several processes or machines may share."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ccmeval.report.files import replacing
from ccmeval.utility.claims import BEAT_S, STALE_S, Claim, Claims
from ccmeval.utility.schema import UnitRow
from ccmeval.utility.units import UnitResult, UnitSpec

_FORMAT = 1


class UnitStore:
    """Results of units by their keys: ``units/KEY.json`` with the facts, ``units/KEY.npz`` with the arrays.

    The JSON is written last and holds the hash of the arrays and of itself; a unit whose files are not
    whole counts as absent, and is done again.

    Parameters
    ----------
    folder : pathlib.Path
        Of the run; made when first written to.
    beat_s, stale_s : float
        Of claims, see :mod:`ccmeval.utility.claims`.

    Examples
    --------
    >>> import tempfile
    >>> store = UnitStore(Path(tempfile.mkdtemp()))
    >>> row = UnitRow(key="ab", task="diagnosis", learner="biomarker", group="A", fold=0, seed=0)
    >>> spec = UnitSpec("diagnosis", "biomarker", "A", fold=0, seed=0)
    >>> store.save("ab", UnitResult(spec, row, {"test": np.ones((1, 2))}))
    >>> store.load("ab").arrays["test"], store.load("cd")
    (array([[1., 1.]]), None)
    """

    def __init__(self, folder: Path, beat_s: float = BEAT_S, stale_s: float = STALE_S) -> None:
        self.folder = folder
        self._claims = Claims(folder / "claims", beat_s, stale_s)

    def _json(self, key: str) -> Path:
        return self.folder / "units" / f"{key}.json"

    def _npz(self, key: str) -> Path:
        return self.folder / "units" / f"{key}.npz"

    def load(self, key: str) -> UnitResult | None:
        """Give a unit's result, done or failed; None where there is none, or not whole."""
        try:
            told = json.loads(self._json(key).read_bytes())
            facts = told["facts"]
            if told["sha256"] != _facts_sha256(facts) or (facts["format"], facts["key"]) != (_FORMAT, key):
                return None
            return UnitResult(
                UnitSpec(**facts["spec"]),
                UnitRow.model_validate(facts["row"]),
                self._arrays(key, facts["npz_sha256"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _arrays(self, key: str, sha256: str | None) -> dict[str, npt.NDArray[Any]]:
        if sha256 is None:
            return {}
        data = self._npz(key).read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ValueError("The arrays are not those that were written.")
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            return {name: held[name] for name in held.files}

    def save(self, key: str, result: UnitResult) -> None:
        """Keep a unit's result.

        Raises
        ------
        OutputError
            If it cannot be written.
        ValueError
            If an array holds Python objects.
        """
        data = _npz_bytes(result.arrays) if result.arrays else None
        if data is not None:
            with replacing(self._npz(key)) as partial:
                partial.write_bytes(data)
        facts = {
            "format": _FORMAT,
            "key": key,
            "spec": asdict(result.spec),
            "row": result.row.model_dump(mode="json"),
            "npz_sha256": None if data is None else hashlib.sha256(data).hexdigest(),
        }
        told = {"facts": facts, "sha256": _facts_sha256(facts)}
        with replacing(self._json(key)) as partial:
            partial.write_text(json.dumps(told, indent=1, allow_nan=False), encoding="utf-8")

    def forget_failures(self, keys: Iterable[str]) -> None:
        """Remove failed results, so that those units are tried again."""
        for key in keys:
            result = self.load(key)
            if result is not None and result.row.status == "failed":
                with suppress(OSError):
                    self._json(key).unlink()

    def claim(self, key: str) -> Claim | None:
        """Claim a unit for this process; None where another one works on it."""
        return self._claims.take(key)

    def is_claimed(self, key: str) -> bool:
        """Tell whether a living process works on a unit."""
        return self._claims.is_held(key)

    def has_locks(self, key: str) -> bool:
        """Tell whether there is a claim of a unit, be it of a living process or of a dead one."""
        return self._claims.highest(key) is not None


def _npz_bytes(arrays: Mapping[str, Any]) -> bytes:
    if any(array.dtype.hasobject for array in arrays.values()):
        raise ValueError("An array of Python objects would need a pickle, which is never loaded.")
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)
    return data.getvalue()


def _facts_sha256(facts: Mapping[str, Any]) -> str:
    text = json.dumps(facts, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
