/// The values of one column in one of eight forms; kernels switch once per call.
///
/// Forms are closed: a kernel handles those it is fast on and calls `flatten` for the rest. The SQL type
/// is not stored here: plans know it, and `DataType.storage` says which flat form it has.
package enum Column: Sendable {
    /// Boolean values, one bit a row.
    case bits(BitColumn)
    /// Fixed-width values.
    case flat(FlatColumn)
    /// Slices of bytes in one owner buffer.
    case text(TextColumn)
    /// Codes into a shared dictionary; the code `dictionary.count` is NULL.
    case coded(CodedColumn)
    /// One value for all rows.
    case constant(ConstantColumn)
    /// Runs of equal values (RLE).
    case runs(RunsColumn)
    /// Offsets and a child; maps too.
    case list(ListColumn)
    /// Parallel children.
    case row(RowColumn)
    /// Not decoded yet: resolved by the first kernel that needs it, for the rows it needs.
    case lazy(LazyColumn)

    /// Rows.
    package var count: Int {
        switch self {
        case .bits(let c): c.values.count
        case .flat(let c): c.count
        case .text(let c): c.count
        case .coded(let c): c.count
        case .constant(let c): c.count
        case .runs(let c): c.count
        case .list(let c): c.count
        case .row(let c): c.count
        case .lazy(let c): c.count
        }
    }
}

/// Booleans; a value bit under a NULL is undefined.
package struct BitColumn: Sendable {
    package let values: Bitmap
    /// nil: no NULL.
    package let validity: Bitmap?

    package init(values: Bitmap, validity: Bitmap?) {
        self.values = values
        self.validity = validity
    }
}

/// Fixed-width values of one of five widths, `start` elements into the buffer.
package struct FlatColumn: Sendable {
    /// One of `.int32 .int64 .int128 .float32 .float64`.
    package let storage: Storage
    package let buffer: Buffer
    package let start: Int
    package let count: Int
    /// nil: no NULL.
    ///
    /// The value under a NULL is undefined but readable.
    package let validity: Bitmap?

    package init(
        storage: Storage, buffer: Buffer, start: Int = 0, count: Int, validity: Bitmap? = nil
    ) {
        self.storage = storage
        self.buffer = buffer
        self.start = start
        self.count = count
        self.validity = validity
    }

    /// The values; `type` must be the Swift type of `storage`.
    @_lifetime(borrow self)
    package func values<T: BitwiseCopyable>(as type: T.Type) -> Span<T> {
        precondition(MemoryLayout<T>.stride == storage.width)
        let span = buffer.span(of: T.self, start: start, count: count)
        return _overrideLifetime(span, borrowing: self)
    }

    /// The same values with another validity.
    package func with(validity: Bitmap?) -> FlatColumn {
        FlatColumn(storage: storage, buffer: buffer, start: start, count: count, validity: validity)
    }
}

extension Storage {
    /// Bytes of one value of a flat column; 0 for the other forms.
    package var width: Int {
        switch self {
        case .int32, .float32: 4
        case .int64, .float64: 8
        case .int128: 16
        case .bit, .text, .list, .row: 0
        }
    }
}

/// Where one text value lies in its owner: 8 bytes, no pointer, so it can be moved and spilled.
package struct TextSlice: BitwiseCopyable, Hashable, Sendable {
    package var start: UInt32
    package var length: UInt32

    package init(start: UInt32, length: UInt32) {
        self.start = start
        self.length = length
    }
}

/// Text or binary values: slices into one owner, which is usually a decompressed column chunk.
package struct TextColumn: Sendable {
    /// `TextSlice` elements.
    package let slices: Buffer
    package let start: Int
    package let count: Int
    /// The bytes; readable 64 bytes past the end.
    package let owner: Buffer
    /// nil: no NULL.
    ///
    /// The slice under a NULL is (0, 0).
    package let validity: Bitmap?

    package init(slices: Buffer, start: Int = 0, count: Int, owner: Buffer, validity: Bitmap?) {
        self.slices = slices
        self.start = start
        self.count = count
        self.owner = owner
        self.validity = validity
    }

    @_lifetime(borrow self)
    package func sliceSpan() -> Span<TextSlice> {
        let span = slices.span(of: TextSlice.self, start: start, count: count)
        return _overrideLifetime(span, borrowing: self)
    }

    /// The bytes of one slice; the pointer lives as long as `owner`.
    package func bytes(of slice: TextSlice) -> UnsafeRawBufferPointer {
        precondition(Int(slice.start) + Int(slice.length) <= owner.capacityBytes)
        return UnsafeRawBufferPointer(
            start: owner.base + Int(slice.start), count: Int(slice.length))
    }

    /// The bytes of one row.
    package func bytes(at row: Int) -> UnsafeRawBufferPointer {
        bytes(of: sliceSpan()[row])
    }
}

/// Distinct values with an identity: per-dictionary work (a predicate, a hash, a cast) is cached under `id`.
package final class ColumnDictionary: Sendable {
    /// Unique in the process; one per (file, row group, column) or per computed dictionary.
    package let id: UInt64
    /// The entries, never `coded`; without NULL entries.
    ///
    /// Not necessarily distinct, not necessarily all used.
    package let entries: Column

    package init(entries: Column) {
        id = DictionaryIdentity.next()
        self.entries = entries
    }

    package var count: Int { entries.count }
}

/// Dictionary codes; `code == dictionary.count` means NULL, so code kernels need no validity.
package struct CodedColumn: Sendable {
    /// `UInt32` elements, each ≤ `dictionary.count`.
    package let codes: Buffer
    package let start: Int
    package let count: Int
    package let dictionary: ColumnDictionary
    /// False only if no code is the NULL code.
    package let mayHaveNulls: Bool

    package init(
        codes: Buffer, start: Int = 0, count: Int, dictionary: ColumnDictionary, mayHaveNulls: Bool
    ) {
        self.codes = codes
        self.start = start
        self.count = count
        self.dictionary = dictionary
        self.mayHaveNulls = mayHaveNulls
    }

    @_lifetime(borrow self)
    package func codeSpan() -> Span<UInt32> {
        let span = codes.span(of: UInt32.self, start: start, count: count)
        return _overrideLifetime(span, borrowing: self)
    }
}

/// One value repeated: `value` is a column of exactly one row, NULL or not.
package struct ConstantColumn: Sendable {
    package let valueColumn: FlatForm
    package let count: Int

    package init(_ value: Column, count: Int) {
        precondition(value.count == 1)
        valueColumn = FlatForm(value)
        self.count = count
    }

    /// The one-row column.
    package var value: Column { valueColumn.column }
}

/// A boxed column, to break the recursion of the enum.
package final class FlatForm: Sendable {
    package let column: Column

    init(_ column: Column) {
        self.column = column
    }
}

/// Runs: run `i` covers the rows before `ends[i]` and after `ends[i - 1]`, with row `i` of `values`.
package struct RunsColumn: Sendable {
    /// `UInt32` ends, strictly rising; the last one is `count`.
    package let ends: Buffer
    package let runCount: Int
    package let values: FlatForm
    package let count: Int

    package init(ends: Buffer, runCount: Int, values: Column, count: Int) {
        self.ends = ends
        self.runCount = runCount
        self.values = FlatForm(values)
        self.count = count
    }
}

/// Lists: row `i` holds child rows `offsets[i]..<offsets[i + 1]`; a map's child is row(key, value).
package struct ListColumn: Sendable {
    /// `count + 1` UInt32, never falling, from element `start`.
    package let offsets: Buffer
    package let start: Int
    package let count: Int
    package let validity: Bitmap?
    private let childForm: FlatForm

    package init(
        offsets: Buffer, start: Int = 0, count: Int, child: Column, validity: Bitmap?
    ) {
        self.offsets = offsets
        self.start = start
        self.count = count
        self.validity = validity
        childForm = FlatForm(child)
    }

    package var child: Column { childForm.column }

    @_lifetime(borrow self)
    package func offsetSpan() -> Span<UInt32> {
        let span = offsets.span(of: UInt32.self, start: start, count: count + 1)
        return _overrideLifetime(span, borrowing: self)
    }
}

/// Rows (structs): children of equal count; a NULL row has undefined children.
package struct RowColumn: Sendable {
    package let children: [Column]
    package let count: Int
    package let validity: Bitmap?

    package init(children: [Column], count: Int, validity: Bitmap?) {
        self.children = children
        self.count = count
        self.validity = validity
    }
}
