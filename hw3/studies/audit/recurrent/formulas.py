"""Formulas of the documents that can't give the numbers beside them: what each gives as it is printed."""

from typing import NamedTuple

import jax

from hw3.studies.audit.recurrent.values import PLAIN, Values, values


class Formula(NamedTuple):
    """A printed formula, what it gives as it stands, the right value, and what is wrong with it."""

    document: str
    part: str
    formula: str
    gives: float
    right: float
    slip: str


def formulas() -> list[Formula]:
    """Evaluates each formula of the list as it is printed, in float64 whatever the caller's setting."""
    with jax.enable_x64(True):
        return [Formula(*row) for row in _rows(values(PLAIN))]


def _rows(v: Values) -> list[tuple[str, str, str, float, float, str]]:
    y1, y2 = v["y_hat"][2]
    W, dh_da = v["given_W"], v["dh_da"]
    da_db, dh_db, dL_da = v["da_db"], v["dh_db"], v["dL_da_direct"]
    slope = 2 * (y1 - 0.5)
    h1_two = -((1 - dh_da[1, 0]) ** 0.5)  # h1^(2) is negative
    rows = [
        (
            "001",
            "3(3)",
            "dL/do1 = 2 (y1 - 0.5) (y1 - y1^2)",
            slope * (y1 - y1**2),
            v["dL_do"][2, 0],
            "the term + y1 of the logarithm is missing",
        ),
        (
            "001",
            "3(3)",
            "dL/do2 = 2 (y1 - 0.5) y1 y2 + (y2 - y2^2) / y2",
            slope * y1 * y2 + (y2 - y2**2) / y2,
            v["dL_do"][2, 1],
            "the sign of the whole is lost",
        ),
        (
            "001",
            "3(3)",
            "dL/db1 = dL/da1 * 2.572895 + 0",
            dL_da[2, 0] * 2.572895,
            v["gradient"][0],
            "the -0.009961 printed beside it takes da1/db1 = 1.0045, not 2.572895",
        ),
        (
            "001",
            "3(4)",
            "b1 - 0.01 * (-0.009961)",
            v["given_b"][0] + 0.01 * 0.009961,
            v["given_b"][0] - 0.01 * v["gradient"][0],
            "right; the new b1 printed beside it, -1.02379892, is not this",
        ),
        (
            "002",
            "3(3)",
            "dh1(2)/db1 = (1 - h1(2))^2 da1(2)/db1",
            (1 - h1_two) ** 2 * da_db[1, 0, 0],
            dh_db[1, 0, 0],
            "1 - h^2, not (1 - h)^2; the number beside it is right",
        ),
        (
            "002",
            "3(3)",
            "da2(2)/db2 = 1 + w21 dh1(1)/db2",
            1 + W[1, 0] * dh_db[0, 0, 1],
            da_db[1, 1, 1],
            "the term w22 dh2(1)/db2 is missing; the number beside it is right",
        ),
        (
            "002",
            "3(3)",
            "dh2(2)/db2 = dh2(2)/da1(2) da1(2)/db2",
            0.0,  # the first factor is zero
            dh_db[1, 1, 1],
            "a2, not a1; h2 does not depend on a1 in its own step",
        ),
        (
            "002",
            "3(3)",
            "L = (y1(1) - 0.5)^2 - log y2(1)",
            v["step_losses"][0],
            v["loss"],
            "the last step's output, not the first's",
        ),
    ]
    return [
        (document, part, text, float(gives), float(right), slip) for document, part, text, gives, right, slip in rows
    ]
