"""From nodes to the parts of declarations: names, expressions, distributions, bounds, comments."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import get_args

from opjax.errors import Stop
from opjax.source import Span
from opjax.spec.document import MappingNode, Node, ScalarNode, SequenceNode, wrong_value
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.rewriting import rewritten
from opjax.spec.sections.shapes import (
    ARRAY_OR_EXPRESSION,
    BOUNDS,
    DISTRIBUTION,
    EXPRESSION,
    TEXT,
    Listed,
    Scalar,
    Shape,
    fits,
)
from opjax.syntax import parser
from opjax.syntax.declarations import (
    FLAGS,
    NO_COMMENTS,
    Action,
    BoundaryDeclaration,
    Bounds,
    Comments,
    DerivativeDeclaration,
    DistributionCall,
    Edge,
    Flag,
    Term,
    TransitionDeclaration,
)
from opjax.syntax.nodes import Argument, Array, Expression, Index, Negate, Number, Reference
from opjax.traverse import Walk, run

FLAG_LIST = Listed("a list of flags", Scalar("one of " + ", ".join(FLAGS), (), FLAGS))
_EDGES: tuple[Edge, ...] = get_args(Edge)
