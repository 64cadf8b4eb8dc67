"""Helpers for JAX pytrees and transformations, without any knowledge of models."""
