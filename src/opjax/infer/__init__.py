"""Inference with NumPyro: priors, likelihoods, NUTS, posteriors."""

from __future__ import annotations

from opjax.infer.model import numpyro_model as numpyro_model
