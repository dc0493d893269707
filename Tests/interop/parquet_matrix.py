"""Parquet files of four writers in every combination that matters, for us to read.

usage: parquet_matrix.py FOLDER

Writes FOLDER/*.parquet; FOLDER/values with the columns that they were made from, each as a line of its
name and lines of its values in the form of parquet_peers.canon; and FOLDER/files with a line for each
file: its name, then `column=values` for each of its columns, separated by tabs. What a file must hold
comes from the values that it was made of, never from reading it back.
"""
import datetime
import decimal
import os
import sys
import uuid

import chdb
import duckdb
import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet as pq

from parquet_peers import EPOCH, canon

ROWS = 300
CODECS = ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]
# Rows of a row group, bytes of a page, rows between looks at the page's size.
CUTS = [(300, 1 << 20, 1024), (128, 64, 16), (97, 700, 40)]
NULLS = {
    "req": lambda i: False,
    "none": lambda i: False,
    "some": lambda i: i % 5 == 3,
    "most": lambda i: i % 7 != 0,
    "all": lambda i: True,
}
PLAIN_ONLY = ["PLAIN"]
INTEGERS = ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"]
FLOATS = ["PLAIN", "BYTE_STREAM_SPLIT"]
FIXED = ["PLAIN", "BYTE_STREAM_SPLIT", "DELTA_BYTE_ARRAY"]
TEXTS = ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"]
UTC = datetime.timezone.utc


def mixed(i):
    """Runs first, then few distinct numbers, then many."""
    return i // 40 if i < 120 else i % 5 if i < 200 else i * 7919 % 100_003


def spread(bits, signed):
    """Numbers over the whole range of a width, its ends among them."""
    low = -(1 << bits - 1) if signed else 0
    high = low + (1 << bits) - 1
    ends = {7: low, 8: high, 9: 0, 250: high, 251: low}
    return lambda i: ends.get(i, low + mixed(i) * 0x9E3779B97F4A7C15 % (1 << bits))


def floating(i):
    odd = {5: float("nan"), 6: float("inf"), 7: float("-inf"), 8: -0.0, 9: 0.0}
    return odd.get(i, (mixed(i) - 40) * 0.25)


def digits(precision, scale):
    top = 10**precision - 1
    ends = {7: top, 8: -top, 9: 0}

    def value(i):
        with decimal.localcontext() as context:
            context.prec = 60
            unscaled = ends.get(i, (mixed(i) * 10 ** (precision // 2) + mixed(i)) % top * (1 - i % 2 * 2))
            return decimal.Decimal(unscaled).scaleb(-scale)

    return value


def instant(units, zone=None):
    """Times as whole numbers of a unit since 1970: years 1700 to 2200."""
    return lambda i: (mixed(i) - 30_000) * 86_400 * units + mixed(i) * 977 % units


def scalars():
    """Name, Arrow type, kind, value of row i, encodings beside dictionaries."""
    yield "bool", pa.bool_(), "bool", lambda i: mixed(i) % 3 == 0, ["PLAIN", "RLE"]
    for bits in (8, 16, 32, 64):
        yield f"i{bits}", getattr(pa, f"int{bits}")(), "int", spread(bits, True), INTEGERS
        yield f"u{bits}", getattr(pa, f"uint{bits}")(), "int", spread(bits, False), INTEGERS
    yield "f16", pa.float16(), "float", lambda i: np.float16(floating(i)), FLOATS
    yield "f32", pa.float32(), "float", floating, FLOATS
    yield "f64", pa.float64(), "double", floating, FLOATS
    for precision, scale in ((1, 0), (9, 2), (18, 4), (19, 19), (38, 10)):
        yield (f"dec{precision}", pa.decimal128(precision, scale), ["decimal", scale],
               digits(precision, scale), FIXED)
    yield "dec_int9", pa.decimal128(9, 3), ["decimal", 3], digits(9, 3), INTEGERS
    yield "dec_int18", pa.decimal128(18, 6), ["decimal", 6], digits(18, 6), INTEGERS
    day = lambda i: EPOCH.date() + datetime.timedelta(days=mixed(i) - 50_000)
    yield "date32", pa.date32(), "date", day, INTEGERS
    yield "date64", pa.date64(), "date", day, PLAIN_ONLY
    for name, kind, units in (("time32s", pa.time32("s"), 1), ("time32ms", pa.time32("ms"), 1000),
                              ("time64us", pa.time64("us"), 10**6), ("time64ns", pa.time64("ns"), 10**9)):
        yield (name, kind, ["units", units], lambda i, units=units: mixed(i) * 86_399 * units // 100_003,
               INTEGERS)
    for unit, units in (("s", 1), ("ms", 1000), ("us", 10**6), ("ns", 10**9)):
        for zone in (None, "UTC", "Europe/Berlin"):
            yield (f"ts_{unit}_{(zone or 'local')[:3].lower()}", pa.timestamp(unit, zone), ["units", units],
                   instant(units), INTEGERS if zone != "Europe/Berlin" else PLAIN_ONLY)
    yield "duration", pa.duration("us"), "int", instant(1000), PLAIN_ONLY
    text = lambda i: ["", "ä", "𝄞 clef", "a" * 300][mixed(i) % 4] + str(mixed(i))
    for name, kind in (("text", pa.string()), ("large_text", pa.large_string()), ("view", pa.string_view())):
        yield name, kind, "text", text, TEXTS
    yield "json", pa.json_(), "text", lambda i: f'{{"n": {mixed(i)}}}', ["PLAIN"]
    yield "bytes", pa.binary(), "text", lambda i: bytes([mixed(i) % 256]) * (mixed(i) % 9), TEXTS
    yield "fixed7", pa.binary(7), "text", lambda i: (mixed(i) * 31).to_bytes(7, "big"), FIXED
    yield "fixed1", pa.binary(1), "text", lambda i: bytes([mixed(i) % 256]), FIXED
    yield "uuid", pa.uuid(), "uuid", lambda i: uuid.UUID(int=mixed(i) << 90 | mixed(i)), FIXED
    yield ("category", pa.dictionary(pa.int16(), pa.string()), "text", lambda i: f"c{mixed(i) % 50}",
           PLAIN_ONLY)
    yield "null", pa.null(), "int", lambda i: None, PLAIN_ONLY


def line(value, kind):
    """`canon`, with times as whole numbers of `units` a second, rounded down to microseconds."""
    if value is None:
        return "null"
    if isinstance(kind, list) and kind[0] == "units":
        return str(value * 10**6 // kind[1])
    if kind in ("float", "double"):
        value = float(value)
    return canon(value, kind)


class Matrix:
    """The folder, the values so far, and the files so far."""

    def __init__(self, folder):
        self.folder = folder
        self.names = set()
        self.values = open(os.path.join(folder, "values"), "w")
        self.files = open(os.path.join(folder, "files"), "w")
        self.turn = 0

    def column(self, name, values, kind):
        """Stores what a column holds under a name, once."""
        if name not in self.names:
            self.names.add(name)
            lines = [line(value, kind) for value in values]
            self.values.write(f"{name}\t{len(lines)}\n" + "".join(text + "\n" for text in lines))
        return name

    def file(self, name, columns):
        """Says which values the columns of a file hold."""
        self.files.write(name + "".join(f"\t{a}={b}" for a, b in columns.items()) + "\n")

    def path(self, name):
        return os.path.join(self.folder, name)

    def options(self):
        """The next codec, cut and page version; they go around at different paces."""
        self.turn += 1
        rows, page, batch = CUTS[self.turn % 3]
        return dict(
            compression=CODECS[self.turn % 6], row_group_size=rows, data_page_size=page,
            write_batch_size=batch, write_page_index=self.turn % 2 == 0,
            write_page_checksum=self.turn % 4 == 0, store_schema=self.turn % 3 != 1)

    def arrow(self, name, table, columns, **more):
        options = self.options() | more
        pq.write_table(table, self.path(name), **options)
        self.file(name, columns)


def arrow_scalars(matrix):
    for name, kind, how, value, encodings in scalars():
        columns, arrays, fields = {}, [], []
        for nulls, is_null in NULLS.items():
            if name == "null" and nulls != "all":
                continue
            values = [None if is_null(i) else value(i) for i in range(ROWS)]
            columns[nulls] = matrix.column(f"{name}_{nulls}", values, how)
            arrays.append(pa.array(values, kind))
            fields.append(pa.field(nulls, kind, nullable=nulls != "req"))
        table = pa.table(arrays, schema=pa.schema(fields))
        integers = dict(store_decimal_as_integer=True) if name.startswith("dec_int") else {}
        for version in ("1.0", "2.0"):
            more = dict(data_page_version=version) | integers
            for encoding in encodings:
                encoded = {} if encoding == "PLAIN" else dict(column_encoding={n: encoding for n in columns})
                matrix.arrow(f"arrow_{name}_{version[0]}_{encoding.lower()}.parquet", table, columns,
                             use_dictionary=False, **encoded, **more)
            matrix.arrow(f"arrow_{name}_{version[0]}_dict.parquet", table, columns, **more)
            # A dictionary that is given up: codes in the first pages, values in the others.
            matrix.arrow(f"arrow_{name}_{version[0]}_mixed.parquet", table, columns,
                         dictionary_pagesize_limit=200, **more, data_page_size=64, write_batch_size=16,
                         row_group_size=300)


def arrow_times(matrix):
    """INT96, and the first version of the format."""
    for unit, units in (("ms", 1000), ("us", 10**6)):
        value = instant(units)
        values = [None if i % 4 == 1 else value(i) for i in range(ROWS)]
        columns = {"t": matrix.column(f"int96_{unit}", values, ["units", units])}
        table = pa.table({"t": pa.array(values, pa.timestamp(unit))})
        for use_dictionary in (False, True):
            matrix.arrow(f"arrow_int96_{unit}_{use_dictionary}.parquet", table, columns,
                         use_deprecated_int96_timestamps=True, use_dictionary=use_dictionary)
        matrix.arrow(f"arrow_old_{unit}.parquet", table, columns, version="1.0")


def nested():
    """Name, Arrow type, kind, value of row i."""
    some = lambda i, v: None if i % 6 == 5 else v
    ints = lambda i: some(i, [None if j == 2 else j * i for j in range(i % 5)])
    texts = lambda i: [None if j == 1 else f"t{j}" * (i % 3) for j in range(i % 4)]
    yield "list", pa.list_(pa.int32()), ["list", "int"], ints
    yield "large_list", pa.large_list(pa.string()), ["list", "text"], lambda i: some(i, texts(i))
    yield "list_req", pa.list_(pa.field("item", pa.int64(), False)), ["list", "int"], lambda i: [i] * (i % 3)
    yield "fixed_list", pa.list_(pa.int16(), 2), ["list", "int"], lambda i: some(i, [i, -i])
    yield ("list2", pa.list_(pa.list_(pa.float64())), ["list", ["list", "double"]],
           lambda i: some(i, [None if j == 2 else [k / 2 for k in range(j)] for j in range(i % 5)]))
    deep, kind = pa.int32(), "int"
    for _ in range(8):
        deep, kind = pa.list_(deep), ["list", kind]

    def bury(i, level=8):
        if level == 0:
            return some(i, i)
        return None if (i + level) % 11 == 3 else [bury(i + j, level - 1) for j in range((i + level) % 3)]

    yield "list8", deep, kind, bury
    row = pa.struct([("a", pa.int64()), ("b", pa.string()), pa.field("c", pa.bool_(), False)])
    row_kind = ["row", ["a", "int"], ["b", "text"], ["c", "bool"]]
    rows = lambda i: some(i, {"a": some(i + 1, i), "b": some(i + 2, f"b{i % 9}"), "c": i % 2 == 0})
    yield "row", row, row_kind, rows
    yield "rows", pa.list_(row), ["list", row_kind], lambda i: some(i, [rows(i + j) for j in range(i % 4)])
    yield ("row_list", pa.struct([("l", pa.list_(pa.int32())), ("r", row)]),
           ["row", ["l", ["list", "int"]], ["r", row_kind]],
           lambda i: some(i + 3, {"l": ints(i), "r": rows(i + 1)}))
    yield ("map", pa.map_(pa.string(), pa.int32()), ["map", "text", "int"],
           lambda i: some(i, [(f"k{j}", some(i + j, j)) for j in range(i % 4)]))
    yield ("map_rows", pa.map_(pa.int64(), pa.list_(row)), ["map", "int", ["list", row_kind]],
           lambda i: some(i, [(j, some(i + j, [rows(j + k) for k in range(i % 3)])) for j in range(i % 3)]))
    yield ("list_map", pa.list_(pa.map_(pa.string(), pa.float64())), ["list", ["map", "text", "double"]],
           lambda i: [some(i + j, [(f"k{k}", k / 4) for k in range(j)]) for j in range(i % 4)])
    wide, wide_kind = pa.decimal128(30, 5), ["decimal", 5]
    yield "list_dec", pa.list_(wide), ["list", wide_kind], lambda i: [digits(30, 5)(i + j) for j in range(i % 3)]


def arrow_nested(matrix):
    for name, kind, how, value in nested():
        values = [value(i) for i in range(ROWS)]
        columns = {"c": matrix.column(f"nested_{name}", values, how)}
        table = pa.table({"c": pa.array(values, kind)})
        for version in ("1.0", "2.0"):
            for flavour, more in {
                "plain": dict(use_dictionary=False), "dict": {},
                "mixed": dict(dictionary_pagesize_limit=100, data_page_size=64, write_batch_size=16),
                "old": dict(use_compliant_nested_type=False),
            }.items():
                matrix.arrow(f"arrow_{name}_{version[0]}_{flavour}.parquet", table, columns,
                             data_page_version=version, **more)


def table_of(matrix, wanted, nulls="some"):
    """One table of many columns, and what they hold."""
    columns, arrays = {}, {}
    is_null = NULLS[nulls]
    for name, kind, how, value, _ in scalars():
        if name in wanted:
            values = [None if is_null(i) else value(i) for i in range(ROWS)]
            columns[name] = matrix.column(f"{name}_{nulls}", values, how)
            arrays[name] = pa.array(values, kind)
    for name, kind, how, value in nested():
        if name in wanted:
            values = [value(i) for i in range(ROWS)]
            columns[name] = matrix.column(f"nested_{name}", values, how)
            arrays[name] = pa.array(values, kind)
    return pa.table(arrays), columns


FLAT = ("bool i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 dec9 dec18 dec38 date32 time64us ts_s_loc ts_ms_loc "
        "ts_us_loc ts_ns_loc ts_us_utc text bytes category").split()
DEEP = "list large_list list2 list8 row rows row_list".split()
MAPS = "map map_rows list_map".split()


def duckdb_files(matrix):
    for nulls in ("none", "some", "most", "all"):
        table, columns = table_of(matrix, FLAT + DEEP + MAPS, nulls)
        connection = duckdb.connect()
        connection.register("source", table)
        for codec in ("uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4_raw"):
            for version in ("v1", "v2"):
                name = f"duckdb_{nulls}_{codec}_{version}.parquet"
                connection.sql(
                    f"copy (select * from source) to '{matrix.path(name)}' (format parquet, "
                    f"compression {codec}, parquet_version {version})")
                matrix.file(name, columns)


def duckdb_many_rows(matrix):
    """Row groups of the least size, dictionaries and not."""
    count = 6000
    name = "duckdb_groups.parquet"
    duckdb.sql(
        f"copy (select i, i % 7 as few, 'text ' || i as t, case when i % 3 = 0 then null else i / 4.0 end "
        f"as x from range({count}) r(i)) to '{matrix.path(name)}' (format parquet, row_group_size 2048)")
    matrix.file(name, {
        "i": matrix.column("count", range(count), "int"),
        "few": matrix.column("few", (i % 7 for i in range(count)), "int"),
        "t": matrix.column("count_text", (f"text {i}" for i in range(count)), "text"),
        "x": matrix.column("quarters", (None if i % 3 == 0 else i / 4 for i in range(count)), "double"),
    })


def polars_files(matrix):
    for nulls in ("none", "some", "most", "all"):
        wanted = [n for n in FLAT if n != "ts_s_loc"] + DEEP
        table, columns = table_of(matrix, wanted, nulls)
        frame = polars.from_arrow(table)
        for codec in ("uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4"):
            for rows, page in ((None, None), (100, 256)):
                name = f"polars_{nulls}_{codec}_{rows}.parquet"
                frame.write_parquet(matrix.path(name), compression=codec, row_group_size=rows,
                                    data_page_size=page)
                matrix.file(name, columns)


def clickhouse_columns():
    """Name, SQL of row `number`, kind, value."""
    yield "i8", "toInt8(number % 256 - 128)", "int", lambda i: i % 256 - 128
    yield "u8", "toUInt8(number % 256)", "int", lambda i: i % 256
    yield "u16", "toUInt16(number * 211 % 65536)", "int", lambda i: i * 211 % 65536
    yield "u32", "toUInt32(4294967295 - number)", "int", lambda i: 4294967295 - i
    yield "u64", "toUInt64(18446744073709551615 - number)", "int", lambda i: 18446744073709551615 - i
    yield "i64", "toInt64(number * 1000003 - 77)", "int", lambda i: i * 1000003 - 77
    yield "f32", "toFloat32(number / 4)", "float", lambda i: i / 4
    yield "f64", "toFloat64(number / 8 - 3)", "double", lambda i: i / 8 - 3
    yield "b", "toBool(number % 3 = 0)", "bool", lambda i: i % 3 == 0
    yield "s", "concat('t', toString(number % 40))", "text", lambda i: f"t{i % 40}"
    yield ("low", "toLowCardinality(concat('l', toString(number % 4)))", "text", lambda i: f"l{i % 4}")
    yield "fixed", "toFixedString(leftPad(toString(number), 5, '0'), 5)", "text", lambda i: f"{i:05}"
    day = lambda i: EPOCH.date() + datetime.timedelta(days=i)
    yield "d32", "toDate32('1970-01-01') + toInt32(number)", "date", day
    yield ("t3", "toDateTime64(number * 86400, 3, 'UTC')", "int", lambda i: i * 86_400 * 10**6)
    yield ("t6", "fromUnixTimestamp64Micro(toInt64(number * 86400000001), 'UTC')", "int",
           lambda i: i * 86_400_000_001)
    yield "dec9", "toDecimal32(number, 2)", "int", lambda i: i * 100
    yield "dec18", "toDecimal64(number, 4)", "int", lambda i: i * 10_000
    yield "dec38", "toDecimal128(number, 10)", "int", lambda i: i * 10**10
    yield "n", "if(number % 4 = 1, NULL, toInt32(number))", "int", lambda i: None if i % 4 == 1 else i
    yield ("ns", "if(number % 3 = 1, NULL, toString(number))", "text",
           lambda i: None if i % 3 == 1 else str(i))
    yield "a", "arrayMap(x -> toInt32(x), range(number % 4))", ["list", "int"], lambda i: list(range(i % 4))
    yield ("aa", "arrayMap(x -> arrayMap(y -> toString(y), range(x)), range(number % 3))",
           ["list", ["list", "text"]], lambda i: [[str(y) for y in range(x)] for x in range(i % 3)])
    yield ("r", "CAST((number, toString(number)), 'Tuple(x Int64, y String)')",
           ["row", ["x", "int"], ["y", "text"]], lambda i: {"x": i, "y": str(i)})
    yield ("m", "map('k', toInt32(number), 'l', toInt32(number + 1))", ["map", "text", "int"],
           lambda i: [("k", i), ("l", i + 1)])


def clickhouse_files(matrix):
    columns, select = {}, []
    for name, sql, kind, value in clickhouse_columns():
        columns[name] = matrix.column(f"clickhouse_{name}", (value(i) for i in range(ROWS)), kind)
        select.append(f"{sql} as {name}")
    for codec in ("none", "snappy", "gzip", "brotli", "zstd", "lz4"):
        for custom in (0, 1):
            for version, rows in (("1.0", 300), ("2.latest", 77)):
                name = f"clickhouse_{codec}_{custom}_{version[0]}.parquet"
                found = chdb.query(
                    f"select {', '.join(select)} from numbers({ROWS}) order by number settings "
                    f"output_format_parquet_compression_method='{codec}', "
                    f"output_format_parquet_use_custom_encoder={custom}, "
                    f"output_format_parquet_version='{version}', "
                    f"output_format_parquet_row_group_size={rows}, "
                    f"output_format_parquet_data_page_size={rows * 4}, "
                    "output_format_parquet_string_as_string=1", "Parquet")
                with open(matrix.path(name), "wb") as file:
                    file.write(found.bytes())
                matrix.file(name, columns)


def main(folder):
    matrix = Matrix(folder)
    for make in (arrow_scalars, arrow_times, arrow_nested, duckdb_files, duckdb_many_rows, polars_files,
                 clickhouse_files):
        make(matrix)
    matrix.values.close()
    matrix.files.close()


if __name__ == "__main__":
    main(sys.argv[1])
