"""`check.json` and `check.csv`: what was found in a set of frames."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ccmeval.evaluation.schema import Finding
from ccmeval.report.files import replacing
from ccmeval.report.tables import SEPARATOR, write_csv

COLUMNS = ("severity", "code", "sentence", "count", "frames", "set")


def write_check(out: Path, findings: Sequence[Finding], *, source: str, command: str = "") -> None:
    """Write the findings on a set.

    Parameters
    ----------
    out : pathlib.Path
        Folder; made if need be.
    findings : sequence of Finding
        In the order in which they are told.
    source : str
        The set, as it was given.
    command : str

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    cells = [one.model_dump(mode="json") for one in findings]
    content = {"kind": "check", "source": source, "command": command, "findings": cells}
    with replacing(out / "check.json") as partial:
        text = json.dumps(content, ensure_ascii=False, indent=1)
        partial.write_text(text + "\n", encoding="utf-8")
    rows = ({**cell, "frames": SEPARATOR.join(cell["frames"])} for cell in cells)
    write_csv(out / "check.csv", rows, COLUMNS)
