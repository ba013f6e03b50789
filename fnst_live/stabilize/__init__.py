"""Stage 2: the flicker goes, color and crispness stay."""
