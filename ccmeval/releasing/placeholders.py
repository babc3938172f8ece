"""What a datasheet asks of its publisher, since no program can know it."""

from __future__ import annotations

from typing import Final

PLACEHOLDERS: Final[dict[str, str]] = {
    "purpose": "For which purpose was the set made, and which gap does it fill?",
    "creators": "Who made the set, and on behalf of which institution?",
    "funding": "Who paid for it?",
    "consent": "Which ethics approval and consent cover the real frames that the generator learnt from, and"
    " do they cover publishing what was derived from them?",
    "acquisition": "How were those real frames acquired: device, region of the cornea, depth, operators,"
    " dates?",
    "population": "Who are the subjects behind them: recruitment, ages, sexes, diabetes and neuropathy"
    " criteria?",
    "selection": "Were frames chosen by eye, and by what rule were others left out before the set was"
    " scored?",
    "used_for": "What has the set been used for so far?",
    "restrictions": "Do export controls or terms of third parties restrict it?",
    "distribution": "Where and under which persistent identifier (DOI) is it distributed, and since when?",
    "maintainer": "Who maintains it, and for how long?",
    "errata": "Where are errors reported and corrections listed?",
    "updates": "Will it be updated, and do older versions stay available?",
}
"""Question by the name under which `--words FILE.yaml` answers it."""
