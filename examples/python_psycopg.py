#!/usr/bin/env python3
"""Ask a model from Python with psycopg 3."""
import sys

import psycopg

user = int(sys.argv[1]) if len(sys.argv) > 1 else 42

with psycopg.connect("") as connection:
    # psycopg sends a small int as smallint: every integer picks bigint
    rows = connection.execute(
        "SELECT item_id, score FROM wals_recommend(%s, %s, model => 'movies')",
        (user, 5),
    ).fetchall()
    for item, score in rows:
        print(f"{item}\t{score:.3f}")

    # only these, for instance what is in stock
    in_stock = [1, 2, 3, 5, 6, 7, 9, 10, 11]
    rows = connection.execute(
        "SELECT item_id FROM wals_recommend(%s, 3, model => 'movies',"
        " candidates => %s::bigint[])",
        (user, in_stock),
    ).fetchall()
    print("in stock:", *(item for (item,) in rows))

    # the vector of a user, a list of floats
    (factors,) = connection.execute(
        "SELECT u.factors FROM movies AS m JOIN movies_users AS u USING (version)"
        " WHERE m.active AND u.id = %s",
        (user,),
    ).fetchone()
    print("factors:", len(factors))
