"""Print the accuracy table of the README as Markdown, and draw its figure, from `ccmeval agreement`'s JSON.

The README's figures come from these commands::

    ccmeval phantom -o phantom --frames 210 --seed 7
    ccmeval biomarkers phantom/manifest.csv -o from-frames
    ccmeval biomarkers phantom/manifest.csv -o from-masks --nerves-from masks
    ccmeval agreement from-frames/biomarkers.csv phantom/truth.csv -o agreement-frames
    ccmeval agreement from-masks/biomarkers.csv phantom/truth.csv -o agreement-masks
    python benchmarks/readme_figures.py agreement-masks/agreement.json
    python benchmarks/readme_figures.py agreement-frames/agreement.json --figure docs/bland_altman.png
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

PANELS = ("CNFL", "CNFD", "CNBD", "CTBD", "CNFA", "Mean width", "CNFrD", "Tortuosity", "Nerve contrast")


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


def draw(biomarkers: list[dict[str, Any]], to: Path) -> None:
    """Draw difference against mean, a panel a biomarker, with bias and 95 % limits of agreement."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    by_label = {item["label"]: item for item in biomarkers}
    with mpl.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(9.0, 7.6), layout="constrained")
        for axes, label in zip(figure.subplots(3, 3).flat, PANELS, strict=True):
            item = by_label[label]
            mean = [(pair["first"] + pair["second"]) / 2 for pair in item["pairs"]]
            difference = [pair["first"] - pair["second"] for pair in item["pairs"]]
            axes.locator_params(axis="x", nbins=5)  # more would touch one another
            axes.axhline(0.0, color="#999999", lw=0.8)
            axes.plot(mean, difference, ".", ms=3.5, color="#0072b2", alpha=0.6)
            for name, style in (("bias", "-"), ("lower_limit", "--"), ("upper_limit", "--")):
                axes.axhline(item[name]["value"], color="#d55e00", lw=1.1, ls=style)
            axes.set_title(label + (f" ({item['unit']})" if item["unit"] else ""), loc="left", weight="bold")
        figure.supxlabel("mean of measured and true")
        figure.supylabel("measured minus true")
        to.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(to, dpi=110)


def main() -> None:
    """Read the file named on the command line, print its table and draw the figure if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("result", type=Path, help="agreement.json of `ccmeval agreement`")
    parser.add_argument("--figure", type=Path, help="PNG to draw")
    options = parser.parse_args()
    result = json.loads(options.result.read_text(encoding="utf-8"))
    print(f"{result['n_frames']} frames of {result['n_subjects']} subjects\n")
    print("| biomarker | true mean | bias [95 % CI] | 95 % limits of agreement | r |")
    print("|---|---|---|---|---|")
    for item in result["biomarkers"]:
        print(row(item))
    if options.figure:
        draw(result["biomarkers"], options.figure)


if __name__ == "__main__":
    main()
