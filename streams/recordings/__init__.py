"""Recordings of positions, as this trade writes them: MOTChallenge, KITTI, obsmat, tables of its own, COCO and JSON lines.

``read_positions`` is all that others need; docs/recordings.md shows every format with an example.
"""

from streams.recordings.model import BadLine, Options, OptionsError, PositionsError, PositionsFile, Seen
from streams.recordings.reading import read_positions

__all__ = ["BadLine", "Options", "OptionsError", "PositionsError", "PositionsFile", "Seen", "read_positions"]
