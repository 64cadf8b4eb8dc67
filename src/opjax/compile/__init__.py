"""From a program to a function: emission, layout, arguments, the compiled right-hand side."""
