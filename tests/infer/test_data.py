"""Data in every form that is read, and a sentence for everything that does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import opjax
from infer.models import DECAY, GROUPS
from opjax.errors import OpjaxError
from opjax.infer.data import Data, read_data

TIMES = [1.0, 2.0, 4.0]
CASES = np.array([[[5.0, 6.0], [7.0, 8.0]], [[1.0, 2.0], [3.0, 4.0]], [[9.0, 10.0], [11.0, 12.0]]])
POSITIVE = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
GRID = {"region": ["north", "south"], "age": ["0-4", "5+"]}


def read(model: str, data: Any) -> Data:
    return read_data(opjax.loads(model).system, data)


def problems(model: str, data: Any) -> list[str]:
    with pytest.raises(OpjaxError) as caught:
        read(model, data)
    assert {d.code for d in caught.value.diagnostics} == {"E0903"}
    return [f"{d.message} | {d.hint}" for d in caught.value.diagnostics]


def csv(folder: Path, text: str) -> Path:
    path = folder / "data.csv"
    path.write_text(text, encoding="utf-8")
    return path


def arrays() -> dict[str, xr.DataArray]:
    coordinates = {"time": TIMES, **GRID}
    cases = xr.DataArray(CASES, coordinates, ("time", "region", "age"))
    positive = xr.DataArray(POSITIVE, {"time": TIMES, "region": GRID["region"]}, ("time", "region"))
    return {"cases": cases, "positive": positive}


def wide() -> dict[str, list[float]]:
    cells = {
        f"cases[{r},{a}]": CASES[:, i, j].tolist()
        for i, r in enumerate(GRID["region"])
        for j, a in enumerate(GRID["age"])
    }
    return {"time": TIMES, **cells, **{f"positive[{r}]": POSITIVE[:, i].tolist() for i, r in enumerate(GRID["region"])}}


def long_rows() -> list[list[Any]]:
    rows: list[list[Any]] = []
    for t, time in enumerate(TIMES):
        for i, region in enumerate(GRID["region"]):
            for j, age in enumerate(GRID["age"]):
                rows.append([time, region, age, CASES[t, i, j], POSITIVE[t, i] if j == 0 else ""])
    return rows


def forms(folder: Path) -> dict[str, Any]:
    """The same data in all forms."""
    header = ",".join(f'"{name}"' for name in wide())
    wide_text = "\n".join([header, *(",".join(map(str, row)) for row in zip(*wide().values(), strict=True))])
    long_text = "\n".join(["time,region,age,cases,positive", *(",".join(map(str, row)) for row in long_rows()[::-1])])
    turned = {name: array.isel(region=[1, 0]) for name, array in arrays().items()}
    shuffled = {name: array.transpose(*reversed(array.dims)) for name, array in turned.items()}
    netcdf = folder / "data.nc"
    xr.Dataset(arrays()).to_netcdf(netcdf, engine="h5netcdf")
    (folder / "long").mkdir()
    frame = pd.DataFrame(long_rows(), columns=["time", "region", "age", "cases", "positive"])
    return {
        "arrays": {"time": TIMES, "cases": CASES, "positive": POSITIVE},
        "data arrays": arrays(),
        "data arrays in another order": shuffled,
        "data set": xr.Dataset(arrays()),
        "netCDF": netcdf,
        "wide CSV": csv(folder, wide_text),
        "long CSV": csv(folder / "long", long_text),
        "columns": wide(),
        "wide frame": pd.DataFrame(wide()),
        "long frame": frame,
        "frame with an index": pd.DataFrame(wide()).set_index("time"),
    }


FORMS = (
    "arrays",
    "data arrays",
    "data arrays in another order",
    "data set",
    "netCDF",
    "wide CSV",
    "long CSV",
    "columns",
    "wide frame",
    "long frame",
    "frame with an index",
)


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_say_the_same(tmp_path: Path, form: str) -> None:
    known = forms(tmp_path)
    assert tuple(known) == FORMS
    found = read(GROUPS, known[form]).series
    assert list(found) == ["cases", "positive"]
    np.testing.assert_array_equal(found["cases"].values, CASES)
    np.testing.assert_array_equal(found["positive"].values, POSITIVE)
    for series in found.values():
        np.testing.assert_array_equal(series.times, TIMES)
        assert series.present.all()
        assert series.missing == 0


def test_parameters_that_are_data_come_with_a_mapping() -> None:
    found = read(GROUPS, {"time": TIMES, "cases": CASES, "positive": POSITIVE, "tested": [50, 60]})
    np.testing.assert_array_equal(found.parameters["tested"], [50, 60])


def test_each_observation_may_have_its_own_times() -> None:
    given = arrays()
    given["positive"] = given["positive"].isel(time=[0, 2])
    found = read(GROUPS, given).series
    assert found["cases"].times.tolist() == TIMES
    assert found["positive"].times.tolist() == [1.0, 4.0]


def test_missing_cells_are_counted_and_masked(tmp_path: Path) -> None:
    found = read(DECAY, csv(tmp_path, "time,y\n0,1\n1,\n2,NA\n3,0.2\n")).series["y"]
    assert found.times.tolist() == [0.0, 3.0]
    assert found.missing == 2
    holes = CASES.copy()
    holes[1, 0, 1] = np.nan
    cases = read(GROUPS, {"time": TIMES, "cases": holes, "positive": POSITIVE}).series["cases"]
    assert cases.missing == 1
    assert not cases.present[1, 0, 1]
    assert np.isfinite(cases.values).all()


@pytest.mark.parametrize(
    "times", [["2020-03-08", "2020-03-15"], np.array(["2020-03-08", "2020-03-15"], "datetime64[D]")]
)
def test_dates_are_times_since_the_origin(times: Any) -> None:
    cases, positive = CASES[:2], POSITIVE[:2]
    found = read(GROUPS, {"time": times, "cases": cases, "positive": positive}).series["cases"]
    np.testing.assert_allclose(found.times, [1.0, 2.0])


def test_a_grid_is_matched_by_its_coordinates() -> None:
    model = (
        DECAY.replace("  params:", "  axes:\n    z = grid(0, 1, 3)\n  params:")
        .replace("x =", "x[z] =")
        .replace("x ->", "x[z] ->")
    )
    model = model.replace("y ~ Normal(loc=x,", "y[z] ~ Normal(loc=x[z],")
    columns = {"time": [0.0, 1.0], "y[0]": [1.0, 2.0], "y[0.5]": [3.0, 4.0], "y[1]": [5.0, 6.0]}
    np.testing.assert_array_equal(read(model, columns).series["y"].values, [[1, 3, 5], [2, 4, 6]])


# --- what does not fit


def test_the_place_in_the_file_is_shown(tmp_path: Path) -> None:
    with pytest.raises(OpjaxError) as caught:
        read(DECAY, csv(tmp_path, "time,y\n0,1\n1,abc\n"))
    assert "data.csv:3:3: error E0903" in str(caught.value)
    assert "    |   ^^^" in str(caught.value)


BAD_FILES = {
    "empty": ("", "are an empty file"),
    "no time": ("day,y\n0,1\n", "have no column 'time'"),
    "misspelt": ("time,z\n0,1\n", "have a column 'z' that the model does not observe"),
    "missing": ("time\n0\n", "have no column for 'y'"),
    "text": ("time,y\n0,one\n", "hold 'one' in row 2 of the column 'y', which is not a number"),
    "ragged": ("time,y\n0,1,2\n", "have 3 cells in row 2, and the header names 2"),
    "twice": ("time,y,y\n0,1,2\n", "have the column 'y' twice"),
    "backwards": ("time,y\n1,1\n0,2\n", "hold the time 0 after 1 for 'y', at row 3"),
    "repeated": ("time,y\n1,1\n1,2\n", "hold the time 1 twice for 'y', at row 3"),
    "no time in a row": ("time,y\n,1\n", "lack the time in row 2"),
    "infinite": ("time,y\n0,inf\n", "hold inf for 'y' at row 2, and Normal gives finite numbers"),
    "infinite time": ("time,y\n0,1\ninf,1\n", "lack the time of 'y' at row 3"),
    "nothing": ("time,y\n0,\n1,\n", "hold no value of 'y'"),
    "strange time": ("time,y\nsoon,1\n", "hold the time 'soon', which is neither a number nor a date"),
    "parameter": ("time,y,k\n0,1,2\n", "have a column 'k' that the model does not observe"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_has_a_sentence(tmp_path: Path, name: str) -> None:
    text, sentence = BAD_FILES[name]
    assert any(f"the data {sentence}" in problem for problem in problems(DECAY, csv(tmp_path, text))), name


def test_hints_name_what_was_meant(tmp_path: Path) -> None:
    (first, *_) = problems(GROUPS, {**wide(), "cases[noth,0-4]": wide()["cases[north,0-4]"]})
    assert "did you mean 'cases[north,0-4]'" in first
    (parameter,) = problems(DECAY, csv(tmp_path, "time,y,k\n0,1,2\n"))
    assert "pass fixed={'k': ...}" in parameter


BAD_MAPPINGS = {
    "no times": ({"cases": CASES, "positive": POSITIVE}, "do not say the times of 'cases'"),
    "no such name": (
        {"time": TIMES, "case": CASES, "positive": POSITIVE},
        "hold 'case', which the model does not take",
    ),
    "lacking": ({"time": TIMES, "cases": CASES}, "do not hold 'positive'"),
    "shape": ({"time": TIMES, "cases": CASES[:, 0], "positive": POSITIVE}, "in the shape (3, 2), and its dimensions"),
    "text": ({"time": TIMES, "cases": CASES, "positive": "many"}, "hold 'positive' as str"),
    "negative": ({"time": TIMES, "cases": -CASES, "positive": POSITIVE}, "hold -5 for 'cases[north,0-4]' at time 1"),
    "fraction": ({"time": TIMES, "cases": CASES + 0.5, "positive": POSITIVE}, "and Poisson gives 0, 1, 2, ..."),
    "times": ({"time": [1, 1, 2], "cases": CASES, "positive": POSITIVE}, "hold the time 1 twice for 'cases'"),
    "table of times": ({"time": [TIMES], "cases": CASES, "positive": POSITIVE}, "have times of the shape (1, 3)"),
    "not data": ({"time": TIMES, "cases": CASES, "positive": POSITIVE, "share": 0.5}, "hold 'share', which the model"),
}


@pytest.mark.parametrize("name", BAD_MAPPINGS)
def test_a_bad_mapping_has_a_sentence(name: str) -> None:
    data, sentence = BAD_MAPPINGS[name]
    assert any(sentence in problem for problem in problems(GROUPS, data)), name


def test_labels_must_be_those_of_the_axis() -> None:
    other = arrays() | {"cases": arrays()["cases"].assign_coords(age=["0-4", "5-9"])}
    assert "the axis 'age' has no label '5-9'" in problems(GROUPS, other)[0]
    fewer = arrays() | {"cases": arrays()["cases"].isel(region=[0])}
    assert "lack 'south' of the axis 'region' in 'cases'" in problems(GROUPS, fewer)[0]
    dims = arrays() | {"cases": arrays()["cases"].rename(region="place")}
    assert "hold 'cases' over [time, place, age]" in problems(GROUPS, dims)[0]


def test_long_tables_are_checked(tmp_path: Path) -> None:
    rows = "time,region,age,cases,positive\n1,north,0-4,1,1\n1,north,0-4,2,\n1,south,0-9,2,2\n"
    found = problems(GROUPS, csv(tmp_path, rows))
    assert any("hold 'cases[north,0-4]' at time 1 twice, in row 2 and row 3" in problem for problem in found)
    assert any("hold '0-9' in row 4, which is no label of the axis 'age'" in problem for problem in found)


def test_dates_need_an_origin() -> None:
    no_origin = DECAY.replace(" origin 2020-03-01", "")
    assert "the model does not say which date is time 0" in problems(no_origin, {"time": ["2020-03-02"], "y": [1.0]})[0]
    years = DECAY.replace("day origin", "year origin")
    assert (
        "the model's time unit 'year' has no fixed length" in problems(years, {"time": ["2020-03-02"], "y": [1.0]})[0]
    )


def test_what_is_no_data_at_all_is_refused(tmp_path: Path) -> None:
    assert "are int, which is not understood" in problems(DECAY, 5)[0]
    assert "are not read from '.txt'" in problems(DECAY, tmp_path / "data.txt")[0]
    assert "cannot be read from" in problems(DECAY, tmp_path / "none.csv")[0]
    (tmp_path / "bytes.csv").write_bytes(b"time,y\n\xff\xfe,1\n")
    assert "cannot be read from" in problems(DECAY, tmp_path / "bytes.csv")[0]
    (tmp_path / "text.nc").write_text("time,y\n0,1\n")
    assert "cannot be read from" in problems(DECAY, tmp_path / "text.nc")[0]


def test_many_problems_are_not_all_told(tmp_path: Path) -> None:
    rows = "time,y\n" + "".join(f"{place},x\n" for place in range(1000))
    assert len(problems(DECAY, csv(tmp_path, rows))) == 20


def test_masked_cells_are_missing() -> None:
    model = "model M:\n  states:\n    x = 1\n  dynamics:\n    x' = -x\n  observe:\n    y ~ Normal(loc=x, scale=1)\n"
    masked = np.ma.array([1.0, 99.0, 3.0], mask=[False, True, False])
    for data in ({"time": TIMES, "y": masked}, pd.DataFrame({"time": TIMES, "y": list(masked)})):
        series = read(model, data).series["y"]
        assert series.times.tolist() == [1.0, 4.0]
        assert series.values.tolist() == [1.0, 3.0]


@pytest.mark.parametrize("values", [np.array([1 + 2j]), np.array(["2020-01-01"], "M8[D]"), np.array([5], "m8[h]")])
def test_complex_numbers_and_dates_are_no_data(values: np.ndarray) -> None:
    assert "hold 'y' as ndarray" in problems(DECAY, {"time": [1.0], "y": values})[0]


@pytest.mark.parametrize("times", [np.array([5], "m8[h]"), np.array([1j])])
def test_durations_and_complex_numbers_are_no_times(times: np.ndarray) -> None:
    assert "as times | give numbers" in problems(DECAY, {"time": times, "y": [1.0]})[0]


def test_data_without_a_row_say_so(tmp_path: Path) -> None:
    assert problems(DECAY, csv(tmp_path, "time,y\n")) == ["the data hold no value of 'y' | there are no times"]
    assert problems(DECAY, {"time": [], "y": []}) == ["the data hold no value of 'y' | there are no times"]


@pytest.mark.parametrize(("separator", "name"), [(";", "';'"), ("\t", "a tab"), ("|", "'|'")])
def test_other_separators_are_named(tmp_path: Path, separator: str, name: str) -> None:
    (found,) = problems(DECAY, csv(tmp_path, f"time{separator}y\n1{separator}2,5\n"))
    assert (
        found
        == f"the data have {name} between their cells | separate the cells with ',', and write numbers with a point"
    )


def test_a_problem_within_a_file_is_not_one_of_the_file(tmp_path: Path) -> None:
    (found,) = problems(DECAY, csv(tmp_path, "time,y\n1\n"))
    assert "1 cells in row 2" in found


def test_digits_in_groups_are_no_number(tmp_path: Path) -> None:
    assert "hold '1_0' in row 2" in problems(DECAY, csv(tmp_path, "time,y\n1,1_0\n"))[0]


def test_dates_say_what_to_write() -> None:
    (found,) = problems(DECAY.replace(" origin 2020-03-01", ""), {"time": ["2020-03-02"], "y": [1.0]})[:1]
    assert found.endswith("say it there: time: day origin 2020-03-01")


def test_a_frame_with_a_column_twice_is_refused() -> None:
    frame = pd.DataFrame([[1.0, 2.0, 3.0]], columns=["time", "y", "y"])
    assert "have the column 'y' twice" in problems(DECAY, frame)[0]
    indexed = pd.DataFrame({"time": [1.0], "y": [2.0]}, index=pd.Index([5.0], name="time"))
    assert "have the column 'time' twice" in problems(DECAY, indexed)[0]


def test_what_is_infinite_is_not_called_empty() -> None:
    (problem,) = problems(DECAY, {"time": [1.0, 2.0], "y": [np.inf, np.inf]})
    assert "hold inf for 'y'" in problem
