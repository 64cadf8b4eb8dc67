"""The same things under the names of other tools, and checks against them."""
