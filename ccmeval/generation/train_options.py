"""What the settings of a generator's training mean, in words.

They stand apart from the model, so that `--help` is quick.
"""

from __future__ import annotations

from typing import Final

TRAIN_OPTIONS: Final[dict[str, str]] = {
    "data": "Frames to train on: folder or manifest. Where the manifest has a column 'split', only the frames"
    " of 'train' are trained on.",
    "out": "Folder for the model, its checkpoints and its samples.",
    "seed": "Of weights, order, augmentation and samples: the same seed gives the same model.",
    "samples": "Number of fixed masks and diagnoses, from which frames are made again and again.",
    "sample_every": "Steps between two samples; 0 for only before the first step and after the last."
    " [default: a tenth of all steps]",
    "keep_checkpoints": "The last so many checkpoints are kept.",
    "generator": "Settings of the generator itself, by name; see ccmeval generators info NAME.",
    "weights": "Pretrained weights that the generator begins with, from a local file. May be repeated.",
    "download": "Allow pretrained weights that are not here to be fetched.",
    "subject_pattern": "Regular expression whose group 'subject' (or first group) names the subject in a"
    " frame's path.",
    "masks": "Folder of nerve masks, matched to the frames by stem.",
    "pixel_size_um": "Side of a pixel in um, for frames whose manifest gives none.",
    "field_of_view_um": "Width of the whole frame in um, instead of the pixel size.",
    "split_column": "Manifest column that says train, validation or test of each frame.",
    "prompt": "Words that the samples are made with, by a generator that takes a prompt.",
    "threads": "Threads on a CPU. [default: all cores]",
    "measurement": "Settings of ccmeval biomarkers by which frames are read and samples measured.",
}
"""By name of the setting in :class:`ccmeval.generation.training_settings.TrainSettings`."""
