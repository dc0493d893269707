"""Measures lake's Parquet reader and writer beside pyarrow and DuckDB on the same file, in one run.

Usage: bench_parquet.py LAKE_BENCH LAKE FOLDER [ROWS]

Makes posts-ROWS.parquet in FOLDER if it is not there (10 million rows by default), written by pyarrow with
zstd level 3, row groups of 131,072 rows and a page index. Prints Markdown: full decode by column with one
and two threads, selective scans, writing, sizes, bit unpacking. Ratios below 1 mean that lake is faster
or smaller.
"""

import json
import math
import os
import re
import subprocess
import sys
import time

import duckdb
import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet

GROUP = 131_072
WORDS = (
    "sunset coffee launch studio weekend harbour recipe training behind the scenes new drop thank "
    "you morning light street food city summer winter travel design music berlin surf training run"
).split()


def group(start, count):
    random = numpy.random.default_rng(start + 1)
    user = random.integers(0, 50_000, count)
    rows = numpy.arange(start, start + count)
    likes = (random.pareto(1.2, count) * 40).astype(numpy.int64)
    caption_words = random.integers(0, len(WORDS), (count, 12))
    lengths = random.integers(3, 13, count)
    captions = [
        None if n == 12 else " ".join(WORDS[w] for w in words[:n]) + f" #{words[0]}"
        for words, n in zip(caption_words, lengths)
    ]
    nullable = lambda values, share: pyarrow.array(values, mask=random.random(count) < share)
    kinds = numpy.array(["IMAGE", "CAROUSEL_ALBUM", "VIDEO", "STORY_IMAGE", "STORY_VIDEO"])
    day = 17_000 + rows // 30_000
    return pyarrow.table(
        {
            "id": pyarrow.array(17_800_000_000_000_000 + rows * 37 + random.integers(0, 30, count)),
            "id_text": pyarrow.array([f"178{n:014d}" for n in rows * 37]),
            "username": pyarrow.array([f"account_{n}" for n in user]),
            "media_type": pyarrow.array(kinds[random.integers(0, 5, count)]),
            "taken_at": pyarrow.array(
                1_468_800_000_000_000 + rows * 2_880_000 + random.integers(0, 999_999, count),
                pyarrow.timestamp("us"),
            ),
            "day": pyarrow.array(day.astype(numpy.int32), pyarrow.date32()),
            "like_count": nullable(likes, 0.05),
            "comments_count": pyarrow.array((likes // 31).astype(numpy.int32)),
            "reach": nullable(numpy.round(likes * random.random(count) * 9, 2), 0.4),
            "is_story": pyarrow.array(random.random(count) < 0.2),
            "caption": pyarrow.array(captions),
            "permalink": pyarrow.array(
                [f"https://www.instagram.com/p/C{n:x}{m:x}/" for n, m in zip(rows * 7919, user)]
            ),
        }
    )


def make(path, rows):
    if os.path.exists(path):
        return
    writer = None
    for start in range(0, rows, GROUP):
        table = group(start, min(GROUP, rows - start))
        writer = writer or pyarrow.parquet.ParquetWriter(
            path + ".tmp", table.schema, compression="zstd", compression_level=3, write_page_index=True
        )
        writer.write_table(table, row_group_size=GROUP)
    writer.close()
    os.rename(path + ".tmp", path)


def best(run, times=3):
    figures = []
    for _ in range(times):
        wall, core = time.perf_counter(), time.process_time()
        run()
        figures.append((time.perf_counter() - wall, time.process_time() - core))
    return min(f[0] for f in figures), min(f[1] for f in figures)


def mean(ratios):
    return math.exp(sum(math.log(r) for r in ratios) / len(ratios))


def decode(bench, path, threads):
    lines = subprocess.run(
        [bench, "decode", path, str(threads)], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    pyarrow.set_cpu_count(threads)
    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}")
    # Else max() is answered from the footer.
    connection.execute("set disabled_optimizers = 'statistics_propagation'")
    # One thread is measured in core seconds, which other work on the machine hardly moves.
    kind = "core" if threads == 1 else "wall"
    side = 1 if threads == 1 else 0
    print(f"\n### Full decode, {threads} thread(s): {kind} seconds, the best of three\n")
    print("| column | lake, as codes | lake, flat | pyarrow | DuckDB | flat / pyarrow | codes / best |")
    print("|---|---|---|---|---|---|---|")
    ratios = []
    for line in lines:
        ours = json.loads(line)
        name = ours["column"]
        if name == "*":
            columns = None
            sql = f"select count(columns(*)) from '{path}'"
        else:
            columns = [name]
            sql = f"select max({name}) from '{path}'"
        arrow = best(
            lambda: pyarrow.parquet.read_table(path, columns=columns, use_threads=threads > 1)
        )[side]
        duck = best(lambda: connection.execute(sql).fetchall())[side]
        flat, coded = ours[f"flat_{kind}"], ours[f"coded_{kind}"]
        if name != "*":
            ratios.append((flat / arrow, coded / min(arrow, duck)))
        print(
            f"| {name} | {coded:.3f} | {flat:.3f} | {arrow:.3f} | {duck:.3f} "
            f"| {flat / arrow:.2f} | {coded / min(arrow, duck):.2f} |"
        )
    print(
        f"| geometric mean of columns | | | | | {mean([r[0] for r in ratios]):.2f} "
        f"| {mean([r[1] for r in ratios]):.2f} |"
    )


SELECTIVE = [
    ("one id (page index)", "select caption, like_count from {t} where id = {id}"),
    ("one text id (page index)", "select caption, like_count from {t} where id_text = '{text}'"),
    ("a day of three years", "select count(*), sum(like_count) from {t} where day = date '{day}'"),
    ("a value in no dictionary", "select count(*), max(caption) from {t} where username = 'account_5x'"),
    ("one account of 50,000", "select count(*), sum(like_count) from {t} where username = 'account_77'"),
    ("a rare combination", "select max(caption) from {t} where media_type = 'VIDEO' and like_count > 400000"),
    ("count", "select count(*) from {t}"),
]


def query_seconds(summary):
    """What lake says that the query took, footers read and answer printed."""
    number, unit = re.search(r"([0-9.]+) (ms|s)\b", summary).groups()
    return float(number) / (1000 if unit == "ms" else 1)


def selective(lake, path, rows):
    connection = duckdb.connect()
    connection.execute("set threads = 2")
    row = rows // 3
    table = pyarrow.parquet.ParquetFile(path).read_row_group(
        row // GROUP, columns=["id", "id_text", "day"]
    )
    facts = {key: table[key][row % GROUP].as_py() for key in ("id", "id_text", "day")}
    print("\n### Selective scans, two threads: seconds, the best of three; DuckDB is warm in its process\n")
    print("| query | lake, whole process | lake, its query | DuckDB | query / DuckDB |")
    print("|---|---|---|---|---|")
    ratios = []
    for name, sql in SELECTIVE:
        text = sql.format(t="{t}", id=facts["id"], text=facts["id_text"], day=facts["day"])
        ours_sql = text.replace("{t}", f'"{path}"')
        theirs_sql = text.replace("{t}", f"'{path}'")
        runs = []
        ours, _ = best(
            lambda: runs.append(
                subprocess.run(
                    [lake, "query", "--format", "json", ours_sql],
                    check=True, capture_output=True, text=True,
                )
            )
        )
        inside = min(query_seconds(run.stderr) for run in runs)
        answer = []
        theirs, _ = best(lambda: answer.append(connection.execute(theirs_sql).fetchall()))
        found = [tuple(line.values()) for line in json.loads(runs[0].stdout)]
        if [tuple(map(str, line)) for line in found] != [tuple(map(str, line)) for line in answer[0]]:
            print(f"| {name}: answers differ: {found} and {answer[0]} | | | |")
            continue
        ratios.append(inside / theirs)
        print(f"| {name} | {ours:.3f} | {inside:.4f} | {theirs:.4f} | {inside / theirs:.2f} |")
    if ratios:
        print(f"| geometric mean | | | | {mean(ratios):.2f} |")


def writing(lake, path, folder):
    table = pyarrow.parquet.read_table(path)
    target = os.path.join(folder, "written.parquet")
    print("\n### Writing the same rows in the same order: core seconds of the whole job, and bytes\n")
    print("| writer | core seconds | bytes | bytes / pyarrow |")
    print("|---|---|---|---|")

    def arrow():
        pyarrow.parquet.write_table(
            pyarrow.parquet.read_table(path), target, compression="zstd", compression_level=3,
            row_group_size=GROUP, write_page_index=True,
        )

    del table
    _, core = best(arrow, times=1)
    base = os.path.getsize(target)
    print(f"| pyarrow, zstd 3, read and written | {core:.1f} | {base} | 1.000 |")
    for profile in ("compatible", "compact"):
        os.remove(target)
        start = os.times()
        subprocess.run(
            [lake, "convert", path, target, "--profile", profile], check=True, capture_output=True
        )
        end = os.times()
        core = end.children_user + end.children_system - start.children_user - start.children_system
        size = os.path.getsize(target)
        print(f"| lake convert, {profile} | {core:.1f} | {size} | {size / base:.3f} |")
    os.remove(target)


def main():
    bench, lake, folder = sys.argv[1:4]
    rows = int(sys.argv[4]) if len(sys.argv) > 4 else 10_000_000
    path = os.path.abspath(os.path.join(folder, f"posts-{rows}.parquet"))
    make(path, rows)
    print(f"{rows} rows, {os.path.getsize(path)} bytes; pyarrow {pyarrow.__version__}, DuckDB {duckdb.__version__}")
    for threads in (1, 2):
        decode(bench, path, threads)
    selective(lake, path, rows)
    writing(lake, path, folder)
    subprocess.run([bench, "unpack"], check=True)


if __name__ == "__main__":
    main()
