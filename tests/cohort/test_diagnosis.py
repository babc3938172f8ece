"""Known names of diagnoses fold; everything else stays the user's."""

import pytest

from ccmeval.cohort import ALIASES, fold_diagnosis


@pytest.mark.parametrize(
    ("diagnosis", "names"),
    [
        ("Control", ["Control", "control", "Controls", "healthy", "Healthy Controls", "HC", "normal"]),
        (
            "T1NoDPN",
            [
                "T1NoDPN",
                "T1noDPN",
                "T1 no DPN",
                "T1DM without DPN",
                "t1dm_nodpn",
                "Type 1 no DPN",
                "T1D-noDPN",
            ],
        ),
        ("T1DPN", ["T1DPN", "T1DM with DPN", "T1 DPN", "type1_dpn", "T1DM-DPN", "T1DM+DPN"]),
        ("T2NoDPN", ["T2noDPN", "T2DM without DPN"]),
        ("T2DPN", ["T2DPN", "T2DM with DPN"]),
    ],
)
def test_known_names(diagnosis: str, names: list[str]) -> None:
    assert [fold_diagnosis(name) for name in names] == [diagnosis] * len(names)


@pytest.mark.parametrize(
    "own",
    [
        "Mild",
        "Keratoconus",
        "DPN",
        "diabetic",
        "T1DM DPN-",
        "T1DPN+",
        "P001",
        "Контроль",
        "T1",
        "No DPN",
        "1",
    ],
)
def test_own_labels(own: str) -> None:
    # "T1DM DPN-" means without: folded by its letters it would become its opposite.
    assert fold_diagnosis(f" {own} ") == own


def test_nothing_is_no_diagnosis() -> None:
    assert [fold_diagnosis(label) for label in (None, "", "  ")] == [None, None, None]


def test_no_alias_says_two_things() -> None:
    for alias, diagnosis in ALIASES.items():
        assert ("no" in alias.replace("normal", "") or "without" in alias or "wo" in alias) == (
            "No" in diagnosis
        )
