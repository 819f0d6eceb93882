"""From pixels to observations. Nothing lives here yet: until the cameras come, frames enter as events."""
