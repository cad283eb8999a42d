"""Studies that justify decisions: what was measured, and how to measure it again."""
