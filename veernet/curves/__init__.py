"""Class maps to curves by depth, and curves to LAS files."""
