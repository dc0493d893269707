"""The footer and page index of a Parquet file, read without any Parquet library."""
import struct


class Reader:
    """Thrift's compact protocol into dictionaries by field id."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def zigzag(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def value(self, kind, in_list=False):
        if kind in (1, 2):
            return self.byte() == 1 if in_list else kind == 1
        if kind == 3:
            return struct.unpack("b", bytes([self.byte()]))[0]
        if kind in (4, 5, 6):
            return self.zigzag()
        if kind == 7:
            self.at += 8
            return struct.unpack_from("<d", self.data, self.at - 8)[0]
        if kind == 8:
            size = self.varint()
            self.at += size
            return bytes(self.data[self.at - size:self.at])
        if kind in (9, 10):
            head = self.byte()
            count = self.varint() if head >> 4 == 15 else head >> 4
            return [self.value(head & 15, True) for _ in range(count)]
        if kind == 12:
            return self.struct()
        raise ValueError(f"thrift type {kind}")

    def struct(self):
        fields, last = {}, 0
        while True:
            head = self.byte()
            if head == 0:
                return fields
            last = last + (head >> 4) if head >> 4 else self.zigzag()
            fields[last] = self.value(head & 15)


def footer(path):
    with open(path, "rb") as file:
        data = file.read()
    assert data[:4] == data[-4:] == b"PAR1", path
    size = struct.unpack("<I", data[-8:-4])[0]
    meta = Reader(data[-8 - size:-8]).struct()
    groups = []
    for group in meta[4]:
        columns = []
        for chunk in group[1]:
            column = chunk[3]
            sizes = column.get(16, {})
            columns.append({
                "type": column[1],
                "path": [p.decode() for p in column[3]],
                "values": column[5],
                "null_count": column[12][3],
                "sizes": {"bytes": sizes.get(1), "repetitions": sizes.get(2, []), "definitions": sizes.get(3, [])},
                "offset_index": (chunk.get(4), chunk.get(5)),
                "column_index": (chunk.get(6), chunk.get(7)),
            })
        groups.append({"rows": group[3], "columns": columns})
    return {"rows": meta[3], "row_groups": groups}


def page_index(path, chunk):
    """The column index (None if there is none) and the offset index of a chunk."""
    def read(place):
        if place[0] is None:
            return None
        with open(path, "rb") as file:
            file.seek(place[0])
            return Reader(file.read(place[1])).struct()

    offsets = read(chunk["offset_index"])
    if offsets is not None:
        offsets = {"pages": [(p[1], p[2], p[3]) for p in offsets[1]], "bytes": offsets.get(2)}
    column = read(chunk["column_index"])
    if column is not None:
        column = {
            "null_pages": column[1], "min": column[2], "max": column[3], "order": column[4],
            "null_counts": column[5], "repetitions": column.get(6, []), "definitions": column.get(7, []),
            "nan_counts": column.get(8),
        }
    return column, offsets
