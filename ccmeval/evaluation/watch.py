"""What a run gives away in passing, for those who hold several runs side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ccmeval.evaluation.fidelity_run import Features
    from ccmeval.utility.assembling import Trained
    from ccmeval.utility.group_scores import GroupScores
    from ccmeval.utility.schema import Group


class Watch:
    """Looks at nothing; a subclass keeps what it needs. Nothing of it changes a result."""

    def features(self, found: Features) -> None:
        """Take the features of one extractor in all sets."""

    def scores(self, trained: Trained, groups: Mapping[Group, GroupScores]) -> None:
        """Take what the models of a learner scored on the test frames and on draws of their subjects."""
