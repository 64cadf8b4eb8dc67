"""`fit`: data in, posterior out."""

from __future__ import annotations
