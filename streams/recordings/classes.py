"""What a row is of: classes by number and name, which of them are people, and which were asked for.

By default people are taken: what is certainly no person (a car) or not to be counted (ground truth that is marked so) is left
out, and counted by kind. A row without a class is a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from streams.recordings.cells import plain_name
from streams.recordings.model import OptionsError

ALL, PEOPLE = "all", "people"
NOT_GIVEN = {"", "-1", "none", "null"}

PERSON_NAMES = frozenset({
    "person", "persons", "people", "pedestrian", "pedestrians", "ped", "human", "man", "woman", "child", "adult", "walker",
    "rider", "cyclist", "bicyclist", "personsitting", "persononvehicle", "staticperson", "customer", "visitor", "passenger",
    "staff", "employee", "worker", "player", "人", "行人", "人员", "顾客",
})  # fmt: skip
"""Without spaces and signs. A cyclist is a person on a vehicle, as in MOTChallenge."""


@dataclass(frozen=True)
class Scheme:
    """What numbers mean as classes. ``people``: those taken by default; ``never``: rows that are no objects at all."""

    title: str
    names: Mapping[str, str]
    people: frozenset[str]
    never: frozenset[str] = frozenset()


def _numbered(names: str, first: int) -> dict[str, str]:
    return {str(number): name.strip() for number, name in enumerate(names.split(","), first)}


MOT = Scheme(
    "MOTChallenge classes",
    _numbered(
        "pedestrian,person on vehicle,car,bicycle,motorbike,non motorized vehicle,static person,distractor,occluder,"
        "occluder on the ground,occluder full,reflection,crowd", 1,
    ),
    frozenset({"1", "2", "7"}),
)  # fmt: skip
VISDRONE = Scheme(
    "VisDrone classes",
    _numbered(
        "ignored regions,pedestrian,people,bicycle,car,van,truck,tricycle,awning-tricycle,bus,motor,others", 0,
    ),
    frozenset({"1", "2"}), frozenset({"0"}),
)  # fmt: skip
FROM_0 = Scheme("classes from 0 (0 is a person)", {"0": "person"}, frozenset({"0"}))
FROM_1 = Scheme("classes from 1 (1 is a person)", {"1": "person"}, frozenset({"1"}))
NAMED = Scheme("classes by name", {}, frozenset(), frozenset({"DontCare"}))


def is_person(name: str) -> bool:
    return plain_name(name) in PERSON_NAMES


def numbered(labels: Iterable[str]) -> Scheme:
    """Of numbers without a list of names: detectors count from 0 or from 1, and a person is the first."""
    return FROM_0 if "0" in set(labels) else FROM_1


class Selection:
    """Which rows are taken. ``labels``: all that the file has, in a class's shortest form."""

    def __init__(self, scheme: Scheme, labels: Iterable[str], wanted: Sequence[str]) -> None:
        self._scheme = scheme
        self._labels = sorted(set(labels))
        self._wanted = {plain_name(name) for item in wanted for name in item.split(",") if name.strip()}
        self._reasons: dict[tuple[str, bool], str] = {}
        self._check()

    def leaves_out(self, label: str, considered: bool = True) -> str:
        """Why a row is left out, for counting ("class car"); nothing if it is taken."""
        key = label, considered
        if key not in self._reasons:
            self._reasons[key] = self._judged(label, considered)
        return self._reasons[key]

    def said(self) -> str:
        """What is taken of what there is; nothing where the file has no classes."""
        if all(label.lower() in NOT_GIVEN for label in self._labels):
            return ""
        taken = [self._shown(label) for label in self._labels if not self._judged(label, True)]
        there = f"{self._scheme.title}: taken {', '.join(taken) or 'none'} of {len(self._labels)}"
        return there if self._wanted else f"{there} (people; --classes takes others)"

    def _judged(self, label: str, considered: bool) -> str:
        if label in self._scheme.never:
            return f"class {self._shown(label)}"
        # Who names classes wants them: benchmarks mark every car as not to be considered.
        if ALL in self._wanted or self._names(label) & self._wanted:
            return ""
        if not self._is_person(label) or (self._wanted and PEOPLE not in self._wanted):
            return f"class {self._shown(label)}"
        return "" if considered else self._not_considered(label)

    def _not_considered(self, label: str) -> str:
        of = f"class {self._shown(label)}, " if label else ""
        return f"{of}marked as not to be considered"

    def _is_person(self, label: str) -> bool:
        if label.lower() in NOT_GIVEN or label in self._scheme.people:
            return True
        return label not in self._scheme.names and is_person(label)

    def _names(self, label: str) -> set[str]:
        return {plain_name(label), plain_name(self._scheme.names.get(label, label))}

    def _shown(self, label: str) -> str:
        name = self._scheme.names.get(label)
        return f"{label} ({name})" if name else label or "not given"

    def _check(self) -> None:
        """Some of the wanted classes may be absent; if all are, the name is probably mistyped."""
        there = {name for label in self._labels for name in self._names(label)}
        if self._wanted and not self._wanted & (there | {ALL, PEOPLE}):
            given = ", ".join(self._shown(label) for label in self._labels if label.lower() not in NOT_GIVEN)
            raise OptionsError(
                f"--classes: expected classes that the file has ({given or 'it says none'}), or all, or people; "
                f"got {', '.join(sorted(self._wanted))}"
            )
