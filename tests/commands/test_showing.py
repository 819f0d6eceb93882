"""What the verbs print alike."""

from __future__ import annotations

from commands.showing import shortened


def test_ten_notes_are_shown_and_more_are_counted() -> None:
    notes = [f"line {n}" for n in range(1, 1_235)]
    assert shortened(notes[:10], "lines in doubt") == notes[:10]
    assert shortened(notes, "lines in doubt") == [*notes[:10], "... 1,234 lines in doubt in all"]
    assert shortened([], "lines in doubt") == []
