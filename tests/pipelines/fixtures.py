"""Small operators and functions that the tests of pipelines share; files can name them."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax import Array

from opjax.pipelines import Operator, param, static

X = jnp.arange(1.0, 4.0)


class Scale(Operator):
    k: float = static()

    def _apply(self, x: Any) -> Any:
        return x * self.k


class Gain(Operator):
    g: Array = param()

    def _apply(self, x: Any) -> Any:
        return x * self.g


class AddOp(Operator):
    def _apply(self, a: Any, b: Any) -> Any:
        return a + b


class Affine(Operator):
    a: float = static()

    def _apply(self, x: Any, b: Any) -> Any:
        return self.a * x + b


class Thresh(Operator):
    t: Array = param()

    def _apply(self, x: Any) -> Any:
        return jnp.where(x > self.t, x, 0.5 * x)


class Secret(Operator):
    forbid_in_yaml = True

    def _apply(self, x: Any) -> Any:
        return x


class Write(Operator):
    terminal = True

    def _apply(self, x: Any) -> None:
        return None


class NotKept(Operator):
    a: int = static()

    def __init__(self, b: int) -> None:
        self.a = b

    def _apply(self, x: Any) -> Any:
        return x


class Growing(Operator):
    n: int = static()

    def __init__(self, n: int) -> None:
        self.n = n + 1

    def _apply(self, x: Any) -> Any:
        return x


class WithModel(Operator):
    model: eqx.Module

    def _apply(self, x: Any) -> Any:
        return self.model(x)


def positive(x: Any) -> Any:
    return x.sum() > 0


def regime(x: Any) -> Any:
    return x.astype(int).sum()


def total(x: Any) -> Any:
    return x.sum(-1)
