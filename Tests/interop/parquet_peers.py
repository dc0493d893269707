"""Reads our Parquet files with the peers; parquet_matrix.py makes theirs for us to read.

usage: parquet_peers.py check FOLDER   ours*.parquet beside ours*.rows: each peer must give those rows

A .rows file has one line per row, values joined by tabs, in a form that keeps every bit: floats and
texts in hex, times in microseconds, decimals unscaled. Its first line names the types.
"""
import datetime
import decimal
import glob
import json
import os
import struct
import sys
import uuid

import duckdb
import polars
import pyarrow.parquet as pq

EPOCH = datetime.datetime(1970, 1, 1)
MICRO = datetime.timedelta(microseconds=1)


def canon(value, kind):
    if value is None:
        return "null"
    if isinstance(kind, list):
        tag, rest = kind[0], kind[1:]
        if tag == "list":
            return "[" + ",".join(canon(v, rest[0]) for v in value) + "]"
        if tag == "row":
            return "(" + ",".join(canon(value[n], k) for n, k in rest) + ")"
        if tag == "map":
            pairs = value.items() if isinstance(value, dict) else value
            pairs = [(p["key"], p["value"]) if isinstance(p, dict) else p for p in pairs]
            return "{" + ",".join(canon(k, rest[0]) + ":" + canon(v, rest[1]) for k, v in pairs) + "}"
        if tag == "decimal":
            with decimal.localcontext() as context:
                context.prec = 60
                return str(int(value.scaleb(rest[0])))
    if kind == "bool":
        return "true" if value else "false"
    if kind == "int":
        return str(int(value))
    if kind == "float":
        return struct.pack(">f", value).hex()
    if kind == "double":
        return struct.pack(">d", value).hex()
    if kind == "text":
        return "x" + (value.encode() if isinstance(value, str) else bytes(value)).hex()
    if kind == "uuid":
        value = uuid.UUID(value) if isinstance(value, str) else value
        return (value.bytes if isinstance(value, uuid.UUID) else bytes(value)).hex()
    if kind == "date":
        return str((value - EPOCH.date()).days)
    if kind == "time":
        # ClickHouse has times of day as datetimes of the first day.
        value = value.time() if isinstance(value, datetime.datetime) else value
        midnight = datetime.datetime.combine(EPOCH.date(), value)
        return str((midnight - EPOCH) // MICRO)
    if kind == "timestamp":
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return str((value - EPOCH) // MICRO)
    raise ValueError(kind)


def rows_of(table, kinds):
    columns = [column.to_pylist() for column in table.columns]
    for row in zip(*columns):
        yield "\t".join(canon(v, k) for v, k in zip(row, kinds))


def readers():
    yield "pyarrow", lambda path: pq.read_table(path, page_checksum_verification=True)
    yield "duckdb", lambda path: duckdb_table(path)
    yield "polars", lambda path: polars.read_parquet(path).to_arrow()


def duckdb_table(path):
    result = duckdb.sql(f"select * from read_parquet('{path}')").arrow()
    return result.read_all() if hasattr(result, "read_all") else result


def check(folder):
    failures = 0
    for path in sorted(glob.glob(os.path.join(folder, "ours*.parquet"))):
        with open(path.replace(".parquet", ".rows")) as file:
            kinds = json.loads(file.readline())
            expected = file.read().splitlines()
        for name, read in readers():
            if name == "polars" and "no_polars" in path:
                continue
            try:
                actual = list(rows_of(read(path), kinds))
            except Exception as error:
                print(f"{name}: {os.path.basename(path)}: {type(error).__name__}: {error}")
                failures += 1
                continue
            if actual != expected:
                failures += 1
                print(f"{name}: {os.path.basename(path)}: {len(actual)} rows, {len(expected)} expected")
                for i, (a, b) in enumerate(zip(actual, expected)):
                    if a != b:
                        for a1, b1, k in zip(a.split("\t"), b.split("\t"), kinds):
                            if a1 != b1:
                                print(f"  row {i}: {k}: {a1[:200]} is not {b1[:200]}")
                        break
        failures += check_pruning(path)
    return failures


def check_pruning(path):
    """What a peer finds through our statistics must be what it finds without them."""
    table = pq.read_table(path)
    if "c4" not in table.column_names or table.num_rows == 0:
        return 0
    wrong = 0
    for name in ("c3", "c4", "c10"):
        for value in {v for v in table[name].to_pylist()[:9] if v is not None}:
            expected = sum(1 for v in table[name].to_pylist() if v == value)
            found = pq.read_table(path, filters=[(name, "==", value)]).num_rows
            literal = "'" + value.replace("'", "''") + "'" if isinstance(value, str) else value
            duck = duckdb.sql(
                f"select count(*) from read_parquet('{path}') where {name} = {literal}"
            ).fetchone()[0]
            if not found == duck == expected:
                print(f"{path}: {name} = {value}: {found} and {duck} rows, {expected} expected")
                wrong += 1
    return wrong


if __name__ == "__main__":
    sys.exit(min({"check": check}[sys.argv[1]](sys.argv[2]), 1))
