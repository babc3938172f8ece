"""Plug-ins are listed before they are loaded, and a broken one spoils only itself."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from ccmeval import plugins
from ccmeval.errors import UnavailableError


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> None:
    group = "ccmeval.segmenters"
    found = EntryPoints(
        [
            EntryPoint("good", "collections:OrderedDict", group),
            EntryPoint("gone", "no_such_package_anywhere:Thing", group),
            EntryPoint("broken", "fractions:Fraction.from_float", group),
        ]
    )
    monkeypatch.setattr(plugins, "entry_points", lambda group: found.select(group=group))


@pytest.mark.usefixtures("entries")
def test_all_are_listed_without_import() -> None:
    assert list(plugins.available("ccmeval.segmenters")) == ["broken", "gone", "good"]
    assert plugins.available("ccmeval.learners") == {}


@pytest.mark.usefixtures("entries")
def test_good_one_loads_beside_broken_ones() -> None:
    assert plugins.load("ccmeval.segmenters", "good") == {}


@pytest.mark.usefixtures("entries")
@pytest.mark.parametrize(("name", "reason"), [("gone", "ModuleNotFoundError"), ("broken", "TypeError")])
def test_broken_one_gives_its_reason(name: str, reason: str) -> None:
    with pytest.raises(UnavailableError, match=reason):
        plugins.load("ccmeval.segmenters", name)


@pytest.mark.usefixtures("entries")
def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(UnavailableError, match="No segmenter is called 'magic'; known: broken, gone, good"):
        plugins.load("ccmeval.segmenters", "magic")
