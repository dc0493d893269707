import Columnar
import Query

/// The footer as JSON: nothing cut, what is not stored is null.
enum ParquetMetaJSON {
    static func text(_ file: ParquetFile) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("file")
        writer.string(file.path)
        writer.key("bytes")
        writer.integer(file.sizeBytes)
        writer.key("footer_bytes")
        writer.integer(file.footerBytes)
        writer.key("rows")
        writer.integer(file.rowCount)
        writer.key("format_version")
        writer.integer(file.formatVersion)
        writer.key("created_by")
        optional(file.createdBy, &writer)
        writer.objects("key_values", file.keyValueMetadata) { writer, pair in
            writer.key("key")
            writer.string(pair.key)
            writer.key("value")
            writer.string(pair.value)
        }
        writer.key("row_groups")
        writer.beginArray()
        for group in file.rowGroups { write(group, &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private static func write(_ group: ParquetRowGroupFacts, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("rows")
        writer.integer(group.rowCount)
        writer.key("compressed_bytes")
        writer.integer(group.compressedBytes)
        writer.key("uncompressed_bytes")
        writer.integer(group.uncompressedBytes)
        writer.key("sorted_by")
        strings(group.order, &writer)
        writer.key("columns")
        writer.beginArray()
        for chunk in group.columns { write(chunk, &writer) }
        writer.endArray()
        writer.endObject()
    }

    private static func write(_ chunk: ParquetChunkFacts, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("column")
        writer.string(chunk.column)
        writer.key("type")
        writer.string("\(chunk.type)")
        writer.key("physical_type")
        writer.string(chunk.physicalType)
        writer.key("codec")
        writer.string(chunk.codec)
        writer.key("encodings")
        strings(chunk.encodings, &writer)
        let numbers: [(String, Int?)] = [
            ("offset", chunk.offset), ("compressed_bytes", chunk.compressedBytes),
            ("uncompressed_bytes", chunk.uncompressedBytes), ("values", chunk.valueCount),
            ("nulls", chunk.nullCount), ("distinct", chunk.distinctCount),
            ("pages", chunk.pageCount), ("column_index_bytes", chunk.columnIndexBytes),
            ("offset_index_bytes", chunk.offsetIndexBytes),
            ("bloom_filter_offset", chunk.bloomFilterOffset),
            ("bloom_filter_bytes", chunk.bloomFilterBytes),
        ]
        for (key, number) in numbers {
            writer.key(key)
            if let number { writer.integer(number) } else { writer.null() }
        }
        writer.key("min")
        optional(chunk.lower.map { ValueText.format($0, chunk.type) }, &writer)
        writer.key("max")
        optional(chunk.upper.map { ValueText.format($0, chunk.type) }, &writer)
        writer.key("bounds_are_exact")
        writer.boolean(chunk.hasExactBounds)
        writer.key("dictionary")
        writer.boolean(chunk.hasDictionary)
        writer.endObject()
    }

    static func optional(_ text: String?, _ writer: inout JSONWriter) {
        if let text { writer.string(text) } else { writer.null() }
    }

    static func strings(_ texts: [String], _ writer: inout JSONWriter) {
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
    }
}
