"""The form of a reader study: one file that asks no network and holds no truth."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ccmeval.readers.key import StudyKey
from ccmeval.report.files import replacing

FOLDER = Path(__file__).parent / "form"


@dataclass(frozen=True)
class ShownItem:
    """What the form knows of a frame: a number and a picture."""

    item: str
    picture: str


def write_form(key: StudyKey, items: Sequence[ShownItem], path: Path) -> Path:
    """Write the form.

    Parameters
    ----------
    key : StudyKey
        Of which only the study's name, title, question and choices go into the form.
    items : sequence of ShownItem
    path : pathlib.Path

    Returns
    -------
    pathlib.Path
    """
    with replacing(path) as partial:
        partial.write_text(render_form(key, items), encoding="utf-8")
    return path


def render_form(key: StudyKey, items: Sequence[ShownItem]) -> str:
    """Give the form as text: style and script stand in it, allowed by their hashes and nothing else."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    style, script = ((FOLDER / name).read_text(encoding="utf-8") for name in ("form.css", "form.js"))
    height, width = key.shape_px
    told = {
        "study": key.study,
        "title": key.title,
        "asksReal": key.question in ("real", "both"),
        "asksDiagnosis": key.question in ("diagnosis", "both"),
        "diagnoses": key.diagnoses,
        "items": [{"item": it.item, "picture": it.picture} for it in items],
    }
    # "<" is written so that no text can end the element that it stands in.
    data = json.dumps(told, ensure_ascii=True).replace("<", "\\u003c")
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("form.html.j2").render(
        title=key.title,
        height=height,
        width=width,
        style=Markup(style),  # noqa: S704 our own file
        script=Markup(script),  # noqa: S704 our own file
        data=Markup(data),  # noqa: S704 escaped above
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
