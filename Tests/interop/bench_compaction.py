"""Compacts a sample agency with us and with what its users would pick instead, in one run.

usage: bench_compaction.py LAKE LAKE_SAMPLE FOLDER [--accounts N] [--nights N] [--peers python,duckdb,chdb]

FOLDER gets the raw tree (25 posts an account, 4 KB a file on most file systems) and is left there. Figures are
processor seconds of whole processes, wall seconds and peak memory; each is also a ratio to a C program that walks
the same tree with the same number of threads. Absolute times are the machine's.
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))

PYTHON = """
import json, os, sys
from datetime import datetime, timezone
import pyarrow as pa, pyarrow.parquet as pq
days = {}
for folder, _, names in os.walk(sys.argv[1]):
    for name in (name for name in names if not name.startswith('.')):
        with open(os.path.join(folder, name), 'rb') as file:
            post = json.loads(file.read())
        owner = post.get('owner') or {}
        row = {key: post.get(key) for key in (
            'id', 'ig_id', 'media_type', 'username', 'shortcode', 'permalink', 'caption', 'hashtags', 'mentioned_users',
            'is_comment_enabled', 'like_count', 'comments_count', 'impressions', 'reach', 'engagement', 'saved',
            'video_views', 'sticker_taps', 'tap_backs', 'swipe_ups', 'media_url', 'thumbnail_url')}
        row['timestamp'] = datetime.strptime(post['timestamp'], '%Y-%m-%dT%H:%M:%S%z').astimezone(timezone.utc)
        row['owner_id'], row['owner_followers'] = owner.get('id'), owner.get('followers_count')
        row['children'] = json.dumps(post.get('children'))
        row['comments'] = json.dumps(post.get('comments'))
        days.setdefault(row['timestamp'].date(), []).append(row)
for day, rows in days.items():
    os.makedirs(f'{sys.argv[2]}/day={day}')
    pq.write_table(pa.Table.from_pylist(rows), f'{sys.argv[2]}/day={day}/0.parquet', compression='zstd')
"""

DUCKDB = """
import duckdb, sys
db = duckdb.connect()
db.sql(f"set threads = {sys.argv[3]}")
db.sql(f\"\"\"copy (select *, strftime(cast(timestamp as timestamptz), '%Y-%m-%d') as day
from read_json('{sys.argv[1]}/*/*/*/*.json', union_by_name = true))
to '{sys.argv[2]}' (format parquet, compression zstd, partition_by (day))\"\"\")
"""

CHDB = """
import chdb, sys
print(chdb.query(f\"\"\"select * from file('{sys.argv[1]}/*/*/*/*.json', JSONEachRow)
into outfile '{sys.argv[2]}.parquet' format Parquet
settings max_threads = {sys.argv[3]}, output_format_parquet_compression_method = 'zstd',
input_format_allow_errors_num = 0, schema_inference_make_columns_nullable = 1\"\"\"))
"""


class Figures:
    def __init__(self, core, wall, peak_mib, output):
        self.core, self.wall, self.peak_mib, self.output = core, wall, peak_mib, output


def run(words, **rest):
    start = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **rest)
    # The pipes are read before the wait: reports are longer than a pipe.
    output, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        sys.exit(f"{words[0]} ended with {process.returncode}: {errors.decode()[-2000:]}")
    return Figures(
        usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1024, output.decode())


def line(what, figures, files, baseline):
    print(
        f"  {what:44}{figures.core / files * 1e6:8.2f} µs core a file{figures.wall:9.2f} s"
        f"{figures.peak_mib:8.0f} MiB{figures.core / baseline.core:8.2f} x", flush=True)


def totals(report):
    files = report["tables"]
    return {key: sum(table.get(key, 0) for table in files) for key in (
        "rows_written", "rows_carried", "bytes_written", "partitions_rewritten", "rows_total")}


def main(words):
    options = {"--accounts": 8000, "--nights": 1, "--peers": "python,duckdb,chdb"}
    for key in list(options):
        if key in words:
            at = words.index(key)
            options[key] = type(options[key])(words[at + 1])
            del words[at:at + 2]
    lake, sample, folder = (os.path.abspath(word) for word in words)
    threads = str(os.cpu_count())
    os.makedirs(folder, exist_ok=True)
    walk = f"{folder}/walk_tree"
    subprocess.run(["cc", "-O2", "-o", walk, f"{HERE}/walk_tree.c", "-lxxhash", "-lpthread"], check=True)
    raw, target = f"{folder}/raw", f"{folder}/lake"
    size = ["--accounts", str(options["--accounts"]), "--posts", "25", "--days", "0"]
    if not os.path.exists(raw):
        run([sample, "create", raw, *size])
    shutil.rmtree(target, ignore_errors=True)
    run([walk, "read", raw, threads])  # the first one fills the caches
    read = run([walk, "read", raw, threads])
    files = int(read.output.split()[0])
    print(f"{files:,} files; C, {threads} threads")
    line("C: walk, read and hash", read, files, read)
    environment = dict(os.environ, LAKE_SCHEMAS=f"{HERE}/../../schemas")
    run([lake, "init", target, "--raw", raw], env=environment)
    first = run([lake, "compact", "--lake", target, "--json"])
    line("lake: first compaction", first, files, read)
    report = totals(json.loads(first.output))
    print(f"    {report['rows_total']:,} rows in {report['bytes_written']:,} bytes")
    for peer in filter(None, options["--peers"].split(",")):
        out = f"{folder}/{peer}"
        shutil.rmtree(out, ignore_errors=True)
        for old in glob.glob(out + "*"):
            os.remove(old)
        program = {"python": PYTHON, "duckdb": DUCKDB, "chdb": CHDB}[peer]
        figures = run([sys.executable, "-c", program, raw, out, threads])
        line(f"{peer}: the same files to Parquet", figures, files, first)
    print("  (the peers' ratios are to lake's first compaction)")
    stat = run([walk, "stat", raw, threads])
    line("C: walk and stat", stat, files, stat)
    run([lake, "compact", "--lake", target])  # what was too young to trust is read once more
    line("lake: nothing changed", run([lake, "compact", "--lake", target, "--json"]), files, stat)
    line("lake: nothing changed, no audit", run([lake, "compact", "--lake", target, "--audit", "0"]), files, stat)
    written = changed = 0
    for night in range(1, options["--nights"] + 1):
        run([sample, "night", raw, *size, "--night", str(night)])
        figures = run([lake, "compact", "--lake", target, "--json"])
        sums = totals(json.loads(figures.output))
        changed += sums["rows_written"]
        written += sums["rows_written"] + sums["rows_carried"]
        line(f"lake: night {night}, {sums['rows_written']:,} rows changed", figures, files, read)
    if changed:
        print(f"  write amplification over {options['--nights']} nights: {written / changed:.2f}")
    print(f"  state: {os.path.getsize(target + '/lake.db') / files:.1f} bytes a file")


if __name__ == "__main__":
    main(sys.argv[1:])
