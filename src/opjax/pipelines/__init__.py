"""Operators as modules that compose; empty so far."""
