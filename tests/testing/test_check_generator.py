"""The conformance test finds each breach of the contract in a generator that is broken on purpose."""

from __future__ import annotations

import hashlib
import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import BaseModel

from ccmeval.errors import CcmevalError, UnavailableError
from ccmeval.generation.conditions import Capabilities, FrameFormat, GeneratorRecord, TrainingPlan
from ccmeval.testing import check_generator, toy_generator_job


class Noise(BaseModel):
    noise: float = 0.05


class Sound:
    name, version, settings_model = "sound", "1", Noise
    capabilities: ClassVar = Capabilities("Paints masks.", takes=("mask", "diagnosis"), needs=("mask",))
    format, kept = None, {}

    @property
    def identity(self):
        return f"sound 1 {hashlib.sha256(json.dumps(self.kept).encode()).hexdigest()[:16]}"

    def plan(self, job):
        return TrainingPlan(
            n_parameters=2, n_trained=2, steps=1, batch_size=1, memory_gib=0, seconds_a_step=0
        )

    def fit(self, job):
        def levels(label):  # of those frames with a mask, or of all where the diagnosis has none
            which = [i for i in range(len(job.train)) if job.train.coverage(i).any()]
            which = [i for i in which if job.train.labels[i] == label] or which
            nerve = np.stack([job.train.coverage(i) > 0.5 for i in which])
            grey = np.stack([job.train.frame(i) for i in which])
            return [float(grey[~nerve].mean()), float(grey[nerve].mean())]

        shape, pixel_size_um = job.train.pool.frames.shape[1:], job.train.pool.pixel_size_um
        self.format = FrameFormat(tuple(shape), pixel_size_um, tuple(job.classes))
        painted = {name: levels(label) for label, name in enumerate(["", *job.classes], start=-1)}
        self.kept = {"name": "sound", "levels": painted, "format": vars(self.format), **job.settings}
        return GeneratorRecord(steps=1, n_parameters=2, n_trained=2, seconds=0.0)

    def generate(self, conditions):
        return [self._paint(condition) for condition in conditions]

    def _paint(self, condition):
        if self.format is None or condition.mask is None:
            raise UnavailableError("paint needs a training, and then a mask.")
        if condition.mask.shape != self.format.shape_px:
            raise UnavailableError(f"paint was trained on frames of {self.format.shape_px} px.")
        if (condition.diagnosis or "") not in self.kept["levels"]:
            raise UnavailableError(f"paint knows {self.format.diagnoses}, not {condition.diagnosis!r}.")
        around, nerve = self.kept["levels"][condition.diagnosis or ""]
        noise = np.random.default_rng(condition.seed).standard_normal(condition.mask.shape)
        frame = np.where(condition.mask, nerve, around) + self.kept["noise"] * noise
        return np.clip(frame, 0, 1).astype(np.float32)

    def save_pretrained(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "generator.json").write_text(json.dumps(self.kept))

    @classmethod
    def from_pretrained(cls, folder, weights):
        made = cls()
        try:
            made.kept = json.loads((folder / "generator.json").read_text())
        except (OSError, ValueError) as error:
            raise UnavailableError(f"{folder} holds no whole paint generator; train it again.") from error
        shape, *others = made.kept["format"].values()
        made.format = FrameFormat(tuple(shape), others[0], tuple(others[1]))
        return made


CAN = Sound.capabilities


def broken(**changes: Any) -> Any:
    """Make a Sound with other parts; not importable, so that no fresh process is started for it."""
    return type("Broken", (Sound,), {"__qualname__": "<broken>", **changes})()


class Learning(Sound):
    """One that learns in four steps, with a checkpoint after each."""

    __qualname__ = "<learning>"
    forgets = False
    waits = True

    def plan(self, job):
        return replace(super().plan(job), steps=4)

    def fit(self, job):
        record = super().fit(job)
        checkpoint = job.folder / "checkpoint.json"
        state = json.loads(checkpoint.read_text()) if checkpoint.exists() else [0, 0.0]
        first = state[0]
        job.folder.mkdir(parents=True, exist_ok=True)
        for step in range(first, 4):
            drawn = np.random.default_rng([job.seed, step if not self.forgets else step - first]).random()
            state = [step + 1, state[1] + drawn]
            checkpoint.write_text(json.dumps(state))
            job.progress("learning", step + 1, 4)
            self.kept["noise"] = 0.01 * state[1]
            job.on_samples(step + 1, self.generate(job.samples))
        self.kept["noise"] = 0.01 * state[1]
        return replace(record, steps=4)


def test_sound_one_passes() -> None:
    check_generator(broken())


def test_one_with_checkpoints_passes() -> None:
    check_generator(Learning())


def test_sides_are_rounded_up() -> None:
    sides = []

    def fit(self, job):
        sides.append(job.train.pool.frames.shape[1:])
        return Sound.fit(self, job)

    check_generator(broken(capabilities=replace(CAN, side_multiple_px=24), fit=fit), size_px=40)
    assert set(sides) == {(48, 48)}


def test_one_that_needs_no_training_passes() -> None:
    check_generator(Ready())


class Ready(Sound):
    """One that draws at once, and is neither trained nor needs a mask."""

    __qualname__ = "<ready>"
    capabilities = Capabilities("Noise.", takes=("diagnosis",), trainable=False, needs_training=False)
    format = FrameFormat((32, 32), 2.0, ("few", "many"))

    def __init__(self, settings=None):
        self.settings = settings or Noise()
        self.kept = {"name": "sound", "noise": self.settings.noise, "format": vars(self.format)}

    def fit(self, job):
        raise UnavailableError("Ready as it is.")

    plan = fit

    def _paint(self, condition):
        if condition.diagnosis not in (None, "few", "many"):
            raise UnavailableError("few or many.")
        level = 0.6 if condition.diagnosis == "many" else 0.4
        noise = np.random.default_rng(condition.seed).standard_normal((32, 32))
        return np.clip(level + self.kept["noise"] * noise, 0, 1).astype(np.float32)


def ready(**changes: Any) -> Any:
    return type("Broken", (Ready,), {"__qualname__": "<broken>", **changes})()


class NoDefault(BaseModel):
    noise: float


def painted(change):
    """Make a `_paint` that changes what the sound one gives."""
    return lambda self, condition: change(Sound._paint(self, condition), condition)


def bright(frame):
    return np.minimum(frame + np.float32(0.25), np.float32(1.0))


SHARED: dict[int, np.ndarray] = {}


def shared(self, condition):
    """Give the same array each time."""
    key = hash((condition.seed, id(type(self)), condition.mask is None or condition.mask.tobytes()))
    return SHARED.setdefault(key, Sound._paint(self, condition))


def darkens_mask(self, condition):
    frame = Sound._paint(self, condition)
    condition.mask[:] = False
    return frame


def lenient(self, condition):
    """Take any condition."""
    known = condition.diagnosis if condition.diagnosis in self.kept.get("levels", {}) else None
    return Sound._paint(self, replace(condition, diagnosis=known))


def any_mask(self, condition):
    if condition.mask is not None and self.format is not None:
        mask = np.zeros(self.format.shape_px, bool)
        mask[: condition.mask.shape[0]] = condition.mask[: mask.shape[0]]
        condition = replace(condition, mask=mask)
    return Sound._paint(self, condition)


def maskless(self, condition):
    """Give a frame without a mask too."""
    if condition.mask is None and self.format is not None:
        condition = replace(condition, mask=np.zeros(self.format.shape_px, bool))
    return Sound._paint(self, condition)


def plain_error(self, condition):
    if condition.mask is None and self.format is not None:
        raise KeyError("mask")
    return Sound._paint(self, condition)


def unlucky(self, conditions):
    return [np.roll(frame, len(conditions) - 1) for frame in Sound.generate(self, conditions)]


def chance(self, job):
    record = Sound.fit(self, job)
    self.kept["noise"] = float(np.random.random())  # noqa: NPY002
    return record


def worse_loaded(cls, folder, weights):
    made = Sound.from_pretrained.__func__(cls, folder, weights)
    made.kept["noise"] *= 2
    return made


def unloadable(cls, folder, weights):
    raise UnavailableError("no")


def saved_as(name, content=b"{}", without=()):
    def save(self, folder):
        Sound.save_pretrained(self, folder)
        (folder / name).write_bytes(content)
        for other in without:
            (folder / other).unlink()

    return save


def careless_load(cls, folder, weights):
    made = cls()
    made.kept = json.loads((folder / "generator.json").read_text())
    made.format = FrameFormat(*(tuple(v) if isinstance(v, list) else v for v in made.kept["format"].values()))
    return made


def blind_load(cls, folder, weights):
    """Take the noise from a file of its own, and another one where that is short."""
    made = Sound.from_pretrained.__func__(cls, folder, weights)
    text = (folder / "noise.txt").read_text()
    made.kept["noise"] = made.kept["noise"] if text == "sound" else 0.9
    return made


def writing_plan(self, job):
    job.folder.mkdir(parents=True)
    (job.folder / "plan.json").write_text("{}")
    return Sound.plan(self, job)


def bad_samples(self, job):
    record = Sound.fit(self, job)
    job.on_samples(7, self.generate(job.samples))
    return record


def fewer_diagnoses(self, job):
    return Sound.fit(self, replace(job, classes=job.classes[:1]))


def large(self, job):
    record = Sound.fit(self, job)
    self.format = replace(self.format, pixel_size_um=1.0)
    return record


def unrecorded(self, job):
    Sound.fit(self, job)


def odd_progress(self, job):
    job.progress("learning", 5, 4)
    return Sound.fit(self, job)


def fickle_identity(self):
    return f"sound {np.random.random()}"  # noqa: NPY002


BREACHES: dict[str, tuple[Any, str]] = {
    "nameless": (lambda: broken(name=""), "'name' must be a text that is not empty"),
    "no capabilities": (lambda: broken(capabilities={}), "'capabilities' must be a Capabilities, not dict"),
    "no method": (lambda: broken(plan=None), "The method plan.. is missing"),
    "silent": (lambda: broken(capabilities=replace(CAN, summary="")), "summary must say what it is"),
    "odd takes": (lambda: broken(capabilities=replace(CAN, takes=("sound",))), "takes must be a tuple of"),
    "odd needs": (lambda: broken(capabilities=replace(CAN, needs=("prompt",))), "needs must be among"),
    "untrainable": (lambda: broken(capabilities=replace(CAN, trainable=False)), "must be trainable"),
    "no side": (lambda: broken(capabilities=replace(CAN, side_multiple_px=0)), "must be at least 1"),
    "no memory": (lambda: broken(capabilities=replace(CAN, training_memory_gib=-1)), "memory from 0"),
    "setting": (lambda: broken(settings_model=NoDefault), "Each setting must have a default"),
    "arguments": (lambda: Wilful(1), "must be made without arguments"),
    "early format": (lambda: broken(format=FrameFormat((64, 64), 1.0)), "a new one's format must be None"),
    "early frames": (
        lambda: broken(_paint=lambda self, c: np.zeros((64, 64), np.float32)),
        "generate.. of a new one must be refused by UnavailableError, but was not",
    ),
    "writing plan": (lambda: broken(plan=writing_plan), "plan.. must write nothing .* but wrote plan.json"),
    "wrong plan": (
        lambda: broken(plan=lambda self, job: replace(Sound.plan(self, job), steps=9)),
        "plan...steps must be what fit.. then takes, not 9 for 1",
    ),
    "impossible plan": (
        lambda: broken(plan=lambda self, job: replace(Sound.plan(self, job), n_trained=9)),
        "numbers that can be",
    ),
    "endless plan": (
        lambda: broken(plan=lambda self, job: replace(Sound.plan(self, job), memory_gib=float("nan"))),
        "memory_gib must be a number from 0, not nan",
    ),
    "no plan": (lambda: broken(plan=lambda self, job: None), "must give a TrainingPlan, not NoneType"),
    "no record": (lambda: broken(fit=unrecorded), "must give a GeneratorRecord, not NoneType"),
    "format": (lambda: broken(fit=large), "must be that of the training frames"),
    "diagnoses": (lambda: broken(fit=fewer_diagnoses), "format.diagnoses must be the job's"),
    "samples": (lambda: broken(fit=bad_samples), "told steps in order, from 0 to 1, not .7."),
    "progress": (lambda: broken(fit=odd_progress), "must be told a stage, done and total"),
    "chance": (lambda: broken(fit=chance), "The same job in another folder must give the same generator"),
    "forgetful": (lambda: forgetful(), "A training cut short and gone on with must give the same generator"),
    "anonymous": (lambda: broken(identity=""), "'identity' must be a text that is not empty"),
    "fickle": (lambda: broken(identity=property(fickle_identity)), "identity must stay the same"),
    "tuple": (lambda: broken(generate=lambda self, c: tuple(Sound.generate(self, c))), "must give a list"),
    "double": (lambda: broken(_paint=painted(lambda f, c: f.astype(float))), "must be float32, not float64"),
    "small": (lambda: broken(_paint=painted(lambda f, c: f[1:])), "must have the format's shape"),
    "nan": (lambda: broken(_paint=painted(lambda f, c: f * np.float32("nan"))), "must be finite"),
    "range": (lambda: broken(_paint=painted(lambda f, c: f * 255)), "must lie in .0, 1."),
    "shared": (lambda: broken(_paint=shared), "The same conditions must give the same frames again"),
    "batch": (lambda: broken(generate=unlucky), "decided by its condition alone"),
    "changes": (lambda: broken(_paint=darkens_mask), "must not change the masks"),
    "seedless": (
        lambda: broken(_paint=lambda self, c: Sound._paint(self, replace(c, seed=0))),
        "Another seed must give another frame",
    ),
    "undiagnosed": (
        lambda: broken(
            _paint=lambda self, c: Sound._paint(
                self, replace(c, diagnosis=c.diagnosis if c.diagnosis not in ("few", "many") else None)
            )
        ),
        "takes the condition 'diagnosis', but another one changes nothing",
    ),
    "prompted": (
        lambda: broken(_paint=painted(lambda f, c: bright(f) if c.prompt else f)),
        "does not say that it takes the condition 'prompt', but that one changes",
    ),
    "prudish": (lambda: broken(_paint=prudish), "'prompt', so that one must be passed over, not refused"),
    "maskless": (lambda: broken(_paint=maskless), "needs the condition 'mask', so one without it must be"),
    "error": (lambda: broken(_paint=plain_error), "must be refused by UnavailableError, not KeyError"),
    "needs more": (lambda: broken(capabilities=replace(CAN, needs=())), "needs nothing, but refuses"),
    "lenient": (lambda: broken(_paint=lenient), "A diagnosis that the format does not name must be refused"),
    "any mask": (lambda: broken(_paint=any_mask), "A mask of another shape .* must be refused"),
    "own masks": (lambda: broken(own_masks=lambda self, c: [np.ones(3)] * 2), "own_masks.. must give"),
    "provenance": (lambda: broken(provenance=lambda self, c: [{"step": 3}] * 2), "provenance.. must give"),
    "no seeds": (lambda: broken(seeds_of=lambda self, diagnosis: []), "must give at least one seed"),
    "trains": (lambda: ready(fit=Sound.fit), "not trainable, so fit.. must be refused"),
    "no format": (lambda: Formless(), "'format' must be a FrameFormat"),
    "odd side": (
        lambda: ready(capabilities=replace(Ready.capabilities, side_multiple_px=48)),
        "multiples of 48 px, but its frames are .32, 32.",
    ),
    "idle diagnoses": (
        lambda: ready(capabilities=replace(Ready.capabilities, takes=())),
        "format.diagnoses must be empty where it takes no diagnosis",
    ),
    "unsaved": (lambda: broken(save_pretrained=lambda self, folder: None), "must write into the folder"),
    "pickled": (lambda: broken(save_pretrained=saved_as("w.bin", pickle.dumps([1]))), "w.bin is .* a pickle"),
    "unnamed": (
        lambda: broken(save_pretrained=saved_as("other.json", without=["generator.json"])),
        "must write generator.json with the name 'sound'",
    ),
    "unloadable": (
        lambda: broken(from_pretrained=classmethod(unloadable)),
        "What it has saved it must load again, but: no",
    ),
    "louder": (
        lambda: broken(
            from_pretrained=classmethod(worse_loaded), identity=property(lambda self: str(self.format))
        ),
        "Loaded again, it must give identical frames",
    ),
    "another": (lambda: broken(from_pretrained=classmethod(worse_loaded)), "its identity must be the same"),
    "careless": (
        lambda: broken(from_pretrained=classmethod(careless_load)),
        "Loading an empty folder must be refused by UnavailableError, not FileNotFoundError",
    ),
    "blind": (
        lambda: broken(
            from_pretrained=classmethod(blind_load), save_pretrained=saved_as("noise.txt", b"sound")
        ),
        "With noise.txt cut short, .* but gave other frames",
    ),
}


class Formless(Ready):
    __qualname__ = "<formless>"

    def __init__(self, settings=None):
        super().__init__(settings)
        self.format = None


class Wilful(Sound):
    __qualname__ = "<wilful>"

    def __init__(self, colour):
        self.colour = colour


def forgetful() -> Any:
    return type("Forgetful", (Learning,), {"__qualname__": "<forgetful>", "forgets": True})()


def prudish(self, condition):
    if condition.prompt:
        raise CcmevalError("No words, please.")
    return Sound._paint(self, condition)


@pytest.mark.parametrize("breach", BREACHES)
def test_each_breach_is_told(breach: str) -> None:
    make, sentence = BREACHES[breach]
    with pytest.raises(AssertionError, match=sentence):
        check_generator(make(), size_px=32)


def test_unknown_name() -> None:
    with pytest.raises(UnavailableError, match="No generator is called 'magic'"):
        check_generator("magic")


IN_A_MODULE = '''
from paint_generator import PaintGenerator

class Heavy(PaintGenerator):
    def __init__(self):
        import jax

class Salted(PaintGenerator):
    """Frames hang on the salt of this process's hashes."""
    def _paint(self, mask, rng):
        return (super()._paint(mask, rng) + hash("salt") % 97 / 1000).clip(0, 1).astype("float32")
'''


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("Heavy", "Making the generator must import nothing heavy, but jax got loaded"),
        ("Salted", "In a fresh process, it must give identical frames"),
    ],
)
def test_breaches_of_a_fresh_process(
    kind: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "strange_generators.py").write_text(IN_A_MODULE)
    (tmp_path / "jax.py").write_text("")
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "generators")
    monkeypatch.syspath_prepend(tmp_path)
    import strange_generators  # type: ignore[import-not-found]

    with pytest.raises(AssertionError, match=sentence):
        check_generator(getattr(strange_generators, kind)(), size_px=32)


def test_toy_job_holds_what_it_promises(tmp_path: Path) -> None:
    job = toy_generator_job(tmp_path / "job", size_px=32)
    assert job.train.pool.frames.shape == job.train.pool.masks.shape == (8, 32, 32)
    lines = [int((job.train.coverage(i) > 0).any(axis=1).sum()) for i in range(8)]
    assert lines == [2, 6, 2, 6, 2, 6, 0, 6]
    assert job.train.labels.tolist() == [0, 1, 0, 1, 0, 1, 0, -1]
    nerve, rest = job.train.coverage(1) > 0, job.train.coverage(1) == 0
    assert job.train.frame(1)[nerve].mean() > job.train.frame(1)[rest].mean() + 0.3
    assert not (tmp_path / "job").exists()
