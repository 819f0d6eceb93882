"""Detect and track the people of the street camera's video, for the part ``street`` of the measurement.

    python -m benchmarks.accuracy.street_camera [--out FILE]

It needs onnxruntime, opencv-python-headless and trackers, which the project does not, so they go into an environment
of their own; it tells how. The detector is NanoDet (416 x 320), the tracker BoT-SORT without camera motion, both with
the thresholds of the data's README; 795 frames take about a minute on two cores.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.accuracy.street_view import DETECTOR, FPS, TRACKED, VIDEO, VIEW

PACKAGES = {
    "cv2": "opencv-python-headless", "numpy": "numpy", "onnxruntime": "onnxruntime", "supervision": "supervision",
    "trackers": "trackers==2.6.1",
}  # fmt: skip
INPUT_PX = 416, 320
FILL = 114
MEAN, SPREAD = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
STRIDES, BINS = (8, 16, 32), 11
NMS = 0.6
LEAST_SCORE = 0.3
"""Boxes below it are not given to the tracker at all; from 0.5 on they may begin a track."""
CERTAIN_SCORE, KEEP_FRAMES = 0.5, 30


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy.street_camera", description="Detect and track the street camera's people."
    )
    parser.add_argument("--out", type=Path, default=TRACKED, help=f"[default: {TRACKED}]")
    out: Path = parser.parse_args(arguments).out
    for file in (VIDEO, DETECTOR):
        if not file.is_file():
            sys.exit(f"expected {file}, which is not there: without it nothing can be tracked")
    rows = list(_rows(_modules()))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("".join(rows), encoding="utf-8")
    print(f"{len(rows):,} boxes in {out}; next: python -m benchmarks accuracy --only street")


class Modules(dict[str, Any]):
    """Foreign modules by name; found when needed, as the project itself does without them."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


def _modules() -> Modules:
    found = Modules()
    for name in PACKAGES:
        try:
            found[name] = importlib.import_module(name)
        except ImportError:
            sys.exit(
                f"expected the Python package {PACKAGES[name]}, which is not installed here. It and others go into an "
                "environment of their own, outside the project:\n"
                "  python3.11 -m venv /tmp/visionenv\n"
                f"  /tmp/visionenv/bin/pip install {' '.join(PACKAGES.values())}\n"
                "  /tmp/visionenv/bin/python -m benchmarks.accuracy.street_camera"
            )
    return found


def _rows(modules: Modules) -> Iterator[str]:
    """MOTChallenge lines of all frames, numbered from 1."""
    session = modules.onnxruntime.InferenceSession(str(DETECTOR), providers=["CPUExecutionProvider"])
    tracker = modules.trackers.BoTSORTTracker(
        lost_track_buffer=KEEP_FRAMES, frame_rate=FPS, track_activation_threshold=CERTAIN_SCORE,
        high_conf_det_threshold=CERTAIN_SCORE, enable_cmc=False,
    )  # fmt: skip
    for number, image in enumerate(_images(modules.cv2), 1):
        found = tracker.update(_detect(modules, session, image), timestamp=number / FPS)
        for box, score, id_ in zip(found.xyxy, found.confidence, found.tracker_id, strict=True):
            if id_ >= 0:
                yield _line(number, int(id_), [float(side) for side in box], float(score))


def _images(cv2: Any) -> Iterator[Any]:
    video = cv2.VideoCapture(str(VIDEO))
    try:
        while True:
            read, image = video.read()
            if not read:
                return
            yield image
    finally:
        video.release()


def _line(number: int, id_: int, box: list[float], score: float) -> str:
    left, top, right, bottom = box
    x, y, w = (a * (left + right) / 2 + b * bottom + c for a, b, c in VIEW)
    return (
        f"{number},{id_},{left:.2f},{top:.2f},{right - left:.2f},{bottom - top:.2f},{score:.3f},"
        f"{x / w:.4f},{y / w:.4f},0\n"
    )


def _detect(modules: Modules, session: Any, image: Any) -> Any:
    """The people in an image [H, W, 3], BGR, as supervision's Detections, boxes in its pixels."""
    np = modules.numpy
    width, height = INPUT_PX
    scale = min(width / image.shape[1], height / image.shape[0])
    outputs = dict(zip((o.name for o in session.get_outputs()), session.run(None, {"image": _input(
        modules, image, scale
    )}), strict=True))  # fmt: skip
    boxes, scores = [], []
    for stride in STRIDES:
        people = outputs[f"cls_{stride}"][0, :, 0]
        chosen = np.flatnonzero(people >= LEAST_SCORE)
        scores.append(people[chosen])
        boxes.append(_boxes(np, outputs[f"reg_{stride}"][0, chosen], chosen, stride) / scale)
    found = modules.supervision.Detections(
        xyxy=np.concatenate(boxes).astype(np.float32), confidence=np.concatenate(scores),
        class_id=np.zeros(sum(map(len, scores)), dtype=int),
    )  # fmt: skip
    return found.with_nms(threshold=NMS)


def _input(modules: Modules, image: Any, scale: float) -> Any:
    """[1, 3, 320, 416]: the image at the top left, its aspect kept, the rest grey."""
    np, (width, height) = modules.numpy, INPUT_PX
    small = modules.cv2.resize(image, (round(image.shape[1] * scale), round(image.shape[0] * scale)))
    canvas = np.full((height, width, 3), FILL, dtype=np.float32)
    canvas[: small.shape[0], : small.shape[1]] = small
    return np.ascontiguousarray(((canvas - MEAN) / SPREAD).transpose(2, 0, 1)[None], dtype=np.float32)


def _boxes(np: Any, sides: Any, cells: Any, stride: int) -> Any:
    """[n, 4] as left, top, right, bottom, from each side's distribution over distances of 0 to 10 strides."""
    weights = np.exp(sides.reshape(-1, 4, BINS))
    distance = stride * (weights * np.arange(BINS)).sum(-1) / weights.sum(-1)
    columns = INPUT_PX[0] // stride
    x, y = (cells % columns + 0.5) * stride, (cells // columns + 0.5) * stride
    return np.stack((x - distance[:, 0], y - distance[:, 1], x + distance[:, 2], y + distance[:, 3]), axis=1)


if __name__ == "__main__":
    main()
