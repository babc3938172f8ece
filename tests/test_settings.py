"""Settings: one model for the YAML file and the command line, mistakes as one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccmeval.settings import FREE_TO_CHANGE, RunSettings, SettingsError, make_settings


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("pixel_size_um: 1.1\njobs: 3\nreading:\n  min_side_px: 70\n")
    made = make_settings(config, jobs=2, dask=None)
    assert (made.pixel_size_um, made.jobs, made.reading["min_side_px"]) == (1.1, 2, 70)


def test_a_way_of_scale_on_the_command_line_replaces_the_files(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("pixel_size_um: 1.1\nmasks: m\n")
    made = make_settings(config, field_of_view_um=400.0, traces=Path("t"))
    assert made.pixel_size_um is None
    assert (made.nerves_from, made.masks) == ("traces", None)


def test_parts_hold_all_defaults_and_come_back_as_models() -> None:
    made = RunSettings(morphometry={})
    assert made.morphometry == made.part("morphometry").model_dump(mode="json") != {}
    again = RunSettings.model_validate(made.model_dump(mode="json"))
    assert again == made


def test_only_the_segmenter_that_is_used_has_settings() -> None:
    for used, filled in (("theirs", set()), ("ridge", {"ridge"}), ("phantom-net", {"phantom_net"})):
        made = RunSettings(segmenter=used)
        assert {name for name in ("ridge", "phantom_net") if getattr(made, name)} == filled
        assert RunSettings.model_validate(made.model_dump(mode="json")) == made
        assert RunSettings(pixel_size_um=2.0).with_segmenter(used) == made.model_copy(
            update={"pixel_size_um": 2.0}
        )


def test_a_network_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"one")
    first = RunSettings(phantom_net={"weights": path})
    assert RunSettings.model_validate(first.model_dump(mode="json")) == first
    path.write_bytes(b"other")
    assert RunSettings(phantom_net={"weights": path}).identity() != first.identity()
    with pytest.raises(ValueError, match="another network than the one"):
        RunSettings.model_validate(first.model_dump(mode="json"))
    path.unlink()  # a report is read on another machine
    assert RunSettings.model_validate(first.model_dump(mode="json")) == first


def test_identity_leaves_out_what_may_change() -> None:
    one = RunSettings(jobs=1, covariates=("age",), subject_pattern="(.)")
    assert one.identity() == RunSettings(jobs=2).identity()
    assert one.identity() != RunSettings(pixel_size_um=1.0).identity()
    assert not FREE_TO_CHANGE & set(one.identity())


def test_identity_knows_folders_by_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert RunSettings(masks="m").identity() == RunSettings(masks=tmp_path / "m").identity()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pixle_size: 1", r"Setting in .*c.yaml pixle_size: no such setting\."),
        ("pixel_size_um: -1", r"pixel_size_um: input should be greater than 0 \(given: -1\)\."),
        ("jobs: many", r"jobs: .* \(given: 'many'\)\."),
        ("segmenter: ridge\nridge: {lo: 1}", r"ridge\.lo: no such setting\."),
        ("segmenter: ridge\nridge: 5", r"ridge: .*"),
        (
            "ridge: {low: 4}",
            r"ridge: the segmenter is 'phantom-net'; make it 'ridge', or leave this out",
        ),
        ("phantom_net: {lo: 1}", r"phantom_net\.lo: no such setting\."),
        ("phantom_net: {weights: no.onnx}", r"the network .*no.onnx does not exist"),
        (
            "pixel_size_um: 1\nfield_of_view_um: 400",
            r"^Settings in .*c.yaml: give the pixel size or the field of view, not both\.$",
        ),
        ("masks: a\ntraces: b", r"not both"),
        ("masks: a\nnerves_from: traces", r"a folder of masks is given, but nerves_from is 'traces'"),
        ("nerves_from: thumb", r"nerves_from: .*'segmenter'"),
        ("- a\n- b", r"must hold lines of the form 'name: value'"),
        ("a: [", r"is not valid YAML"),
        ("!!python/object/apply:os.system ['true']", r"is not valid YAML"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(text)
    with pytest.raises(SettingsError, match=sentence) as raised:
        make_settings(config)
    assert "\n" not in str(raised.value)


def test_two_ways_on_the_command_line_are_one_sentence() -> None:
    with pytest.raises(SettingsError, match=r"^Give masks or traces, not both\.$"):
        make_settings(masks=Path("a"), traces=Path("b"))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SettingsError, match=r"absent\.yaml cannot be read: No such file"):
        make_settings(Path("absent.yaml"))
