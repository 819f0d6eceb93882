"""How well the engine counts, on data whose truth is known: one file is one part (docs/accuracy.md)."""
