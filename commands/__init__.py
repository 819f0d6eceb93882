"""One file per verb of the command line: parse, compose, run, print."""
