"""The built-in scene: a picture, at any size and moment, that every other part may paint, show or learn from."""
