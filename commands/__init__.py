"""One file per verb of the command line: parse, compose, run, print."""

import click

click.UsageError.exit_code = 64
"""As every other mistake in options and settings (docs/operations.md): click says 2, which supervisors would start again."""
