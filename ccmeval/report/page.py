"""The page of a biomarkers run: one self-contained file, drawn from the result and the overlays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccmeval import __version__
from ccmeval.morphometry.definitions import PRIMARY, definition
from ccmeval.report import differences, frames_view, summary
from ccmeval.report.figures import strip_plot
from ccmeval.report.files import replacing
from ccmeval.report.gallery import Exhibit, exhibits
from ccmeval.report.numbers import biomarker_text
from ccmeval.report.schema import BiomarkersResult, FrameRow
from ccmeval.report.view import File, link, plural, time_text

if TYPE_CHECKING:
    from markupsafe import Markup

PAGE_NAME = "report.html"
TEMPLATES = Path(__file__).parent / "templates"


def write_page(result: BiomarkersResult, out: Path) -> Path:
    """Write ``OUT/report.html``.

    Parameters
    ----------
    result : BiomarkersResult
        What the page tells; nothing else is read but the overlays.
    out : pathlib.Path
        The run's folder; overlays are looked for in its folder ``overlays``.

    Returns
    -------
    pathlib.Path
        The page: one file without scripts that needs no network. It holds at most
        :data:`ccmeval.report.gallery.MOST_BYTES` of pictures and lists of bounded length, so that
        ten thousand frames make no larger a page than a hundred.

    Raises
    ------
    OutputError
        If the file system refuses.
    """
    path = out / PAGE_NAME
    html = render_page(result, out)
    with replacing(path) as partial:
        # "replace": names of files that are not UTF-8 come as lone surrogates, which cannot be written.
        partial.write_bytes(html.encode("utf-8", "replace"))
    return path


def render_page(result: BiomarkersResult, out: Path | None = None) -> str:
    """Give the page as text.

    Parameters
    ----------
    result : BiomarkersResult
    out : pathlib.Path, optional
        The run's folder, for the overlays; without it the page has no gallery.
    """
    shown = exhibits(result.frames, out / "overlays") if out is not None else []
    files = _files(result)
    result = summary.completed(result)
    figures = _figures(result)
    good = len(summary.measured(result.frames))
    context: dict[str, Any] = {
        "view": {**_view(result, shown), "files": files},
        "figures": figures,
        "exhibits": [_captioned(it, whole=len(shown) == good) for it in shown],
    }
    sections = _sections(result, bool(figures), bool(shown))
    return render_template("biomarkers.html.j2", {**context, "sections": sections})


def render_template(name: str, context: Mapping[str, Any]) -> str:
    """Fill in a template of the folder ``templates``, escaping every value.

    Parameters
    ----------
    name : str
        Of the template; it extends ``base.html.j2``.
    context : mapping of str to object
        What it shows, ``sections`` among it: pairs of anchor and words for the navigation.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(version=__version__, **context)


@dataclass(frozen=True)
class _Captioned:
    """A picture with what stands below it."""

    row: FrameRow
    tag: str
    picture: str
    width_px: int
    height_px: int
    caption: str
    link: str


def _captioned(it: Exhibit, *, whole: bool) -> _Captioned:
    # Where every frame is shown, none was chosen for being typical.
    tag = "" if whole and it.kind == "typical" else it.kind
    said = [word for word in (it.row.diagnosis, it.row.subject and f"subject {it.row.subject}") if word]
    for column in PRIMARY:
        if column in it.row.biomarkers:
            meaning = definition(column)
            text = biomarker_text(it.row.biomarkers[column], meaning.unit)
            said.append(f"{meaning.label} {text} {meaning.unit}")
    if it.row.quality_flags:
        said.append("quality: " + ", ".join(it.row.quality_flags))
    address = link(f"overlays/{it.row.key}.png")
    return _Captioned(it.row, tag, it.picture, it.width_px, it.height_px, "; ".join(said), address)


def _figures(result: BiomarkersResult) -> list[Markup]:
    drawn = []
    for column in PRIMARY:
        values, what = summary.values_by_diagnosis(result, column)
        meaning = definition(column)
        figure = strip_plot(values, label=meaning.label, unit=meaning.unit, what=what)
        if figure:
            drawn.append(figure)
    return drawn


def _sections(result: BiomarkersResult, figures: bool, shown: bool) -> list[tuple[str, str]]:
    sections = [("summary", "Summary")]
    if figures:
        sections.append(("distributions", "Distributions"))
    if result.tests:
        sections.append(("tests", "Differences"))
    sections.append(("frames", "Frames"))
    if shown:
        sections.append(("gallery", "Gallery"))
    return [*sections, ("method", "Method"), ("definitions", "Definitions"), ("provenance", "Provenance")]


def _view(result: BiomarkersResult, shown: list[Exhibit]) -> dict[str, Any]:
    measured = summary.measured(result.frames)
    what = summary.values_by_diagnosis(result, PRIMARY[0])[1]
    made = [f"Made {time_text(result.created)}", f"ccmeval {result.versions.get('ccmeval', __version__)}"]
    if result.cohort_layout:
        made.append(f"read as {result.cohort_layout}")
    return {
        "frame_count": plural(len(result.frames), "frame"),
        "made": " · ".join(made),
        "tiles": frames_view.tiles(result),
        "notes": result.notes,
        "measured": bool(measured),
        "summary": summary.summary_table(result, "primary"),
        "secondary": summary.summary_table(result, "secondary"),
        "summary_text": summary.summary_text(result),
        "point_words": "a subject’s mean" if what == "subjects" else "a frame",
        "tests": differences.tests_table(result, "primary"),
        "secondary_tests": differences.tests_table(result, "secondary"),
        "tests_text": differences.tests_text(result),
        "failed": frames_view.failed_table(result),
        "flags": frames_view.flags_table(result),
        "few": frames_view.few_frames_table(result),
        "frames": frames_view.frames_table(result),
        "gallery_text": _gallery_text(shown, len(measured), len({row.diagnosis for row in measured})),
        "method": frames_view.method_tables(result),
        "settings": frames_view.settings_table(result),
        "definitions": frames_view.definitions_table(),
        "command": result.command,
        "provenance": frames_view.provenance_table(result),
    }


def _gallery_text(shown: list[Exhibit], measured: int, diagnoses: int) -> str:
    medians = f"the primary biomarkers’ medians{' of their diagnosis' if diagnoses > 1 else ''}"
    words = {
        "flagged": "flagged ones",
        "unusual": f"those farthest from {medians}",
        "typical": f"those nearest to {medians}",
    }
    kinds = {it.kind for it in shown}
    order = ", then ".join(text for kind, text in words.items() if kind in kinds)
    if len(shown) == measured:
        said = {1: "The measured frame", 2: "Both measured frames"}.get(
            measured, f"All {measured} measured frames"
        )
        if "flagged" in kinds and len(kinds) > 1:
            said += ", flagged ones first, then by distance from " + medians
        elif measured > 2:
            said += ", by distance from " + medians
    else:
        said = f"{len(shown)} of {plural(measured, 'measured frame')}: {order}"
    return f"{said}. Select a picture to enlarge it; the overlays of all frames are in the folder overlays."


def _files(result: BiomarkersResult) -> list[File]:
    files = [File("biomarkers.csv", "one row a frame")]
    if result.subjects:
        files.append(File("subjects.csv", "means over each subject’s frames"))
    if result.diagnoses:
        files.append(File("diagnoses.csv", "mean, SD, median and interval by diagnosis"))
    if result.tests:
        files.append(File("diagnosis_tests.csv", "all tests between diagnoses"))
    return [*files, File("biomarkers.json", "all of this page’s numbers, settings and versions")]
