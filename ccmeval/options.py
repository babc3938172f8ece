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
    "resample_um": "Side of a pixel in um that every frame is resampled to before it is measured; none by"
    " default.",
    "crop_um": "Height and width in um that larger frames are cropped to, around their middle, before they"
    " are measured; none by default.",
    "covariates": "Manifest column, such as age, that the tests between diagnoses adjust for.",
    "overlays": "Draw the six-panel overlay of each frame.",
    "jobs": "Worker processes; by default one a core.",
    "dask": "Address of a Dask scheduler, e.g. tcp://host:8786. Its workers must see frames and results under"
    " the same paths.",
}
"""By name of the setting in :class:`ccmeval.settings.RunSettings`."""

THREE_PILLAR_OPTIONS: Final[dict[str, str]] = {
    "pillars": "Which pillars, separated by commas: fidelity, preservation, utility.",
    "held_out": "Real frames that the generator never saw: for memorisation and a floor without splitting.",
    "paired": "Each synthetic frame was made from the real frame of the same stem. Pairs are never guessed.",
    "real_masks": "Folder of the real frames' nerve masks, matched by stem: the ceiling of mask adherence.",
    "synth_masks": "Folder of the masks that conditioned the synthetic frames, matched by stem.",
    "real_field_of_view_um": "Width of a whole real frame in um, where file and manifest do not tell.",
    "synth_field_of_view_um": "Width of a whole synthetic frame in um, where file and manifest do not tell.",
    "real_subject_pattern": "Regular expression whose group 'subject' names the subject in a real frame's"
    " path.",
    "synth_subject_pattern": "The same for the subject whose mask a synthetic frame was made from.",
    "features": "Feature extractors, separated by commas: inception, dinov2, clip, alexnet, squeezenet,"
    " radiomic, morphometric, any timm:NAME or plug-in."
    " [default: inception,dinov2,clip,radiomic,morphometric]",
    "weights": "Weights of a feature extractor from a local file. May be repeated.",
    "download": "Allow official weights that are not here to be fetched.",
    "require": "Pillars that must pass, separated by commas: otherwise the exit code is 3.",
    "seed": "Of every random split, resample and picture.",
    "jobs": "Worker processes; by default one a core.",
    "dask": "Address of a Dask scheduler for the measurement.",
}
"""By name of the setting in :class:`ccmeval.evaluation.settings.ThreePillarSettings`."""
