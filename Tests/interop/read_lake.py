"""Reads every table of a lake with pyiceberg and DuckDB and compares the rows with what `lake query` gives.

Usage: read_lake.py LAKE_BINARY LAKE_FOLDER

Exits 0 when all three agree row by row, 1 with the first difference otherwise.
"""

import datetime
import decimal
import glob
import importlib.util
import json
import os
import subprocess
import sys

import duckdb
from pyiceberg.catalog.sql import SqlCatalog


def load_duckdb():
    connection = duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    for name in ("avro", "iceberg"):
        folder = os.path.dirname(importlib.util.find_spec("duckdb_extension_" + name).origin)
        files = glob.glob(f"{folder}/extensions/v{duckdb.__version__}/{name}.duckdb_extension")
        connection.execute(f"LOAD '{files[0]}'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def plain(value):
    """One form for what three programs return: timestamps as text, rows as dicts, NULL rows in lists as they are."""
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def rows_of_arrow(table, key):
    rows = [{name: plain(value) for name, value in row.items()} for row in table.to_pylist()]
    return in_order(rows, key)


def in_order(rows, key):
    return sorted(rows, key=lambda row: [str(row[name]) for name in key])


def first_difference(ours, theirs):
    if len(ours) != len(theirs):
        return f"{len(ours)} rows here, {len(theirs)} there"
    for number, (a, b) in enumerate(zip(ours, theirs)):
        for name in a:
            if a[name] != b.get(name):
                return f"row {number}, column {name}: {a[name]!r} here, {b.get(name)!r} there"
    return None


def lists_of_rows(table):
    """pyiceberg 0.12 reads a NULL list of rows as [] (apache/iceberg-python#3833): not compared with it."""
    return [f.name for f in table.schema().fields if "list<struct" in str(f.field_type)]


def main():
    binary, folder = sys.argv[1:3]
    catalog = SqlCatalog("lake", uri=f"sqlite:///{folder}/lake.db", warehouse=folder)
    connection = load_duckdb()
    for _, name in catalog.list_tables("lake"):
        table = catalog.load_table(("lake", name))
        names = [f.name for f in table.schema().fields]
        # A table of counters has no raw path; it may hold a key many times.
        key = ["_raw_path"] if "_raw_path" in names else names
        command = [binary, "query", "--lake", folder, "--quiet", "--format", "json"]
        columns = ", ".join(f'"{f.name}"' for f in table.schema().fields)
        out = subprocess.run(
            command + [f"select {columns} from {name}"], check=True, capture_output=True
        )
        ours = in_order(json.loads(out.stdout), key)
        skipped = lists_of_rows(table)
        iceberg = rows_of_arrow(table.scan().to_arrow(), key)
        for row in iceberg:
            for column in skipped:
                row.pop(column)
        mine = [{k: v for k, v in row.items() if k not in skipped} for row in ours]
        problem = first_difference(mine, iceberg)
        if problem:
            sys.exit(f"{name}: lake and pyiceberg differ: {problem}")
        arrow = connection.execute(
            f"select {columns} from iceberg_scan('{table.metadata_location}')"
        ).to_arrow_table()
        problem = first_difference(ours, rows_of_arrow(arrow, key))
        if problem:
            sys.exit(f"{name}: lake and DuckDB differ: {problem}")
        print(f"{name}: {len(ours)} rows, the same in lake, pyiceberg and DuckDB")


if __name__ == "__main__":
    main()
