"""What a reader has found so far: people by moment, what was left out, what was bad."""

from __future__ import annotations

from collections import Counter

from streams.events import Person
from streams.recordings.classes import Selection
from streams.recordings.model import SHOWN, Bad, BadLine

ROWS_PER_FRAME = 2000
"""What a frame event may hold."""


class Collected:
    """``people``: by moment (frame number or milliseconds), in the order of the file; a moment may have nobody."""

    def __init__(self, selection: Selection, min_score: float | None) -> None:
        self.selection = selection
        self.people: dict[int, list[Person]] = {}
        self.left_out: Counter[str] = Counter()
        self.bad: list[BadLine] = []
        self._min_score = min_score

    @property
    def used(self) -> int:
        return sum(map(len, self.people.values()))

    def moment(self, moment: int) -> list[Person]:
        """The people of a moment that there was, even if nobody is in it."""
        return self.people.setdefault(moment, [])

    def leaves_out(self, moment: int, label: str, considered: bool = True) -> bool:
        """Whether a row is of no wanted class; then it is counted, and its moment is there all the same."""
        why = self.selection.leaves_out(label, considered)
        if why:
            self.moment(moment)
            self.left_out[why] += 1
        return bool(why)

    def add(self, moment: int, person: Person) -> None:
        """Raises Bad when the frame is full."""
        people = self.moment(moment)
        if self._min_score is not None and person.score < self._min_score:
            self.left_out[f"score below {self._min_score:g}"] += 1
            return
        if len(people) >= ROWS_PER_FRAME:
            raise Bad(
                "too many in a frame", f"expected at most {ROWS_PER_FRAME} rows in a frame, got more in frame {moment}"
            )
        people.append(person)

    def refuse(self, number: int, text: str, error: Bad) -> None:
        shown = text[:SHOWN].encode("ascii", "backslashreplace").decode()
        self.bad.append(BadLine(number, shown[:SHOWN], str(error), error.kind))
