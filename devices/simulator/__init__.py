"""A simulated hall: seeded visitors, what its cameras would report of them, and the truth to compare an engine with.

``Simulator`` puts the parts together: ``profile`` (when people come), ``plans`` (what they want), ``crowd`` (what
happens to them), ``walking`` (how they move), ``floor`` (where), ``camera`` (what is seen, and how badly), ``witness``
and ``truth`` (what really happened).
"""

from devices.simulator.camera import Noise
from devices.simulator.simulator import Simulator
from devices.simulator.truth import Truth

__all__ = ["Noise", "Simulator", "Truth"]
