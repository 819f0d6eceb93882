"""Puts the project's root on the path, so that tests can share helpers as ``tests.support``; and tames Hypothesis.

The examples of property tests are the same in every run, so that a red build means a change; explore others with
``HYPOTHESIS_PROFILE=explore make test``. No deadlines: a busy machine is not a failed law.
"""

import os
import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parents[1]))

settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
