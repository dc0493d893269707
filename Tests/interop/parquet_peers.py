"""Reads our Parquet files with the peers, and makes theirs for us to read.

usage: parquet_peers.py check FOLDER   ours*.parquet beside ours*.rows: each peer must give those rows
       parquet_peers.py make FOLDER    theirs_*.parquet, and theirs.rows that all of them hold

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
import pyarrow as pa
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


def sample(count):
    some = lambda i, v: None if i % 5 == 3 else v
    zone = datetime.timezone.utc
    return [
        ("b", pa.bool_(), "bool", [some(i, i % 3 == 0) for i in range(count)]),
        ("i8", pa.int8(), "int", [some(i, i % 256 - 128) for i in range(count)]),
        ("i16", pa.int16(), "int", [i * 7 % 65536 - 32768 for i in range(count)]),
        ("i32", pa.int32(), "int", [some(i, (i * 99991) % 4294967 - 2000000) for i in range(count)]),
        ("i64", pa.int64(), "int", [some(i, i * 81985529216 - 77) for i in range(count)]),
        ("u32", pa.uint32(), "int", [some(i, 4294967295 - i) for i in range(count)]),
        ("f", pa.float32(), "float", [some(i, i * 0.5) for i in range(count)]),
        ("d", pa.float64(), "double", [some(i, i * 0.25 - 3) for i in range(count)]),
        ("dec9", pa.decimal128(9, 2), ["decimal", 2],
         [some(i, decimal.Decimal(i % 1000) / 4) for i in range(count)]),
        ("dec38", pa.decimal128(38, 6), ["decimal", 6],
         [some(i, decimal.Decimal((i - 50) * 10**24).scaleb(-6)) for i in range(count)]),
        ("s", pa.string(), "text", [some(i, f"text {i % 97} äöü") for i in range(count)]),
        ("u", pa.string(), "text", [some(i, f"https://example.org/{i}/{i * 7919 % 10007}") for i in range(count)]),
        ("bin", pa.binary(), "text", [some(i, bytes([i % 256, 0])) for i in range(count)]),
        ("date", pa.date32(), "date",
         [some(i, EPOCH.date() + datetime.timedelta(days=i - 50)) for i in range(count)]),
        ("t", pa.time64("us"), "time", [some(i, datetime.time(i % 24, 5, 6, i)) for i in range(count)]),
        ("ts", pa.timestamp("us"), "timestamp",
         [some(i, EPOCH + datetime.timedelta(seconds=i * 7777 - 5000, microseconds=i)) for i in range(count)]),
        ("tz", pa.timestamp("us", "UTC"), "timestamp",
         [some(i, (EPOCH + datetime.timedelta(hours=i)).replace(tzinfo=zone)) for i in range(count)]),
        ("l", pa.list_(pa.int64()), ["list", "int"],
         [None if i % 4 == 0 else [None if j == 1 else j for j in range(i % 4)] for i in range(count)]),
        ("ls", pa.list_(pa.struct([("a", pa.int32()), ("b", pa.string())])),
         ["list", ["row", ["a", "int"], ["b", "text"]]],
         [None if i % 5 == 0 else [None if j == 2 else {"a": j, "b": None if j == 1 else f"v{i}"}
                                   for j in range(i % 5 - 1)] for i in range(count)]),
        ("st", pa.struct([("x", pa.float64()), ("y", pa.list_(pa.string()))]),
         ["row", ["x", "double"], ["y", ["list", "text"]]],
         [None if i % 6 == 0 else {"x": i / 2, "y": None if i % 3 == 0 else ["p"] * (i % 3)}
          for i in range(count)]),
        ("m", pa.map_(pa.string(), pa.int64()), ["map", "text", "int"],
         [None if i % 3 == 0 else [(f"k{j}", j if j else None) for j in range(i % 3)] for i in range(count)]),
    ]


def make(folder):
    columns = sample(2500)
    table = pa.table({n: pa.array(v, t) for n, t, _, v in columns})
    kinds = [k for _, _, k, _ in columns]
    with open(os.path.join(folder, "theirs.rows"), "w") as file:
        file.write(json.dumps(kinds) + "\n")
        file.writelines(row + "\n" for row in rows_of(table, kinds))
    deltas = {"i32": "DELTA_BINARY_PACKED", "i64": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY",
              "u": "DELTA_LENGTH_BYTE_ARRAY", "f": "BYTE_STREAM_SPLIT", "d": "BYTE_STREAM_SPLIT",
              "dec38": "BYTE_STREAM_SPLIT", "dec9": "DELTA_BYTE_ARRAY", "ts": "DELTA_BINARY_PACKED",
              "b": "RLE"}
    flavours = {
        "plain": dict(compression="none", use_dictionary=False),
        "dict": dict(compression="zstd", row_group_size=700),
        "gzip": dict(compression="gzip", data_page_size=300, write_batch_size=50),
        "v2": dict(compression="zstd", data_page_version="2.0", data_page_size=900, write_batch_size=64),
        "v2none": dict(compression="none", data_page_version="2.0", row_group_size=1000),
        "delta": dict(compression="zstd", use_dictionary=False, column_encoding=deltas,
                      data_page_size=2000, write_batch_size=200),
        "delta2": dict(compression="zstd", use_dictionary=False, column_encoding=deltas,
                       data_page_version="2.0"),
        "mixed": dict(compression="zstd", dictionary_pagesize_limit=2000, data_page_size=1000,
                      write_batch_size=100),
        "index": dict(compression="zstd", write_page_index=True, write_page_checksum=True),
        "decimals": dict(compression="zstd", store_decimal_as_integer=True),
        "old_lists": dict(compression="zstd", use_compliant_nested_type=False),
    }
    for name, options in flavours.items():
        pq.write_table(table, os.path.join(folder, f"theirs_pyarrow_{name}.parquet"), **options)
    connection = duckdb.connect()
    connection.register("rows", table)
    for name, options in {"v1": "", "v2": ", parquet_version v2", "groups": ", row_group_size 2048"}.items():
        path = os.path.join(folder, f"theirs_duckdb_{name}.parquet")
        connection.sql(f"copy (select * from rows) to '{path}' (format parquet, compression zstd{options})")
    flat = polars.from_arrow(table.drop_columns(["m"]))
    flat.write_parquet(os.path.join(folder, "theirs_polars_nomap.parquet"), compression="zstd")
    return 0


if __name__ == "__main__":
    sys.exit(min({"check": check, "make": make}[sys.argv[1]](sys.argv[2]), 1))
