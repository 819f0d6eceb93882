"""The deterministic core: records in, named outputs and checkpoints out."""

from streams.engine.letters import Output
from streams.engine.partition import Checkpoint, Engine, Gap, OtherLog
from streams.engine.passes import AgentFailed, HallAgents, Made, Meter, Tap

__all__ = ["AgentFailed", "Checkpoint", "Engine", "Gap", "HallAgents", "Made", "Meter", "OtherLog", "Output", "Tap"]
