"""``python -m opjax``: the command line."""

from __future__ import annotations

from opjax.cli import main

if __name__ == "__main__":
    main()
