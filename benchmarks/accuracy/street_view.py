"""The street camera: where its data lies, how often it looks, and how its pixels become floor points.

Imports nothing but the standard library: the program that runs detector and tracker has an environment of its own.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
"""Real data beside the project; what is not there is not measured."""
VIDEO = SHARED / "street-camera" / "vtest.avi"
TRUTH = SHARED / "street-camera" / "gt-frames-1-400.txt"
DETECTOR = SHARED / "models" / "nanodet_g.onnx"
TRACKED = ROOT / "var" / "accuracy" / "street-camera.txt"
"""What detector and tracker made of the video: MOTChallenge text with floor points in columns 8 and 9."""

FPS = 10.0
SIZE_PX = 768, 576
VIEW = (
    (0.053451, -0.604125, 88.576563), (-0.139304, -0.399811, 120.417535), (0.000917, 0.019625, 1.0),
)  # fmt: skip
