"""Exactness under faults: a running engine is killed, stopped and damaged, and then held against the replay of its log."""
