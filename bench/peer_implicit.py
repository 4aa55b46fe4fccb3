"""Train the Python library implicit on the ratings of bench/run.

    peer_implicit.py RATINGS FACTORS ITERATIONS THREADS RUNS

RATINGS is a file of binary COPY data of (integer, integer, real), as generate.c
writes.  Prints, parted by tabs, one line per way to solve and run: way, run,
iterations, seconds, loss.  Exit status 3 says that the library is not there.

The objective is that of

    wals_train(..., weighting => 'linear', alpha => 4, unobserved_weight => 1,
        regularization => 10, reg_exponent => 0)

which is the library's own with the confidence 1 + 4 r: 1 on unobserved cells,
target 1 on observed ones.  The first factors differ, so losses after the same
number of iterations are near each other, not equal.  The loss is computed here,
in float64.

Only fit() is timed; the data are in memory as the library wants them.  The
exact solver takes some ten times as long as the other and does two iterations.
"""

import sys
import time

ALPHA = 4.0
REGULARIZATION = 10.0
EXACT_ITERATIONS = 2
HEADER = 19  # signature, flags, length of the extension (0)
TRAILER = 2


def read_ratings(path):
    """The users x items matrix of confidences, ids made dense."""
    row = numpy.dtype([("fields", ">i2"),
                       ("user_length", ">i4"), ("user", ">i4"),
                       ("item_length", ">i4"), ("item", ">i4"),
                       ("value_length", ">i4"), ("value", ">f4")])
    with open(path, "rb") as file:
        data = file.read()
    if data[:11] != b"PGCOPY\n\xff\r\n\0":
        sys.exit("peer_implicit.py: %s is not binary COPY data" % path)
    count = (len(data) - HEADER - TRAILER) // row.itemsize
    rows = numpy.frombuffer(data, dtype=row, offset=HEADER, count=count)
    if not (rows["fields"] == 3).all():
        sys.exit("peer_implicit.py: %s has other columns than expected" % path)
    users = numpy.unique(rows["user"], return_inverse=True)[1]
    items = numpy.unique(rows["item"], return_inverse=True)[1]
    confidence = 1 + ALPHA * rows["value"].astype(numpy.float32)
    return scipy.sparse.csr_matrix(
        (confidence.astype(numpy.float32), (users, items)))


def loss_of(matrix, user_factors, item_factors):
    """Weighted squares over all cells, and the regularization."""
    x = numpy.asarray(user_factors, dtype=numpy.float64)
    y = numpy.asarray(item_factors, dtype=numpy.float64)
    loss = numpy.sum((x.T @ x) * (y.T @ y))
    loss += REGULARIZATION * (numpy.sum(x * x) + numpy.sum(y * y))
    for begin in range(0, matrix.shape[0], 1000):
        part = matrix[begin:begin + 1000].tocoo()
        score = numpy.einsum("ef,ef->e", x[begin + part.row], y[part.col])
        loss += numpy.sum(part.data * (1 - score) ** 2 - score ** 2)
    return loss


def train(matrix, way, factors, iterations, threads, run):
    model = implicit.als.AlternatingLeastSquares(
        factors=factors, regularization=REGULARIZATION, alpha=1.0,
        dtype=numpy.float32, use_native=True, use_cg=(way == "CG"),
        use_gpu=False, iterations=iterations,
        calculate_training_loss=False, num_threads=threads,
        random_state=run)
    begin = time.perf_counter()
    model.fit(matrix, show_progress=False)
    seconds = time.perf_counter() - begin
    print("implicit %s, %s" % (implicit.__version__, way), run, iterations,
          seconds, loss_of(matrix, model.user_factors, model.item_factors),
          sep="\t", flush=True)


def main():
    path = sys.argv[1]
    version = [int(n) for n in implicit.__version__.split(".")[:2]]
    if version < [0, 5]:
        sys.exit("peer_implicit.py: implicit %s takes items by users, 0.5 or newer "
                 "is needed" % implicit.__version__)
    factors, iterations, threads, runs = [int(a) for a in sys.argv[2:]]
    matrix = read_ratings(path)
    for run in range(1, runs + 1):
        train(matrix, "CG", factors, iterations, threads, run)
        train(matrix, "exact", factors, min(iterations, EXACT_ITERATIONS),
              threads, run)


try:
    import numpy
    import scipy.sparse
    import implicit
    import implicit.als
except ImportError as error:
    print("implicit is not measured: %s" % error, file=sys.stderr)
    sys.exit(3)

if __name__ == "__main__":
    main()
