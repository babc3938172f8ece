"""The pictures of the README's tour: its commands, run on phantoms, and the pages that they write.

    python benchmarks/tour.py -o DIR             # runs what is not done in DIR, then writes docs/tour_*.png
    python benchmarks/tour.py -o DIR --only compare released
    python benchmarks/tour.py --commands         # prints the commands

Needs chromium (`--browser PATH`; it draws without a window and without a network), Pillow, and the extra
`generate` for the step that trains. It takes two cores about a quarter of an hour, most of it the demo and
the training. Commands run in DIR, so that no other path comes into a picture; a step whose last result is
there is not run again. Of long pages and tables the pictures show a part.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
WIDTH_PX = 980
MARGIN_PX = 30
MOST_BYTES = 250_000
ONE_FRAME = "overlays/T1NoDPN-0001_00.png"
COLUMNS = 6


@dataclass(frozen=True)
class Step:
    """One step of the tour.

    Attributes
    ----------
    name : str
        Of its picture, ``docs/tour_NAME.png``.
    commands : tuple of str
        As the README has them.
    done : str
        The last file that they write.
    page : str
        Page that is shown, or "" where :func:`made_page` makes one.
    css : str
        Hides what is not shown of it.
    script : str
        Runs in the page before it is drawn.
    tall_px : int
        Height of the window; what is empty below is cut off.
    scale : float
        Pixels of the picture for one of the page; 1 for frames, whose noise takes many bytes.
    """

    name: str
    commands: tuple[str, ...]
    done: str
    page: str = ""
    css: str = ""
    script: str = ""
    tall_px: int = 5000
    scale: float = 1.8


HIDE = "nav, footer { display: none !important } "
GRADIENT = "[aria-label='The disease gradient.']"
BEGIN = """
document.getElementById("reader").value = "R1";
document.getElementById("begin").click();
document.querySelector("#real input").click();
"""

STEPS = (
    Step(
        "demo",
        ("ccmeval demo -o tour",),
        "tour/three-pillar/no-gradient/report.html",
        "tour/biomarkers/report.html",
        HIDE + "#summary details, #distributions ~ section, #distributions .figures > :nth-child(n+3)"
        " { display: none }",
    ),
    Step(
        "overlay",
        ("ccmeval biomarkers tour/phantom -o tour/mine",),
        "tour/mine/report.html",
    ),
    Step(
        "verdicts",
        (
            "ccmeval check tour/synthetic/blurred --against tour/phantom",
            "ccmeval three-pillar --real tour/phantom --synth tour/synthetic/blurred"
            " --features radiomic,morphometric -o tour/scored",
        ),
        "tour/scored/report.html",
        "tour/scored/report.html",
        HIDE + "#verdicts ~ section, #pillar-preservation, #pillar-preservation ~ * { display: none }",
    ),
    Step(
        "gradient",
        (),
        "tour/three-pillar/no-gradient/report.html",
        "tour/three-pillar/no-gradient/report.html",
        HIDE + "main > section:not(#preservation), header, #preservation > * { display: none }"
        f" #preservation > h3:has(+ {GRADIENT}), {GRADIENT} {{ display: block !important }}"
        f" {GRADIENT} + p + .figures {{ display: grid !important }}"
        f" {GRADIENT} :is(tr > :last-child, tbody tr:is(:nth-child(4), :nth-child(5), :nth-child(n+7)))"
        " { display: none }",
    ),
    Step(
        "generated",
        (
            "ccmeval phantom -o tour/small --frames 240 --size-px 96 --field-of-view 200 --seed 1",
            "ccmeval train spade --data tour/small --config docs/spade_small.yaml -o tour/trained",
            "ccmeval generate tour/trained --masks tour/small -n 8 -o tour/made",
        ),
        "tour/made/manifest.csv",
        scale=1.0,
    ),
    Step(
        "compared",
        (
            "ccmeval compare --real tour/phantom faithful=tour/synthetic/faithful"
            " blurred=tour/synthetic/blurred no-gradient=tour/synthetic/no-gradient"
            " --features radiomic,morphometric -o tour/compared",
        ),
        "tour/compared/compare.html",
        "tour/compared/compare.html",
        HIDE + "main > section:not(#summary), #summary > :is(details, h3, h3 ~ *) { display: none }",
    ),
    Step(
        "released",
        (
            "ccmeval release tour/synthetic/faithful --report tour/three-pillar/faithful"
            " --name 'Phantom frames' --licence CC0-1.0 -o tour/released",
        ),
        "tour/released/datasheet.html",
        "tour/released/datasheet.html",
        HIDE + "main > section:not(#quality), #quality > h3:nth-of-type(2n), "
        "[aria-label^='Real against synthetic over all frames'], #quality > p:last-child { display: none }",
    ),
    Step(
        "readers",
        ("ccmeval reader-study --real tour/phantom --synth tour/synthetic/faithful -n 20 -o tour/study",),
        "tour/study/reader-form.html",
        "tour/study/reader-form.html",
        script=BEGIN,
        tall_px=600,
        scale=1.0,
    ),
)


def main() -> None:
    """Run what is not done, and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--out", type=Path, help="folder in which the commands run")
    parser.add_argument("--pictures", type=Path, default=ROOT / "docs")
    parser.add_argument("--only", nargs="*", choices=[step.name for step in STEPS], help="steps to draw")
    parser.add_argument("--browser", default=shutil.which("chromium") or "chromium")
    parser.add_argument("--commands", action="store_true", help="print the commands and stop")
    wanted = parser.parse_args()
    if wanted.commands:
        print("\n".join(command for step in STEPS for command in step.commands))
        return
    if wanted.out is None:
        parser.error("give -o DIR")
    copy_of_docs(wanted.out)
    for step in STEPS:
        if not wanted.only or step.name in wanted.only:
            run_step(step, wanted.out)
            target = wanted.pictures / f"tour_{step.name}.png"
            draw(step, wanted.out, target, wanted.browser)
            print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


def copy_of_docs(folder: Path) -> None:
    """Lay the settings beside the runs, so that the commands are those of the README, letter by letter."""
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    for path in (ROOT / "docs").glob("*.yaml"):
        shutil.copy(path, folder / "docs")


def run_step(step: Step, folder: Path) -> None:
    """Run the commands of a step, unless its last file is there."""
    if (folder / step.done).exists():
        return
    found = os.environ.get("PYTHONPATH", "")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*map(str, (ROOT, ROOT / "generators", ROOT / "downstream")), found]),
    }
    for command in step.commands:
        print(f"$ {command}", flush=True)
        words = [sys.executable, "-m", "ccmeval", *shlex.split(command)[1:]]
        code = subprocess.run(words, cwd=folder, env=environment, check=False).returncode
        if code not in (0, 1):
            raise SystemExit(f"{command}: exit code {code}")


def draw(step: Step, folder: Path, target: Path, browser: str) -> None:
    """Draw the picture of a step."""
    if step.name == "overlay":
        with Image.open(folder / "tour/mine" / ONE_FRAME) as picture:
            save(picture.convert("RGB"), target)
        return
    if step.page:
        page = (folder / step.page).read_text(encoding="utf-8")
        page = re.sub(
            r"<meta http-equiv=\"Content-Security-Policy[^>]*>", "", page
        )  # of the copy that is drawn
        page = page.replace("</head>", f"<style>{step.css}</style></head>", 1)
        page = page.replace("</body>", f"<script>{step.script}</script></body>", 1)
    else:
        page = sheet(folder)
    with tempfile.TemporaryDirectory() as place:
        shown = Path(place) / "page.html"
        shown.write_text(page, encoding="utf-8")
        shot = Path(place) / "shot.png"
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             f"--user-data-dir={place}/profile", f"--force-device-scale-factor={step.scale}",
             f"--window-size={WIDTH_PX},{step.tall_px}", f"--screenshot={shot}", shown.as_uri()],
            check=True, capture_output=True,
        )  # fmt: skip
        with Image.open(shot) as picture:
            save(trimmed(picture.convert("RGB")), target)


def trimmed(picture: Image.Image) -> Image.Image:
    """Cut off what is empty below the last thing drawn."""
    pixels = np.asarray(picture)
    drawn = np.flatnonzero((pixels != pixels[-1, -1]).any(axis=(1, 2)))
    bottom = int(drawn[-1]) + MARGIN_PX
    return picture.crop((0, 0, picture.width, min(bottom, picture.height)))


def save(picture: Image.Image, target: Path) -> None:
    """Write with as many colours as the size allows."""
    for colours in (256, 128, 64, 32):
        flat = picture.quantize(colours, kmeans=1, dither=Image.Dither.NONE)
        flat.save(target, optimize=True)
        if target.stat().st_size <= MOST_BYTES:
            return
    raise SystemExit(f"{target} has more than {MOST_BYTES} bytes; show less")


def sheet(folder: Path) -> str:
    """Lay masks, what was made of them, and the phantoms of these masks one below the other, as a page."""
    made = pd.read_csv(folder / "tour/made/manifest.csv")
    real = pd.read_csv(folder / "tour/small/manifest.csv").set_index("frame")
    chosen = made.groupby("diagnosis", sort=False).head(COLUMNS // made["diagnosis"].nunique())
    rows = {
        "mask": [folder / "tour/small" / real.loc[name, "mask"] for name in chosen["source_mask"]],
        "made": [folder / "tour/made" / name for name in chosen["frame"]],
        "phantom": [folder / "tour/small" / name for name in chosen["source_mask"]],
    }
    heads = "".join(f"<th>{escape(str(name))}</th>" for name in chosen["diagnosis"])
    lines = "".join(
        f"<tr><th>{name}</th>" + "".join(f'<td><img src="{path.resolve().as_uri()}"></td>' for path in paths)
        for name, paths in rows.items()
    )
    style = (
        "body{margin:16px;font:15px sans-serif;background:#fff;color:#1c1f23}table{border-spacing:6px}"
        "img{width:136px;display:block;image-rendering:auto}th{font-weight:600;padding:2px 4px}"
    )
    return f"<head><style>{style}</style></head><table><tr><th></th>{heads}</tr>{lines}</table>"


if __name__ == "__main__":
    main()
