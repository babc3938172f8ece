"""Small matrices of who is placed above whom, one a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ccmeval.comparison.schema import CompareResult, Ranking
from ccmeval.report import three_pillar_svg as svg
from ccmeval.report.comparison_ranks import leading, placed_of
from ccmeval.report.comparison_words import ranking_title, scored
from ccmeval.report.three_pillar_utility_marks import SMALL_PX

MOST_MATRIX_SETS = 16
SIGNS = {"above": "▲", "below": "▼", "neither": "○", "": ""}
_LEFT_PX, _TOP_PX = 92, 22


@dataclass(frozen=True)
class Matrix:
    """The placements of one ranking: ``cells[i][j]`` tells where set i is placed against set j."""

    title: str
    names: Sequence[str]
    cells: Sequence[Sequence[str]]


def matrices(result: CompareResult) -> list[Matrix]:
    """Give the placements of all rankings over all frames that rank; none of more sets than a page holds."""
    names = [it.name for it in scored(result)]
    if not 1 < len(names) <= MOST_MATRIX_SETS:
        return []
    return [
        matrix_of(it, names, ranking_title(result, it))
        for it in result.rankings
        if it.status == "ranked" and it.pairs and it.scope == "pooled"
    ]


def matrix_of(it: Ranking, names: Sequence[str], title: str) -> Matrix:
    """Give the placements of a ranking."""
    return Matrix(title, names, [[placed_of(it, one, other) for other in names] for one in names])


def matrix_figure(it: Matrix) -> Markup:
    """Draw a matrix: triangle up where the set of the row is placed above that of the column."""
    side = min(26.0, round((SMALL_PX - _LEFT_PX - 4) / len(it.names), 1))
    body = []
    for i, name in enumerate(it.names):
        top = _TOP_PX + side * i
        own = leading(name, i + 1)
        label = name if name.startswith(f"{own} ") else f"{own} {name}"
        body.append(
            svg.label(_LEFT_PX - 5, top + side / 2 + 4, label, kind="name head", room_px=1.2 * _LEFT_PX - 8)
        )
        middle = round(_LEFT_PX + side * (i + 0.5), 1)
        body.append(svg.label(middle, _TOP_PX - 6, own, kind="inside head", room_px=side))
        body += [
            _cell(_LEFT_PX + side * j, top, side, it.cells[i][j]) for j in range(len(it.names)) if j != i
        ]
    return svg.figure(body, height=_TOP_PX + side * len(it.names) + 4, alt=_alt(it), width=SMALL_PX)


def _cell(x: float, y: float, side: float, placed: str) -> Markup:
    rect = Markup(
        '<rect class="cell placed-{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
    ).format(placed or "none", x + 0.5, y + 0.5, side - 1, side - 1)
    sign = SIGNS[placed]
    return rect + svg.label(round(x + side / 2, 1), round(y + side / 2 + 4, 1), sign, kind="inside")


def _alt(it: Matrix) -> str:
    said = [
        f"{name} above {', '.join(it.names[j] for j, placed in enumerate(row) if placed == 'above')}"
        for name, row in zip(it.names, it.cells, strict=True)
        if "above" in row
    ]
    return f"Placements by {it.title}: {'; '.join(said) or 'no set is placed above another'}."
