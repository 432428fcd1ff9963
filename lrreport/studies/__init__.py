"""The built-in studies, as data."""
