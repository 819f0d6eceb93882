"""The engine on a real Kafka on this machine: what it does there, and how long its rebalances take."""
