"""Which metric sees which fault: `ccmeval three-pillar` on phantom sets with graded, known faults.

    python benchmarks/sensitivity.py -o /tmp/sensitivity
    python benchmarks/sensitivity.py -o /tmp/sensitivity-deep --weights alexnet=FILE.pth

A phantom cohort plays the real set (16 subjects x 2 frames x 3 diagnoses), :func:`write_synthetic` the
generator. Each fault is drawn at several strengths, each set scored in a folder of its own, and each number
compared with the fault-free set's; :func:`sensitivity_readings.judge` says when a fault counts as seen. Run
again, it goes on where it stopped. Since 18 sets are judged by some 60 numbers, a lone mark at a low strength
may be chance: the second table asks that a fault stays seen at every higher strength.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from sensitivity_readings import Mark, Reading, judge, readings_of

from ccmeval.evaluation.folder import MEASURED
from ccmeval.evaluation.run import run_three_pillar
from ccmeval.evaluation.schema import ThreePillarResult
from ccmeval.evaluation.settings import ThreePillarSettings, make_three_pillar_settings
from ccmeval.phantom import FAULTS, PhantomSettings, write_cohort, write_synthetic

FRAMES_PER_SUBJECT = 2
FIELD_UM = 400.0
SIGNS: dict[Mark, str] = {"seen": " **x**", "better": " (+)", "unseen": "", "none": ""}
Case = tuple[str, float]
Table = Mapping[Case, Mapping[str, Reading]]
FAITHFUL: Case = ("none", 0.0)


def score(case: Case, options: argparse.Namespace) -> dict[str, Reading]:
    """Draw one set, score it, and read the result; what is there already is read only."""
    name = f"{case[0].replace(' ', '-')}-{case[1]:g}"
    folder = options.out / "runs" / name
    report = folder / "report.json"
    if not report.exists():
        real, synth = draw(case, options.out / "sets" / name, options)
        print(f"scoring {name} ...", flush=True)
        _keep_real_measurement(folder, options.out / "runs")
        result = run_three_pillar(
            real, synth, folder, settings_for(real, synth, options), resume=True, write=False
        )
        report.write_text(result.model_dump_json(), encoding="utf-8")
    return readings_of(ThreePillarResult.model_validate_json(report.read_text(encoding="utf-8")))


def _keep_real_measurement(folder: Path, runs: Path) -> None:
    """Take the real set's measurement from a run that has it: it is the same in all."""
    wanted = folder / MEASURED / "real"
    done = [path for path in sorted(runs.glob(f"*/{MEASURED}/real")) if (path / "report.html").exists()]
    if done and not wanted.exists():
        shutil.copytree(done[0], wanted)


def draw(case: Case, folder: Path, options: argparse.Namespace) -> tuple[Path, Path]:
    """Draw the real cohort and one synthetic set; manifests of both."""
    settings = PhantomSettings(
        shape_px=(options.size_px, options.size_px), pixel_size_um=FIELD_UM / options.size_px
    )
    common = {"frames": options.frames, "seed": options.seed, "frames_per_subject": FRAMES_PER_SUBJECT}
    common |= {"settings": settings, "jobs": options.jobs}
    real = write_cohort(options.out / "real", **common)
    return real, write_synthetic(folder, fault=case[0], strength=case[1], real=real, **common)


def settings_for(real: Path, synth: Path, options: argparse.Namespace) -> ThreePillarSettings:
    """Give the conditioning masks and the features asked for."""
    weights = dict(pair.split("=", 1) for pair in options.weights)
    return make_three_pillar_settings(
        synth_masks=synth.parent / "masks",
        weights=weights,
        seed=options.seed,
        jobs=None if options.jobs == -1 else options.jobs,
        fidelity={"features": ["radiomic", "morphometric", *weights], "embedding": False},
    )


def claim(options: argparse.Namespace) -> None:
    """Refuse a folder with runs of other options."""
    note = options.out / "sensitivity.json"
    names = ("frames", "size_px", "seed", "weights")
    wanted = {name: getattr(options, name) for name in names}
    if note.exists() and json.loads(note.read_text(encoding="utf-8")) != wanted:
        raise SystemExit(f"{options.out} holds runs of other options; choose another folder.")
    options.out.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(wanted), encoding="utf-8")


def full_table(found: Table) -> str:
    """Every number, with a mark where it sees the fault."""
    cases = list(found)
    head = ["metric", "halves of the real set", *(f"{fault} {strength:g}" for fault, strength in cases)]
    head[2] = "no fault"
    rows = []
    for name, faithful in found[FAITHFUL].items():
        floor = "" if faithful.floor_low is None else f"{faithful.floor_low:.3g} to {faithful.floor_high:.3g}"
        rows.append([name, floor, *(_cell(found[case].get(name), faithful) for case in cases)])
    return markdown(head, rows)


def _cell(reading: Reading | None, faithful: Reading) -> str:
    if reading is None or (reading.value is None and not reading.text):
        return "-"
    return (reading.text or f"{reading.value:.3g}") + SIGNS[judge(reading, faithful)]


def short_table(found: Table) -> str:
    """From which strength on each metric sees each fault."""
    faults = list(dict.fromkeys(fault for fault, _ in found if fault != "none"))
    rows = [[name, *(seen_from(_marks(found, fault, name)) for fault in faults)] for name in found[FAITHFUL]]
    return markdown(["metric", *faults], rows)


def _marks(found: Table, fault: str, name: str) -> dict[float, Mark]:
    faithful = found[FAITHFUL][name]
    marks: dict[float, Mark] = {}
    for case, readings in found.items():
        if case[0] == fault:
            marks[case[1]] = judge(readings[name], faithful) if name in readings else "none"
    return marks


def seen_from(marks: Mapping[float, Mark]) -> str:
    """Say in words from which strength on a fault stays seen.

    Examples
    --------
    >>> seen_from({0.25: "unseen", 0.5: "seen", 1.0: "seen"}), seen_from({0.25: "seen", 1.0: "unseen"})
    ('from 0.5', 'no')
    """
    strengths = sorted(marks)
    if all(mark == "none" for mark in marks.values()):
        return "-"
    for start, strength in enumerate(strengths):
        if all(marks[higher] == "seen" for higher in strengths[start:]):
            return f"from {strength:g}"
    return "looks better" if marks[strengths[-1]] == "better" else "no"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay rows out as a markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def parsed() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for sets, runs and tables")
    parser.add_argument("--frames", type=int, default=96, help="of the real set and of each synthetic one")
    parser.add_argument("--size-px", type=int, default=384, help="side of a frame, always of 400 um")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--weights", action="append", default=[], metavar="NAME=PATH", help="adds a network")
    parser.add_argument("--faults", nargs="+", default=list(FAULTS[1:]), choices=FAULTS[1:])
    parser.add_argument("--strengths", nargs="+", type=float, default=[0.25, 0.5, 1.0])
    parser.add_argument("--jobs", type=int, default=-1)
    return parser.parse_args()


def main() -> None:
    """Draw, score, and print both tables; they are written into the folder, too."""
    options = parsed()
    claim(options)
    cases = [FAITHFUL, *((fault, strength) for fault in options.faults for strength in options.strengths)]
    found = {case: score(case, options) for case in cases}
    text = "\n\n".join(
        [
            "**x**: the metric sees the fault; (+): the faulty set looks better than the faithful one.",
            full_table(found),
            "From which strength on the fault is seen, and at every higher one too:",
            short_table(found),
        ]
    )
    (options.out / "sensitivity.md").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
