#!/usr/bin/env python3
"""What files of many records must add up to; Python's standard library and the zstd program.

    sum_batches.py RAW    prints one `table column sum` a line; of records with one key the last one counts
"""
import json
import pathlib
import subprocess
import sys


def lines(path):
    if path.suffix == ".zst":
        text = subprocess.run(["zstd", "-dcq", str(path)], check=True, capture_output=True).stdout
    else:
        text = path.read_bytes()
    return [json.loads(line) for line in text.split(b"\n") if line.strip()]


def main(raw):
    tables = {
        "tweets": (["id_str", "id"], ["retweet_count", "favorite_count"], lines),
        "reddit": (["id"], ["score", "num_comments"], lines),
        "pins": (["index"], ["downloaded"], lines),
        "statuses": (["id_str"], ["retweet_count", "favorite_count"],
                     lambda path: json.loads(path.read_bytes())["statuses"]),
    }
    for table, (keys, columns, read) in tables.items():
        rows = {}
        for path in sorted((raw / table).iterdir()):
            for record in read(path):
                rows[next(str(record[key]) for key in keys if key in record)] = record
        print(table, "rows", len(rows))
        for column in columns:
            print(table, column, sum(row.get(column) or 0 for row in rows.values()))


main(pathlib.Path(sys.argv[1]))
