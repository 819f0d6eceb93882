"""What the hall is: models, loading, checking; config/examples/ holds whole example halls."""
