"""From a frame to the events concluded from it, live, on Kafka: as ``benchmarks.latency``, with a broker in between.

Four processes: cameras on librdkafka, broker, worker, and a reader on librdkafka. Once more with cameras whose gateway writes
in transactions, one after the other: what comes due while one is committed is the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from benchmarks.figures import Figure, Options
from benchmarks.halls import many
from benchmarks.journal import Journal
from benchmarks.kafka.place import TopicReader, broker, system
from benchmarks.latency import HALLS, RATE, WARM_S, figures, frames_of, seconds_of, watched
from benchmarks.processes import cpu_s, start_cameras, wait_ready


def measure(options: Options) -> Iterator[Figure]:
    yield from _measured(options, "kafka")
    for figure in _measured(options, "transactions"):
        yield figure._replace(what=f"{figure.what}, sent in transactions", target="")


def _measured(options: Options, how: str) -> Iterator[Figure]:
    """``how``: what the cameras' place begins with (``benchmarks.camera_process``)."""
    seconds, directory = seconds_of(options) + WARM_S, options.directory / how
    out = directory / "frames"
    with broker(directory) as servers, system(directory, servers, many(HALLS)) as one:
        one.configure()
        worker = one.start()
        worker.wait_until_up()
        one.wait_until_marked()
        with closing(TopicReader(one.log)) as reader:
            cameras = start_cameras(f"{how}://{servers}", HALLS, RATE, seconds, out)
            wait_ready(cameras)
            before = cpu_s(worker.process)
            seen = watched(Journal(reader), cameras)
        share = (cpu_s(worker.process) - before) / seconds
    yield from figures(seen, frames_of(out), share)
