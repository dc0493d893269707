"""Avro both ways: `read FILE` prints the records of a file as JSON lines, `write FOLDER` makes samples."""

import io
import json
import sys

import fastavro
import zstandard


def read(path):
    with open(path, "rb") as file:
        reader = fastavro.reader(file)
        print(json.dumps({"schema": reader.writer_schema["name"], "metadata": reader.metadata["format"]}))
        for record in reader:
            print(json.dumps(record, default=lambda value: value.hex(), sort_keys=True))


def write(folder):
    schema = fastavro.parse_schema({
        "type": "record", "name": "sample", "fields": [
            {"name": "unknown", "type": {"type": "map", "values": "double"}},
            {"name": "text", "type": ["string", "null"], "field-id": 2},
            {"name": "number", "type": "long", "field-id": 1},
            {"name": "list", "type": {"type": "array", "items": "int"}, "field-id": 3},
        ]})
    records = [
        {"unknown": {"k": 1.5, "m": 2.5}, "text": None if i % 3 == 0 else f"text {i}",
         "number": (-1) ** i * 2 ** (i % 63), "list": list(range(i % 5))}
        for i in range(5000)
    ]
    for codec in ["null", "deflate"]:
        with open(f"{folder}/{codec}.avro", "wb") as file:
            fastavro.writer(file, schema, records, codec=codec, sync_interval=4000)
    with open(f"{folder}/zstandard.avro", "wb") as file:
        write_zstandard(file, schema, records)


def write_zstandard(file, schema, records):
    """fastavro wants another zstd package for this codec, so the blocks are put together here."""
    long = lambda value: file.write(encoded("long", value))
    sync = bytes(range(16))
    header = {"avro.schema": json.dumps(schema).encode(), "avro.codec": b"zstandard"}
    file.write(b"Obj\x01" + encoded({"type": "map", "values": "bytes"}, header) + sync)
    for start in range(0, len(records), 700):
        block = records[start:start + 700]
        data = b"".join(encoded(schema, record) for record in block)
        # Streamed, so that the frame does not tell its size.
        packer = zstandard.ZstdCompressor().compressobj()
        packed = packer.compress(data) + packer.flush()
        long(len(block))
        long(len(packed))
        file.write(packed + sync)


def encoded(schema, value):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, value)
    return out.getvalue()


if __name__ == "__main__":
    {"read": read, "write": write}[sys.argv[1]](sys.argv[2])
