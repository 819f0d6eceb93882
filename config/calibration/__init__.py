"""Whether a camera's map from pixels to the floor can be true, and if not, what was probably done."""
