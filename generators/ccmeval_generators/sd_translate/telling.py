"""What a reader of results should know of a training of `sd-translate`."""

from __future__ import annotations

from ccmeval.generation.conditions import GeneratorJob
from ccmeval_generators.foundation.weights import fingerprint
from ccmeval_generators.foundation.weights.files import read_json
from ccmeval_generators.foundation.weights.found import FoundBase
from ccmeval_generators.sd_translate.building import find_bases
from ccmeval_generators.sd_translate.settings import SdTranslateSettings


def training_notes(job: GeneratorJob, settings: SdTranslateSettings) -> list[str]:
    """Tell the base models, how the mask steers, and which losses were off."""
    base, clip = find_bases(settings, job.weights)
    notes = [_identity(base), _identity(clip), _steering(clip, settings)]
    if settings.crop_side_px < settings.size_px:
        notes.append(
            f"Learnt from crops of {settings.crop_side_px} px; frames of {settings.size_px} px are made at"
            " once, of which CLIP sees the whole mask, reduced more than in training."
        )
    return [*notes, *_losses(job, settings)]


def _identity(base: FoundBase) -> str:
    return f"{base.kind.what}: {base.told}, content of SHA-256 {fingerprint(base)[:16]}."


def _steering(clip: FoundBase, settings: SdTranslateSettings) -> str:
    if settings.mask_latents:
        return "The mask steers by its latents beside the noise and by CLIP's embeddings of it."
    if settings.embedding == "pooled":
        return (
            "The mask steers by one embedding of its whole picture, which hardly says where nerves are;"
            " frames need not show them at their places."
        )
    config = read_json(clip.part_folder("image_encoder") / "config.json")
    vision = config.get("vision_config") or config  # CLIPModel has both halves in one file
    patches = int(vision["image_size"]) // int(vision["patch_size"])
    return (
        f"The mask steers by CLIP's embeddings of {patches} x {patches} patches, each of"
        f" {settings.crop_side_px / patches:.0f} px of a frame: nerves need not lie at their very pixels."
    )


def _losses(job: GeneratorJob, settings: SdTranslateSettings) -> list[str]:
    if not settings.decoder_steps:
        return ["The decoder's stage was off by the settings."]
    if not settings.perceptual_weight:
        return ["The perceptual loss was off by the settings."]
    from ccmeval_generators.perceptual import find_perceptual

    return [find_perceptual(settings.perceptual_network, job.weights)[1]]
