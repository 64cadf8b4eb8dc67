"""From what was written, in any spelling, to the typed model."""
