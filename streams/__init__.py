"""How events flow: event types, codec, topics, the agent contract, the engine, its checkpoint, and the logs that feed it."""
