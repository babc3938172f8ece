"""Weights are found in a fixed order, verified, never run as code, and never fetched unasked."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from ccmeval.errors import UnavailableError
from ccmeval.fidelity.weight_files import file_sha256, load_state
from ccmeval.fidelity.weights import OfficialWeights, find_weights
from ccmeval.plugins import WeightSource

torch = pytest.importorskip("torch")

CONTENT = b"official weights"
OFFICIAL = OfficialWeights(
    key="timm:a-b",
    what="The weights of timm:a-b",
    file_name="official.pth",
    url="https://github.com/toshas/torch-fidelity/releases/official.pth",
    sha256=hashlib.sha256(CONTENT).hexdigest()[:8],
    megabytes=95,
)


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_named_file_goes_before_all_and_may_be_unofficial(tmp_path, monkeypatch) -> None:
    named, variable = put(tmp_path / "named", b"mine"), put(tmp_path / "variable")
    monkeypatch.setenv("CCMEVAL_WEIGHTS_TIMM_A_B", str(variable))
    put(tmp_path / "hub" / "checkpoints" / "official.pth")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    found = find_weights(OFFICIAL, WeightSource({"timm:a-b": str(named)}))
    assert (found.path, found.is_official) == (named, False)
    assert found.sha256 == hashlib.sha256(b"mine").hexdigest()
    found = find_weights(OFFICIAL, WeightSource())
    assert (found.path, found.is_official) == (variable, True)


@pytest.mark.parametrize("home", ["TORCH_HOME", "HOME"])
def test_found_in_the_hub_folder(home, tmp_path, monkeypatch) -> None:
    root = tmp_path if home == "TORCH_HOME" else tmp_path / ".cache" / "torch"
    path = put(root / "hub" / "checkpoints" / "official.pth")
    monkeypatch.setenv(home, str(tmp_path))
    assert find_weights(OFFICIAL, WeightSource()).path == path


def test_damaged_file_of_official_name_is_refused(tmp_path, monkeypatch) -> None:
    put(tmp_path / "hub" / "checkpoints" / "official.pth", CONTENT[:-1])
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UnavailableError, match=r"not their sha256 .* remove it"):
        find_weights(OFFICIAL, WeightSource())


def test_absence_names_the_cure_and_opens_no_connection() -> None:
    with pytest.raises(UnavailableError) as told:
        find_weights(OFFICIAL, WeightSource())
    assert str(told.value) == (
        "The weights of timm:a-b are not here; give --weights timm:a-b=PATH or allow --download"
        " (95 MB from github.com/toshas/torch-fidelity)."
    )


def test_absent_named_file_is_told(tmp_path) -> None:
    with pytest.raises(UnavailableError, match="names no file"):
        find_weights(OFFICIAL, WeightSource({"timm:a-b": str(tmp_path / "gone")}, download=True))


def test_allowed_download_is_verified_and_kept(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    wanted = replace(OFFICIAL, url=put(tmp_path / "server" / "official.pth").as_uri())
    found = find_weights(wanted, WeightSource(download=True))
    assert found.path == tmp_path / "cache" / "hub" / "checkpoints" / "official.pth"
    assert found.is_official
    assert find_weights(wanted, WeightSource()).path == found.path


def test_download_of_something_else_leaves_nothing(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    wanted = replace(OFFICIAL, url=put(tmp_path / "official.pth", b"a login page").as_uri())
    with pytest.raises(UnavailableError, match=r"could not be downloaded .* give --weights timm:a-b=PATH"):
        find_weights(wanted, WeightSource(download=True))
    assert list((tmp_path / "cache").rglob("*.p*")) == []


def test_download_without_network_is_one_sentence() -> None:
    wanted = replace(OFFICIAL, url="https://localhost:1/official.pth")
    with pytest.raises(UnavailableError, match="could not be downloaded"):
        find_weights(wanted, WeightSource(download=True))


def test_damaged_blob_of_hugging_face_is_refused(tmp_path) -> None:
    blob = put(tmp_path / "blobs" / ("0" * 64))
    link = tmp_path / "model.safetensors"
    link.symlink_to(blob)
    with pytest.raises(UnavailableError, match="damaged"):
        find_weights(OFFICIAL, WeightSource({"timm:a-b": str(link)}))


def test_hash_follows_a_changed_file(tmp_path) -> None:
    path = put(tmp_path / "weights", b"one")
    first = file_sha256(path)
    assert file_sha256(put(path, b"other")) != first


class Scale(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning", "ignore:.*torch.jit:DeprecationWarning")
def test_torchscript_is_refused(tmp_path) -> None:
    path = tmp_path / "program.pt"
    torch.jit.save(torch.jit.trace(Scale(), torch.ones(1)), path)
    for read in (load_state, lambda it: find_weights(OFFICIAL, WeightSource({"timm:a-b": str(it)}))):
        with pytest.raises(UnavailableError, match="TorchScript archive, which holds a program"):
            read(path)


def test_pickled_program_is_refused(tmp_path) -> None:
    torch.save(Scale(), tmp_path / "model.pth")
    with pytest.raises(UnavailableError, match="no readable weight file"):
        load_state(tmp_path / "model.pth")


@pytest.mark.parametrize("nested", [None, "state_dict", "model", "teacher"])
def test_state_is_found_wherever_it_lies(nested, tmp_path) -> None:
    state = {"module.a": torch.ones(2)}
    torch.save({nested: state, "epoch": 3} if nested else state, tmp_path / "x.pth")
    assert load_state(tmp_path / "x.pth")["a"].tolist() == [1, 1]


def test_safetensors_are_read_and_rubbish_is_not(tmp_path) -> None:
    from safetensors.torch import save_file

    save_file({"a": torch.ones(2)}, tmp_path / "x.safetensors")
    assert load_state(tmp_path / "x.safetensors")["a"].tolist() == [1, 1]
    for name in ("y.safetensors", "y.pth"):
        with pytest.raises(UnavailableError, match="no readable weight file"):
            load_state(put(tmp_path / name, b"rubbish"))
    torch.save({}, tmp_path / "empty.pth")
    with pytest.raises(UnavailableError, match="holds no weights"):
        load_state(tmp_path / "empty.pth")


def test_hugging_face_cache_is_searched_and_official(tmp_path, monkeypatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    wanted = replace(OFFICIAL, url="", sha256="", hub="timm/tiny")
    folder = tmp_path / "models--timm--tiny" / "snapshots" / "abc"
    path = put(folder / "model.safetensors")
    monkeypatch.setattr(
        hub, "try_to_load_from_cache", lambda repo, name: str(path) if repo == wanted.hub else None
    )
    found = find_weights(wanted, WeightSource())
    assert (found.path, found.is_official) == (path, True)
    assert not find_weights(wanted, WeightSource({wanted.key: str(put(tmp_path / "mine"))})).is_official
