"""What weakens a comparison of a biomarker, in sentences."""

from __future__ import annotations

from collections import Counter

from ccmeval.preservation.frames import Frames
from ccmeval.preservation.schema import BiomarkerComparison
from ccmeval.preservation.settings import PreservationSettings


def remarks(
    row: BiomarkerComparison, real: Frames, synth: Frames, settings: PreservationSettings
) -> list[str]:
    """Say what weakens a row, or why parts of it are undefined.

    Parameters
    ----------
    row : BiomarkerComparison
        With all numbers but the adjusted ones.
    real, synth : Frames
        The frames that it is about.
    settings : PreservationSettings

    Returns
    -------
    list of str
        Sentences.
    """
    said = []
    unit = "subjects" if row.unit_of_analysis == "subject" else "frames"
    if not (row.n_real_units and row.n_synth_units):
        empty = "real" if not row.n_real_units else "synthetic"
        return [f"No {empty} frame has a value here: nothing can be compared."]
    fewest = min(row.n_real_units, row.n_synth_units)
    if fewest < 2:
        said.append(f"A side has one of the {unit} only: no test is possible.")
    elif fewest < settings.fewest_units:
        said.append(f"A side has {fewest} {unit} only: intervals and tests are rough.")
    if fewest > 1 and row.sd_real == 0 and row.sd_synth == 0:
        said.append("Nothing varies on either side: no test is possible.")
    elif row.welch_p in (0.0, 1.0) and row.difference_low == row.difference_high:
        said.append("All pairs differ by the same amount, so that the difference has no error.")
    elif row.sd_real == 0:
        said.append("The real values do not vary.")
    elif row.sd_synth == 0:
        said.append("The synthetic values do not vary: the set has collapsed here.")
    said += margin_and_undefined(row)
    if row.unit_of_analysis == "frame":
        said.append("Subjects are unknown: frames count as independent, so intervals are too narrow.")
    if row.diagnosis is None and (mix := _mix(real, synth)):
        said.append(mix)
    return said


def margin_and_undefined(row: BiomarkerComparison) -> list[str]:
    """Say where a row has no margin, and how many frames have no value.

    Parameters
    ----------
    row : BiomarkerComparison

    Returns
    -------
    list of str
        Sentences.
    """
    said = []
    if row.margin is None and row.welch_p is not None:
        said.append("The real units define no margin; set one in the unit.")
    if row.n_real_undefined or row.n_synth_undefined:
        said.append(
            f"Undefined in {row.n_real_undefined} real and {row.n_synth_undefined} synthetic frames"
            " (without nerves there is, for one, no width), which are left out here."
        )
    return said


def _mix(real: Frames, synth: Frames) -> str:
    """Say where the two sets hold diagnoses in different shares."""
    shares = []
    for side in (real, synth):
        counted = Counter(
            name for name, _ in {(d, c) for d, c in zip(side.diagnoses, side.clusters, strict=True)}
        )
        total = max(sum(counted.values()), 1)
        shares.append({name: n / total for name, n in counted.items()})
    names = sorted({*shares[0], *shares[1]}, key=str)
    apart = {name: abs(shares[0].get(name, 0) - shares[1].get(name, 0)) for name in names}
    widest = max(names, key=lambda name: apart[name], default=None)
    if not names or apart[widest] < 0.05:
        return ""
    said = [f"{100 * it.get(widest, 0):.0f} %" for it in shares]
    label = "no stated diagnosis" if widest is None else widest
    return f"The mix of diagnoses differs ({label}: {said[0]} of real, {said[1]} of synthetic units)."
