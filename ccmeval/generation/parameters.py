"""How many parameters a generator trains with each of its choices, beside what a publication says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ccmeval import plugins
from ccmeval.errors import UnavailableError


@dataclass(frozen=True)
class ParameterRow:
    """One choice.

    Attributes
    ----------
    targets : str
        Which layers are adapted.
    rank : int
    n_trained : int
    published_millions : float or None
        What the publication prints for it; None where it prints nothing.
    """

    targets: str
    rank: int
    n_trained: int
    published_millions: float | None = None


@dataclass(frozen=True)
class ParameterTable:
    """All choices.

    Attributes
    ----------
    model : str
        That is adapted.
    n_frozen : int
        Its parameters.
    adapter : str
        Kind of the adapter.
    rows : sequence of ParameterRow
    notes : sequence of str
    """

    model: str
    n_frozen: int
    adapter: str
    rows: Sequence[ParameterRow]
    notes: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)


def generator_parameters(name: str) -> ParameterTable:
    """Ask a generator for its table, by its optional method `parameter_table`.

    Raises
    ------
    UnavailableError
        If there is no generator of that name, or it has no such table.
    """
    generator = plugins.load("ccmeval.generators", name)
    method = getattr(generator, "parameter_table", None)
    if method is None:
        raise UnavailableError(
            f"The generator {name!r} has no table of parameters; ccmeval train {name} --dry-run tells how"
            " many it trains."
        )
    table: ParameterTable = method()
    return table
