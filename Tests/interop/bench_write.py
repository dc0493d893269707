"""Writes the rows of Parquet files again, with us and with pyarrow, from memory, in one run.

usage: bench_write.py LAKE_WRITE_BENCH FILE... [--times N]

Both get the same rows in the same order; times are processor seconds of writing alone, best of N. pyarrow
writes zstd level 3, v1 pages and dictionaries, with its own row groups (1 Mi rows) and with ours (131,072).
"""
import os
import subprocess
import sys
import tempfile
import time

import pyarrow.parquet as pq


def ours(binary, path, target, profile, times, *rest):
    run = subprocess.run(
        [binary, path, target, profile, str(times), *rest], capture_output=True, text=True, check=True)
    seconds, size = run.stdout.split()
    return float(seconds), int(size)


def theirs(table, target, times, rows):
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        pq.write_table(
            table, target, compression="zstd", compression_level=3, row_group_size=rows,
            write_page_index=True, write_page_checksum=True)
        best = min(best, time.process_time() - start)
    return best, os.path.getsize(target)


def main(arguments):
    times = 3
    if "--times" in arguments:
        at = arguments.index("--times")
        times = int(arguments[at + 1])
        del arguments[at:at + 2]
    binary, paths = arguments[0], arguments[1:]
    for path in paths:
        with tempfile.TemporaryDirectory() as folder:
            target = os.path.join(folder, "out.parquet")
            table = pq.read_table(path)
            print(f"{os.path.basename(path)}: {table.num_rows:,} rows, {table.nbytes:,} bytes in memory")
            base = theirs(table, target, times, 131_072)
            wide = theirs(table, target, times, 1 << 20)
            del table
            lines = [
                ("pyarrow, row groups of 131,072", base), ("pyarrow, row groups of 1 Mi", wide),
                ("lake, compatible", ours(binary, path, target, "compatible", times)),
                ("lake, compact", ours(binary, path, target, "compact", 1)),
                ("lake, compact, level 3", ours(binary, path, target, "compact", 1, "zstd", "3")),
            ]
            for name, (seconds, size) in lines:
                print(
                    f"  {name:34}{seconds:8.2f} s  {seconds / base[0]:5.2f} x   "
                    f"{size:>12,} bytes  {size / base[1]:6.3f} x  {size / wide[1]:6.3f} x of 1 Mi")


if __name__ == "__main__":
    main(sys.argv[1:])
