"""opjax: write a dynamical model once, as text, and get everything from it."""

__version__ = "0.1.0"
