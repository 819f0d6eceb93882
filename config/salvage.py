"""What is sound in files that are not: so that one mistake does not hide the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from config.checks import Plan
from config.hall import Camera, Line, Model, Zone
from config.problems import Loc, nearest
from config.reading import Data, Document
from config.rules import Limit
from config.validation import checked

MOST_SALVAGED = 100
"""Items of an unsound file that are still checked against each other; more are told once the first are right."""

M = TypeVar("M", bound=Model)

STAND_INS: Mapping[str, Data] = {
    "id": "unnamed", "name": "?", "size_px": [100_000, 100_000], "metric": "occupancy", "over": 1,
}  # fmt: skip
"""For required values that are wrong: an item is checked for all that does not depend on them."""


@dataclass(frozen=True)
class _Items(Generic[M]):
    """The items of one kind that could be read; of how many; ids of all; what was left out of them."""

    found: tuple[tuple[int, M], ...] = ()
    complete: bool = False
    ids: tuple[tuple[int, str], ...] = ()
    faulty: frozenset[Loc] = frozenset()


def salvaged(hall_doc: Document, rules_doc: Document) -> Plan:
    hall = hall_doc.data if isinstance(hall_doc.data, dict) else {}
    rules = rules_doc.data if isinstance(rules_doc.data, dict) else {}
    zones, lines = _items("zones", Zone, hall.get("zones")), _items("lines", Line, hall.get("lines", []))
    cameras, limits = _items("cameras", Camera, hall.get("cameras")), _items("limits", Limit, rules.get("limits", []))
    timezone = hall.get("timezone")
    return Plan(
        zones=zones.found,
        lines=lines.found,
        cameras=cameras.found,
        limits=limits.found,
        size_m=_size(hall.get("size_m")),
        timezone=timezone if isinstance(timezone, str) else None,
        dwell_zones=_keys(rules.get("dwell"), "zones"),
        patience_zones=_keys(rules.get("trajectory"), "zones"),
        flow_lines=_keys(rules.get("flow"), "lines"),
        zone_ids=_zone_ids(hall.get("zones")),
        ids={"zones": zones.ids, "lines": lines.ids, "cameras": cameras.ids, "limits": limits.ids},
        unread=_unread(zones=zones.complete, lines=bool(hall) and lines.complete, cameras=cameras.complete),
        faulty=zones.faulty | lines.faulty | cameras.faulty | limits.faulty,
    )


def _keys(section: object, name: str) -> tuple[str, ...]:
    """The keys of a mapping in a section, as far as both are there."""
    found = section.get(name) if isinstance(section, dict) else None
    return tuple(key for key in found if isinstance(key, str)) if isinstance(found, dict) else ()


def _unread(**complete: bool) -> frozenset[str]:
    return frozenset(kind for kind, whole in complete.items() if not whole)


def _zone_ids(zones: Data) -> frozenset[str] | None:
    return frozenset(str(z.get("id")) for z in zones if isinstance(z, dict)) if isinstance(zones, list) else None


def _items(kind: str, model: type[M], items: Data) -> _Items[M]:
    if not isinstance(items, list):
        return _Items()
    found: list[tuple[int, M]] = []
    faulty: set[Loc] = set()
    for index, item in enumerate(items[:MOST_SALVAGED]):
        read, left_out = _item(model, item)
        faulty |= {(kind, index, key) for key in left_out}
        if read is not None:
            found.append((index, read))
    ids = [(i, item["id"]) for i, item in enumerate(items[:MOST_SALVAGED]) if isinstance(item, dict) and "id" in item]
    named = tuple((i, id_) for i, id_ in ids if isinstance(id_, str) and (kind, i, "id") not in faulty)
    return _Items(tuple(found), len(found) == len(items), named, frozenset(faulty))


def _item(model: type[M], item: Data) -> tuple[M | None, frozenset[str]]:
    """The item, without those of its values that are wrong, and their keys; None where it is nothing without them."""
    found, errors = checked(model, item)
    if found is not None or not isinstance(item, dict):
        return found, frozenset()
    wrong = frozenset(str(error["loc"][0]) for error in errors if error["loc"])
    left = {key: value for key, value in item.items() if key not in wrong}
    stand_ins = {key: STAND_INS[key] for key in wrong & STAND_INS.keys() & model.model_fields.keys()}
    # A key with a misspelt name leaves the default of the one that was meant.
    meant = {name for key in wrong if key not in model.model_fields and (name := nearest(key, model.model_fields))}
    return checked(model, left | stand_ins)[0], wrong | meant


def _size(value: Data) -> tuple[float, float] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    width, depth = value
    fit = type(width) in (int, float) and type(depth) in (int, float) and width > 0 and depth > 0
    return (width, depth) if fit else None
