"""Making a study: who is drawn, what the form shows and what it must not tell."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import stat
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ccmeval.cohort.record import Record
from ccmeval.errors import CcmevalError, SettingsMismatchError
from ccmeval.phantom import PhantomSettings, write_cohort
from ccmeval.phantom.synthetic import write_synthetic
from ccmeval.readers import StudySettings, make_study
from ccmeval.readers.candidates import Candidate, SetToRead
from ccmeval.readers.choosing import choose, ordered
from ccmeval.readers.display import Display, choose_display, fits, shown_levels
from ccmeval.readers.form_page import FOLDER, ShownItem, render_form
from ccmeval.readers.study import Study
from tests.readers.made import key_of

SMALL = PhantomSettings(shape_px=(96, 96))


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    write_cohort(folder / "real", frames=18, seed=5, frames_per_subject=2, settings=SMALL)
    write_synthetic(folder / "synth", frames=18, seed=5, frames_per_subject=2, settings=SMALL)
    return folder


def made(sets: Path, out: Path, **more: object) -> Study:
    settings = StudySettings.model_validate({"n": 12, "question": "both", "repeats": 0.35, **more})
    return make_study(SetToRead(sets / "real"), SetToRead(sets / "synth"), out, settings)


def candidate(number: int, truth: str, diagnosis: str | None = None, subject: str | None = None) -> Candidate:
    record = Record(f"{truth}{number}.png", f"{number}", Path(f"{truth}{number}.png"), diagnosis=diagnosis)
    cluster = subject or f"{truth} frame {number}"
    return Candidate(truth, record, f"{truth}{number}", (96, 96), 1.0, 8, subject, cluster)  # type: ignore[arg-type]


def pool(per_diagnosis: dict[str, dict[str, int]], subjects: int) -> list[Candidate]:
    found = []
    for truth, counts in per_diagnosis.items():
        for diagnosis, count in counts.items():
            for i in range(count):
                found.append(candidate(len(found), truth, diagnosis, f"{diagnosis}{i % subjects}"))
    return found


def test_frames_are_balanced_and_stratified_with_few_of_a_subject() -> None:
    counts = {"real": {"A": 20, "B": 9, "C": 3}, "synthetic": {"A": 30, "B": 30, "C": 30}}
    found = choose(pool(counts, 10), 30, 2, np.random.default_rng(0), stratify=True)
    by = Counter((it.truth, it.record.diagnosis) for it in found)
    assert by == {(t, d): n for t in ("real", "synthetic") for d, n in (("A", 6), ("B", 6), ("C", 3))}
    assert max(Counter((it.truth, it.cluster) for it in found).values()) <= 2
    assert len({it.sha256 for it in found}) == 30


def test_subjects_are_spread_before_one_is_shown_twice() -> None:
    counts = {"real": {"A": 30}, "synthetic": {"A": 30}}
    found = choose(pool(counts, 6), 12, 3, np.random.default_rng(0), stratify=True)
    assert set(Counter((it.truth, it.cluster) for it in found).values()) == {1}


def test_too_few_frames_are_refused_with_what_is_possible() -> None:
    counts = {"real": {"A": 20}, "synthetic": {"A": 20}}
    with pytest.raises(CcmevalError, match=r"-n 20 .* at most 2 of a subject: about 12 can"):
        choose(pool(counts, 3), 20, 2, np.random.default_rng(0), stratify=True)


def test_every_frame_is_as_likely_to_be_drawn() -> None:
    frames = [candidate(i, truth) for truth in ("real", "synthetic") for i in range(8)]
    drawn: Counter[str] = Counter()
    for seed in range(400):
        drawn.update(it.sha256 for it in choose(frames, 8, 1, np.random.default_rng(seed), stratify=False))
    assert all(160 < drawn[it.sha256] < 240 for it in frames)  # 200 expected, SD 10


def test_order_is_random_and_repeats_lie_far_behind() -> None:
    frames = [candidate(i, truth) for truth in ("real", "synthetic") for i in range(20)]
    firsts: Counter[str] = Counter()
    for seed in range(200):
        order = ordered(frames, 8, np.random.default_rng(seed))
        again = [(place, it.repeat_of) for place, it in enumerate(order) if it.repeat_of is not None]
        assert len(order) == 48
        assert len(again) == 8
        for place, before in again:
            assert before is not None
            assert order[place].candidate is order[before].candidate
            assert place - before >= 6
        firsts[order[0].candidate.truth] += 1
    assert 70 < firsts["real"] < 130


def test_frames_of_two_scales_are_shown_alike(sets: Path, tmp_path: Path) -> None:
    fine = PhantomSettings(shape_px=(160, 150), pixel_size_um=0.7)
    write_cohort(tmp_path / "fine", frames=3, seed=2, settings=fine)
    from ccmeval.readers.candidates import read_candidates

    candidates, _ = read_candidates(SetToRead(sets / "real"), SetToRead(tmp_path / "fine"))
    display = choose_display(candidates)
    assert all(fits(it, display) for it in candidates)
    shapes = {shown_levels(it, display).shape for it in candidates}
    assert shapes == {display.shape_px}
    assert any("averaged" in note for note in display.notes)


def test_a_smaller_frame_is_not_shown() -> None:
    from ccmeval.cohort import CommonScale

    display = Display(CommonScale(1.0, (96.0, 96.0)), (95, 95))
    assert fits(candidate(1, "real"), display)
    small = candidate(1, "real")
    assert not fits(Candidate(**{**small.__dict__, "shape": (90, 96)}), display)


def test_the_form_holds_no_truth(sets: Path, tmp_path: Path) -> None:
    study = made(sets, tmp_path)
    text = study.form.read_text(encoding="utf-8")
    page = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", text)
    for it in study.key.items:
        for secret in (it.frame, Path(it.frame).stem, it.sha256, it.subject or it.sha256):
            assert secret not in page
    for secret in ("seed", str(tmp_path), str(sets), "truth", "repeat", "identity"):
        assert secret not in page
    told = json.loads(re.search(r'id="study">(.*?)</script>', text, re.S)[1])  # type: ignore[index]
    assert told.keys() == {"study", "title", "asksReal", "asksDiagnosis", "diagnoses", "items"}
    assert all(it.keys() == {"item", "picture"} for it in told["items"])
    assert [it["item"] for it in told["items"]] == [it.item for it in study.key.items]


def test_nothing_in_a_picture_tells_the_sets_apart(sets: Path, tmp_path: Path) -> None:
    # The synthetic set as TIFF of 16 bits with a description, the real one as it is.
    other = tmp_path / "other"
    for path in sorted((sets / "synth").rglob("frames/**/*.png")):
        target = other / path.relative_to(sets / "synth" / "frames").with_suffix(".tif")
        target.parent.mkdir(parents=True, exist_ok=True)
        import tifffile

        deep = np.asarray(Image.open(path)).astype(np.uint16) * 257
        tifffile.imwrite(target, deep, description="made by a generator")
    settings = StudySettings(n=8, question="both", repeats=0.0)
    study = make_study(
        SetToRead(sets / "real"), SetToRead(other, field_of_view_um=100.0), tmp_path / "out", settings
    )
    text = study.form.read_text(encoding="utf-8")
    found = [base64.b64decode(it) for it in re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", text)]
    assert len(found) == 8
    assert len({len(it) for it in found}) == 1
    kinds = set()
    for data in found:
        with Image.open(io.BytesIO(data)) as picture:
            kinds.add((picture.mode, picture.size, tuple(picture.info)))
        kinds.add(tuple(re.findall(rb"IHDR|IDAT|IEND|tEXt|iTXt|tIME|pHYs|sBIT|gAMA|eXIf", data)))
    assert len(kinds) == 2
    assert b"generator" not in b"".join(found)
    assert any("16" in note for note in study.key.notes)


def test_pictures_are_the_frames(sets: Path, tmp_path: Path) -> None:
    study = made(sets, tmp_path)
    text = study.form.read_text(encoding="utf-8")
    found = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", text)
    for it, data in zip(study.key.items, found, strict=True):
        folder = sets / ("real" if it.truth == "real" else "synth")
        shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
        original = np.asarray(Image.open(folder / it.frame))
        height, width = shown.shape
        top, left = (96 - height) // 2, (96 - width) // 2
        assert np.array_equal(shown, original[top : top + height, left : left + width])


def test_the_form_allows_no_network_and_only_its_own_script(sets: Path, tmp_path: Path) -> None:
    text = made(sets, tmp_path).form.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]  # type: ignore[index]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    import hashlib

    for name, tag in (("form.js", "script"), ("form.css", "style")):
        content = (FOLDER / name).read_text(encoding="utf-8")
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        assert f"<{tag}>{content}</{tag}>" in text
    page = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", text)
    assert not re.search(r"https?://|<iframe|<object|fetch\(|XMLHttpRequest|sendBeacon|WebSocket", page)


def test_texts_of_the_study_cannot_leave_their_place() -> None:
    key = key_of(["real", "synthetic"], title="</title><script>x</script>", diagnoses=["A", "B"])
    key = key.model_copy(update={"diagnoses": ["</script><b>", "B"]})
    text = render_form(key, [ShownItem("001", "data:,")])
    assert "<script>x" not in text
    assert "</script><b>" not in text


def test_the_key_is_private_and_a_study_is_not_overwritten(sets: Path, tmp_path: Path) -> None:
    first = made(sets, tmp_path)
    assert stat.S_IMODE((tmp_path / "key.json").stat().st_mode) == 0o600
    again = made(sets, tmp_path)
    assert again.was_there
    assert again.key == first.key
    with pytest.raises(SettingsMismatchError, match="holds another study"):
        made(sets, tmp_path, seed=1)


def test_the_same_seed_gives_the_same_form_and_a_lost_key_is_made_again(sets: Path, tmp_path: Path) -> None:
    first = made(sets, tmp_path / "a")
    text = first.form.read_bytes()
    (tmp_path / "a" / "key.json").unlink()  # as after a kill between form and key
    assert made(sets, tmp_path / "a").form.read_bytes() == text
    other = made(sets, tmp_path / "b", seed=1)
    assert other.key.study != first.key.study
    assert [it.frame for it in other.key.items] != [it.frame for it in first.key.items]


def test_questions_that_cannot_be_asked_are_refused(sets: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in (sets / "synth").rglob("frames/**/*.png"):
        shutil.copy(path, flat / path.name)
    synth = SetToRead(flat, field_of_view_um=100.0)
    with pytest.raises(CcmevalError, match="--question real"):
        make_study(SetToRead(sets / "real"), synth, tmp_path / "o", StudySettings(n=4, question="both"))
    study = make_study(SetToRead(sets / "real"), synth, tmp_path / "o", StudySettings(n=4))
    assert not study.key.by_subject
    with pytest.raises(CcmevalError, match="stand in both sets"):
        make_study(SetToRead(sets / "real"), SetToRead(sets / "real"), tmp_path / "p", StudySettings(n=4))


@pytest.mark.parametrize("wrong", [{"n": 5}, {"n": 2}, {"margin": 0.5}, {"question": "age"}])
def test_settings_out_of_bounds(wrong: dict[str, object]) -> None:
    from pydantic import ValidationError

    with pytest.raises(ValidationError):
        StudySettings.model_validate({"n": 12, **wrong})


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_script_keeps_and_writes_answers(tmp_path: Path) -> None:
    from ccmeval.readers.answers import read_answers

    key = key_of(["real", "synthetic", "real", "synthetic"], diagnoses=["Control", "T1DPN"] * 2)
    study = {
        "study": "abc",
        "asksReal": True,
        "asksDiagnosis": True,
        "diagnoses": key.diagnoses,
        "items": [{"item": it.item} for it in key.items],
    }
    code = f"""
    const form = require({json.dumps(str(FOLDER / "form.js"))});
    const study = {json.dumps(study)};
    const state = form.emptyState(study);
    state.reader = "=R, 1";
    state.answers["001"] = {{ real: "synthetic", diagnosis: "Control", seconds: 1.26 }};
    state.answers["002"] = {{ real: "real", seconds: 2 }};
    const back = form.restored(study, JSON.stringify({{ ...state, place: 99 }}));
    console.log(JSON.stringify({{
      answered: form.answeredCount(study, state), open: form.firstOpen(study, state), place: back.place,
      other: form.restored(study, JSON.stringify({{ ...state, study: "x" }})),
      bad: form.restored(study, "{{"),
      name: form.fileName(state, "json"), choices: form.choicesOf(study),
      json: form.answersDocument(study, state, "now"), csv: form.answersCsv(study, state),
    }}));
    """
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert (found["answered"], found["open"], found["place"]) == (1, 1, 3)
    assert found["other"] is None
    assert found["bad"] is None
    assert found["name"] == "answers-abc-_R_1.json"
    assert [it[2] for it in found["choices"]["real"] + found["choices"]["diagnosis"]] == ["1", "2", "A", "B"]
    for name, text in (("a.json", json.dumps(found["json"])), ("a.csv", found["csv"])):
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        answers = read_answers(tmp_path / name, key)
        assert answers.reader == "=R, 1"
        assert answers.real == {"001": "synthetic", "002": "real"}
        assert answers.diagnosis == {"001": "Control"}
        assert answers.seconds["001"] == pytest.approx(1.3)
        assert answers.notes
