"""Checks Iceberg tables from the other side, with pyiceberg, DuckDB and pyarrow.

Reads commands as lines of JSON and answers each with a line of JSON:

["data", FOLDER, FIRST, DAY...]   writes one Parquet file per day below FOLDER/data and describes them
["read", DATABASE, TABLE]         the rows that each engine sees: {"pyiceberg": ..., "duckdb": ...}
["append"|"delete"|"overwrite"|"partial", DATABASE, TABLE]   changes the table with pyiceberg
["files", PATH...]                the rows of Parquet files
"""

import datetime
import glob
import importlib.util
import json
import os
import sys

import pyarrow as pa
import pyarrow.parquet as pq

DAY = 86_400_000_000
FIELDS = [("id", pa.int64(), False), ("ts", pa.timestamp("us"), True), ("text", pa.string(), True)]


def arrow(rows):
    schema = pa.schema([
        pa.field(name, kind, nullable, metadata={"PARQUET:field_id": str(index + 1)})
        for index, (name, kind, nullable) in enumerate(FIELDS)])
    return pa.Table.from_pylist(rows, schema=schema)


def sample(number, day):
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(days=day, seconds=number % 86_400)
    text = None if number % 4 == 0 else f"é caption of the post number {number}"
    return {"id": number, "ts": time, "text": text}


def micros(time):
    return (time - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)


def data(folder, first, *days):
    number = int(first)
    described = []
    for day in map(int, days):
        rows = [sample(number + i, day) for i in range(10)]
        number += 10
        path = f"{folder}/data/day={day}-{rows[0]['id']}.parquet"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        pq.write_table(arrow(rows), path, compression="zstd")
        texts = [row["text"] for row in rows if row["text"]]
        described.append({
            "path": path, "rows": len(rows), "size": os.path.getsize(path), "day": day,
            "nulls": len(rows) - len(texts),
            "id": [rows[0]["id"], rows[-1]["id"]],
            "ts": [min(micros(row["ts"]) for row in rows), max(micros(row["ts"]) for row in rows)],
            "text": [min(texts, key=str.encode), max(texts, key=str.encode)]})
    return described


def plain(table):
    rows = [[row["id"], row["ts"] and micros(row["ts"]), row["text"]] for row in table.to_pylist()]
    return sorted(rows, key=lambda row: row[0])


def catalog(database):
    from pyiceberg.catalog.sql import SqlCatalog
    return SqlCatalog("lake", uri=f"sqlite:///{database}")


def duck():
    import duckdb
    connection = duckdb.connect(config={
        "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    for name in ("avro", "iceberg"):
        folder = os.path.dirname(importlib.util.find_spec("duckdb_extension_" + name).origin)
        connection.execute(
            f"LOAD '{folder}/extensions/v{duckdb.__version__}/{name}.duckdb_extension'")
    return connection


def read(database, name):
    table = catalog(database).load_table("lake." + name)
    location = table.metadata_location
    connection = duck()
    scan = f"iceberg_scan('{location}')"
    some = connection.execute(
        f"SELECT count(*) FROM {scan} WHERE ts >= TIMESTAMP '1970-01-12' AND text > 'é caption'")
    count = some.fetchone()[0]
    everything = connection.execute(f"SELECT id, ts, text FROM {scan}").to_arrow_table()
    filtered = table.scan(row_filter="ts >= '1970-01-12T00:00:00' and text > 'é caption'").to_arrow()
    folder = os.path.dirname(os.path.dirname(location.removeprefix("file://")))
    hinted = connection.execute(f"SELECT count(*) FROM iceberg_scan('{folder}')").fetchone()[0] \
        if os.path.exists(folder + "/metadata/version-hint.text") else None
    return {
        "pyiceberg": plain(table.scan().to_arrow()), "duckdb": plain(everything),
        "duckdb filtered": count, "pyiceberg filtered": len(filtered), "hinted": hinted,
        "snapshots": len(table.snapshots()),
        "manifests": [m.manifest_path for m in table.current_snapshot().manifests(table.io)],
    }


def change(kind, database, name):
    table = catalog(database).load_table("lake." + name)
    # Without our ids: pyiceberg matches by name.
    plain_schema = pa.schema([pa.field(n, kind, nullable) for n, kind, nullable in FIELDS])
    if kind == "append":
        rows = [sample(1_000 + i, 10 + i) for i in range(3)]
        table.append(pa.Table.from_pylist(rows, schema=plain_schema))
    elif kind == "delete":
        table.delete("id < 5")
    elif kind == "partial":
        table.overwrite(
            pa.Table.from_pylist([sample(2_000, 10)], schema=plain_schema),
            overwrite_filter="id >= 1000")
    elif kind == "overwrite":
        table.overwrite(pa.Table.from_pylist([sample(3_000, 20)], schema=plain_schema))


def files(*paths):
    rows = []
    for path in paths:
        rows += plain(pq.ParquetFile(path).read())
    return sorted(rows, key=lambda row: row[0])


COMMANDS = {"data": data, "read": read, "files": files}


if __name__ == "__main__":
    # One process for a whole test: the imports take longer than the work.
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        result = COMMANDS[command](*arguments) if command in COMMANDS else change(command, *arguments)
        print(json.dumps(result), flush=True)
