"""From runs to the table's rows."""

from __future__ import annotations

from benchmarks.peers.competitors import COMPETITORS, OURS, PEERS
from benchmarks.peers.results import NOT_MEASURED, Results, figures
from benchmarks.peers.run import Run

FAUST, QUIX, BYTEWAX = PEERS


def run(wall_s: float, cpu_s: float = 1.0, frames: int = 1000) -> Run:
    return Run(frames, wall_s, cpu_s, "12 records on Kafka")


def results() -> Results:
    return Results(
        {
            "ours": [run(1.0), run(2.0), run(4.0, 0.5)],
            "faust": [run(1.0, 10.0, 100), run(4.0, 10.0, 100), run(2.0, 10.0, 100)],
            "quix": [run(2.0), run(2.0), run(2.0)],
            "bytewax": [run(1.0), run(1.0), run(1.0)],
        }
    )


def test_each_has_its_median_and_ours_is_compared_with_each_round_by_round() -> None:
    #          round 1   round 2   round 3   frames/s
    #  ours    1000      500       250
    #  faust   100       25        50
    #          10 : 1    20 : 1    5 : 1
    rows = list(figures(results()))
    assert [row.what for row in rows] == [
        "Hallstream",
        "stock Faust", "  Hallstream : stock Faust",
        "Quix Streams", "  Hallstream : Quix Streams",
        "Bytewax", "  Hallstream : Bytewax",
    ]  # fmt: skip
    assert [row.got for row in rows] == [
        "500 frames/s", "50 frames/s", "10.00 : 1", "500 frames/s", "1.00 : 1", "1,000 frames/s", "0.50 : 1",
    ]  # fmt: skip
    assert rows[0].note == "250 to 1,000 in 3 rounds; 1,000 by CPU time; state: 12 records on Kafka"
    assert rows[2].note == "5.00 to 20.00 in 3 rounds; 100.00 : 1 by CPU time"


def test_what_is_aimed_at_stands_beside_the_ratios() -> None:
    rows = {row.what.strip(): row.target for row in figures(results())}
    assert rows["Hallstream : stock Faust"] == "12 : 1"
    assert rows["Hallstream : Quix Streams"] == "1.5 : 1"
    assert rows["Hallstream : Bytewax"] == "1 : 1"


def test_who_failed_has_no_figure_but_the_reason_even_after_good_rounds() -> None:
    some = results()
    some.failed["quix"] = "cannot install quixstreams"
    rows = {row.what.strip(): row for row in figures(some)}
    assert (rows["Quix Streams"].got, rows["Quix Streams"].note) == (NOT_MEASURED, "cannot install quixstreams")
    assert "Hallstream : Quix Streams" not in rows
    assert "Hallstream : Bytewax" in rows


def test_without_ours_nothing_is_compared() -> None:
    some = results()
    some.failed["ours"] = "ended by itself"
    assert not [row for row in figures(some) if " : " in row.what]


def test_one_round_has_no_spread() -> None:
    rows = list(figures(Results({"ours": [run(1.0)], "bytewax": [run(2.0)]})))
    assert rows[0].note.startswith("one round; ")
    assert rows[1] == ("stock Faust", NOT_MEASURED, "", "it did not run")


def test_competitors_have_names_of_their_own_and_ours_runs_in_the_project_s_environment() -> None:
    assert len({competitor.name for competitor in COMPETITORS}) == 4
    assert [competitor.name for competitor in COMPETITORS if competitor.environment is None] == [OURS.name]
    assert all(peer.aimed_at for peer in PEERS)
