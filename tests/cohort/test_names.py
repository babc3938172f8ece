"""Keys are unique and safe whatever the names; order counts."""

import random
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from ccmeval.cohort.names import keys_of, natural, printable

NAMES = st.lists(
    st.text(st.characters(exclude_characters="\0/", exclude_categories=("Cs",)), min_size=1, max_size=60).map(
        lambda name: printable(name)
    ),
    unique=True,
    max_size=20,
)
SHORT = st.lists(st.text("aAbB._#12/-", min_size=1, max_size=6), unique=True, max_size=40)


@settings(max_examples=300, deadline=None)
@given(NAMES | SHORT)
def test_keys(frames: list[str]) -> None:
    keys = keys_of(frames)
    assert len(keys) == len(frames)
    # Neither a file system without case nor one that normalises may confuse two.
    assert len({unicodedata.normalize("NFC", key).casefold() for key in keys}) == len(keys)
    for key in keys:
        assert key
        assert len(key.encode()) <= 160
        assert not set(key) & set("/\\:*?\"<>|\n\r\t\0 ,;='&$`")
        assert key[0] not in ".-"
        assert key[-1] not in ". "


@settings(deadline=None)
@given(NAMES, st.randoms(use_true_random=False))
def test_a_key_does_not_depend_on_the_order(frames: list[str], shuffler: random.Random) -> None:
    mixed = frames.copy()
    shuffler.shuffle(mixed)
    assert dict(zip(frames, keys_of(frames), strict=True)) == dict(zip(mixed, keys_of(mixed), strict=True))


def test_plain_stems_stay() -> None:
    assert keys_of(["a/shOD1.jpg", "角膜.png", "stack.tif#12", "v1.2.tif"]) == [
        "shOD1",
        "角膜",
        "stack_p12",
        "v1.2",
    ]


def test_only_what_clashes_gets_a_hash() -> None:
    alone = keys_of(["a.png", "b.png"])
    with_others = keys_of(["a.png", "b.png", "sub/A.bmp", "c.png"])
    assert alone == ["a", "b"]
    assert with_others[1] == "b"
    assert with_others[0].startswith("a-")
    assert with_others[2].startswith("A-")


def test_reserved_names() -> None:
    for name in ("CON.png", "nul", "com1.tif", "LPT9.a.png"):
        assert keys_of([name])[0].startswith("_")


def test_names_that_look_like_pages_do_not_clash() -> None:
    keys = keys_of(["s.tif#1", "s_p1.tif"])
    assert len(set(keys)) == 2


def test_natural_order() -> None:
    names = ["10.tif", "9.tif", "1.tif", "b/2.tif", "a/10.tif", "a/9.tif", "s.tif#10", "s.tif#9"]
    assert sorted(names, key=natural) == [
        "1.tif",
        "9.tif",
        "10.tif",
        "a/9.tif",
        "a/10.tif",
        "b/2.tif",
        "s.tif#9",
        "s.tif#10",
    ]


@given(st.lists(st.text(max_size=8), unique=True))
def test_natural_order_is_total(names: list[str]) -> None:
    ordered = sorted(names, key=natural)
    mixed = list(reversed(names))
    assert sorted(mixed, key=natural) == ordered


def test_printable_is_fit_for_a_terminal() -> None:
    assert printable("a\x1b[2J\n.png") == "a\\x1b[2J\\n.png"
    assert printable(b"caf\xe9.png".decode("utf-8", "surrogateescape")) == "caf\\xe9.png"
    assert printable("角膜 é.png") == "角膜 é.png"
