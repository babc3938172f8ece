"""From numbers to pass, fail or inconclusive: each by a criterion that names its limit and its source."""

from __future__ import annotations

from collections.abc import Sequence

from ccmeval.evaluation.criteria_fidelity import fidelity_criteria
from ccmeval.evaluation.criteria_preservation import DEFAULT_BAND, Band, preservation_criteria
from ccmeval.evaluation.criteria_utility import utility_criteria
from ccmeval.evaluation.schema import Criterion, Pillar, PillarVerdict, Verdict
from ccmeval.evaluation.settings import CriteriaSettings
from ccmeval.fidelity.schema import FidelityResult
from ccmeval.preservation.schema import PreservationResult
from ccmeval.utility.learning import Task
from ccmeval.utility.schema import UtilityResult

_WORDS = {
    "fidelity": "The synthetic frames {} like the real ones, as diverse, and free of copies",
    "preservation": "The biomarkers {} kept",
    "utility": "Training with the synthetic frames {} shown to help",
}

_VERBS = {"fidelity": "look", "preservation": "are", "utility": "is"}

NO_UTILITY = (
    "Nothing was trained, so nothing is said about utility; ask for it by --pillars or ccmeval utility."
)


def joint_verdict(criteria: Sequence[Criterion]) -> Verdict:
    """Join the verdicts of a pillar's criteria.

    Parameters
    ----------
    criteria : sequence of Criterion

    Returns
    -------
    str
        ``fail`` if one fails; else ``inconclusive`` if one is; else, if one passes, ``pass``, unless a core
        criterion (distance, coverage, copies; equivalence) is missing or unavailable, without which the
        pillar's claim is not shown and it is ``inconclusive``; else ``unavailable``.

    Examples
    --------
    >>> def made(name, verdict):
    ...     return Criterion(pillar="fidelity", name=name, sentence="", verdict=verdict)
    >>> joint_verdict([made("distance-clip", "pass"), made("copies", "pass")])
    'pass'
    >>> joint_verdict([made("distance-clip", "pass"), made("copies", "unavailable")])
    'inconclusive'
    >>> joint_verdict([made("distance-clip", "fail"), made("copies", "inconclusive")])
    'fail'
    """
    found = {criterion.verdict for criterion in criteria}
    if not found - {"unavailable"}:
        return "unavailable"
    if "fail" in found:
        return "fail"
    core = [it.verdict for it in criteria if is_core(it)]
    return "pass" if {"pass"} == set(core) and "inconclusive" not in found else "inconclusive"


_CORE = ("distance", "coverage", "copies", "equivalence", "gain")


def is_core(criterion: Criterion) -> bool:
    """Whether a pillar cannot pass without this criterion."""
    return criterion.name.startswith(_CORE)


def pillar_verdicts(
    fidelity: FidelityResult | None,
    preservation: PreservationResult | None,
    settings: CriteriaSettings,
    asked: Sequence[Pillar],
    reasons: dict[Pillar, str] | None = None,
    gradient_band: Band = DEFAULT_BAND,
    utility: UtilityResult | None = None,
    tasks: Sequence[Task] = ("diagnosis", "segmentation"),
) -> list[PillarVerdict]:
    """Judge every pillar.

    Parameters
    ----------
    fidelity, preservation : results, or None where the pillar was not run
    settings : CriteriaSettings
        Limits.
    asked : sequence of str
        Pillars of this run; the others are unavailable and say so.
    reasons : dict of str to str, optional
        Why a pillar that was asked for has no result.
    gradient_band : (float, float)
        The run's, of its preservation settings.
    utility : UtilityResult or None
    tasks : sequence of str
        Of pillar 3.

    Returns
    -------
    list of PillarVerdict
        One a pillar, in order.
    """
    given: dict[Pillar, list[Criterion] | None] = {
        "fidelity": None if fidelity is None else fidelity_criteria(fidelity, settings),
        "preservation": (
            None if preservation is None else preservation_criteria(preservation, settings, gradient_band)
        ),
        "utility": None if utility is None else utility_criteria(utility, tasks),
    }
    why = {"utility": NO_UTILITY, **(reasons or {})}
    return [
        _judged(pillar, criteria, pillar in asked, why.get(pillar, "")) for pillar, criteria in given.items()
    ]


def _judged(pillar: Pillar, criteria: list[Criterion] | None, asked: bool, why: str) -> PillarVerdict:
    if criteria is None:
        sentence = why if asked or pillar == "utility" else "This pillar was not asked for."
        return PillarVerdict(
            pillar=pillar, verdict="unavailable", sentence=sentence or "There is no result for this pillar."
        )
    verdict = joint_verdict(criteria)
    return PillarVerdict(
        pillar=pillar, verdict=verdict, sentence=_sentence(pillar, verdict, criteria), criteria=criteria
    )


def _sentence(pillar: Pillar, verdict: Verdict, criteria: Sequence[Criterion]) -> str:
    if verdict == "unavailable":
        return "No criterion of this pillar could be judged; the reasons stand beside each."
    deciding = [it for it in criteria if it.verdict == verdict]
    if not deciding:  # inconclusive for want of a core criterion
        missing = [it for it in criteria if is_core(it) and it.verdict == "unavailable"]
        names = ", ".join(it.name for it in missing)
        reason = missing[0].reason if missing else "no features decide."
        return f"Nothing failed, but without {names or 'a distance'} too little is judged: {reason}"
    verb = _VERBS[pillar]
    judged = sum(it.verdict != "unavailable" for it in criteria)
    if verdict == "pass" and judged < len(criteria):
        # Nothing may be claimed of what was not judged, such as copies without real frames.
        names = ", ".join(it.name for it in criteria if it.verdict == "unavailable")
        return f"Passed by {_all_of(judged)} that could be judged; not judged: {names}."
    if verdict == "pass":
        return f"{_WORDS[pillar].format(verb)}, by {_all_of(judged)}."
    if verdict == "fail":
        return f"{len(deciding)} of {judged} criteria failed: {deciding[0].reason}"
    return f"Nothing failed, but {len(deciding)} of {judged} criteria are undecided: {deciding[0].reason}"


def _all_of(count: int) -> str:
    return "the one criterion" if count == 1 else f"all {count} criteria"
