"""From a frame to the events concluded from it, live, on Kafka: as ``benchmarks.latency``, with a broker in between.

Four processes: cameras on librdkafka, broker, worker, and a reader on librdkafka.
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
    seconds, out = seconds_of(options) + WARM_S, options.directory / "frames"
    with broker(options.directory) as servers, system(options.directory, servers, many(HALLS)) as one:
        one.configure()
        worker = one.start()
        worker.wait_until_up()
        one.wait_until_marked()
        with closing(TopicReader(one.log)) as reader:
            cameras = start_cameras(one.log.name, HALLS, RATE, seconds, out)
            wait_ready(cameras)
            before = cpu_s(worker.process)
            seen = watched(Journal(reader), cameras)
        share = (cpu_s(worker.process) - before) / seconds
    yield from figures(seen, frames_of(out), share)
