#!/usr/bin/env python3
"""Ask a model from Python with psycopg2, which writes values into the text."""
import sys

import psycopg2

user = int(sys.argv[1]) if len(sys.argv) > 1 else 42

connection = psycopg2.connect("")
with connection, connection.cursor() as cursor:
    cursor.execute(
        "SELECT item_id, score FROM wals_recommend(%s, %s, model => 'movies')",
        (user, 5),
    )
    for item, score in cursor:
        print(f"{item}\t{score:.3f}")

    cursor.execute(
        "SELECT item_id FROM wals_recommend(%s, 3, model => 'movies',"
        " candidates => %s::bigint[])",
        (user, [1, 2, 3, 5, 6, 7, 9, 10, 11]),
    )
    print("in stock:", *(item for (item,) in cursor))
connection.close()
