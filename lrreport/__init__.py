"""lrreport: how the learning rate shapes a neural network's training, trained, drawn and written up."""

__version__ = "0.1.0"
