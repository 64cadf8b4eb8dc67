"""Text to syntax and back: what was written, before any name is looked up.

Open `grammar.lark` first. `parser` has one function per kind of statement, `printer` is its inverse, `nodes` and
`declarations` are the syntax tree.
"""
