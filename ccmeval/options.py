"""What the settings of a run mean, in words: the same for the model, the command line and the report.

They stand apart from the model, since importing pydantic takes longer than all else that `--help` needs.
"""

from __future__ import annotations

from typing import Final

DEFAULT_SEGMENTER: Final = "ridge"
DEFAULT_NERVES_FROM: Final = "segmenter"

OPTIONS: Final[dict[str, str]] = {
    "pixel_size_um": "Side of a pixel in um, for frames whose manifest gives none.",
    "field_of_view_um": "Width of the whole frame in um, instead of the pixel size.",
    "segmenter": "Plug-in that finds the nerves in a frame.",
    "nerves_from": "Find nerves with the segmenter, or use the masks or traces that the manifest or the"
    " folder's layout names. Masks known but not asked for are not used.",
    "masks": "Folder of nerve masks, matched to the frames by stem.",
    "traces": "Folder of one-pixel centre-line traces, matched by stem. A trace has no width: width, area"
    " and what follows from them stay empty.",
    "subject_pattern": "Regular expression whose group 'subject' (or first group) names the subject in a"
    " frame's path.",
    "covariates": "Manifest column, such as age, that the tests between diagnoses adjust for.",
    "overlays": "Draw the six-panel overlay of each frame.",
    "jobs": "Worker processes; by default one a core.",
    "dask": "Address of a Dask scheduler, e.g. tcp://host:8786. Its workers must see frames and results under"
    " the same paths.",
}
"""By name of the setting in :class:`ccmeval.settings.RunSettings`."""
