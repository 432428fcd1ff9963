"""Editions: their identity and date, and what differs between two of them."""
