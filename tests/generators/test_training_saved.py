"""A trained generator in a folder: identical when read again, refused when it is not whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning.pytorch")

from ccmeval.errors import UnavailableError  # noqa: E402
from ccmeval.plugins import Generator, WeightSource  # noqa: E402
from ccmeval_generators.training.saved import CARD, WEIGHTS  # noqa: E402
from tests.generators.tiny import TinyGenerator, conditions, toy_job  # noqa: E402


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TinyGenerator:
    generator = TinyGenerator()
    generator.fit(toy_job(tmp_path_factory.mktemp("trained"), {"first_steps": 2, "second_steps": 2}))
    return generator


@pytest.fixture
def folder(tmp_path: Path, trained: TinyGenerator) -> Path:
    trained.save_pretrained(tmp_path / "saved")
    return tmp_path / "saved"


def loaded(folder: Path) -> TinyGenerator:
    return TinyGenerator.from_pretrained(folder, WeightSource())


def test_what_is_read_again_is_the_same(trained: TinyGenerator, folder: Path, tmp_path: Path) -> None:
    again = loaded(folder)
    assert isinstance(again, Generator)
    assert np.array_equal(again.generate(conditions()), trained.generate(conditions()))
    assert (again.identity, again.format, again.record) == (trained.identity, trained.format, trained.record)
    again.save_pretrained(tmp_path / "again")
    for name in (WEIGHTS, CARD):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_loading_leaves_the_callers_randomness_alone(folder: Path) -> None:
    before = torch.get_rng_state()
    loaded(folder).generate(conditions())
    assert torch.equal(torch.get_rng_state(), before)


def test_what_only_training_needs_is_not_kept(folder: Path) -> None:
    from safetensors.torch import load_file

    names = {name.partition(".")[0] for name in load_file(folder / WEIGHTS)}
    assert names == {"encoder", "decoder", "maker"}


def test_the_card_says_what_it_is(folder: Path) -> None:
    card = json.loads((folder / CARD).read_text())
    assert (card["name"], card["version"]) == ("tiny", "1")
    assert card["frames"] == {"shape_px": [16, 16], "pixel_size_um": 2.0, "diagnoses": ["dark", "bright"]}
    assert card["settings"]["first_steps"] == 2
    assert card["record"]["steps"] == 4


@pytest.mark.parametrize("name", [WEIGHTS, CARD])
@pytest.mark.parametrize("how", ["missing", "empty", "half", "one bit"])
def test_damaged_files_are_refused_with_a_sentence(folder: Path, name: str, how: str) -> None:
    path = folder / name
    data = bytearray(path.read_bytes())
    if how == "missing":
        path.unlink()
    elif how == "one bit" and name == WEIGHTS:
        data[-3] ^= 1
        path.write_bytes(data)
    elif how == "one bit":
        path.write_bytes(bytes(data).replace(b'"sha256": "', b'"sha256": "f'))
    else:
        path.write_bytes(data[: len(data) // 2 if how == "half" else 0])
    with pytest.raises(UnavailableError, match=r"again\.$"):
        loaded(folder)


@pytest.mark.parametrize(
    "changed",
    [{"settings": {"unknown": 1}}, {"frames": {}}, {"record": {}}, {"record": 3}, {"settings": None}],
)
def test_a_card_of_another_make_is_refused(folder: Path, changed) -> None:
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, **changed}))
    with pytest.raises(UnavailableError, match="cannot be read"):
        loaded(folder)


def test_another_generator_or_version_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TinyGenerator, "version", "2")
    with pytest.raises(UnavailableError, match="holds the generator tiny 1, but tiny 2"):
        loaded(folder)


def test_the_identity_changes_with_what_changes_frames(trained: TinyGenerator) -> None:
    from ccmeval_generators.training.saved import content_hash

    settings, frame_format = trained._settings, trained.format

    def hashed(**more) -> str:
        return content_hash("0", settings.model_copy(update=more), frame_format)

    assert hashed(checkpoint_every_s=1.0) == hashed()
    assert hashed(learning_rate=0.5) != hashed()
    assert content_hash("1", settings, frame_format) != hashed()
