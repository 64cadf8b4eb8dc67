"""The functions of the model language: one record each, in plain Python, without any array framework."""

from opjax.ir.functions.record import ArgumentKind as ArgumentKind
from opjax.ir.functions.record import Function as Function
from opjax.ir.functions.record import ResultKind as ResultKind
from opjax.ir.functions.record import Scalar as Scalar
from opjax.ir.functions.table import CONSTANTS as CONSTANTS
from opjax.ir.functions.table import FUNCTIONS as FUNCTIONS
from opjax.ir.functions.table import lookup as lookup
from opjax.ir.functions.table import user_function_names as user_function_names
