"""Looks for a text in every byte below some folders, everything decompressed by other programs.

    find_bytes.py TEXT FOLDER...

Prints one line for each place; nothing if there is none. Parquet is read by pyarrow, zstd by `zstd -d`,
Avro by a reader of its own, SQLite by Python's; all files also as they are.
"""

import json
import os
import sqlite3
import subprocess
import sys
import zlib

import pyarrow.parquet as pq


def avro_blocks(data):
    """The decompressed blocks of an Avro container."""
    position = 4

    def long():
        nonlocal position
        value, shift = 0, 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return (value >> 1) ^ -(value & 1)

    def blob():
        nonlocal position
        count = long()
        position += count
        return data[position - count:position]

    header = {}
    while count := long():
        if count < 0:
            long()
        for _ in range(abs(count)):
            key = blob()
            header[key] = blob()
    position += 16
    while position < len(data):
        long()
        block = blob()
        position += 16
        yield zlib.decompress(block, -15) if header.get(b"avro.codec") == b"deflate" else block


def main(text, folders):
    needle = text.encode()
    found = []
    files = 0
    for folder in folders:
        for parent, names, here in os.walk(folder):
            for name in names + here:
                if text in name:
                    found.append(f"{parent}/{name}: its name")
            for name in here:
                path = f"{parent}/{name}"
                files += 1
                with open(path, "rb") as file:
                    data = file.read()
                if needle in data:
                    found.append(f"{path}: as it is")
                if name.endswith(".parquet"):
                    table = pq.read_table(path)
                    if text in json.dumps(table.to_pylist(), default=str):
                        found.append(f"{path}: decoded")
                elif name.endswith(".avro"):
                    if any(needle in block for block in avro_blocks(data)):
                        found.append(f"{path}: decoded")
                elif name.endswith(".zst"):
                    plain = subprocess.run(
                        ["zstd", "-dcq", path], capture_output=True, check=True).stdout
                    if needle in plain:
                        found.append(f"{path}: decompressed")
                elif name == "lake.db":
                    database = sqlite3.connect(path)
                    for (table,) in database.execute(
                            "select name from sqlite_schema where type = 'table'").fetchall():
                        for row in database.execute(f'select * from "{table}"'):
                            if text in repr(row):
                                found.append(f"{path}: {table}")
    assert files > 0
    print("\n".join(sorted(set(found))))


main(sys.argv[1], sys.argv[2:])
