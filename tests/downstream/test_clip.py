"""CLIP as a classifier: logits equal those of transformers, weights only from where the user said."""

import json
import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest

from ccmeval.errors import UnavailableError
from ccmeval.plugins import WeightSource
from ccmeval.testing import check_learner
from ccmeval_downstream.clip import DEFAULT_PROMPTS, ClipLearner, ClipSettings, prompts_of

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("lightning")

JOB = SimpleNamespace(classes=("Control", "T1DPN", "T2DPN"), size_px=32)
SIDE_PX = 32


def byte_characters() -> list[str]:
    """Characters by which byte-level BPE writes the 256 bytes: printable ones as they are."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(byte) for byte in kept] + [chr(256 + i) for i in range(256 - len(kept))]


def tiny_clip(folder: Path, longest: int = 160) -> Path:
    """Write what `save_pretrained` writes, of a CLIP with random weights and single bytes as its words."""
    letters = byte_characters()
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    ends = {"bos_token_id": len(words) - 2, "eos_token_id": len(words) - 1, "pad_token_id": len(words) - 1}
    common = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**common, **ends, "vocab_size": len(words), "max_position_embeddings": longest}
    vision = {**common, "image_size": SIDE_PX, "patch_size": 8}
    torch.manual_seed(0)
    config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)
    transformers.CLIPModel(config).save_pretrained(folder)
    vocabulary = {word: i for i, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "CLIPTokenizer"}', encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_clip(tmp_path_factory.mktemp("clip"))


def prepared(folder: Path) -> ClipLearner:
    learner = ClipLearner()
    learner.prepare(WeightSource({"clip": str(folder)}))
    return learner


def test_keeps_the_contract(folder: Path) -> None:
    check_learner("clip", weights=WeightSource({"clip": str(folder)}))


@pytest.mark.parametrize("freeze_text", [True, False])
def test_logits_are_those_of_transformers(folder: Path, freeze_text: bool) -> None:
    settings = ClipSettings(freeze_text=freeze_text)
    network = prepared(folder).build(JOB, settings).eval()
    model = transformers.CLIPModel.from_pretrained(folder).eval()
    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder)
    frames = torch.rand(2, 1, SIDE_PX, SIDE_PX, generator=torch.Generator().manual_seed(1))
    processor = transformers.CLIPImageProcessor(
        do_resize=False, do_center_crop=False, do_rescale=False, do_convert_rgb=False
    )
    coloured = [frame.repeat(3, 1, 1) for frame in frames]
    pixels = processor(images=coloured, return_tensors="pt", input_data_format="channels_first")
    tokens = tokenizer(prompts_of(JOB.classes, settings), padding=True, return_tensors="pt")
    with torch.no_grad():
        expected = model(**tokens, pixel_values=pixels["pixel_values"]).logits_per_image
        torch.testing.assert_close(network(frames), expected, atol=1e-4, rtol=1e-4)
    assert expected.std(dim=1).min() > 0.01  # the prompts do differ


def test_only_the_image_encoder_learns(folder: Path) -> None:
    frozen = prepared(folder).build(JOB, ClipSettings())
    names = {name.split(".")[0] for name, value in frozen.named_parameters() if value.requires_grad}
    assert names == {"vision_model", "visual_projection"}
    frozen(torch.rand(2, 1, 48, 48)).sum().backward()
    assert all(value.grad is not None for value in frozen.visual_projection.parameters())
    whole = prepared(folder).build(JOB, ClipSettings(freeze_text=False))
    names = {name.split(".")[0] for name, value in whole.named_parameters() if value.requires_grad}
    assert names == {"vision_model", "visual_projection", "text"}


def test_frames_are_resized_as_a_whole(folder: Path) -> None:
    """A frame enlarged to twice its size by repeating pixels says nearly the same."""
    network = prepared(folder).build(JOB, ClipSettings()).eval()
    frames = torch.nn.functional.interpolate(torch.rand(2, 1, 8, 8), (SIDE_PX, SIDE_PX), mode="bilinear")
    larger = frames.repeat_interleave(2, 2).repeat_interleave(2, 3)
    with torch.no_grad():
        assert torch.cosine_similarity(network.embed(frames), network.embed(larger)).min() > 0.99


def test_prompts_are_the_users() -> None:
    settings = ClipSettings(prompts={"T2DPN": "few nerves"}, other_prompt="an eye with {diagnosis}")
    assert prompts_of(("Control", "T2DPN"), settings) == ["an eye with Control", "few nerves"]
    assert prompts_of(("T1DPN",), ClipSettings()) == [DEFAULT_PROMPTS["T1DPN"]]
    with pytest.raises(UnavailableError, match="the same prompt"):
        prompts_of(("a", "b"), ClipSettings(prompts={"a": "one", "b": "one"}))
    with pytest.raises(ValueError, match="must contain"):
        ClipSettings(other_prompt="an eye")


def test_default_prompts_fit_into_what_clip_reads() -> None:
    """77 tokens, of which two mark the ends; a word of these is hardly more than two tokens."""
    assert all(len(text.split()) * 2 + 2 <= 77 for text in DEFAULT_PROMPTS.values())


def test_notes_name_weights_and_prompts(folder: Path) -> None:
    learner = prepared(folder)
    notes = learner.before_training(None, JOB, ClipSettings())
    assert notes[0].startswith("CLIP's weights at the start, sha256 ")
    assert "T2DPN: 'a corneal confocal microscopy image" in notes[1]


def test_identity_follows_the_files(tmp_path: Path) -> None:
    folder = tiny_clip(tmp_path)
    source = WeightSource({"clip": str(folder)})
    first = ClipLearner().prepare(source)
    (folder / "README.md").write_text("words", encoding="utf-8")
    assert ClipLearner().prepare(source) == first
    (folder / "merges.txt").write_text("#version: 0.2\nn e\n", encoding="utf-8")
    assert ClipLearner().prepare(source) != first


def test_checkpoint_of_pytorch_is_read_without_running_it(tmp_path: Path) -> None:
    """The official repository has no safetensors; a pickle that would run something is refused."""
    folder = tiny_clip(tmp_path)
    state = transformers.CLIPModel.from_pretrained(folder).state_dict()
    expected = prepared(folder).build(JOB, ClipSettings())
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    found = prepared(folder).build(JOB, ClipSettings())
    torch.testing.assert_close(found.state_dict(), expected.state_dict())
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Touches(tmp_path / "ran"), protocol=2))
    with pytest.raises(UnavailableError, match="holds no CLIP model"):
        prepared(folder).build(JOB, ClipSettings())
    assert not (tmp_path / "ran").exists()


class _Touches:
    """An object that, unpickled, writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_incomplete_folders_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    with pytest.raises(UnavailableError, match=r"give --weights clip=FOLDER .* or allow --download"):
        ClipLearner().prepare(WeightSource())
    with pytest.raises(UnavailableError, match="call prepare"):
        ClipLearner().build(JOB, ClipSettings())
    with pytest.raises(UnavailableError, match="names no folder"):
        prepared(tmp_path / "absent")
    with pytest.raises(UnavailableError, match=r"holds no model\.safetensors"):
        prepared(tmp_path)
    folder = tiny_clip(tmp_path, longest=64)
    with pytest.raises(UnavailableError, match="CLIP reads 64 tokens"):
        prepared(folder).build(JOB, ClipSettings())
    state = load_file(folder / "model.safetensors")
    state.pop("visual_projection.weight")
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UnavailableError, match="lack a part of CLIP"):
        prepared(folder).build(JOB, ClipSettings())


def test_nothing_is_fetched_unless_allowed(tmp_path: Path, monkeypatch) -> None:
    import huggingface_hub

    asked = []

    def fetch(repository: str, allow_patterns: list[str]) -> str:
        asked.append(repository)
        return str(tiny_clip(tmp_path / "hub"))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    with pytest.raises(UnavailableError):
        ClipLearner().prepare(WeightSource())
    assert not asked
    learner = ClipLearner()
    learner.prepare(WeightSource(download=True))
    assert asked == ["openai/clip-vit-base-patch32"]
    assert learner.licence == "MIT"

    def fails(*_: object, **__: object) -> str:
        raise OSError("no route")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fails)
    with pytest.raises(UnavailableError, match=r"could not be downloaded \(OSError: no route\)"):
        ClipLearner().prepare(WeightSource(download=True))


def test_learns(folder: Path) -> None:
    source = WeightSource({"clip": str(folder)})
    check_learner("clip", settings={"learning_rate": 3e-3}, weights=source, steps=100, must_learn=True)
