"""Who is who in a table, in one call and with no store. Needs polars.

prints:

    order  phone        email          profile_id
    1      13601230001  ann@x.example  0
    2      13601230001  null           0
    3      null         ann@x.example  0
    4      13601230002  bob@x.example  1
    5      null         null           null
    2 people
"""

import polars

import polyonym

orders = polars.DataFrame(
    {
        "order": [1, 2, 3, 4, 5],
        "phone": ["13601230001", "13601230001", None, "13601230002", None],
        "email": ["ann@x.example", None, "ann@x.example", "bob@x.example", None],
    }
)

# What comes in comes out: pandas, polars, pyarrow.
people = polyonym.resolve(orders, columns=["phone", "email"])

print(*(name.ljust(width) for name, width in zip(people.columns, (5, 11, 13, 0))), sep="  ")
for row in people.iter_rows():
    cells = ("null" if cell is None else str(cell) for cell in row)
    print(*(cell.ljust(width) for cell, width in zip(cells, (5, 11, 13, 0))), sep="  ")
print(people["profile_id"].n_unique() - people["profile_id"].has_nulls(), "people")
