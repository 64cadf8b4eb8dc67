"""Operators along an axis: how each kind is discretised, from nodes that exist already."""
