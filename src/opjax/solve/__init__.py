"""Solving: diffrax runs the compiled model, and the result has the model's names."""

from opjax.solve.choose import choose_solver as choose_solver
from opjax.solve.outcome import Outcome as Outcome
from opjax.solve.outputs import along as along
from opjax.solve.problem import Problem as Problem
from opjax.solve.problem import problem_for as problem_for
from opjax.solve.settings import Settings as Settings
from opjax.solve.simulate import simulate as simulate
from opjax.solve.simulation import Simulation as Simulation
from opjax.solve.trajectory import Start as Start
from opjax.solve.trajectory import Trajectory as Trajectory
from opjax.solve.trajectory import trajectory as trajectory
