"""Six generators side by side by `ccmeval compare`, against phantoms.

    python benchmarks/generator_comparison.py -o OUT
    python benchmarks/generator_comparison.py -o OUT --trained spade=FOLDER maisi=FOLDER

One phantom cohort is cut by subject as in `benchmarks/generators.py`: frames to train on, masks to generate
from, and real frames that all sets are scored against. The sets: the phantom itself on those masks, the
phantom blurred and noisier, `spade` and `maisi` with their presets `small`, and `qwen-lora` and `qwen-wdlora`
on a tiny base of the real classes with random weights, which can learn grey levels and little more: they show
that the road is open, not what the method is worth. Trainings that exist are taken by `--trained`, and were
then made from the same cohort. An interrupted run goes on with the same command.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml

from ccmeval.comparison.run import run_compare
from ccmeval.comparison.settings import make_compare_settings
from ccmeval.plugins import load
from ccmeval_generators.foundation.tiny.qwen import write_tiny_qwen_edit
from generators import cohort, shown

DAMAGE = {"blur_px": [1.6, 2.0], "speckle": [0.3, 0.4]}
QWEN_STEPS = 400


def main() -> None:
    """Write the settings, compare, and print where the page is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--px", type=int, default=96, help="side of the frames")
    parser.add_argument("--field-um", type=float, default=150.0, help="field of view")
    parser.add_argument("--subjects", type=int, nargs=3, default=(40, 6, 6), help="a diagnosis, of each part")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--trained", nargs="*", default=[], metavar="NAME=FOLDER")
    wanted = parser.parse_args()
    wanted.out = wanted.out.resolve()
    parts, folder = cohort(wanted), wanted.out / "compared"
    config = wanted.out / "compare.yaml"
    config.write_text(yaml.safe_dump(settings(wanted, parts), sort_keys=False))
    result = run_compare(
        make_compare_settings(config), folder, resume=folder.exists(), progress=shown(), command="compare"
    )
    for one in result.sets:
        print(f"{one.name}: {one.status} {one.reason}")
    print(folder / "compare.html")


def settings(wanted: argparse.Namespace, parts: dict[str, Path]) -> dict[str, Any]:
    """Give the settings of the comparison, as its YAML file holds them."""
    generate = {"masks": str(parts["masks"]), "seed": wanted.seed}
    shape = {"shape_px": [wanted.px, wanted.px], "pixel_size_um": wanted.field_um / wanted.px}
    sets: dict[str, Any] = {
        "phantom": {"generator": "phantom", "generate": {**generate, "generator": shape}},
        "phantom-damaged": {
            "generator": "phantom",
            "generate": {**generate, "generator": {**shape, "optics": DAMAGE}},
        },
    }
    trained = dict(text.split("=", 1) for text in wanted.trained)
    for name, own in {**from_scratch(wanted), **on_tiny_bases(wanted)}.items():
        train = {
            "data": str(parts["train"]),
            "seed": wanted.seed,
            "threads": wanted.threads,
            "generator": own,
        }
        made = {"model": trained[name]} if name in trained else {"generator": name, "train": train}
        sets[name] = {**made, "generate": generate}
    evaluation = {
        "pillars": ["fidelity", "preservation"],
        "fidelity": {"features": ["radiomic", "morphometric"]},
        "jobs": wanted.threads,
    }
    return {"real": str(parts["real"]), "sets": sets, "evaluation": evaluation}


def from_scratch(wanted: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Give the settings of the generators that learn from nothing."""
    given: dict[str, dict[str, Any]] = {
        "spade": {"epochs": 12, "style_weight": 0.005},
        "maisi": {"autoencoder_epochs": 8},
    }
    found = {}
    for name, own in given.items():
        model = load("ccmeval.generators", name).settings_model
        found[name] = model.small(size_px=wanted.px, **own).model_dump(mode="json")
    return found


def on_tiny_bases(wanted: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Write the tiny base, and give the settings of its two adapters, which differ in nothing else."""
    base = wanted.out / "tiny-qwen"
    if not base.exists():
        write_tiny_qwen_edit(base)
    own = {
        "base": str(base), "size_px": wanted.px, "model_side_px": wanted.px, "vision_side_px": 32, "rank": 8,
        "target": "attention+mlp+projections", "steps": QWEN_STEPS, "batch_size": 4, "learning_rate": 0.01,
        "inference_steps": 10, "gradient_checkpointing": False,
    }  # fmt: skip
    return {"qwen-lora": own, "qwen-wdlora": own}


if __name__ == "__main__":
    main()
