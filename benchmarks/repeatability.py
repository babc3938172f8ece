"""Repeatability on real frames: neighbours in a sweep show nearly the same nerves and should agree.

Usage: ``python benchmarks/repeatability.py DIR [DIR ...]`` where each folder holds one sequence of
overlapping frames of one eye. For each biomarker the within-sequence coefficient of variation (root mean
square over the sequences) and the repeatability coefficient are printed. Frames of a sweep overlap only
in part and drift in depth, so these figures hold the change of the view as well as the tool's noise: they
are an upper bound of the latter.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import pandas as pd

from ccmeval import biomarkers
from ccmeval.morphometry.definitions import DEFINITIONS
from ccmeval.options import DEFAULT_SEGMENTER
from ccmeval.settings import make_settings
from ccmeval.statistics import coefficient_of_variation_within, repeatability


def measure_sequences(folders: list[Path], segmenter: str) -> pd.DataFrame:
    """Measure every frame of every sequence; one row a frame, with its `sequence`."""
    settings = make_settings(segmenter=segmenter)
    tables = [biomarkers(folder, settings=settings).assign(sequence=str(folder)) for folder in folders]
    return pd.concat(tables, ignore_index=True)


def print_repeatability(table: pd.DataFrame) -> None:
    """Print one line a biomarker."""
    print(f"{len(table)} frames in {table['sequence'].nunique()} sequences")
    print(f"{'biomarker':32s}{'mean':>10s}{'within CV':>12s}{'repeatability coefficient':>28s}")
    for definition in DEFINITIONS:
        groups = [group[definition.column].to_numpy(float) for _, group in table.groupby("sequence")]
        variation = coefficient_of_variation_within(groups)
        print(
            f"{definition.column:32s}{table[definition.column].mean():10.4g}{100 * variation:10.1f} %"
            f"{repeatability(groups).coefficient:28.4g}"
        )


def measure_superccm(folders: list[Path], python: str) -> pd.DataFrame:
    """Measure every frame with SuperCCM, one by one, since it stops at frames without nerves."""
    runner, tables = Path(__file__).with_name("superccm_runner.py"), []
    for frame in (path for folder in folders for path in sorted(folder.iterdir())):
        with tempfile.TemporaryDirectory() as out:
            done = subprocess.run([python, str(runner), out, "1", "1", str(frame)], capture_output=True)
            if done.returncode:
                print(f"SuperCCM fails on {frame.name}")
                continue
            tables.append(pd.read_csv(Path(out) / "biomarkers.csv").assign(sequence=str(frame.parent)))
    return pd.concat(tables, ignore_index=True)


def print_superccm(table: pd.DataFrame) -> None:
    """Print one line a biomarker, under SuperCCM's own names."""
    print(f"\nSuperCCM, {len(table)} frames")
    for name in table.columns.drop(["frame", "sequence"]):
        groups = [group[name].to_numpy(float) for _, group in table.groupby("sequence")]
        variation = coefficient_of_variation_within(groups)
        print(f"{name:32s}{table[name].mean():10.4g}{100 * variation:10.1f} %")


def main() -> None:
    """Parse the options and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--segmenter", default=DEFAULT_SEGMENTER)
    parser.add_argument("--superccm", help="python of SuperCCM's virtual environment")
    options = parser.parse_args()
    table = measure_sequences(options.folders, options.segmenter)
    print_repeatability(table)
    unflagged = table[table["quality_flags"].fillna("") == ""]
    theirs = measure_superccm(options.folders, options.superccm) if options.superccm else None
    if theirs is not None:
        print_superccm(theirs)
    if len(unflagged) < len(table):
        print("\nwithout frames that carry a quality flag")
        print_repeatability(unflagged)
        if theirs is not None:
            print_superccm(theirs[theirs["frame"].isin(set(unflagged["frame"]))])


if __name__ == "__main__":
    main()
