"""Least squares on plain floats.

Not numpy: LAPACK's last bits depend on the processor it runs on, and a homography that differs in its last bit puts a
person on the other side of a line. IEEE arithmetic in a fixed order gives the same doubles on every machine.
"""

from __future__ import annotations

from math import sqrt

Row = list[float]

MAX_ROUNDS = 100
"""Points that fix a homography need three; where the two smallest singular values are close, it takes more."""


def null_vector(rows: list[Row]) -> Row:
    """The unit vector x that makes |A x| smallest: the right singular vector of A's smallest singular value.

    QR by Householder reflections, then inverse iteration on R, which does not square the condition number as the
    normal equations do (Golub & Van Loan, Matrix Computations, 5.2 and 8.2). Rows all of one width n; fewer than n rows
    are filled up with zeros. The sign makes the largest component positive.
    """
    width = len(rows[0])
    r = _triangle([row[:] for row in rows] + [[0.0] * width for _ in range(width - len(rows))], width)
    x = [1.0 / sqrt(width)] * width
    for _ in range(MAX_ROUNDS):
        before, x = x, _unit(_solve_upper(r, _solve_lower(r, x)))
        if max(abs(v - w) for v, w in zip(x, before, strict=True)) < 1e-15:
            break
    largest = max(x, key=abs)
    return x if largest > 0 else [-v for v in x]


def _triangle(a: list[Row], width: int) -> list[Row]:
    """R of A = QR. A diagonal of nothing is set to 1e-15 of the largest, so that R can be solved with."""
    for k in range(width):
        norm = sqrt(sum(a[i][k] * a[i][k] for i in range(k, len(a))))
        if norm == 0.0:
            continue
        _reflect(a, k, -norm if a[k][k] > 0 else norm)
    floor = 1e-15 * max(abs(a[k][k]) for k in range(width)) or 1.0
    for k in range(width):
        if abs(a[k][k]) < floor:
            a[k][k] = floor
    return [a[k][:width] for k in range(width)]


def _reflect(a: list[Row], k: int, alpha: float) -> None:
    """Reflect A's lower right part so that column k becomes (alpha, 0, 0, ...)."""
    v = [a[i][k] for i in range(k, len(a))]
    v[0] -= alpha
    scale = 2.0 / sum(c * c for c in v)
    for j in range(k, len(a[0])):
        t = scale * sum(c * a[k + i][j] for i, c in enumerate(v))
        for i, c in enumerate(v):
            a[k + i][j] -= t * c


def _solve_lower(r: list[Row], b: Row) -> Row:
    """y with R' y = b."""
    y: Row = []
    for i in range(len(b)):
        y.append((b[i] - sum(r[k][i] * y[k] for k in range(i))) / r[i][i])
    return y


def _solve_upper(r: list[Row], b: Row) -> Row:
    """x with R x = b."""
    n = len(b)
    x = [0.0] * n
    for i in reversed(range(n)):
        x[i] = (b[i] - sum(r[i][k] * x[k] for k in range(i + 1, n))) / r[i][i]
    return x


def _unit(x: Row) -> Row:
    # By the largest first: the square of a component of 1e200 has no double.
    largest = max(abs(v) for v in x)
    x = [v / largest for v in x]
    norm = sqrt(sum(v * v for v in x))
    return [v / norm for v in x]
