"""Reading data sets: the room that knows xarray does it for others."""

from __future__ import annotations

import os

import xarray


def read_dataset(path: str | os.PathLike[str]) -> xarray.Dataset:
    """The data set in a netCDF file, all of it in memory.

    Arguments:
        path: the file.

    Raises:
        OSError: if it cannot be read.
    """
    with xarray.open_dataset(path) as opened:
        return opened.load()
