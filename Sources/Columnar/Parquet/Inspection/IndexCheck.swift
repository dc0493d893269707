/// Holds a chunk's offset index against the pages that there are.
struct IndexCheck {
    let chunk: ColumnChunkMetadata
    let input: InputFile
    let pool: BufferPool

    /// Reads and checks the offset index.
    func checkOffsets(_ survey: ChunkSurvey, _ verdict: inout ParquetVerdict) {
        guard let offset = chunk.offsetIndexOffset else { return }
        if survey.splitsRows {
            verdict.add(.offsetIndex, survey.location, "pages begin inside a row")
        }
        do throws(ColumnarError) {
            let index = try read(
                "offset index", offset, chunk.offsetIndexBytes, chunk.seal?.offsetIndex,
                survey.location,
                { thrift throws(ColumnarError) in try OffsetIndex(reading: &thrift) })
            guard index.pages.count == survey.pages.count else {
                verdict.add(
                    .offsetIndex, survey.location,
                    "\(index.pages.count) pages in the offset index, \(survey.pages.count) in the chunk"
                )
                return
            }
            for (number, (stored, page)) in zip(index.pages, survey.pages).enumerated() {
                var place = survey.location
                place.page = number
                place.offset = page.offset
                if let reason = Self.contradiction(stored, page) {
                    verdict.add(.offsetIndex, place, reason)
                }
            }
        } catch { verdict.add(error, at: survey.location) }
    }

    private static func contradiction(
        _ stored: OffsetIndex.Page, _ page: ChunkSurvey.Page
    ) -> String? {
        if stored.offset != page.offset {
            return "the index says that the page begins at \(stored.offset)"
        }
        if stored.compressedBytes != page.compressedBytes {
            return
                "the page has \(page.compressedBytes) bytes, the index says \(stored.compressedBytes)"
        }
        if stored.firstRow != page.firstRow {
            return
                "the page begins with row \(page.firstRow), the index says \(stored.firstRow)"
        }
        return nil
    }

    /// The column index; nil if there is none or it cannot be read, which is then a finding.
    func columnIndex(
        _ location: FileLocation, _ verdict: inout ParquetVerdict
    ) -> ColumnIndex? {
        guard let offset = chunk.columnIndexOffset else { return nil }
        do throws(ColumnarError) {
            return try read(
                "column index", offset, chunk.columnIndexBytes, chunk.seal?.columnIndex, location,
                { thrift throws(ColumnarError) in try ColumnIndex(reading: &thrift) })
        } catch {
            verdict.add(error, at: location)
            return nil
        }
    }

    private func read<Index>(
        _ name: String, _ offset: Int, _ byteCount: Int, _ sum: UInt32?,
        _ location: FileLocation,
        _ parse: (inout ThriftReader) throws(ColumnarError) -> Index
    ) throws(ColumnarError) -> Index {
        var place = location
        place.offset = offset
        guard offset >= 4, byteCount > 0, byteCount <= Limits.pageIndexBytes,
            offset <= input.sizeBytes, byteCount <= input.sizeBytes - offset
        else {
            throw .corrupt(place, reason: "an index of \(byteCount) bytes lies outside the file")
        }
        let bytes = try input.read(offset: offset, count: byteCount, pool: pool)
        defer { withExtendedLifetime(bytes) {} }
        let body = UnsafeRawBufferPointer(start: bytes.base, count: byteCount)
        if let sum, sum != ChunkSeal.sum(body) {
            throw .corrupt(place, reason: "the \(name) is not as it was written")
        }
        var thrift = ThriftReader(ByteReader(body, location: place))
        return try parse(&thrift)
    }
}
