"""Reads every file that we wrote with every peer, and checks what the files say of themselves.

usage: parquet_write_matrix.py FOLDER   *.parquet beside *.rows (see parquet_peers.py)

1. Rows: pyarrow (with page checksums), DuckDB, Polars and ClickHouse (chdb) must give the rows of the .rows
   file. A name with `_no_PEER` says that the peer does not know the encoding.
2. Pruning: for random predicates each peer must find through statistics, page index and Bloom filters what
   it finds without them.
3. Page index: null pages, bounds, counts, histograms and order of each page against the page's own values.
4. Footer: counts, bounds and their exactness, encodings, sizes.
"""
import datetime
import decimal
import glob
import json
import os
import random
import struct
import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from parquet_peers import canon, duckdb_table, rows_of
from parquet_thrift import footer, page_index

try:
    import chdb
except ImportError:
    chdb = None

CHDB_SETTINGS = (
    "schema_inference_make_columns_nullable='auto', input_format_parquet_enable_json_parsing=0, "
    "input_format_parquet_preserve_order=1, max_threads=1, output_format_arrow_string_as_string=0"
)


def chdb_table(path):
    sql = f"select * from file('{path}', Parquet) settings {CHDB_SETTINGS}"
    return pa.ipc.open_file(pa.BufferReader(chdb.query(sql, "Arrow").bytes())).read_all()


def readers():
    yield "pyarrow", lambda path: pq.read_table(path, page_checksum_verification=True)
    yield "duckdb", duckdb_table
    yield "polars", lambda path: polars.read_parquet(path).to_arrow()
    if chdb is not None:
        yield "chdb", chdb_table


def report(path, text):
    print(f"{os.path.basename(path)}: {text}")
    return 1


def check_rows(path):
    with open(path.replace(".parquet", ".rows")) as file:
        kinds = json.loads(file.readline())
        expected = file.read().splitlines()
    failures = 0
    for name, read in readers():
        if f"_no_{name}" in path:
            continue
        try:
            table = read(path)
            if name == "chdb":
                failures += compare_chdb(path, table, pq.read_table(path), kinds)
                continue
            actual = list(rows_of(table, kinds))
        except Exception as error:
            failures += report(path, f"{name}: {type(error).__name__}: {str(error)[:300]}")
            continue
        if actual != expected:
            failures += report(path, f"{name}: {len(actual)} rows, {len(expected)} expected")
            for row, (a, b) in enumerate(zip(actual, expected)):
                if a != b:
                    for x, y, k in zip(a.split("\t"), b.split("\t"), kinds):
                        if x != y:
                            print(f"  row {row}: {k}: {x[:150]} is not {y[:150]}")
                    break
    return failures


def plain(value, kind):
    """What is left of a value in a system whose lists, maps and rows are never NULL."""
    if isinstance(kind, list) and kind[0] == "list":
        return [] if value is None else [plain(v, kind[1]) for v in value]
    if isinstance(kind, list) and kind[0] == "map":
        pairs = [] if value is None else value.items() if isinstance(value, dict) else value
        return [(plain(k, kind[1]), plain(v, kind[2])) for k, v in pairs]
    if isinstance(kind, list) and kind[0] == "row":
        return {n: plain(None if value is None else value[n], k) for n, k in kind[1:]}
    return value


def compare_chdb(path, table, reference, kinds):
    failures = 0
    for name, kind in zip(reference.column_names, kinds):
        try:
            ours = [canon(plain(v, kind), kind) for v in reference[name].to_pylist()]
            theirs = [canon(plain(v, kind), kind) for v in table[name].to_pylist()]
        except Exception as error:
            failures += report(path, f"chdb: {name}: {type(error).__name__}: {str(error)[:200]}")
            continue
        for row, (a, b) in enumerate(zip(theirs, ours)):
            if a != b:
                failures += report(path, f"chdb: {name}: row {row}: {a[:150]} is not {b[:150]}")
                break
        if len(ours) != len(theirs):
            failures += report(path, f"chdb: {name}: {len(theirs)} rows, {len(ours)} expected")
    return failures


def literal(value, peer):
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, decimal.Decimal):
        scale = -value.as_tuple().exponent
        return f"toDecimal128('{value}', {scale})" if peer == "chdb" else f"cast('{value}' as decimal(30, {scale}))"
    if isinstance(value, datetime.datetime):
        text = value.isoformat(" ", "microseconds")
        return f"toDateTime64('{text}', 6, 'UTC')" if peer == "chdb" else f"timestamp '{text}'"
    if isinstance(value, datetime.date):
        return f"toDate32('{value}')" if peer == "chdb" else f"date '{value}'"
    return str(value)


FILTERED = [
    "rising", "few", "random", "extreme", "int", "small", "tiny", "walk", "text", "url", "odd", "same", "date",
    "stamp", "dec9", "dec18",
]
OPERATORS = {
    "==": pc.equal, "<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal,
    "!=": pc.not_equal,
}


def neighbours(value):
    """A value that occurs and others beside it, most of which do not."""
    if isinstance(value, str):
        return [value, value + "a", value[:-1], "b" * 70]
    if isinstance(value, float):
        return [value, value + 0.1]
    if isinstance(value, datetime.date):
        return [value, value + datetime.timedelta(days=1)]
    if isinstance(value, decimal.Decimal):
        return [value, value + decimal.Decimal(1).scaleb(value.as_tuple().exponent)]
    return [value] + [v for v in (value - 1, value + 1) if -(2**63) <= v < 2**63]


def check_pruning(path, chance):
    table = pq.read_table(path)
    names = [n for n in FILTERED if n in table.column_names]
    if table.num_rows == 0 or not names:
        return 0
    failures = 0
    lazy = polars.scan_parquet(path) if "_no_polars" not in path else None
    types = {} if lazy is None else lazy.collect_schema()
    for _ in range(12):
        name = chance.choice(names)
        present = table[name].drop_null()
        if len(present) == 0:
            continue
        value = chance.choice(neighbours(present[chance.randrange(len(present))].as_py()))
        operator = chance.choice(list(OPERATORS))
        try:
            constant = pa.scalar(value, table[name].type)
        except pa.ArrowInvalid:
            continue
        expected = pc.sum(OPERATORS[operator](table[name], constant)).as_py() or 0
        def where(peer):
            return f"\"{name}\" {operator.replace('==', '=')} {literal(value, peer)}"

        found = {"pyarrow": pq.read_table(path, filters=[(name, operator, value)]).num_rows}
        if "_no_duckdb" not in path:
            sql = f"select count(*) from read_parquet('{path}') where {where('duckdb')}"
            found["duckdb"] = duckdb.sql(sql).fetchone()[0]
        if lazy is not None:
            column, constant = polars.col(name), polars.lit(value, dtype=types[name])
            predicate = {
                "==": column == constant, "<": column < constant, "<=": column <= constant,
                ">": column > constant, ">=": column >= constant, "!=": column != constant,
            }[operator]
            found["polars"] = lazy.filter(predicate).select(polars.len()).collect().item()
        if chdb is not None:
            sql = f"select count() from file('{path}', Parquet) where {where('chdb')} settings {CHDB_SETTINGS}"
            found["chdb"] = int(str(chdb.query(sql, "CSV")))
        for peer, count in found.items():
            if count != expected:
                failures += report(path, f"{peer}: {where(peer)}: {count} rows, {expected} expected")
    return failures


WIDTHS = {1: "<i", 2: "<q", 4: "<f", 5: "<d"}


def decoded(value, physical):
    if physical == 0:
        return value[0]
    return struct.unpack(WIDTHS[physical], value)[0] if physical in WIDTHS else value


def stored(column):
    """A column's values in the order of its bounds; None for types that are not checked here."""
    kind = column.type
    if pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    elif pa.types.is_time64(kind) or pa.types.is_timestamp(kind):
        column = column.cast(pa.int64())
    elif pa.types.is_string(kind) or pa.types.is_binary(kind):
        column = column.cast(pa.binary())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        return None
    return column.to_pylist()


def check_page_index(path):
    """The flat columns: values of the page's rows against what the index says of the page."""
    failures = 0
    table = pq.read_table(path)
    meta = footer(path)
    start = 0
    for group in meta["row_groups"]:
        for chunk in group["columns"]:
            name = chunk["path"][0]
            column, offsets = page_index(path, chunk)
            if offsets is None or [p[2] for p in offsets["pages"]][0] != 0:
                failures += report(path, f"{name}: no offset index")
                continue
            rows = [p[2] for p in offsets["pages"]] + [group["rows"]]
            if any(a >= b for a, b in zip(rows, rows[1:])):
                failures += report(path, f"{name}: first rows {rows}")
            if len(chunk["path"]) > 1:
                failures += check_histograms(path, chunk, column, offsets)
                continue
            values = stored(table[name].slice(start, group["rows"]))
            if values is None:
                continue
            pages = [values[a:b] for a, b in zip(rows, rows[1:])]
            failures += check_pages(path, chunk, column, offsets, pages)
        start += group["rows"]
    return failures


def check_histograms(path, chunk, column, offsets):
    sizes = chunk["sizes"]
    failures = 0
    repetitions = sum(sizes["repetitions"]) if "list" in chunk["path"] or "key_value" in chunk["path"] else chunk["values"]
    if repetitions != chunk["values"] or sum(sizes["definitions"]) != chunk["values"]:
        failures += report(path, f"{chunk['path']}: histograms {sizes} of {chunk['values']} values")
    if chunk["values"] - sizes["definitions"][-1] != chunk["null_count"]:
        failures += report(path, f"{chunk['path']}: null_count {chunk['null_count']}, {sizes}")
    if column is not None:
        for key in ("repetitions", "definitions"):
            size = len(sizes[key])
            sums = [sum(column[key][i::size]) for i in range(size)] if size else []
            if sums != sizes[key] or len(column[key]) != size * len(offsets["pages"]):
                failures += report(path, f"{chunk['path']}: {key} of pages {sums}, of chunk {sizes[key]}")
    return failures


def check_pages(path, chunk, column, offsets, pages):
    name, physical = chunk["path"][0], chunk["type"]
    all_nan = any(
        (real := [v for v in page if v is not None]) and all(v != v for v in real) for page in pages)
    if all_nan != (column is None):
        return report(path, f"{name}: column index {column is not None}, a page of NaN {all_nan}")
    failures = 0
    if physical == 6:
        bytes_of = [sum(len(v) for v in page if v is not None) for page in pages]
        if offsets["bytes"] != bytes_of or chunk["sizes"]["bytes"] != sum(bytes_of):
            failures += report(path, f"{name}: byte array sizes {offsets['bytes']} for {bytes_of}")
    if column is None:
        return failures
    bounds = []
    for i, page in enumerate(pages):
        real = [v for v in page if v is not None]
        nans = sum(1 for v in real if v != v)
        if column["null_pages"][i] != (not real) or column["null_counts"][i] != len(page) - len(real):
            failures += report(path, f"{name}: page {i}: nulls {column['null_counts'][i]} of {len(page)}")
        if column["nan_counts"] and column["nan_counts"][i] != nans:
            failures += report(path, f"{name}: page {i}: {column['nan_counts'][i]} NaN, not {nans}")
        if not real:
            continue
        low, high = decoded(column["min"][i], physical), decoded(column["max"][i], physical)
        bounds.append((low, high))
        real = [v for v in real if v == v]
        if not low <= min(real) or not high >= max(real):
            failures += report(path, f"{name}: page {i}: {low} ... {high} is not around its values")
        if physical in WIDTHS and (low, high) != (min(real), max(real)):
            failures += report(path, f"{name}: page {i}: {low} ... {high} is not exact")
        if physical in (4, 5):
            for bound, sign in ((low, -1.0), (high, 1.0)):
                if bound == 0 and struct.pack("<d", bound) != struct.pack("<d", sign * 0.0):
                    failures += report(path, f"{name}: page {i}: the zero bound has the wrong sign")
    rising = all(a[0] <= b[0] and a[1] <= b[1] for a, b in zip(bounds, bounds[1:]))
    falling = all(a[0] >= b[0] and a[1] >= b[1] for a, b in zip(bounds, bounds[1:]))
    if (column["order"] == 1 and not rising) or (column["order"] == 2 and not falling) \
            or (column["order"] == 0 and (rising or falling)):
        failures += report(path, f"{name}: boundary order {column['order']}")
    return failures


def check_footer(path):
    failures = 0
    meta = pq.ParquetFile(path).metadata
    table = pq.read_table(path)
    start = 0
    for g in range(meta.num_row_groups):
        group = meta.row_group(g)
        for c in range(group.num_columns):
            chunk = group.column(c)
            name = chunk.path_in_schema
            statistics = chunk.statistics
            if statistics is None or statistics.null_count is None:
                failures += report(path, f"{name}: no null count")
                continue
            if "." in name:
                continue
            values = table[name].slice(start, group.num_rows)
            if statistics.null_count != values.null_count:
                failures += report(path, f"{name}: {statistics.null_count} NULLs, not {values.null_count}")
            kind = values.type
            if pa.types.is_floating(kind):
                numbers = [v for v in values.to_pylist() if v is not None and v == v]
                bounds = (statistics.min, statistics.max) if statistics.has_min_max else None
                if bounds != ((min(numbers), max(numbers)) if numbers else None):
                    failures += report(path, f"{name}: bounds {bounds} of {len(numbers)} numbers")
            if not (pa.types.is_integer(kind) or pa.types.is_string(kind)) or values.null_count == len(values):
                continue
            low, high = pc.min(values).as_py(), pc.max(values).as_py()
            if not statistics.min <= low or not statistics.max >= high:
                failures += report(path, f"{name}: {statistics.min} ... {statistics.max} for {low} ... {high}")
            if getattr(statistics, "is_min_value_exact", None) and statistics.min != low:
                failures += report(path, f"{name}: {statistics.min} is not the exact minimum {low}")
            if getattr(statistics, "is_max_value_exact", None) and statistics.max != high:
                failures += report(path, f"{name}: {statistics.max} is not the exact maximum {high}")
            named = os.path.basename(path).split("_")
            if named[0] == "encoding":
                wanted = {
                    "plain": "PLAIN", "rleDictionary": "RLE_DICTIONARY", "rle": "RLE",
                    "deltaBinaryPacked": "DELTA_BINARY_PACKED", "deltaByteArray": "DELTA_BYTE_ARRAY",
                    "deltaLengthByteArray": "DELTA_LENGTH_BYTE_ARRAY", "byteStreamSplit": "BYTE_STREAM_SPLIT",
                }[named[1]]
                if wanted not in chunk.encodings:
                    failures += report(path, f"{name}: {chunk.encodings}, {wanted} was asked for")
        start += group.num_rows
    return failures


def check_intervals(path):
    rows = duckdb.sql(f"select epoch(d), m::varchar from read_parquet('{path}')").fetchall()
    expected = [(90061.001, "1 year 2 months"), (0.0, "00:00:00"), (None, None)]
    return 0 if rows == expected else report(path, f"intervals {rows}, {expected} expected")


def main(folder):
    chance = random.Random(20)
    failures = check_intervals(os.path.join(folder, "intervals"))
    paths = sorted(glob.glob(os.path.join(folder, "*.parquet")))
    for path in paths:
        failures += check_rows(path)
        failures += check_footer(path)
        failures += check_page_index(path)
        failures += check_pruning(path, chance)
    print(f"{len(paths)} files, {failures} failures")
    return 1 if failures or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
