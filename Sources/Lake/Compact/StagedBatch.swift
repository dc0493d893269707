import Columnar
import Glibc

/// What is known of a staged row besides its bytes.
struct StagedRow: BitwiseCopyable {
    var key: ContentHash
    /// The raw file's mtime, for rows with equal keys.
    var modifiedNanos: Int64
    var partition: Int32?
    var place = RecordPlace.alone
}

/// Flattened rows of one worker in `RowEncoding`, one behind the other, on their way into partitions.
///
/// ```
///  stable: u32   volatile: u32   path: u32   stable bytes   volatile bytes   path bytes
/// ```
/// Rows stay as bytes until their partition is written: only then do they become columns, in one piece.
struct StagingBuffer {
    private var buffer: Buffer
    private var count = 0
    private var rows: [StagedRow] = []
    private var starts: [UInt32] = []
    private let pool: BufferPool

    static let headerBytes = 12
    /// Bytes of a sealed batch: some thousand rows, and a partition's share of it is read in one call.
    static let batchBytes = (16 << 20) - Buffer.padding
    /// What is allocated first: small runs stay small.
    private static let startBytes = (1 << 20) - Buffer.padding

    init(pool: BufferPool) throws(ColumnarError) {
        self.pool = pool
        buffer = try pool.allocate(bytes: Self.startBytes)
    }

    var isEmpty: Bool { rows.isEmpty }

    /// Appends a row; false if the buffer is full and must be sealed first.
    mutating func append(
        _ row: StagedRow, stable: UnsafeRawBufferPointer, volatile: UnsafeRawBufferPointer,
        path: UnsafeRawBufferPointer
    ) throws(ColumnarError) -> Bool {
        let size = Self.headerBytes + stable.count + volatile.count + path.count
        if count + size > buffer.capacityBytes {
            // A single row of any size has its own batch.
            guard rows.isEmpty || count + size <= Self.batchBytes else { return false }
            try grow(to: count + size)
        }
        rows.append(row)
        starts.append(UInt32(truncatingIfNeeded: count))
        let base = buffer.base + count
        for (i, part) in [stable.count, volatile.count, path.count].enumerated() {
            base.storeBytes(
                of: UInt32(truncatingIfNeeded: part), toByteOffset: i * 4, as: UInt32.self)
        }
        var next = base + Self.headerBytes
        for part in [stable, volatile, path] {
            if let source = part.baseAddress { memcpy(next, source, part.count) }
            next += part.count
        }
        count += size
        return true
    }

    private mutating func grow(to bytes: Int) throws(ColumnarError) {
        let grown = try pool.allocate(bytes: max(bytes, min(Self.batchBytes, count * 2)))
        memcpy(grown.base, buffer.base, count)
        buffer = grown
    }

    /// The rows so far; the buffer is empty afterwards.
    mutating func seal() throws(ColumnarError) -> StagedBatch {
        let batch = try StagedBatch(
            buffer: buffer, byteCount: count, rows: rows, starts: starts, pool: pool)
        buffer = try pool.allocate(bytes: Self.batchBytes)
        count = 0
        rows.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        return batch
    }
}

/// Sealed staged rows, numbered so that each partition's rows stand together.
final class StagedBatch: Sendable {
    /// Where the rows' bytes are.
    private enum Storage: Sendable {
        /// As they were staged; each row's start.
        case memory(Buffer, starts: [UInt32])
        /// In the order of their numbers, from an offset of the file.
        case file(SpillFile, offset: Int)
    }

    /// The rows of one partition; nil is the one partition of an unpartitioned table.
    struct Part: Sendable {
        var value: Int32?
        var rows: Range<Int>
        /// Where they are once the batch is in a file.
        var bytes: Range<Int>
    }

    private let storage: Storage
    let byteCount: Int
    let count: Int
    let keys: StagedKeys
    /// Whether the rows are of files of many records.
    let hasPlaces: Bool
    /// Rising by partition value.
    let parts: [Part]

    /// The rows of one partition.
    func part(of value: Int32?) -> Part? {
        var (low, high) = (0, parts.count)
        let rank = PartitionOrder.rank(value)
        while low < high {
            let middle = (low + high) / 2
            if PartitionOrder.rank(parts[middle].value) < rank {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < parts.count && parts[low].value == value ? parts[low] : nil
    }

    /// Bytes that it takes in memory.
    var heldBytes: Int {
        guard case .memory = storage else { return 0 }
        return byteCount + keys.byteCount + count * MemoryLayout<UInt32>.size
    }

    fileprivate init(
        buffer: Buffer, byteCount: Int, rows: [StagedRow], starts: [UInt32], pool: BufferPool
    ) throws(ColumnarError) {
        var order = Array(rows.indices)
        // Stable, so that rows of a folder stay together within their partition.
        order.sort {
            PartitionOrder.rank(rows[$0].partition) < PartitionOrder.rank(rows[$1].partition)
        }
        var parts: [Part] = []
        var end = 0
        for (position, row) in order.enumerated() {
            let start = end
            end += StagedRowBytes(buffer.base + Int(starts[row])).byteCount
            if let last = parts.last, last.value == rows[row].partition {
                parts[parts.count - 1].rows = last.rows.lowerBound..<position + 1
                parts[parts.count - 1].bytes = last.bytes.lowerBound..<end
            } else {
                parts.append(
                    Part(
                        value: rows[row].partition, rows: position..<position + 1,
                        bytes: start..<end))
            }
        }
        keys = try StagedKeys(
            order.indices.lazy.map { position in
                let row = rows[order[position]]
                return StagedKey(
                    key: row.key, modifiedNanos: row.modifiedNanos, place: row.place,
                    row: UInt32(truncatingIfNeeded: position), start: starts[order[position]])
            }, pool: pool)
        storage = .memory(buffer, starts: order.map { starts[$0] })
        self.byteCount = byteCount
        self.parts = parts
        count = rows.count
        hasPlaces = rows.first.map { $0.place != .alone } ?? false
    }

    private init(_ batch: StagedBatch, file: SpillFile, offset: Int, keys: StagedKeys) {
        storage = .file(file, offset: offset)
        self.keys = keys
        byteCount = batch.byteCount
        count = batch.count
        hasPlaces = batch.hasPlaces
        parts = batch.parts
    }

    /// The same rows in a file, so that each partition's are read in one call.
    func spilled(to file: SpillFile, pool: BufferPool) throws(LakeError) -> StagedBatch {
        guard case .memory(let buffer, let starts) = storage else { return self }
        let ordered = try Self.allocate(byteCount, pool)
        var moved: [UInt32] = []
        moved.reserveCapacity(count)
        var position = 0
        for start in starts {
            let row = StagedRowBytes(buffer.base + Int(start))
            memcpy(ordered.base + position, row.base, row.byteCount)
            moved.append(UInt32(truncatingIfNeeded: position))
            position += row.byteCount
        }
        let offset = try file.append(UnsafeRawBufferPointer(start: ordered.base, count: position))
        let keys = try keys.spilled(to: file, starts: moved, pool: pool)
        return StagedBatch(self, file: file, offset: offset, keys: keys)
    }

    /// Calls `body` with the number of each row that comes from these raw paths.
    func forEach(
        of paths: Set<String>, pool: BufferPool, _ body: (Int) -> Void
    ) throws(LakeError) {
        guard !paths.isEmpty else { return }
        for part in parts {
            try forEach(in: part, pool: pool) { row, bytes in
                if paths.contains(String(decoding: bytes.path, as: UTF8.self)) { body(row) }
            }
        }
    }

    /// Calls `body` with each row of a part, and its number.
    func forEach(
        in part: Part, pool: BufferPool,
        _ body: (Int, StagedRowBytes) throws(LakeError) -> Void
    ) throws(LakeError) {
        switch storage {
        case .memory(let buffer, let starts):
            for row in part.rows { try body(row, StagedRowBytes(buffer.base + Int(starts[row]))) }
        case .file(let file, let offset):
            let read = try Self.allocate(part.bytes.count, pool)
            try file.read(
                at: offset + part.bytes.lowerBound,
                into: UnsafeMutableRawBufferPointer(start: read.base, count: part.bytes.count))
            var position = 0
            for row in part.rows {
                let bytes = StagedRowBytes(read.base + position)
                try body(row, bytes)
                position += bytes.byteCount
            }
        }
    }

    /// The raw path of the row that begins at a place.
    func path(start: UInt32, pool: BufferPool) throws(LakeError) -> [UInt8] {
        switch storage {
        case .memory(let buffer, _):
            return Array(StagedRowBytes(buffer.base + Int(start)).path)
        case .file(let file, let offset):
            let header = try Self.allocate(StagingBuffer.headerBytes, pool)
            let row = offset + Int(start)
            try file.read(
                at: row,
                into: UnsafeMutableRawBufferPointer(
                    start: header.base, count: StagingBuffer.headerBytes))
            let range = StagedRowBytes(header.base).pathRange
            let path = try Self.allocate(range.count, pool)
            let bytes = UnsafeMutableRawBufferPointer(start: path.base, count: range.count)
            try file.read(at: row + range.lowerBound, into: bytes)
            return Array(bytes)
        }
    }

    private static func allocate(
        _ bytes: Int, _ pool: BufferPool
    ) throws(LakeError) -> Buffer {
        do throws(ColumnarError) {
            return try pool.allocate(bytes: bytes)
        } catch {
            throw .columnar(error)
        }
    }
}

/// One row as `StagingBuffer` lays it out.
struct StagedRowBytes {
    let base: UnsafeRawPointer

    init(_ base: UnsafeRawPointer) {
        self.base = base
    }

    private func number(_ index: Int) -> Int {
        Int(base.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
    }

    var byteCount: Int { StagingBuffer.headerBytes + number(0) + number(1) + number(2) }
    var stable: UnsafeRawBufferPointer { part(0, number(0)) }
    var volatile: UnsafeRawBufferPointer { part(number(0), number(1)) }
    var path: UnsafeRawBufferPointer { part(number(0) + number(1), number(2)) }
    /// Where the path is, from the row's first byte.
    var pathRange: Range<Int> { byteCount - number(2)..<byteCount }

    private func part(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + StagingBuffer.headerBytes + offset, count: count)
    }
}

/// The order of partition values; the one of NULL comes first.
enum PartitionOrder {
    static func rank(_ value: Int32?) -> Int64 {
        value.map { Int64($0) } ?? .min
    }
}
