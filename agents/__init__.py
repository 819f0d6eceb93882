"""What is decided: one file per capability, pure and deterministic; topology.py is the whole engine on one page."""
