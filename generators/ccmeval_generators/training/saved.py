"""A trained generator in a folder: weights as safetensors, all else as JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from ccmeval.errors import UnavailableError
from ccmeval.generation.conditions import FrameFormat, GeneratorRecord
from ccmeval.report.files import replacing
from ccmeval.training.surroundings import own_randomness
from ccmeval_generators.settings import NOT_IN_FRAMES

if TYPE_CHECKING:
    from ccmeval_generators.network_generator import NetworkGenerator

WEIGHTS, CARD = "networks.safetensors", "generator.json"
FORMAT = 1


@dataclass(frozen=True)
class Loaded:
    """What a folder of a trained generator holds."""

    networks: nn.ModuleDict
    frame_format: FrameFormat
    settings: Any
    record: GeneratorRecord


def weights_bytes(networks: nn.ModuleDict) -> bytes:
    """Serialise weights; the same weights give the same bytes."""
    from safetensors.torch import save

    state = {name: value.detach().cpu().contiguous().clone() for name, value in networks.state_dict().items()}
    # One entry of metadata at most: safetensors writes several in random order.
    data: bytes = save(state)
    return data


def weights_hash(networks: nn.ModuleDict) -> str:
    """Give the SHA-256 of the file that weights are kept in."""
    return hashlib.sha256(weights_bytes(networks)).hexdigest()


def content_hash(weights_sha256: str, settings: Any, frame_format: FrameFormat) -> str:
    """Hash all that decides the frames of a trained generator: 16 hexadecimal digits."""
    plain = [
        weights_sha256,
        settings.model_dump(mode="json", exclude=set(NOT_IN_FRAMES)),
        _format_card(frame_format),
    ]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def save_generator(
    folder: Path,
    name: str,
    version: str,
    networks: nn.ModuleDict,
    frame_format: FrameFormat,
    settings: Any,
    record: GeneratorRecord,
) -> None:
    """Write weights and card, each whole or not at all; the card, written last, tells the weights' hash."""
    data = weights_bytes(networks)
    card = {
        "format": FORMAT,
        "name": name,
        "version": version,
        "frames": _format_card(frame_format),
        "settings": settings.model_dump(mode="json"),
        "record": dataclasses.asdict(record),
        "weights": WEIGHTS,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    with replacing(folder / WEIGHTS) as partial:
        partial.write_bytes(data)
    with replacing(folder / CARD) as partial:
        partial.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def load_generator(folder: Path, generator: NetworkGenerator) -> Loaded:
    """Read weights and card.

    Raises
    ------
    UnavailableError
        If one of them is missing, damaged, or of another generator or version.
    """
    from safetensors.torch import load

    card = read_card(folder)
    if (card["name"], card["version"]) != (generator.name, generator.version):
        raise UnavailableError(
            f"{folder} holds the generator {card['name']} {card['version']}, but {generator.name}"
            f" {generator.version} is to read it; train it again, or install that version."
        )
    data = _whole_weights(folder, card["sha256"])
    try:
        settings = generator.settings_model.model_validate(card["settings"])
        frame_format = FrameFormat(
            (card["frames"]["shape_px"][0], card["frames"]["shape_px"][1]),
            card["frames"]["pixel_size_um"],
            tuple(card["frames"]["diagnoses"]),
        )
        with own_randomness(0):
            networks = kept(generator, generator.build(frame_format, settings))
        networks.load_state_dict(load(data))
        record = _record_of(card["record"])
    except UnavailableError:
        raise
    except Exception as error:  # pydantic, torch and safetensors raise errors of their own kinds
        raise UnavailableError(
            f"The generator in {folder} cannot be read ({type(error).__name__}); train it again."
        ) from error
    return Loaded(networks, frame_format, settings, record)


def read_card(folder: Path) -> dict[str, Any]:
    """Read ``generator.json``.

    Raises
    ------
    UnavailableError
        If it is missing or not what :func:`save_generator` writes.
    """
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
        whole = {"name", "version", "frames", "settings", "record", "sha256"} <= card.keys()
        if card["format"] != FORMAT or not whole:
            raise ValueError("format")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnavailableError(
            f"{folder} holds no whole generator ({CARD} is missing or damaged); give the folder of a trained"
            " one, or train it again."
        ) from error
    return card


def kept(generator: NetworkGenerator, networks: nn.ModuleDict) -> nn.ModuleDict:
    """Give the networks without those that only training needs."""
    return nn.ModuleDict(
        {name: part for name, part in networks.items() if name not in generator.only_for_training}
    )


def _whole_weights(folder: Path, sha256: str) -> bytes:
    try:
        data = (folder / WEIGHTS).read_bytes()
    except OSError as error:
        raise UnavailableError(
            f"The weights {folder / WEIGHTS} cannot be read ({error.strerror}); train the generator again."
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise UnavailableError(
            f"The weights {folder / WEIGHTS} are not those that {CARD} tells of: one of the files is damaged"
            " or was changed; copy the folder again, or train the generator again."
        )
    return data


def _format_card(frame_format: FrameFormat) -> dict[str, Any]:
    return {
        "shape_px": list(frame_format.shape_px),
        "pixel_size_um": frame_format.pixel_size_um,
        "diagnoses": list(frame_format.diagnoses),
    }


def _record_of(card: dict[str, Any]) -> GeneratorRecord:
    history = tuple((str(stage), int(step), float(loss)) for stage, step, loss in card["history"])
    return GeneratorRecord(**{**card, "history": history, "notes": tuple(card["notes"])})
