"""Tables and tiles of the page of a reader study."""

from __future__ import annotations

from ccmeval.readers.schema import Conclusion, DiagnosisScore, Interval, StudyScores
from ccmeval.report.numbers import NONE, fixed_text
from ccmeval.report.view import Cell, Head, Table, Tile, plural

_BADGES: dict[Conclusion, tuple[str, str]] = {
    "told apart": ("≠ told apart", "bad"),
    "equivalent to chance": ("≈ like chance", "good"),
    "both": ("≠≈ both", "half"),
    "inconclusive": ("? inconclusive", "open"),
    "undefined": ("– undefined", "none"),
}


def percent(interval: Interval) -> Cell:
    """Show a share with its interval, in per cent.

    Examples
    --------
    >>> percent(Interval(value=0.5, low=0.412, high=0.588))
    Cell(words='50.0 %', below='41.2 to 58.8', tone='')
    """
    if interval.value is None:
        return Cell(NONE)
    below = _ends(interval, 100, 1)
    return Cell(f"{fixed_text(100 * interval.value, 1)} %", below)


def plain(interval: Interval, decimals: int = 2) -> Cell:
    """Show a number with its interval."""
    return Cell(fixed_text(interval.value, decimals), _ends(interval, 1, decimals))


def _ends(interval: Interval, times: float, decimals: int) -> str:
    if interval.low is None or interval.high is None:
        return ""
    return f"{fixed_text(times * interval.low, decimals)} to {fixed_text(times * interval.high, decimals)}"


def p_text(p: float | None) -> str:
    """Write a p-value.

    Examples
    --------
    >>> p_text(0.0414), p_text(1e-6), p_text(None)
    ('0.041', '< 0.001', '–')
    """
    if p is None:
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def tiles_of(scores: StudyScores) -> list[Tile]:
    """Give the numbers that stand out."""
    found = [
        Tile(f"{len(scores.readers)}", "reader" if len(scores.readers) == 1 else "readers"),
        Tile(f"{scores.n_frames:,}", "frames, half of them real"),
    ]
    accuracy = scores.pooled.accuracy if scores.pooled else None
    if accuracy is None and scores.detection:
        accuracy = scores.detection[0].accuracy
    if accuracy is not None and accuracy.value is not None:
        words = (
            "right, real or synthetic"
            if len(scores.detection) == 1
            else "right on average, real or synthetic"
        )
        found.append(Tile(f"{100 * accuracy.value:.1f} %", words))
    if scores.left_out:
        found.append(Tile(f"{len(scores.left_out)}", "files that could not be used", "warn"))
    return found


def detection_table(scores: StudyScores) -> Table:
    """Show how well each reader tells real from synthetic."""
    heads = [
        Head("Reader"),
        Head("Right", "of all", number=True),
        Head("Accuracy", "95 % interval", number=True),
        Head("Synthetic found", "sensitivity", number=True),
        Head("Real found", "specificity", number=True),
        Head("d′", "95 % interval", number=True),
        Head("Leaning", "criterion", number=True),
        Head("p", "chance; Holm", number=True),
        Head("p", "equivalence", number=True),
        Head("Conclusion"),
    ]
    rows = []
    for it in scores.detection:
        words, tone = _BADGES[it.conclusion]
        rows.append(
            [
                Cell(it.reader),
                Cell(f"{it.n_right} / {it.n}", plural(it.n_clusters, "subject") if scores.by_subject else ""),
                percent(it.accuracy),
                percent(it.sensitivity),
                percent(it.specificity),
                plain(it.d_prime),
                Cell(fixed_text(it.criterion, 2)),
                Cell(p_text(it.p), p_text(it.p_holm)),
                Cell(p_text(it.p_equivalence)),
                Cell(words, "", tone),
            ]
        )
    if scores.pooled is not None:
        words, tone = _BADGES[scores.pooled.conclusion]
        blank = [Cell("")] * 6
        rows.append([Cell("Mean"), Cell(""), percent(scores.pooled.accuracy), *blank, Cell(words, "", tone)])
    return Table("Real or synthetic, by reader.", heads, rows)


def diagnosis_table(scores: StudyScores) -> Table:
    """Show right diagnoses in real and synthetic frames, and their difference."""
    by = {(it.reader, it.truth, it.diagnosis): it for it in scores.diagnoses}
    readers = list(dict.fromkeys(it.reader for it in scores.diagnoses))
    diagnoses = list(dict.fromkeys(it.diagnosis for it in scores.diagnoses))
    differences = {it.reader: it.difference for it in scores.differences}
    rows = []
    for reader in readers:
        for diagnosis in diagnoses:
            both = [_share(by.get((reader, truth, diagnosis))) for truth in ("real", "synthetic")]
            last = _points(differences[reader]) if diagnosis is None else Cell("")
            rows.append([Cell(reader if diagnosis is None else ""), Cell(diagnosis or "all"), *both, last])
    heads = [
        Head("Reader"),
        Head("Diagnosis"),
        Head("Real frames", "right; 95 % interval", number=True),
        Head("Synthetic frames", "right; 95 % interval", number=True),
        Head("Difference", "synthetic minus real", number=True),
    ]
    return Table("Right diagnoses, by reader.", heads, rows)


def _points(difference: Interval) -> Cell:
    if difference.value is None:
        return Cell(NONE)
    return Cell(f"{fixed_text(100 * difference.value, 1)} points", _ends(difference, 100, 1))


def _share(score: DiagnosisScore | None) -> Cell:
    if score is None or score.accuracy.value is None:
        return Cell(NONE)
    cell = percent(score.accuracy)
    return Cell(f"{score.n_right} / {score.accuracy.n} ({cell.words})", cell.below)


def confusion_tables(scores: StudyScores) -> list[Table]:
    """Show answers by true diagnosis, a table a reader, real and synthetic below each other."""
    found = []
    for reader in dict.fromkeys(it.reader for it in scores.confusions):
        own = [it for it in scores.confusions if it.reader == reader]
        heads = [Head("True diagnosis"), *(Head(name, "answered", number=True) for name in own[0].classes)]
        rows = []
        for it in own:
            rows.append([Cell("Real frames" if it.truth == "real" else "Synthetic frames")])
            for name, counts in zip(it.classes, it.counts, strict=True):
                rows.append([Cell(name), *(Cell(str(count)) for count in counts)])
        found.append(Table(f"Answers of reader {reader} by true diagnosis.", heads, rows))
    return found


def agreement_table(scores: StudyScores) -> Table:
    """Show all kappas."""
    rows = [
        [
            Cell(" and ".join(it.readers)),
            Cell("real or synthetic" if it.question == "real" else "diagnosis"),
            Cell(it.kind),
            Cell(f"{it.kappa.n}"),
            Cell(f"{100 * it.observed:.1f} %" if it.observed is not None else NONE),
            plain(it.kappa) if it.kappa.value is not None else Cell(NONE, it.reason),
        ]
        for it in scores.agreements
    ]
    heads = [
        Head("Readers"),
        Head("Question"),
        Head("Agreement"),
        Head("Frames", number=True),
        Head("Observed", number=True),
        Head("Kappa", "95 % interval", number=True),
    ]
    return Table("Agreement beyond chance.", heads, rows)


def readers_table(scores: StudyScores) -> Table:
    """List the readers."""
    rows = [
        [
            Cell(it.reader),
            Cell(f"{it.years:g}" if it.years is not None else NONE),
            Cell(f"{it.n_answered} / {scores.n_frames + scores.n_repeats}"),
            Cell(f"{it.median_seconds:.1f} s" if it.median_seconds is not None else NONE),
            Cell(it.file, " ".join(it.notes)),
        ]
        for it in scores.readers
    ]
    heads = [
        Head("Reader"),
        Head("Years", "of experience, as told", number=True),
        Head("Answered", "repeats included", number=True),
        Head("Median time", "a frame", number=True),
        Head("File", long=True),
    ]
    return Table("The readers.", heads, rows)
