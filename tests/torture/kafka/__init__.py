"""Exactness under faults on real Kafka: workers, the broker and what lies between are broken, and the log is held to its replay."""
