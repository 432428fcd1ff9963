"""The cache folder: which one is ours, and what stands in it."""
