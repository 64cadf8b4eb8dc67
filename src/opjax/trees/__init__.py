"""Helpers for JAX pytrees and transformations, without any knowledge of models.

What Equinox and JAX do as it should be done is here under its own name and is the same object; the rest is written
here. The page "Coming from kUPS" of the documentation has a line for each.
"""

from equinox import Module as Module
from equinox import field as field
from equinox import filter_jit as filter_jit

from opjax.trees.align import SupportsTreeMatch as SupportsTreeMatch
from opjax.trees.align import tree_align as tree_align
from opjax.trees.align import tree_map as tree_map
from opjax.trees.combine import tree_concat as tree_concat
from opjax.trees.combine import tree_stack as tree_stack
from opjax.trees.combine import tree_where as tree_where
from opjax.trees.combine import tree_where_broadcast_last as tree_where_broadcast_last
from opjax.trees.gradients import non_differentiable as non_differentiable
from opjax.trees.gradients import sequential_vmap as sequential_vmap
from opjax.trees.gradients import sequential_vmap_with_vjp as sequential_vmap_with_vjp
from opjax.trees.keys import key_at as key_at
from opjax.trees.keys import key_chain as key_chain
from opjax.trees.membership import isin as isin
from opjax.trees.scatter import HasScatterArgs as HasScatterArgs
from opjax.trees.scatter import ScatterArgs as ScatterArgs
from opjax.trees.scatter import tree_scatter_set as tree_scatter_set
from opjax.trees.sums import compensated_sum as compensated_sum
from opjax.trees.sums import kahan_summation as kahan_summation
from opjax.trees.tracing import NotJaxCompatibleError as NotJaxCompatibleError
from opjax.trees.tracing import TracingError as TracingError
from opjax.trees.tracing import host_only as host_only
from opjax.trees.tracing import is_traced as is_traced
from opjax.trees.tracing import no_jax_tracing as no_jax_tracing
from opjax.trees.untyped import PyTreeDef as PyTreeDef
from opjax.trees.untyped import tree_at as tree_at
from opjax.trees.untyped import tree_structure as tree_structure
from opjax.trees.untyped import vectorize as vectorize
