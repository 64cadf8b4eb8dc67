"""Every problem that opjax can report: its code, its sentence, its way out. One row each, used in one place each.

The page of a code is ``errors/pages/CODE.md``: what it means, a model that has the problem and the same model without
it. ``opjax explain CODE`` prints it, the documentation includes it, and a test compiles both models.

E00xx files and limits, E01xx text, E02xx YAML and mappings, E03xx names and axes, E04xx types and expressions,
E05xx dynamics, E06xx observations and priors, E07xx not yet at run time, E08xx compiling and calling, E09xx solving
and inference, W04xx lints.
"""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """A row: stable code, sentence with ``{names}``, default hint with ``{names}``, and that for models by keys.

    The last is for YAML, JSON and mappings, where a model is written in another way than in the text form.
    """

    code: str
    message: str
    hint: str = ""
    hint_by_keys: str = ""


# --- files and limits
FILE_NOT_FOUND = Problem("E0001", "there is no file '{path}'")
FILE_NOT_TEXT = Problem("E0002", "this is not UTF-8 text", "save the model as a UTF-8 text file")
UNKNOWN_FORMAT = Problem("E0003", "a model is not read from '{suffix}'", "use .ojx, .yaml, .yml or .json")
TOO_LARGE = Problem("E0004", "{what} is {size}, more than the limit of {limit}", "raise it with Limits({field}=...)")
EMPTY_SOURCE = Problem("E0005", "there is no model here", "begin with 'model NAME:'")
SEVERAL_MODELS = Problem("E0006", "there are several models here: {names}", "name one: load(path, name='{first}')")
NO_SUCH_MODEL = Problem("E0007", "there is no model '{name}' here")
FILE_UNREADABLE = Problem("E0008", "'{path}' cannot be read: {problem}")

# --- text
UNEXPECTED_TEXT = Problem("E0101", "'{found}' is not expected here")
UNEXPECTED_END = Problem("E0102", "the statement ends too early")
UNEXPECTED_CHARACTER = Problem("E0103", "the character {found} has no meaning here")
BAD_INDENTATION = Problem("E0104", "this line is indented by {found}, its neighbours by {expected}")
MIXED_INDENTATION = Problem("E0105", "tabs and spaces are mixed in the indentation", "indent with spaces only")
UNKNOWN_SECTION = Problem("E0106", "there is no section '{name}'")
REPEATED_SECTION = Problem("E0107", "the section '{name}' stands here a second time", "merge the two")
UNCLOSED_BRACKET = Problem("E0108", "the bracket '{bracket}' is never closed", "add '{closing}'")
EMPTY_SECTION = Problem("E0109", "the section '{name}' is empty", "indent its lines, or remove it")
MISSING_COLON = Problem("E0110", "the colon is missing behind '{header}'", "write '{header}:'")
BAD_NAME = Problem("E0111", "the name '{name}' {problem}", "choose another name")
UNCLOSED_TEXT = Problem("E0112", "the text that begins here is never closed", "add {quote}")

# --- YAML, JSON and mappings
YAML_SYNTAX = Problem("E0201", "this is not valid YAML: {problem}")
UNKNOWN_KEY = Problem("E0202", "there is no key '{name}' in {where}")
REPEATED_KEY = Problem("E0203", "the key '{name}' stands here a second time", "remove one of the two")
WRONG_VALUE = Problem("E0204", "{where} must be {expected}, not {found}")
MISSING_KEY = Problem("E0205", "{where} lacks the key '{name}'")
YAML_FEATURE = Problem("E0206", "{feature} is not allowed in a model", "write the value itself")
JSON_SYNTAX = Problem("E0207", "this is not valid JSON: {problem}")
CYCLIC_MAPPING = Problem("E0208", "{where} contains itself", "write each value once")

# --- names and axes
UNDECLARED_NAME = Problem(
    "E0301",
    "'{name}' is not declared",
    "declare it in params, states, let or inputs",
    "declare it in parameters, state, aliases or inputs",
)
REPEATED_NAME = Problem("E0302", "'{name}' is declared a second time (first at {first})", "rename one of the two")
RESERVED_NAME = Problem("E0303", "'{name}' is {use} and cannot be declared", "choose another name")
UNKNOWN_AXIS = Problem("E0304", "there is no axis '{name}'", "declare it in axes")
UNKNOWN_LABEL = Problem("E0305", "the axis '{axis}' has no label '{label}'", "its labels are {labels}")
MISSING_INDEX = Problem("E0306", "'{name}' has the axes [{axes}]; here it stands without them")
WRONG_INDEX_COUNT = Problem("E0307", "'{name}' has {expected}, and {found} given")
FREE_INDEX = Problem("E0308", "the index '{index}' runs over nothing here")
WRONG_AXIS = Problem("E0309", "'{name}' has the axis '{expected}' here, and '{index}' runs over '{found}'")
ALIAS_CYCLE = Problem("E0310", "the aliases depend on each other in a circle: {path}", "break the circle")
PARAMETER_CYCLE = Problem("E0318", "the parameters depend on each other in a circle: {path}", "break the circle")
UNKNOWN_FUNCTION = Problem("E0311", "there is no function '{name}'", "the functions are in the language reference")
NO_EDGE = Problem(
    "E0312",
    "'{index}' reaches over the end of the axis '{axis}'",
    "add 'edge stay', 'edge absorb' or 'edge periodic'",
    "say what lies there with 'edge': stay, absorb or periodic, beside 'rate' or 'value'",
)
BAD_AXIS = Problem("E0313", "the axis '{name}' {problem}")
NOT_A_FUNCTION = Problem("E0314", "'{name}' is {kind}, not a function")
REPEATED_AXIS = Problem("E0315", "'{name}' has the axis '{axis}' twice", "only parameters may; use two axes")
NAME_NEEDS_CALL = Problem("E0316", "'{name}' is a function and stands here without its arguments", "write {name}(...)")
SHADOWED_INDEX = Problem("E0317", "the index '{name}' is already {use}", "choose another letter")

# --- types and expressions
WRONG_KIND = Problem("E0401", "{where} must be {expected}, and this is {found}")
WRONG_ARGUMENT_COUNT = Problem("E0402", "'{name}' takes {expected}, and {found} given")
NOT_CONSTANT = Problem("E0403", "{where} must be a number known now, and this depends on '{name}'")
BAD_NUMBER = Problem("E0404", "{problem}")
NO_KEYWORD = Problem("E0406", "'{name}' has no argument '{keyword}'")
MISPLACED = Problem("E0407", "{what} cannot stand in {where}")
BAD_ARRAY = Problem("E0409", "the values of '{name}' have the shape {found}, and its axes [{axes}] want {expected}")
NO_QUADRATURE = Problem(
    "E0410", "the axis '{axis}' has no lengths to integrate over", "use sum, declare it as a grid, or give it a measure"
)

# --- blocks
NOT_INDEPENDENT = Problem(
    "E0530",
    "the model does not fall apart along '{axis}': {what}",
    "take '{axis}' out of 'independent' (factorize_axes), or keep to one position of it",
)

# --- dynamics
NOT_A_STATE = Problem("E0501", "'{name}' is {kind}, not a state")
NO_EQUATION = Problem(
    "E0502",
    "the state '{name}' has no equation and no transition",
    "write {name}' = 0 if it is constant",
    "write {name}: 0 in 'equations' if it is constant",
)
REPEATED_EQUATION = Problem("E0503", "'{name}' has two equations (first at {first})", "add them into one")
UNPLACED_AXIS = Problem(
    "E0504",
    "'{axis}' occurs on the right side only: how is the flow divided over it?",
    "use '{axis}' in the rate, or name a label",
)
EMPTY_TRANSITION = Problem("E0505", "this transition has nothing on both sides")
NO_INITIAL = Problem(
    "E0506", "the state '{name}' has no initial value", "write '{name} = ...' in states or init, or give y0"
)
REPEATED_INITIAL = Problem("E0507", "'{name}' has two initial values (first at {first})", "keep one")
NO_STATES = Problem("E0508", "the model has no states", "declare them in 'states:'", "declare them in 'state'")
UNKNOWN_TRANSITION = Problem(
    "E0509",
    "there is no transition named '{name}'",
    "name the transition: 'NAME: A -> B @ rate'",
    "give the transition a 'name'",
)
MISSING_REACTANT = Problem(
    "E0510",
    "the stated reactants lack '{name}', which the transition consumes",
    "list everything that meets in one event: reactants {name} + ...",
    "list everything that meets in one event in 'reactants'",
)
AMBIGUOUS_CELL = Problem(
    "E0511",
    "'{name}' may be several cells: the labels {labels} of '{axis}' look the same in it",
    'write the label: [{axis}="..."]',
)
OVERLAPPING_EQUATIONS = Problem(
    "E0512",
    "two equations of '{name}' are for the same points, and neither is for fewer (first at {first})",
    "write one for them",
)
UNCOVERED_POINTS = Problem(
    "E0513",
    "the equations of '{name}' leave points without one",
    "write an equation for {name}[{axes}], which counts where no other does",
)

# --- representations, measures, gauges
BAD_REPRESENTATION = Problem("E0540", "the state '{name}' {problem}")
INTEGRAL_OF_COUNTS = Problem(
    "E0541",
    "'{name}' is {what}, which adds up over '{axis}', and here it is integrated",
    "use sum, or declare it as a density",
)
EMPTY_GAUGE = Problem("E0543", "the gauge '{name}' scales nothing", "write the powers: states: {{x: 1}}")
BAD_GAUGE = Problem("E0544", "the gauge '{name}' {problem}")
BROKEN_GAUGE = Problem(
    "E0545",
    "the gauge '{name}' changes the model: {problem}",
    "correct its powers; compile_spec(..., detect_gauges=True) lists those that hold",
)
BAD_ANCHOR = Problem("E0546", "gauge_fix cannot fix '{name}': {problem}")
BAD_COORDINATES = Problem("E0547", "this state has no coordinates: {problem}")
BAD_QUALIFICATION = Problem("E0548", "this qualification {problem}")
BAD_OBSERVABLE = Problem("E0542", "this observable {problem}", "an axis is either kept, in 'axes', or reduced")

# --- operators along an axis
UNKNOWN_OPERATOR_KIND = Problem("E0560", "there is no operator '{name}'")
UNKNOWN_SETTING = Problem("E0561", "the operator '{operator}' has no setting '{name}'")
REPEATED_SETTING = Problem("E0562", "the operator '{operator}' has the setting '{name}' twice", "keep one")
MISSING_SETTING = Problem(
    "E0563", "the operator '{operator}' lacks the setting '{name}'", "add '{name} = ...'", "add the key '{name}'"
)
WRONG_SETTING = Problem("E0564", "'{name}' of the operator '{operator}' must be {expected}, not {found}")
NOT_ALONG_AXIS = Problem("E0565", "the operator '{operator}' needs the axis '{axis}', which '{name}' does not have")
NO_STATE_ALONG = Problem(
    "E0566", "the operator '{operator}' acts on no state", "no state has the axis '{axis}'; name another axis"
)
SHORT_AXIS = Problem("E0567", "the axis '{name}' has one point, which has no neighbours", "give it two points or more")
NO_MATRIX = Problem("E0568", "this is no matrix over the axis '{axis}'")
NO_ABSENT_STATE = Problem("E0569", "no state has the axes of this condition: {axes}", "name axes that a state has")
UNKNOWN_CONDITION = Problem("E0573", "there is no boundary condition '{name}'")
CONDITION_ARGUMENTS = Problem("E0574", "the boundary condition '{name}' has other arguments")
BAD_BOUNDARY = Problem("E0575", "'{face}': {problem}")
HALF_PERIODIC = Problem(
    "E0576", "'{name}' is periodic at one end of '{axis}' only", "write periodic at both ends: lo and hi"
)
UNKNOWN_KERNEL = Problem("E0571", "there is no kernel of the form '{name}'")
KERNEL_SETTING = Problem("E0572", "the kernel '{name}' {problem}")
ABSENT_ON_KERNEL = Problem(
    "E0570",
    "the operator '{operator}' acts along the axis '{axis}', along which '{name}' has absent cells",
    "give the matrix rows and columns of zeros, or name other states",
)

# --- tables
NO_POINTS = Problem(
    "E0580",
    "the axis '{axis}' has labels, and nothing lies between them",
    "declare it as points [...] or grid(...)",
    "give the axis numbers as 'coords'",
)
NOT_A_TABLE = Problem(
    "E0581", "this has no values along '{axis}' to read a table from", "write the table with the index '{name}'"
)
BAD_TABLE = Problem("E0582", "the table '{name}' {problem}")
BAD_HISTORY = Problem("E0583", "'{name}' {problem}")
NEEDS_HISTORY = Problem(
    "E0584",
    "the model asks for its past, and nothing here answers ({what})",
    "call rhs.history_eval_fn(t, y, history_provider=..., ...) with an object that has a method 'query'",
)

# --- observations and priors
UNKNOWN_DISTRIBUTION = Problem("E0601", "there is no distribution '{name}'")
DISTRIBUTION_ARGUMENT = Problem("E0602", "{name}: {problem}", "write {signature}")
BAD_BOUNDS = Problem("E0603", "the bounds of '{name}' {problem}")

# --- pipelines
UNTRUSTED_TARGET = Problem(
    "E0650", "the {what} '{name}' may not be named by a file", "define, register or allow it in the program that loads"
)
WRONG_PIPELINE_VALUE = Problem("E0651", "{where}: {problem}")
OPERATOR_FORM = Problem("E0652", "this is no definition: {problem}")
PIPELINE_KEY = Problem("E0654", "{problem}")
UNKNOWN_STEP = Problem("E0653", "there is no operator '{name}'", "define it above, or give it in operators={{...}}")
OPERATOR_PARAMETER = Problem(
    "E0655",
    "the parameter '{name}' of an operator cannot have {what}",
    "leave it out; in a NumPyro model eqx.tree_at puts a sampled value in",
)
NOT_IN_OPERATOR = Problem("E0656", "an operator knows no {what}", "make it an input: operator f(x, day) = ...")
MODEL_CALL = Problem("E0657", "the model '{name}' stands here as an operator, and {problem}", "write {example}")
WRONG_DEFINITION = Problem("E0658", "{problem}")

# --- written and typed, and not run yet
NOT_AT_RUN_TIME = Problem("E0701", "{what} '{name}' is understood, and cannot be run yet", "remove it for now")

# --- compiling and calling
UNKNOWN_NAMESPACE = Problem(
    "E0801", "'{name}' is not an array namespace", "pass numpy, jax.numpy or an Array API namespace"
)
FUNCTION_NOT_IN_NAMESPACE = Problem(
    "E0802", "the function '{name}' does not exist in '{namespace}'", "use numpy or jax.numpy"
)
AXIS_WITHOUT_LABELS = Problem(
    "E0803",
    "the axis '{name}' takes its labels from data, and none are given",
    "give them: model.with_axes({name}=[...])",
)
WRONG_SHAPE = Problem("E0804", "'{name}' has the shape {found}, and {expected} is wanted")
MISSING_VALUE = Problem("E0805", "the {kind} '{name}' has no value", "pass {name}=..., or give it a default")
UNKNOWN_VALUE = Problem("E0806", "there is no {kind} '{name}'")
OTHER_KIND = Problem("E0810", "'{name}' is a model of {found}, and one of {wanted} is asked for", "use normalize_rhs")
WRONG_ARRAY = Problem("E0807", "'{name}' is {found}, and {expected} is wanted")

# --- the past
UNKNOWN_HISTORY_KERNEL = Problem(
    "E0820",
    "the kernel '{name}' is known to providers of the past only",
    "write a function of the time ago, let: {name}(ago) = ...; or take uniform, or exponential (kernel_params=mean)",
)
BAD_HISTORY_KERNEL = Problem(
    "E0825", "the kernel '{name}' {problem}", "write let: {name}(ago) = ...", "write {name}(ago): ... in 'functions'"
)
HISTORY_ALONG_AXIS = Problem(
    "E0821", "'{name}' asks for the past along the axis '{axis}', and the past here is that of the time", "leave it out"
)
HISTORY_IS_FORWARD = Problem(
    "E0822", "a model that asks for its past is differentiated forward, not with {adjoint}", 'pass adjoint="forward"'
)
FUTURE_ASKED = Problem("E0823", "{call} asks for the future: its lag or window is negative", "give it a lag above zero")
BAD_PAST = Problem("E0824", "the history of '{name}' {problem}")

# --- solving and inference
BAD_TIMES = Problem("E0901", "the times {problem}")
UNKNOWN_SOLVER = Problem("E0902", "there is no solver '{name}'")
BAD_DATA = Problem("E0903", "the data {problem}")
NO_PRIOR = Problem(
    "E0904", "the parameter '{name}' has neither a value nor a prior", "add '~ ...', a default, or pass a value"
)
NO_OBSERVATION = Problem(
    "E0905", "the model has no section 'observe'", "add one, such as: y ~ Normal(loc=x, scale=sigma)"
)
MISSING_EXTRA = Problem("E0906", "this needs the package '{package}'", "pip install 'opjax[{extra}]'")
NO_START = Problem("E0907", "no point was found at which the posterior and its gradient are finite: {problem}")
NO_STEP_SIZE = Problem("E0920", "the solver '{name}' takes steps of one size, and none is given", "pass dt0=...")
REQUIREMENT_FAILS = Problem("E0921", "a condition that the model requires does not hold for these parameters")
WRONG_LABELS = Problem("E0922", "'{name}' has the labels {found} along '{axis}', and {expected} are wanted")
SOLVE_FAILED = Problem("E0923", "the solve did not reach the last time")
DISCRETE_PRIOR = Problem(
    "E0930",
    "the prior of '{name}' is {distribution}, which has no density, and NUTS needs one",
    "take a continuous prior, or a fixed value",
)
UNBOUNDED_PRIOR = Problem(
    "E0931",
    "the prior of '{name}' is {distribution}, which cannot be restricted to bounds",
    "remove the bounds, or take another prior",
)
NOTHING_TO_FIT = Problem(
    "E0932", "no parameter is drawn from a prior, so there is nothing to fit", "add '~ ...' to a parameter"
)

# --- lints
RATE_CONTAINS_SOURCE = Problem(
    "W0401",
    "the rate of '->' contains its own reactant '{name}', which multiplies it once more",
    "use '=>' if this is the whole flow",
    "write 'flow' in place of 'rate' if this is the whole flow",
)
IDLE_EDGE = Problem(
    "W0403",
    "'edge {edge}' changes nothing: nothing here goes over the end of an axis",
    "leave it out, or write the shift, such as [age+1]",
    "leave 'edge' out, or write the shift, such as [age+1]",
)
IDLE_NAME = Problem(
    "W0404",
    "'{name}' is not used in this '{kind}': it takes the same value at each point of '{axis}'",
    "write the index [{name}] where '{axis}' is meant, or leave the '{kind}' out",
)
IGNORED_KEY = Problem(
    "W0510",
    "the key '{name}' changes nothing: it is kept in 'meta', and nothing here reads it",
    "write what it means as transitions or equations, or remove it",
)
CHANGED_NAME = Problem("W0511", "the name '{name}' is read as '{other}'", "write letters, digits and '_'")
TAKEN_AS_NUMBER = Problem(
    "W0512",
    "'{name}' is the number {value}; op_system takes it for a parameter",
    "rename the parameter; or write 'opjax: 1' at the top of the model, if the number is meant",
)
NARROW_KERNEL = Problem(
    "W0513",
    "the kernel '{name}' is too narrow for the points of '{axis}': with gaps of {gap}, its integral comes out "
    "{factor} times too large",
    "take more points, or a wider kernel; divide by the sum where only its share of each point is meant",
)
INFERRED_PARAMETER = Problem(
    "W0402", "'{name}' is taken as a parameter; it is close to '{other}'", "declare it in 'parameters' if it is one"
)
