"""The typed model: nodes, types, functions, distributions, and the interpreter that is their meaning."""
