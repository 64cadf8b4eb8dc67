"""Sphinx: Markdown with executed examples; pages about errors and functions are made from the code first."""

from __future__ import annotations

import sys
from pathlib import Path

import opjax

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

project = "opjax"
author = "opjax authors"
release = opjax.__version__
extensions = ["myst_nb", "_generate", "_lexer"]
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"  # what a page shows is what this version prints
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_execution_timeout = 600
nb_merge_streams = True

html_theme = "furo"
html_title = f"opjax {release}"
