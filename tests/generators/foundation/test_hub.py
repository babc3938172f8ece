"""A base model from the hub, whose client is replaced by local folders."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from ccmeval.errors import UnavailableError
from ccmeval.plugins import WeightSource

weights = pytest.importorskip("ccmeval_generators.foundation.weights")
pytest.importorskip("torch")
pytest.importorskip("diffusers")
errors = pytest.importorskip("huggingface_hub.errors")

from tests.generators.foundation.fake_hub import COMMIT, FakeHub, connect_error, http_error  # noqa: E402

NAME, ALLOWED, NOTHING = "owner/sd15", WeightSource(download=True), WeightSource()


@pytest.fixture
def hub(tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    made = FakeHub(tmp_path / "cache").install(monkeypatch)
    made.repositories = {"owner/sd15": tiny_folder / "sd15", "owner/qwen": tiny_folder / "qwen-plus"}
    return made


def refusal(base: str = NAME, source: WeightSource = ALLOWED) -> str:
    with pytest.raises(UnavailableError) as caught:
        weights.find_base(weights.SD15, base, source)
    said = str(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    return said


def test_nothing_is_asked_or_fetched_unless_allowed(hub: FakeHub) -> None:
    assert "--download" in refusal(source=NOTHING)
    assert (hub.asked, hub.fetched) == (0, [])


def test_hub_gives_the_same_content_as_the_folder(hub: FakeHub, tiny_folder: Path) -> None:
    fetched = weights.find_base(weights.SD15, NAME, ALLOWED)
    local = weights.find_base(weights.SD15, str(tiny_folder / "sd15"), NOTHING)
    assert fetched.folder.name == COMMIT
    assert weights.fingerprint(fetched) == weights.fingerprint(local)


def test_only_parts_asked_for_are_fetched(hub: FakeHub, tmp_path: Path, tiny_folder: Path) -> None:
    rich = Path(shutil.copytree(tiny_folder / "sd15", tmp_path / "rich"))
    for extra in ("unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.bin"):
        (rich / extra).write_bytes(bytes(9))
    (rich / "v1-5-pruned.safetensors").write_bytes(bytes(9))
    hub.repositories[NAME] = rich
    weights.find_base(weights.SD15, NAME, ALLOWED, ("unet", "scheduler"))
    assert sorted(hub.fetched) == [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
    ]


def test_several_files_are_fetched_with_their_index(hub: FakeHub) -> None:
    found = weights.find_base(weights.QWEN_EDIT, "owner/qwen", ALLOWED, ("transformer",))
    assert len(found.weight_paths("transformer")) > 1
    assert "transformer/diffusion_pytorch_model.safetensors.index.json" in hub.fetched


def test_what_was_fetched_serves_without_network_and_permission(hub: FakeHub) -> None:
    first = weights.find_base(weights.SD15, NAME, ALLOWED)
    fetched = len(hub.fetched)
    assert weights.find_base(weights.SD15, NAME, NOTHING).folder == first.folder
    hub.failure = connect_error()
    assert weights.find_base(weights.SD15, NAME, ALLOWED).folder == first.folder
    assert weights.find_base(weights.SD15, f"{NAME}@{COMMIT}", NOTHING).folder == first.folder
    assert len(hub.fetched) == fetched


def test_half_fetched_snapshot_counts_as_absent(hub: FakeHub) -> None:
    weights.find_base(weights.SD15, NAME, ALLOWED, ("vae",))
    assert "not on this machine" in refusal(source=NOTHING)
    assert weights.find_base(weights.SD15, NAME, ALLOWED).parts


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (lambda: http_error(errors.GatedRepoError, 403), "is gated: accept its terms"),
        (lambda: http_error(errors.RepositoryNotFoundError, 401), "is not found, or private"),
        (lambda: http_error(errors.HfHubHTTPError, 503), "could not be fetched (HfHubHTTPError"),
        (connect_error, "cannot be reached (ConnectError)"),
        (lambda: errors.OfflineModeIsEnabled("offline"), "HF_HUB_OFFLINE"),
        (lambda: errors.LocalEntryNotFoundError("no"), "cannot be reached"),
        (lambda: errors.HFValidationError("bad"), "is not found, or private"),
        (lambda: TimeoutError("slow"), "cannot be reached (TimeoutError)"),
    ],
)
def test_errors_of_asking_are_one_sentence(hub: FakeHub, failure: Callable[[], Exception], said: str) -> None:
    hub.failure = failure()
    told = refusal()
    assert said in told
    assert "huggingface.co/owner/sd15" in told
    assert "--weights stable-diffusion-1.5=FOLDER" in told


def test_errors_of_fetching_are_one_sentence(hub: FakeHub) -> None:
    # The facts of a gated repository are public: only its files are refused.
    hub.fetch_failure = http_error(errors.GatedRepoError, 403)
    assert "is gated" in refusal()
    hub.fetch_failure = OSError(errno.ENOSPC, "No space left on device")
    assert "disk became full" in refusal()


def test_unknown_repository_and_revision(hub: FakeHub) -> None:
    assert "is not found" in refusal("owner/absent")
    assert "has no revision 'v9'" in refusal(f"{NAME}@v9")


def test_wrong_class_is_told_before_large_files_are_fetched(hub: FakeHub) -> None:
    assert "is a QwenImageEditPlusPipeline, but Stable Diffusion 1.5" in refusal("owner/qwen")
    assert hub.fetched == ["model_index.json"]


def test_repository_without_pipeline(hub: FakeHub, tiny_folder: Path) -> None:
    hub.repositories[NAME] = tiny_folder / "clip"
    assert "model_index.json is missing" in refusal()


def test_repository_of_pickles(hub: FakeHub, tiny_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder / "sd15", tmp_path / "pickles"))
    unet = folder / "unet"
    (unet / "diffusion_pytorch_model.safetensors").rename(unet / "diffusion_pytorch_model.bin")
    hub.repositories[NAME] = folder
    assert "pickles only" in refusal()
    assert "unet" not in " ".join(hub.fetched)


def test_repository_without_a_part(hub: FakeHub, tiny_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder / "sd15", tmp_path / "lacking"))
    shutil.rmtree(folder / "tokenizer")
    hub.repositories[NAME] = folder
    assert "huggingface.co/owner/sd15 lacks its part tokenizer" in refusal()


def test_full_disk_is_told_before_fetching(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(total=9, used=9, free=1000))
    told = refusal()
    assert "GB on the disk of" in told
    assert "HF_HOME" in told
    assert hub.fetched == ["model_index.json"]


def test_damaged_file_of_the_cache_is_found_by_its_name(hub: FakeHub) -> None:
    found = weights.find_base(weights.SD15, NAME, ALLOWED)
    path = found.weight_paths("unet")[0].resolve()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1  # as long as before, so that its head tells nothing
    path.write_bytes(bytes(content))
    with pytest.raises(UnavailableError, match="is damaged: its sha256 is not its name"):
        weights.fingerprint(found)
