"""Pictures of a hall: its plan, and what is drawn over it."""
