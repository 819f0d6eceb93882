"""Rich's console, which by itself ends a program with 1 when its reader leaves: 1 is an answer of some verbs."""

from __future__ import annotations

from rich import console


class Console(console.Console):
    def on_broken_pipe(self) -> None:
        """Called while the error is handled: let it go on, to ``commands.output``."""
        raise
