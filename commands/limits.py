"""How many files this process may have open (``ulimit -n``): raised if need be, or said before anything has begun."""

from __future__ import annotations

import resource

import click

NEEDED = 64
"""The log's files, Python's own, connections to a few brokers, and some readers of /metrics."""
WANTED = 4096
"""Where the system lets us: a connection for every broker and every reader."""
WRONG_SETTING = 64


def allow_files() -> None:
    """Raises ClickException where so few are allowed that anything would fail anywhere."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < WANTED:
        most = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft := max(soft, most), hard))
    if soft != resource.RLIM_INFINITY and soft < NEEDED:
        error = click.ClickException(
            f"this process may have only {soft} files open, and needs {NEEDED} at the least. What to do: `ulimit -n 1024` "
            "(systemd: LimitNOFILE=1024)"
        )
        error.exit_code = WRONG_SETTING
        raise error
