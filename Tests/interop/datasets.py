"""Datasets that DuckDB and pyarrow write, as `lake query` and DuckDB read them: the rows must be equal.

usage: datasets.py LAKE FOLDER
"""

import datetime
import json
import os
import subprocess
import sys

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq


def canon(value):
    """A value as both sides can say it."""
    if isinstance(value, dict):
        return {key: canon(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [canon(inner) for inner in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "microseconds")
    if isinstance(value, (datetime.date, datetime.time)):
        return str(value)
    if isinstance(value, float):
        return round(value, 9)
    if hasattr(value, "as_tuple"):
        return round(float(value), 9)
    return value


def lake_rows(lake, folder, sql):
    done = subprocess.run(
        [lake, "query", "-q", "--format", "json", sql], cwd=folder, capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.exit(f"{sql}\n{done.stderr}")
    return json.loads(done.stdout)


def compare(lake, folder, path, columns, options=""):
    """`columns` are expressions that mean the same on both sides, or pairs: ours, DuckDB's."""
    pairs = [(sql, sql) if isinstance(sql, str) else sql for sql in columns]
    lists = ", ".join(f"{ours} as c{i}" for i, (ours, _) in enumerate(pairs))
    theirs = ", ".join(f"{theirs} as c{i}" for i, (_, theirs) in enumerate(pairs))
    order = ", ".join(str(i + 1) for i in range(len(columns)))
    ours = lake_rows(lake, folder, f"select {lists} from read_parquet('{path}') order by {order}")
    os.chdir(folder)
    theirs = duckdb.sql(
        f"select {theirs} from read_parquet('{path}', hive_partitioning=true, union_by_name=true"
        f"{options}) order by " + ", ".join(f"{i + 1} nulls last" for i in range(len(columns)))
    )
    names = theirs.columns
    expected = [dict(zip(names, map(canon, row))) for row in theirs.fetchall()]
    actual = [{key: canon(value) for key, value in row.items()} for row in ours]
    if actual != expected:
        for a, b in zip(actual, expected):
            if a != b:
                print("ours  ", a, "\ntheirs", b)
                break
        sys.exit(f"{path}: {len(actual)} rows of ours are not {len(expected)} of DuckDB's")
    print(f"{path}: {len(actual)} rows equal")


def write_hive(folder):
    duckdb.sql(
        f"""copy (select i as id, 2020 + i % 3 as year,
        case when i % 4 = 0 then null else 'c ' || (i % 4) || '/%' end as country,
        date '2024-01-01' + (i % 2)::int as day, i * 0.5 as score from range(500) t(i))
        to '{folder}/duck' (format parquet, partition_by (year, country, day))"""
    )
    table = pa.table(
        {
            "id": list(range(300)),
            "month": [f"{i % 12 + 1:02d}" for i in range(300)],
            "number": pa.array([None if i % 7 == 0 else i % 5 for i in range(300)]),
        }
    )
    ds.write_dataset(
        table,
        f"{folder}/arrow",
        format="parquet",
        partitioning=ds.partitioning(
            pa.schema([("month", pa.string()), ("number", pa.int64())]), flavor="hive"
        ),
    )


def write_union(folder):
    os.makedirs(f"{folder}/union")
    files = [
        {"id": pa.array([1, 2], pa.int32()), "v": pa.array([1, None], pa.int16()),
         "r": pa.array([{"a": 1}, None], pa.struct([("a", pa.int32())])),
         "t": pa.array([1, 2], pa.timestamp("ms")), "n": pa.nulls(2),
         "s": pa.array([[None, None], []], pa.list_(pa.null()))},
        {"id": pa.array([2**40], pa.int64()), "v": pa.array([0.5], pa.float64()),
         "r": pa.array([{"b": "x", "a": 2**40}], pa.struct([("b", pa.string()), ("a", pa.int64())])),
         "t": pa.array([3], pa.timestamp("us")), "n": pa.array(["text"]),
         "s": pa.array([["x", None]], pa.list_(pa.string()))},
        {"ID": pa.array([7], pa.int8()), "v": pa.array([1.25], pa.float32()),
         "l": pa.array([[1, 2]], pa.list_(pa.int16()))},
        {"l": pa.array([[2**40]], pa.list_(pa.int64())), "id": pa.array([9], pa.uint32())},
    ]
    for number, columns in enumerate(files):
        pq.write_table(pa.table(columns), f"{folder}/union/{number}.parquet")


def main(lake, folder):
    write_hive(folder)
    write_union(folder)
    compare(lake, folder, "duck/**/*.parquet", ["id", "year", "country", "day", "score"])
    compare(lake, folder, "duck/year=2021/**/*.parquet", ["id", "year", "country", "day"])
    compare(lake, folder, "arrow/**/*.parquet", ["id", "month", "number"])
    compare(lake, folder, "union/*.parquet", ["id", "v", "r.a", "r.b", "t", "n"])
    compare(lake, folder, "union/[01].parquet", ["id", ("cardinality(s)", "len(s)"), "n"])
    compare(lake, folder, "union/[23].parquet", ["id", "l[1]"])
    count = lake_rows(lake, folder, "select count(*) as n from \"duck/**\" where year = 2022")
    expected = duckdb.sql("select count(*) from 'duck/**/*.parquet' where year = 2022").fetchone()
    if count != [{"n": expected[0]}]:
        sys.exit(f"{count} is not {expected}")


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
