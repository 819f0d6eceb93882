"""Puts the project's root on the path, so that tests can share helpers as ``tests.support``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
