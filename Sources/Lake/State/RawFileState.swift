/// What is remembered of one raw file: 46 bytes and its name.
///
/// ```
///  shared  length  name…  flags  hint  content hash  row hash  key hash  partition
///    1       1       n      1     8        16           8          8         4       bytes
/// ```
/// The name is stored without the `shared` bytes that it has in common with the name before it;
/// numbers are little-endian. Entries lie in chunks (`RawFileChunk`), sorted by name.
package struct RawFileState: Hashable, Sendable {
    /// What a file has been through.
    package struct Flags: OptionSet, Hashable, Sendable, BitwiseCopyable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// A row of this file was committed: key, row hash and partition say which.
        package static let hasRow = Flags(rawValue: 1)
        /// `partition` is a value, not NULL.
        package static let hasPartition = Flags(rawValue: 2)
        /// The content with this hash could not be flattened; the row is of an older content.
        package static let isQuarantined = Flags(rawValue: 4)
        /// The file is gone; its row is kept.
        package static let isVanished = Flags(rawValue: 8)
        /// The bytes with this content hash lie in a pack of the cold tier; a file that is not there any
        /// more was swept.
        package static let isCold = Flags(rawValue: 16)
        /// The file lies in the raw folder again, with the bytes that were packed: the next sweep takes it.
        package static let isReturned = Flags(rawValue: 32)
        /// The row has expired, and the bytes with it: the same bytes are not taken again.
        package static let isExpired = Flags(rawValue: 64)

        /// The file lies in a pack, and nowhere else.
        var isPackedAway: Bool {
            contains(.isCold) && !contains(.isReturned) && !contains(.isExpired)
        }
    }

    package var flags: Flags
    /// The stat under which `content` was read, if it can be trusted.
    package var hint: StatHint
    package var content: ContentHash
    /// Of the flattened row without its volatile columns.
    package var rowHash: UInt64
    /// Of the row's key.
    package var keyHash: UInt64
    private var partitionBits: Int32

    package init(
        flags: Flags, hint: StatHint, content: ContentHash, rowHash: UInt64 = 0,
        keyHash: UInt64 = 0, partition: Int32? = nil
    ) {
        self.flags = flags
        self.hint = hint
        self.content = content
        self.rowHash = rowHash
        self.keyHash = keyHash
        partitionBits = partition ?? 0
        if partition != nil { self.flags.insert(.hasPartition) }
    }

    /// The partition that the row was written to; nil is the partition of NULL.
    package var partition: Int32? {
        get { flags.contains(.hasPartition) ? partitionBits : nil }
        set {
            partitionBits = newValue ?? 0
            if newValue == nil {
                flags.remove(.hasPartition)
            } else {
                flags.insert(.hasPartition)
            }
        }
    }

    /// Forgets the content, so that the file is read again and whatever it holds counts as a change,
    /// unless its row has `rowHash`; which row it had, and where, is still known.
    mutating func distrust(rowHash: UInt64) {
        hint = .none
        content = .none
        self.rowHash = rowHash
    }

    /// Bytes of an entry without its name and the two lengths.
    static let fixedBytes = 45

    /// Appends the fixed part.
    func append(to bytes: inout [UInt8]) {
        bytes.append(flags.rawValue)
        withUnsafeBytes(of: hint.bits.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: content.low.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: content.high.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: rowHash.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: keyHash.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: partitionBits.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Reads the fixed part; `bytes` must hold `fixedBytes`.
    init(reading bytes: UnsafeRawBufferPointer) {
        func word(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        flags = Flags(rawValue: bytes[0])
        hint = StatHint(bits: word(1))
        content = ContentHash(low: word(9), high: word(17))
        rowHash = word(25)
        keyHash = word(33)
        partitionBits = Int32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: 41, as: Int32.self))
    }
}
