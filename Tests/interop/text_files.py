"""lake's text files read by DuckDB, pyarrow and Polars, and theirs by lake.

usage: text_files.py LAKE FOLDER

Every file goes through `lake convert`; rows are compared as Python values, in order.
"""

import datetime
import json
import random
import subprocess
import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.json as pj
import pyarrow.parquet as pq

LAKE, FOLDER = sys.argv[1], sys.argv[2]
ROWS = 20_000
checks = 0


def convert(source, target, *options):
    done = subprocess.run(
        [LAKE, "convert", "-q", "--verify", source, target, *options],
        cwd=FOLDER, capture_output=True, text=True)
    assert done.returncode == 0, f"{source} -> {target}: {done.stderr}"


def rows_of(name):
    return pq.read_table(f"{FOLDER}/{name}").to_pylist()


def check(title, actual, expected):
    global checks
    checks += 1
    assert len(actual) == len(expected), f"{title}: {len(actual)} rows, not {len(expected)}"
    for number, (a, b) in enumerate(zip(actual, expected)):
        assert a == b, f"{title}, row {number}:\n  {a}\n  {b}"


def table():
    rng = random.Random(7)
    pieces = ["a", "b", " ", '"', '""', ",", ";", "\t", "\n", "\r\n", "\\", "\\N", "é", "😀", "'", "NULL", "x=1"]

    def text():
        # Never a number, a date or nothing at all: those are other types, or NULL in others' files.
        return "t" + "".join(rng.choice(pieces) for _ in range(rng.randrange(8)))

    def some(make):
        return [None if rng.random() < 0.1 else make() for _ in range(ROWS)]

    day = datetime.date(1970, 1, 1)
    instant = datetime.datetime(1970, 1, 1)
    return pa.table({
        "id": pa.array(range(ROWS), pa.int64()),
        "big": pa.array(some(lambda: rng.randrange(-2**63, 2**63)), pa.int64()),
        "price": pa.array(some(lambda: rng.choice([rng.random(), rng.gauss(0, 1e12), 1e-9 * rng.random() + 0.5])), pa.float64()),
        "ok": pa.array(some(lambda: rng.random() < 0.5), pa.bool_()),
        "day": pa.array(some(lambda: day + datetime.timedelta(days=rng.randrange(-200_000, 200_000))), pa.date32()),
        "at": pa.array(some(lambda: instant + datetime.timedelta(microseconds=rng.randrange(4 * 10**15))), pa.timestamp("us")),
        "zip": pa.array(some(lambda: f"{rng.randrange(100_000):05d}"), pa.string()),
        "text": pa.array(some(text), pa.string()),
    })


def nested():
    rng = random.Random(8)
    rows = []
    for i in range(ROWS // 4):
        rows.append({
            "id": i,
            "user": None if rng.random() < 0.1 else {"name": f"n{i}", "followers": rng.randrange(10**6)},
            "tags": [rng.choice(["x", 'y"', "z\\", None]) for _ in range(rng.randrange(4))],
            "media": [{"url": f"https://x/{i}/{j}", "size": rng.random()} for j in range(rng.randrange(3))],
        })
    return rows


def flat_files():
    source = table()
    expected = source.to_pylist()
    db = duckdb.connect()
    db.register("source", source)

    pq.write_table(source, f"{FOLDER}/source.parquet")
    db.execute(f"copy source to '{FOLDER}/duck.csv' (header)")
    db.execute(f"copy source to '{FOLDER}/duck_semicolon.csv' (header, delimiter ';')")
    db.execute(f"copy source to '{FOLDER}/duck.csv.gz' (header)")
    db.execute(f"copy source to '{FOLDER}/duck.ndjson' (format json)")
    db.execute(f"copy source to '{FOLDER}/duck.json' (format json, array true)")
    db.execute(f"copy source to '{FOLDER}/duck.ndjson.zst' (format json, compression zstd)")
    pc.write_csv(source, f"{FOLDER}/arrow.csv")
    polars.from_arrow(source).write_csv(f"{FOLDER}/polars.csv")
    polars.from_arrow(source).write_ndjson(f"{FOLDER}/polars.ndjson")
    for name in [
        "duck.csv", "duck_semicolon.csv", "duck.csv.gz", "arrow.csv", "polars.csv",
        "duck.ndjson", "duck.json", "duck.ndjson.zst", "polars.ndjson",
    ]:
        convert(name, "theirs.parquet", "--sort-by", "id")
        check(f"lake reads {name}", rows_of("theirs.parquet"), expected)

    for name in [
        "ours.csv", "ours.tsv", "ours.ndjson", "ours.json", "ours.csv.gz", "ours.ndjson.zst",
        "ours.tsv.zst",
    ]:
        convert("source.parquet", name)
        convert(name, "back.parquet")
        check(f"lake reads its {name}", rows_of("back.parquet"), expected)
    types = {field.name: kind for field, kind in zip(source.schema, [
        "BIGINT", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "VARCHAR", "VARCHAR"])}
    columns = json.dumps(types).replace('"', "'")
    for name in ["ours.csv", "ours.csv.gz"]:
        read = db.execute(
            f"select * from read_csv('{FOLDER}/{name}', header=true, columns={columns},"
            " auto_detect=false, delim=',', quote='\"', escape='\"', new_line='\\n')")
        check(f"DuckDB reads {name}", read.to_arrow_table().to_pylist(), expected)
    for name in ["ours.ndjson", "ours.json", "ours.ndjson.zst"]:
        read = db.execute(f"select * from read_json('{FOLDER}/{name}', columns={columns})")
        check(f"DuckDB reads {name}", read.to_arrow_table().to_pylist(), expected)
    read = pc.read_csv(
        f"{FOLDER}/ours.csv", parse_options=pc.ParseOptions(newlines_in_values=True),
        convert_options=pc.ConvertOptions(
            column_types=source.schema, strings_can_be_null=True, quoted_strings_can_be_null=False,
            null_values=[""]))
    check("pyarrow reads ours.csv", read.to_pylist(), expected)
    read = polars.read_csv(f"{FOLDER}/ours.csv", schema_overrides={"zip": polars.String})
    check("Polars reads ours.csv", read["text"].to_list(), source["text"].to_pylist())


def nested_files():
    rows = nested()
    with open(f"{FOLDER}/nested.ndjson", "w") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=random.random() < 0.5) + "\n")
    with open(f"{FOLDER}/nested.json", "w") as file:
        json.dump(rows, file, indent=1)
    for name in ["nested.ndjson", "nested.json"]:
        convert(name, "nested.parquet")
        check(f"lake reads {name}", rows_of("nested.parquet"), rows)
        convert("nested.parquet", "again.ndjson")
        with open(f"{FOLDER}/again.ndjson") as file:
            check(f"{name} and back", [json.loads(line) for line in file], rows)
    read = pj.read_json(f"{FOLDER}/again.ndjson")
    check("pyarrow reads again.ndjson", read.to_pylist(), rows)
    convert("nested.parquet", "nested.csv")
    read = duckdb.sql(f"select id, user, tags from read_csv('{FOLDER}/nested.csv', all_varchar=true)")
    for row, (_, user, tags) in zip(rows, read.fetchall()):
        assert (None if user is None else json.loads(user)) == row["user"]
        assert json.loads(tags) == row["tags"]


flat_files()
nested_files()
print(f"{checks} comparisons")
