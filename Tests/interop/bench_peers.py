"""Runs the benchmark's queries in lake and in its peers on the same Parquet files, in one run.

Usage: bench_peers.py LAKE_BINARY LAKE_FOLDER [THREADS]

lake is timed as a whole process; the peers in process, warm, which favours them. Best of three each.
Answers are compared before times are: a fast wrong answer is none.
"""

import json
import subprocess
import sys
import time

import duckdb
import polars
from pyiceberg.catalog.sql import SqlCatalog

# (name, lake's SQL, DuckDB's and Polars's SQL where it differs)
QUERIES = [
    ("count", "select count(*) as n from posts", None),
    (
        "group by media type",
        "select media_type, count(*) as n, sum(like_count) as likes from posts group by 1 order by 1",
        None,
    ),
    (
        "top accounts",
        "select username, sum(like_count) as likes from posts group by 1 order by 2 desc nulls last, 1 limit 10",
        None,
    ),
    ("text search", "select count(*) as n from posts where caption like '%sunset%'", None),
    ("distinct accounts", "select count(distinct username) as n from posts", None),
    (
        "top posts",
        "select id, like_count from posts order by like_count desc nulls last, id limit 20",
        None,
    ),
    ("one post", "select caption, like_count from posts where id = '17810000000010003'", None),
    (
        "by account and type",
        "select username, media_type, count(*) as n from posts group by 1, 2 order by 3 desc, 1, 2 limit 10",
        None,
    ),
    (
        "join with stats",
        "select count(*) as n, sum(s.followers_count) as followers from posts p join stats s on p.username = s.username",
        None,
    ),
]


def best(run, times=3):
    answers, durations = None, []
    for _ in range(times):
        start = time.perf_counter()
        answers = run()
        durations.append(time.perf_counter() - start)
    return answers, min(durations)


def plain(rows):
    return [[None if v is None else int(v) if hasattr(v, "as_integer_ratio") else v for v in row] for row in rows]


def main():
    binary, folder = sys.argv[1:3]
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    catalog = SqlCatalog("lake", uri=f"sqlite:///{folder}/lake.db", warehouse=folder)
    connection = duckdb.connect(config={"threads": threads})
    frames = polars.SQLContext()
    for table in ("posts", "stats"):
        tasks = catalog.load_table(f"lake.{table}").scan().plan_files()
        paths = [task.file.file_path.removeprefix("file://") for task in tasks]
        connection.read_parquet(paths).create_view(table)
        frames.register(table, polars.scan_parquet(paths))

    def lake(sql):
        command = [binary, "query", "--lake", folder, "--quiet", "--format", "json"]
        out = subprocess.run(command + ["--threads", str(threads), sql], check=True, capture_output=True)
        return [list(row.values()) for row in json.loads(out.stdout)]

    product, counted = 1.0, 0
    print(f"{'query':22}{'lake ms':>10}{'DuckDB ms':>12}{'Polars ms':>12}{'lake / best peer':>20}")
    for name, sql, other in QUERIES:
        ours, mine = best(lambda: lake(sql))
        theirs, duck = best(lambda: connection.execute(other or sql).fetchall())
        if plain(ours) != plain([list(row) for row in theirs]):
            sys.exit(f"{name}: lake and DuckDB differ\n{ours[:5]}\n{theirs[:5]}")
        try:
            _, bear = best(lambda: frames.execute(other or sql, eager=True))
        except Exception:  # a dialect gap of Polars's SQL
            bear = float("inf")
        ratio = mine / min(duck, bear)
        product, counted = product * ratio, counted + 1
        print(f"{name:22}{mine * 1e3:10.1f}{duck * 1e3:12.1f}{bear * 1e3:12.1f}{ratio:20.2f}")
    print(f"geometric mean of lake / best peer: {product ** (1 / counted):.2f}")


if __name__ == "__main__":
    main()
