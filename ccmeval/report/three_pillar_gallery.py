"""Galleries of the three-pillar page: frames matched by diagnosis, and near-duplicates side by side."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from ccmeval.evaluation.schema import SetFrame, ThreePillarResult
from ccmeval.fidelity.schema import NearPair
from ccmeval.morphometry.definitions import PRIMARY, definition
from ccmeval.report.numbers import biomarker_text, number_text
from ccmeval.report.three_pillar_pictures import PictureSource
from ccmeval.report.three_pillar_words import SET_WORDS, set_named
from ccmeval.report.view import link

QUANTILES = (0.1, 0.37, 0.63, 0.9)
"""Of CNFL within diagnosis and set: neither set shows only its best frames."""

MOST_GALLERIES = 6
MOST_NEAR_PAIRS = 12
MOST_BYTES = 6_000_000
"""Of all pictures together, as they stand in the page."""


@dataclass(frozen=True)
class Shot:
    """A frame in a gallery."""

    picture: str
    overlay: str
    name: str
    words: str
    address: str


@dataclass(frozen=True)
class Row:
    """The frames of one set."""

    title: str
    shots: list[Shot]


@dataclass(frozen=True)
class Gallery:
    """The rows of one diagnosis."""

    title: str
    rows: list[Row]


@dataclass(frozen=True)
class Near:
    """A synthetic frame beside the real frame that it is nearest to."""

    synth: Shot
    real: Shot
    words: str
    is_copy: bool


class Album:
    """Embeds pictures as long as there is room for them.

    Parameters
    ----------
    pictures : PictureSource
    room : int
        Bytes that all together may take.
    """

    def __init__(self, pictures: PictureSource, room: int = MOST_BYTES) -> None:
        self.pictures, self.room = pictures, room

    def shot(self, name: str, key: str, frame: str, words: str = "", *, overlay: bool = True) -> Shot:
        """Embed a frame; without picture it has its words alone."""
        picture = self._embedded(self.pictures.thumbnail(name, key)) if key else ""
        drawn = self._embedded(self.pictures.overlay(name, key)) if key and overlay and picture else ""
        address = (self.pictures.address(name, key) or "") if picture else ""
        return Shot(picture, drawn, frame, words, address)

    def file(self, path: str, name: str, words: str = "") -> Shot:
        """Embed a picture that lies in the run's folder; without it the shot has its words alone."""
        picture = self._embedded(self.pictures.file(path))
        return Shot(picture, "", name, words, link(path) if picture else "")

    def _embedded(self, data: bytes | None) -> str:
        if not data:
            return ""
        kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
        text = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
        if len(text) > self.room:
            return ""
        self.room -= len(text)
        return text


def chosen_frames(frames: Sequence[SetFrame]) -> list[SetFrame]:
    """Choose frames at fixed quantiles of CNFL, or evenly along the list where none has a value.

    Examples
    --------
    >>> rows = [SetFrame(frame=str(i), key=str(i), cluster=str(i), biomarkers={"cnfl_mm_per_mm2": float(i)})
    ...         for i in range(11)]
    >>> [row.frame for row in chosen_frames(rows)]
    ['1', '4', '6', '9']
    """
    column = PRIMARY[0]
    known = [row for row in frames if row.status == "measured"]
    with_value = [row for row in known if row.biomarkers.get(column) is not None]
    ranked = sorted(with_value, key=lambda row: (row.biomarkers[column] or 0.0, row.frame)) or known
    if not ranked:
        return []
    places = dict.fromkeys(round(share * (len(ranked) - 1)) for share in QUANTILES)
    return [ranked[place] for place in places]


def galleries(result: ThreePillarResult, album: Album) -> list[Gallery]:
    """Make the galleries, real over synthetic, one a diagnosis; none without pictures.

    Examples
    --------
    >>> from ccmeval.report.three_pillar_pictures import NoPictures
    >>> galleries(ThreePillarResult(created=""), Album(NoPictures()))
    []
    """
    sets = [it for it in (set_named(result, "real"), set_named(result, "synth")) if it and it.frames]
    found: list[Gallery] = []
    for diagnosis in dict.fromkeys(row.diagnosis for it in sets for row in it.frames):
        rows = []
        for it in sets:
            chosen = chosen_frames([row for row in it.frames if row.diagnosis == diagnosis])
            shots = [album.shot(it.name, row.key, row.frame, _words(row)) for row in chosen]
            rows.append(Row(SET_WORDS[it.name], [shot for shot in shots if shot.picture]))
        if any(row.shots for row in rows):
            found.append(Gallery(diagnosis or "All frames", [row for row in rows if row.shots]))
        if len(found) == MOST_GALLERIES:
            break
    return found


def _words(row: SetFrame) -> str:
    meaning = definition(PRIMARY[0])
    value = row.biomarkers.get(meaning.column)
    said = (
        [f"{meaning.label} {biomarker_text(value, meaning.unit)} {meaning.unit}"] if value is not None else []
    )
    return "; ".join([*said, *row.quality_flags])


def near_pairs(result: ThreePillarResult, album: Album) -> list[Near]:
    """Show the synthetic frames that come nearest to real ones, copies first.

    Examples
    --------
    >>> from ccmeval.report.three_pillar_pictures import NoPictures
    >>> near_pairs(ThreePillarResult(created=""), Album(NoPictures()))
    []
    """
    pairs = result.fidelity.near_pairs if result.fidelity else []
    ordered = sorted(pairs, key=lambda it: not it.is_copy)
    return [_near(it, album) for it in ordered[:MOST_NEAR_PAIRS]]


def _near(it: NearPair, album: Album) -> Near:
    limit = f"; a copy from {number_text(it.threshold)}" if it.threshold is not None else ""
    words = f"{it.method}: {number_text(it.value)}{limit}; synthetic frame {it.transform}"
    return Near(
        album.shot("synth", it.synth_key, it.synth, overlay=False),
        album.shot("real", it.real_key, it.real, overlay=False),
        words,
        it.is_copy,
    )
