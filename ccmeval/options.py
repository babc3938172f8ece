"""What the settings of a run mean, in words: the same for the model, the command line and the report.

They stand apart from the model, since importing pydantic takes longer than all else that `--help` needs.
"""

from __future__ import annotations

from typing import Final

DEFAULT_SEGMENTER: Final = "phantom-net"
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

UTILITY_OPTIONS: Final[dict[str, str]] = {
    "tasks": "What is learnt, separated by commas: diagnosis, segmentation.",
    "learners": "Learners, separated by commas: hmsvit, resnet50, clip, unet, biomarker, or any plug-in. The"
    " verdict rests on the first that can learn a task.",
    "budget": "quick (3 folds, 96 px, minutes on a laptop), standard (5 folds x 2 seeds, 224 px) or full"
    " (5 folds x 5 seeds, 384 px, for a GPU). Sets what is not given by itself.",
    "fairness": "equal-steps: every group gets the same optimiser steps. equal-epochs: every group sees its"
    " frames equally often, so that B trains longer; A-dup is its control.",
    "groups": "Groups to train: A real, B real and synthetic, C synthetic only, and the controls A-dup (real"
    " frames repeated to B's number) and A-balanced (real frames resampled to equal diagnoses).",
    "folds": "Folds over the subjects that are not tested on.",
    "seeds": "Times each fold is trained.",
    "preset": "Settings of a published study, by name: cytomorphology. What is given besides wins.",
    "steps": "Optimiser steps of a training run.",
    "epochs": "Times that group A sees its training frames, instead of steps: each fold then takes the steps"
    " that this comes to.",
    "batch_size": "Frames a step.",
    "size_px": "Side of what a network sees: a whole frame for diagnosis, a crop for segmentation.",
    "segmentation_frame_px": "Side to which frames are brought for segmentation, before they are cropped.",
    "evaluations": "Times that the validation frames are looked at.",
    "selection": "State of a model that is kept: that of the least loss on the validation frames, or the"
    " last.",
    "test_share": "Share of the subjects that is kept for testing where --held-out names no set.",
    "cross_fit": "Test on every fold in turn. For generators that were fitted anew without each fold: the"
    " manifest column 'fold' of the synthetic set tells which fold a frame's generator did not see.",
    "split_by": "What never lies on both sides of a split. 'frame' only where subjects are unknown: results"
    " are then too good.",
    "ratio": "Synthetic frames per real training frame in B and C. [default: all there are]",
    "loss_weight": "lambda: weight of the real frames' loss in B; 0.5 is plain averaging.",
    "curves": "Curves to train, separated by commas: ratio, per-diagnosis, loss-weight.",
    "ratios": "Points of the curve 'ratio'.",
    "per_diagnosis": "Points of the curve 'per-diagnosis': synthetic frames a diagnosis.",
    "loss_weights": "Points of the curve 'loss-weight'.",
    "margin": "Smallest difference of the primary metric that matters.",
    "weights": "Pretrained weights of a learner from a local file or folder. May be repeated.",
    "download": "Allow pretrained weights that are not here to be fetched.",
    "learner": "Settings of single learners, by name.",
    "unit_jobs": "Training runs side by side. [default: one a core without a GPU, one with]",
    "keep_models": "Keep every trained model in the run's folder.",
}
"""By name of the setting in :class:`ccmeval.utility.settings.UtilitySettings`."""

PREPARE_OPTIONS: Final[dict[str, str]] = {
    "split": "Shares of the subjects of each diagnosis for train, validation and test, separated by commas;"
    " none for no split.",
    "split_by": "What is never torn by the split: subject (frames without one are left out), or frame, by"
    " which each frame without a subject counts as its own; known subjects stay together even then.",
    "seed": "Of the split.",
    "names": "What output files are called by: diagnosis (Control_000001) or subject (S0001_001).",
    "keep_names": "Keep the names of subjects and of source files in the manifest. They may identify people.",
    "keep_columns": "Column of RAW's manifest to be carried over; all further columns are dropped. May be"
    " repeated.",
    "colour": "What becomes of pictures in true colour: luminance (ITU-R BT.601), or refuse.",
    "near_repeats": "Look for frames of different subjects that show the same picture but for noise, shift or"
    " compression.",
    "pixel_size_um": OPTIONS["pixel_size_um"],
    "field_of_view_um": OPTIONS["field_of_view_um"],
    "undeclared_bits": "Bits of 16-bit samples whose file declares no range, e.g. 12 for a 12-bit camera.",
    "key_file": "Write which output came from which file and subject here: outside of COHORT, readable for"
    " you alone. Without it nobody can tell any more.",
    "problems": "Where to list what is wrong with which file. [default: COHORT-problems.csv beside COHORT; in"
    " it with --keep-names]",
    "drop_missing": "Take frames out of COHORT that RAW no longer holds, as after a withdrawn consent.",
}
"""By name of the setting in :class:`ccmeval.preparing.settings.PrepareSettings`, or of the option."""
