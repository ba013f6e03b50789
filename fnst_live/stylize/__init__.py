"""Stage 1: content frame to stylized frame, by whichever engine is fastest here."""
