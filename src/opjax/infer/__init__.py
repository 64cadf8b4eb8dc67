"""Inference with NumPyro: priors, likelihoods, NUTS, posteriors."""

from opjax.infer.data import read_data as read_data
from opjax.infer.fit import fit as fit
from opjax.infer.model import NumpyroModel as NumpyroModel
from opjax.infer.model import numpyro_model as numpyro_model
from opjax.infer.posterior import Posterior as Posterior
