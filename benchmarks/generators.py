"""What a generator learns: phantoms, training, generation, and the scores of three-pillar in one table.

    python benchmarks/generators.py spade -o OUT
    python benchmarks/generators.py maisi -o OUT --px 96 --set diffusion_epochs=50
    python benchmarks/generators.py spade -o OUT --config FILE.yaml --px 384

One phantom cohort is cut by subject in three: frames to train on, masks to generate from, and real frames
that the sets are scored against. Scored are, each with as many frames and from the same masks, what the
generator makes after one step of each stage ("untrained"), what it makes when trained, and the real frames
of those masks ("real"), which tell what the best generator could come to. Settings are the class's preset
`small`, or those of a file; `--set` changes some. An interrupted run goes on with the same command.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from PIL import Image

from ccmeval.cli.train import nested
from ccmeval.evaluation.run import run_three_pillar
from ccmeval.evaluation.settings import make_three_pillar_settings
from ccmeval.generation.generating_run import generate_cohort
from ccmeval.generation.settings import GenerateSettings
from ccmeval.generation.training_run import train_generator
from ccmeval.generation.training_settings import TrainSettings
from ccmeval.phantom.cohort import FRAMES_PER_SUBJECT, write_cohort
from ccmeval.phantom.diagnoses import TARGETS
from ccmeval.phantom.settings import PhantomSettings
from ccmeval.plugins import load

SCORES = (
    ("FD-radiomic", "frechet", "radiomic"),
    ("FD-morphometric", "frechet", "morphometric"),
    ("coverage-radiomic", "coverage", "radiomic"),
    ("coverage-morphometric", "coverage", "morphometric"),
)
ADHERENCE = ("length_recall", "hallucinated_length", "cl_dice")
SHOWN = 8


def main() -> None:
    """Run all parts that are not done, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", help="generator, such as spade or maisi")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, help="YAML file of the generator's settings")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--px", type=int, default=96, help="side of the frames")
    parser.add_argument("--field-um", type=float, default=200.0, help="field of view")
    parser.add_argument(
        "--subjects", type=int, nargs=3, default=(40, 10, 10), help="a diagnosis, of each part"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    wanted = parser.parse_args()
    parts = cohort(wanted)
    sets = {}
    for which in ("untrained", "trained"):
        model = trained(wanted, which, parts["train"])
        sets[which] = generated(wanted, which, model, parts["masks"])
    sets["real"] = parts["masks"]
    results = {which: scored(wanted, which, sets[which], parts["real"]) for which in sets}
    picture(wanted, parts["masks"], sets)
    print(told(wanted, results))


def cohort(wanted: argparse.Namespace) -> dict[str, Path]:
    """Write the phantoms, and one manifest a part; no subject is in two of them."""
    folder, n_subjects = wanted.out / "phantoms", sum(wanted.subjects)
    settings = PhantomSettings(shape_px=(wanted.px, wanted.px), pixel_size_um=wanted.field_um / wanted.px)
    n_frames = len(TARGETS) * FRAMES_PER_SUBJECT * n_subjects
    manifest = write_cohort(folder, frames=n_frames, seed=wanted.seed, settings=settings, jobs=wanted.threads)
    rows = pd.read_csv(manifest)
    number = rows["subject"].str.rsplit("-", n=1).str[1].astype(int)
    bounds = np.cumsum([0, *wanted.subjects])
    paths = {}
    for name, first, last in zip(("train", "masks", "real"), bounds[:-1], bounds[1:], strict=True):
        paths[name] = folder / f"{name}.csv"
        rows[(number >= first) & (number < last)].to_csv(paths[name], index=False)
    return paths


def own_settings(wanted: argparse.Namespace, which: str) -> dict[str, Any]:
    """Give the generator's settings; one step a stage for the untrained one."""
    model = load("ccmeval.generators", wanted.name).settings_model
    given = nested(wanted.set)
    if wanted.config:
        given = {"size_px": wanted.px, **yaml.safe_load(wanted.config.read_text()), **given}
        settings = model(**given)
    else:
        settings = model.small(**{"size_px": wanted.px, **given})
    found: dict[str, Any] = settings.model_dump()
    if which == "untrained":
        found.update({name: 1e-9 for name in found if name.endswith("epochs")})
    return found


def trained(wanted: argparse.Namespace, which: str, data: Path) -> Path:
    """Train, or go on with a training; gives its folder."""
    out = wanted.out / which / "training"
    settings = TrainSettings(
        data=data, out=out, seed=wanted.seed, threads=wanted.threads, generator=own_settings(wanted, which)
    )
    result = train_generator(
        wanted.name, data, out, settings, resume=(out / "training.json").exists(), progress=shown()
    )
    record = result.model_dump(mode="json")["record"]
    print(
        f"{which}: {record['steps']} steps in {record['seconds']:.0f} s, {record['n_parameters']} parameters"
    )
    print("\n".join(f"  {note}" for note in record["notes"]))
    return out


def generated(wanted: argparse.Namespace, which: str, model: Path, masks: Path) -> Path:
    """Make a frame of every mask under its own diagnosis; gives the manifest."""
    out = wanted.out / which / "frames"
    settings = GenerateSettings(masks=masks, seed=wanted.seed)
    found = generate_cohort(model, out, settings, resume=out.exists(), progress=shown())
    return Path(found.manifest)


def scored(wanted: argparse.Namespace, which: str, synth: Path, real: Path) -> dict[str, Any]:
    """Run three-pillar unless it was run; gives the report."""
    out = wanted.out / which / "report"
    if not (out / "report.json").exists():
        settings = make_three_pillar_settings(
            None,
            pillars="fidelity,preservation",
            fidelity={"features": ["radiomic", "morphometric"]},
            jobs=wanted.threads,
        )
        run_three_pillar(str(real), str(synth), out, settings, overwrite=True)
    found: dict[str, Any] = json.loads((out / "report.json").read_text())
    return found


def told(wanted: argparse.Namespace, results: dict[str, dict[str, Any]]) -> str:
    """Lay the scores of the sets side by side."""
    lines = [f"{wanted.name}, {wanted.px} px, {wanted.field_um:g} um, subjects {list(wanted.subjects)}"]
    lines.append(f"{'':24s}" + "".join(f"{which:>30s}" for which in results))
    rows: dict[str, list[str]] = {}
    for report in results.values():
        for name, text in scores_of(report):
            rows.setdefault(name, []).append(text)
    return "\n".join(lines + [f"{name:24s}" + "".join(f"{x:>30s}" for x in xs) for name, xs in rows.items()])


def scores_of(report: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Give the pooled scores of a report, with intervals, and g of each diagnosis and of all together."""
    metrics = report["fidelity"]["metrics"]
    for name, metric, features in SCORES:
        found = [
            it
            for it in metrics
            if (it["metric"], it["features"], it["scope"]) == (metric, features, "pooled")
        ]
        yield name, interval(found[0], "value") if found else "-"
    for measure in ADHERENCE:
        found = [
            it
            for it in report["preservation"]["adherence"]
            if (it["measure"], it["scope"]) == (measure, "pooled")
        ]
        yield measure, interval(found[0], "mean") if found else "-"
    primary = [it for it in report["preservation"]["comparisons"] if it["family"] == "primary"]
    for label in dict.fromkeys(it["label"] for it in primary):
        ours = [it for it in primary if it["label"] == label]
        yield f"{label}, Hedges' g", " ".join(number(it["hedges_g"]) for it in ours)


def interval(row: dict[str, Any], value: str) -> str:
    """Write a number with its interval."""
    return f"{number(row[value])} ({number(row['low'])} to {number(row['high'])})"


def number(value: float | None) -> str:
    """Write a number that may be undefined."""
    return "-" if value is None else f"{value:.3g}"


def picture(wanted: argparse.Namespace, masks: Path, sets: dict[str, Path]) -> None:
    """Lay masks, what was made of them and the real frames one below the other."""
    source = pd.read_csv(masks)
    source = source.iloc[:: max(1, len(source) // SHOWN)][:SHOWN]
    rows = [[levels(masks.parent / path) for path in source["mask"]]]
    for which in ("untrained", "trained"):
        made = pd.read_csv(sets[which]).set_index("source_mask")["frame"]
        rows.append([levels(sets[which].parent / made[path]) for path in source["frame"]])
    rows.append([levels(masks.parent / path) for path in source["frame"]])
    sheet = Image.fromarray(np.concatenate([np.concatenate(row, axis=1) for row in rows]))
    path = wanted.out / "frames.png"
    sheet.resize((2 * sheet.width, 2 * sheet.height), Image.Resampling.NEAREST).save(path)
    print(f"{path}: masks, untrained, trained, real")


def levels(path: Path) -> Any:
    """Read a frame, or a mask, as 8 bits."""
    values = np.asarray(Image.open(path).convert("L"))
    return values if values.max() > 1 else values * np.uint8(255)


def shown() -> Any:
    """Print a stage about every half minute."""
    last = [0.0]

    def show(stage: str, done: int, total: int) -> None:
        if time.monotonic() - last[0] > 30:
            last[0] = time.monotonic()
            print(f"  {stage}: {done} of {total}", flush=True)

    return show


if __name__ == "__main__":
    main()
