"""The live picture of halls, for the terminal and for Prometheus: made from the published journal, decides nothing."""
