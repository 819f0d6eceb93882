"""A prefix is put on and taken off, and nothing else happens to a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.naming import Naming
from streams.topics import GROUP, OBSERVATIONS, state_topic

NAMES = st.from_regex(r"[a-zA-Z0-9._-]{0,40}", fullmatch=True)


@given(NAMES, NAMES)
def test_inside_undoes_outside(prefix: str, name: str) -> None:
    naming = Naming(prefix)
    assert naming.inside(naming.outside(name)) == name
    assert naming.ours([naming.outside(name)]) == [naming.outside(name)]


@given(NAMES, st.sets(NAMES))
def test_two_names_never_become_one(prefix: str, names: set[str]) -> None:
    assert len({Naming(prefix).outside(name) for name in names}) == len(names)


@given(NAMES)
def test_without_a_prefix_every_name_is_ours_and_stays(name: str) -> None:
    assert Naming().outside(name) == Naming().inside(name) == name
    assert Naming().ours([name]) == [name]


def test_what_is_not_ours_is_left_out_and_has_no_name_inside() -> None:
    naming = Naming("acme.")
    assert naming.ours(["acme.hall.journal", "hall.journal", "zeta.hall.journal"]) == ["acme.hall.journal"]
    with pytest.raises(ValueError, match=r"begins with 'acme.', got 'hall.journal'"):
        naming.inside("hall.journal")


def test_groups_and_states_carry_it_too() -> None:
    naming = Naming("acme.")
    assert naming.outside(OBSERVATIONS) == "acme.hall.observations"
    assert naming.group == "acme.hallstream"
    assert naming.look == "acme.hallstream-look"
    # Faust names a table's topic after the app, which is named as the group is.
    assert naming.outside(state_topic("sensing")) == f"{naming.group}{state_topic('sensing').removeprefix(GROUP)}"
