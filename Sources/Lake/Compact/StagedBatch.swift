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
        let batch = StagedBatch(buffer: buffer, byteCount: count, rows: rows, starts: starts)
        buffer = try pool.allocate(bytes: Self.batchBytes)
        count = 0
        rows.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        return batch
    }
}

/// Sealed staged rows, listed so that each partition's rows stand together.
final class StagedBatch: Sendable {
    /// Where the rows' bytes are.
    private enum Storage: Sendable {
        case memory(Buffer)
        /// In a file, in the order of the lists below.
        case file(SpillFile)
    }

    private let storage: Storage
    let byteCount: Int
    /// Of each row's key.
    let keys: [ContentHash]
    let modifiedNanos: [Int64]
    /// Of each row; empty where files hold one record each.
    let places: [RecordPlace]
    /// Where each row's bytes begin.
    private let starts: [UInt32]
    /// Rising partition values with their rows; nil is the one partition of an unpartitioned table.
    let partitions: [(value: Int32?, rows: Range<Int>)]

    var count: Int { keys.count }

    /// The rows of one partition.
    func partition(_ value: Int32?) -> (value: Int32?, rows: Range<Int>)? {
        partitions.first { $0.value == value }
    }

    /// Bytes that it takes in memory.
    var heldBytes: Int {
        let lists = count * (MemoryLayout<ContentHash>.size + 8 + 4) + places.count * 8
        if case .memory = storage { return byteCount + lists }
        return lists
    }

    fileprivate init(buffer: Buffer, byteCount: Int, rows: [StagedRow], starts: [UInt32]) {
        var order = Array(rows.indices)
        // Stable, so that rows of a folder stay together within their partition.
        order.sort {
            PartitionOrder.rank(rows[$0].partition) < PartitionOrder.rank(rows[$1].partition)
        }
        var partitions: [(value: Int32?, rows: Range<Int>)] = []
        for (position, row) in order.enumerated() {
            if let last = partitions.last, last.value == rows[row].partition {
                partitions[partitions.count - 1].rows = last.rows.lowerBound..<position + 1
            } else {
                partitions.append((rows[row].partition, position..<position + 1))
            }
        }
        storage = .memory(buffer)
        self.byteCount = byteCount
        keys = order.map { rows[$0].key }
        modifiedNanos = order.map { rows[$0].modifiedNanos }
        places = rows.first?.place == .alone ? [] : order.map { rows[$0].place }
        self.starts = order.map { starts[$0] }
        self.partitions = partitions
    }

    private init(_ batch: StagedBatch, file: SpillFile, starts: [UInt32]) {
        storage = .file(file)
        byteCount = batch.byteCount
        keys = batch.keys
        modifiedNanos = batch.modifiedNanos
        places = batch.places
        self.starts = starts
        partitions = batch.partitions
    }

    /// The same rows in a nameless file in `folder`, so that each partition's are read in one call.
    func spilled(to folder: String, pool: BufferPool) throws(LakeError) -> StagedBatch {
        guard case .memory(let buffer) = storage else { return self }
        let file = try SpillFile(folder: folder)
        let ordered: Buffer
        do throws(ColumnarError) {
            ordered = try pool.allocate(bytes: byteCount)
        } catch {
            throw .columnar(error)
        }
        var starts: [UInt32] = []
        starts.reserveCapacity(count)
        var position = 0
        for start in self.starts {
            let row = StagedRowBytes(buffer.base + Int(start))
            memcpy(ordered.base + position, row.base, row.byteCount)
            starts.append(UInt32(truncatingIfNeeded: position))
            position += row.byteCount
        }
        try file.append(UnsafeRawBufferPointer(start: ordered.base, count: position))
        return StagedBatch(self, file: file, starts: starts)
    }

    /// The numbers of the rows that come from these raw paths.
    func rows(of paths: Set<String>, pool: BufferPool) throws(LakeError) -> Set<Int> {
        var rows: Set<Int> = []
        guard !paths.isEmpty else { return rows }
        try forEach(in: 0..<count, pool: pool) { row, bytes in
            if paths.contains(String(decoding: bytes.path, as: UTF8.self)) { rows.insert(row) }
        }
        return rows
    }

    /// Calls `body` with each row of a range, and its number.
    func forEach(
        in rows: Range<Int>, pool: BufferPool,
        _ body: (Int, StagedRowBytes) throws(LakeError) -> Void
    ) throws(LakeError) {
        guard let first = rows.first else { return }
        switch storage {
        case .memory(let buffer):
            for row in rows { try body(row, StagedRowBytes(buffer.base + Int(starts[row]))) }
        case .file(let file):
            let start = Int(starts[first])
            let end = rows.upperBound < count ? Int(starts[rows.upperBound]) : byteCount
            let read: Buffer
            do throws(ColumnarError) {
                read = try pool.allocate(bytes: end - start)
            } catch {
                throw .columnar(error)
            }
            try file.read(
                at: start, into: UnsafeMutableRawBufferPointer(start: read.base, count: end - start)
            )
            for row in rows {
                try body(row, StagedRowBytes(read.base + Int(starts[row]) - start))
            }
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
