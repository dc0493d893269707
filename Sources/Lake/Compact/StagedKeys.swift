import Columnar

/// What decides which of several staged rows with one key counts, and where the row is.
struct StagedKey: BitwiseCopyable {
    var key: ContentHash
    /// The raw file's mtime.
    var modifiedNanos: Int64
    var place: RecordPlace
    /// The row's number in its batch.
    var row: UInt32
    /// Where its bytes begin in its batch.
    var start: UInt32

    static func isInOrder(_ a: StagedKey, _ b: StagedKey) -> Bool {
        a.key.high != b.key.high ? a.key.high < b.key.high : a.key.low < b.key.low
    }
}

/// The keys of a staged batch, rising by their hashes, 40 bytes each: in memory, or behind its rows in a file.
struct StagedKeys: Sendable {
    private enum Storage: Sendable {
        case memory(Buffer)
        case file(SpillFile, offset: Int)
    }

    let count: Int
    private let storage: Storage

    private init(count: Int, _ storage: Storage) {
        self.count = count
        self.storage = storage
    }

    /// Sorts keys that come in any order.
    init(_ keys: some Collection<StagedKey>, pool: BufferPool) throws(ColumnarError) {
        let buffer = try pool.allocate(StagedKey.self, count: keys.count)
        var sorted = UnsafeMutableBufferPointer(
            start: buffer.base.assumingMemoryBound(to: StagedKey.self), count: keys.count)
        _ = sorted.initialize(from: keys)
        sorted.sort(by: StagedKey.isInOrder)
        self.init(count: keys.count, .memory(buffer))
    }

    var byteCount: Int { count * MemoryLayout<StagedKey>.stride }

    /// The same keys in a file; `starts` has where each row begins there, by its number.
    func spilled(
        to file: SpillFile, starts: [UInt32], pool: BufferPool
    ) throws(LakeError) -> StagedKeys {
        guard case .memory(let buffer) = storage else { return self }
        let moved: Buffer
        do throws(ColumnarError) {
            moved = try pool.allocate(StagedKey.self, count: count)
        } catch {
            throw .columnar(error)
        }
        let old = buffer.base.assumingMemoryBound(to: StagedKey.self)
        let new = moved.base.assumingMemoryBound(to: StagedKey.self)
        for index in 0..<count {
            new[index] = old[index]
            new[index].start = starts[Int(old[index].row)]
        }
        let offset = try file.append(UnsafeRawBufferPointer(start: moved.base, count: byteCount))
        return StagedKeys(count: count, .file(file, offset: offset))
    }

    /// Goes through keys from the first to the last; of those in a file it holds one block.
    struct Cursor {
        private let keys: StagedKeys
        private let block: Buffer
        /// The keys of the block.
        private var held: Range<Int>
        private var position = 0

        private static let blockKeys = 400

        init(_ keys: StagedKeys, pool: BufferPool) throws(LakeError) {
            self.keys = keys
            if case .memory(let buffer) = keys.storage {
                block = buffer
                held = 0..<keys.count
                return
            }
            held = 0..<0
            do throws(ColumnarError) {
                block = try pool.allocate(
                    StagedKey.self, count: min(Self.blockKeys, keys.count))
            } catch {
                throw .columnar(error)
            }
        }

        mutating func next() throws(LakeError) -> StagedKey? {
            guard position < keys.count else { return nil }
            if position == held.upperBound { try refill() }
            defer { position += 1 }
            return block.base.assumingMemoryBound(to: StagedKey.self)[position - held.lowerBound]
        }

        private mutating func refill() throws(LakeError) {
            guard case .file(let file, let offset) = keys.storage else { return }
            held = position..<min(keys.count, position + Self.blockKeys)
            let stride = MemoryLayout<StagedKey>.stride
            try file.read(
                at: offset + position * stride,
                into: UnsafeMutableRawBufferPointer(start: block.base, count: held.count * stride))
        }
    }
}

/// The keys of many batches as one rising list.
struct StagedKeyMerge {
    private struct Head {
        var key: StagedKey
        var batch: Int
    }

    private var cursors: [StagedKeys.Cursor] = []
    /// A binary heap: the least key is first.
    private var heads: [Head] = []

    init(_ lists: [StagedKeys], pool: BufferPool) throws(LakeError) {
        for (batch, keys) in lists.enumerated() {
            var cursor = try StagedKeys.Cursor(keys, pool: pool)
            if let key = try cursor.next() { heads.append(Head(key: key, batch: batch)) }
            cursors.append(cursor)
        }
        for index in heads.indices.reversed() { sift(from: index) }
    }

    /// The next key and the number of its batch; equal keys come in any order.
    mutating func next() throws(LakeError) -> (batch: Int, key: StagedKey)? {
        guard let head = heads.first else { return nil }
        if let key = try cursors[head.batch].next() {
            heads[0].key = key
        } else {
            heads.swapAt(0, heads.count - 1)
            heads.removeLast()
        }
        if !heads.isEmpty { sift(from: 0) }
        return (head.batch, head.key)
    }

    private mutating func sift(from start: Int) {
        var index = start
        let moving = heads[start]
        while 2 * index + 1 < heads.count {
            var child = 2 * index + 1
            if child + 1 < heads.count,
                StagedKey.isInOrder(heads[child + 1].key, heads[child].key)
            {
                child += 1
            }
            guard StagedKey.isInOrder(heads[child].key, moving.key) else { break }
            heads[index] = heads[child]
            index = child
        }
        heads[index] = moving
    }
}
