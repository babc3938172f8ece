"""Run SuperCCM over frames and write its outputs; started by `speed.py` in SuperCCM's own environment.

SuperCCM 1.1.1 needs numpy < 2, so it lives in a virtual environment of its own; this file imports
nothing of ccmeval. It calls SuperCCM's public functions and writes, like `ccmeval biomarkers`, one table
row and the mask, skeleton and overlay of every frame.

Usage: python superccm_runner.py OUT PROCESSES THREADS FRAME [FRAME ...]
"""

import csv
import os
import sys
from pathlib import Path


def analyse(frame: str, out: str, threads: int) -> dict:
    """Measure one frame with SuperCCM and write its pictures."""
    import cv2
    from superccm import api
    from superccm.impl.segment import segment

    if threads and not getattr(analyse, "limited", False):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        model = Path(segment.__file__).with_name("ccm.onnx")
        segment.session = onnxruntime.InferenceSession(str(model), options)
        cv2.setNumThreads(threads)
        analyse.limited = True
    image, mask, area = api.read(frame)
    binary = api.seg(image)
    skeleton = api.skel(binary, mask, 400 / 384)
    graph = api.grfy(image, skeleton)
    graph, trunks = api.trunk(graph, mask)
    metrics = api.meas(graph, binary, trunks, area, 400 / 384)
    overlay = api.vis_ACCM(graph, image.shape[:2], image)
    stem = Path(frame).stem
    for kind, picture in (("masks", binary), ("skeletons", skeleton), ("overlays", overlay)):
        cv2.imwrite(str(Path(out) / kind / f"{stem}.png"), picture)
    return {"frame": Path(frame).name, **metrics}


def main() -> None:
    """Parse the arguments, measure all frames, write the table."""
    out, processes, threads, frames = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    for kind in ("masks", "skeletons", "overlays"):
        (Path(out) / kind).mkdir(parents=True, exist_ok=True)
    if processes > 1:
        from concurrent.futures import ProcessPoolExecutor

        with ProcessPoolExecutor(processes) as pool:
            n = len(frames)
            rows = list(pool.map(analyse, frames, [out] * n, [threads] * n, chunksize=4))
    else:
        rows = [analyse(frame, out, threads) for frame in frames]
    with (Path(out) / "biomarkers.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
