"""The learning rate over time: pure functions, in NumPy."""
