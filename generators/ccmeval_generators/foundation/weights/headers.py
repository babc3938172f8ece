"""What stands at the head of safetensors files: enough to see damage and to count bytes beforehand."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ccmeval.errors import UnavailableError

_MOST_HEADER_BYTES = 100_000_000
"""The format's own limit."""

_BITS = {"F64": 64, "I64": 64, "U64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16, "BF16": 16, "I16": 16}
_BITS |= {"U16": 16, "BOOL": 8, "I8": 8, "U8": 8, "F8_E4M3": 8, "F8_E5M2": 8}


@dataclass(frozen=True)
class TensorHead:
    """What a file says of one tensor.

    Attributes
    ----------
    name : str
    shape : tuple of int
    kind : str
        As the format calls it, such as ``"BF16"``.
    n_bytes : int
        In the file.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    n_bytes: int

    @property
    def n_values(self) -> int:
        """Number of its elements."""
        return math.prod(self.shape)

    @property
    def is_floating(self) -> bool:
        """Whether loading may turn it into another floating type."""
        return self.kind.startswith(("F", "BF"))


def tensor_heads(path: Path) -> list[TensorHead]:
    """Read the head of a safetensors file, and see that the file is as long as it says.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    UnavailableError
        If the file cannot be read, is no safetensors file, or is cut short.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "one.safetensors"
    >>> head = b'{"w": {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, 12]}}'
    >>> _ = path.write_bytes(len(head).to_bytes(8, "little") + head + bytes(12))
    >>> tensor_heads(path)
    [TensorHead(name='w', shape=(2, 3), kind='F16', n_bytes=12)]
    """
    try:
        start, head = _read_head(path)
        found = list(_heads(head))
        ends = [value["data_offsets"][1] for name, value in head.items() if name != "__metadata__"]
        length = path.stat().st_size
    except OSError as error:
        raise UnavailableError(
            f"The weights {path} cannot be read ({error.strerror or error}); correct the path or its rights."
        ) from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise UnavailableError(_damage(path, _looks_like(path))) from error
    if length != start + max(ends, default=0):
        raise UnavailableError(_damage(path, f"{length} bytes instead of {start + max(ends, default=0)}"))
    return found


def _read_head(path: Path) -> tuple[int, dict[str, dict[str, list[int]]]]:
    with path.open("rb") as stream:
        n_bytes = int.from_bytes(stream.read(8), "little")
        if not 2 <= n_bytes <= _MOST_HEADER_BYTES:
            raise ValueError("no head")
        text = stream.read(n_bytes)
    if len(text) < n_bytes:
        raise ValueError("cut short within the head")
    return 8 + n_bytes, json.loads(text)


def _heads(head: dict[str, dict[str, list[int]]]) -> Iterator[TensorHead]:
    for name, value in head.items():
        if name != "__metadata__":
            first, last = value["data_offsets"]
            found = TensorHead(name, tuple(value["shape"]), str(value["dtype"]), last - first)
            if found.kind in _BITS and found.n_values * _BITS[found.kind] != 8 * found.n_bytes:
                raise ValueError("shape and length differ")
            yield found


def _looks_like(path: Path) -> str:
    with path.open("rb") as stream:
        first = stream.read(64)
    if first.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer without the content"
    if first[:2] in (b"PK", b"\x80\x02"):
        return "it is a pickle of another name"
    return "it has no head of that format"


def _damage(path: Path, how: str) -> str:
    return f"{path} is no whole safetensors file ({how}); copy or fetch it again."
