"""Print the accuracy tables of the README as Markdown, from the JSON that `ccmeval agreement` wrote.

The README's figures come from these commands::

    ccmeval phantom -o phantom --frames 210 --seed 7
    ccmeval biomarkers phantom/manifest.csv -o from-frames
    ccmeval biomarkers phantom/manifest.csv -o from-masks --nerves-from masks
    ccmeval agreement from-frames/biomarkers.csv phantom/truth.csv -o agreement-frames
    ccmeval agreement from-masks/biomarkers.csv phantom/truth.csv -o agreement-masks
    python benchmarks/readme_figures.py agreement-frames/agreement.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def digits(value: float) -> str:
    """Give three significant digits, plain."""
    text = f"{value:.3g}"
    return f"{float(text):g}" if "e" in text else text


def row(item: dict[str, Any]) -> str:
    """One line of the table: measured minus true."""
    bias, low, high = item["bias"], item["lower_limit"], item["upper_limit"]
    return (
        f"| {item['label']} ({item['unit'] or 'no unit'}) | {digits(item['mean_second'])}"
        f" | {digits(bias['value'])} [{digits(bias['low'])}, {digits(bias['high'])}]"
        f" | {digits(low['value'])} to {digits(high['value'])} | {item['pearson']['value']:.2f} |"
    )


def main() -> None:
    """Read the file named on the command line and print its table."""
    result = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(f"{result['n_frames']} frames of {result['n_subjects']} subjects\n")
    print("| biomarker | true mean | bias [95 % CI] | 95 % limits of agreement | r |")
    print("|---|---|---|---|---|")
    for item in result["biomarkers"]:
        print(row(item))


if __name__ == "__main__":
    main()
