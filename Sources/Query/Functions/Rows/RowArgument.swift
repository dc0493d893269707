import Columnar

/// A Swift type that a row function takes as an argument.
protocol RowArgument {
    associatedtype Reader: RowReader where Reader.Value == Self
}

/// Reads the entries of one column view.
protocol RowReader {
    associatedtype Value
    init(_ view: ColumnView)
    var view: ColumnView { get }
    func value(entry: Int) -> Value
}

extension RowReader {
    /// The value of a row, or nil for NULL.
    @inline(__always)
    func row(_ row: Int) -> Value? {
        guard let entry = view.entry(row) else { return nil }
        return value(entry: entry)
    }
}

/// Integers of 32 or 64 stored bits, widened.
struct IntReader: RowReader {
    let view: ColumnView
    private let column: FlatColumn
    private let isWide: Bool

    init(_ view: ColumnView) {
        self.view = view
        guard case .flat(let column) = view.entries else {
            preconditionFailure("an integer argument is flat")
        }
        self.column = column
        isWide = column.storage == .int64
    }

    @inline(__always)
    func value(entry: Int) -> Int64 {
        isWide
            ? column.values(as: Int64.self)[entry] : Int64(column.values(as: Int32.self)[entry])
    }
}

/// Fixed-width values as they are stored.
struct FlatReader<Value: BitwiseCopyable>: RowReader {
    let view: ColumnView
    private let column: FlatColumn

    init(_ view: ColumnView) {
        self.view = view
        guard case .flat(let column) = view.entries else {
            preconditionFailure("a number argument is flat")
        }
        self.column = column
    }

    @inline(__always)
    func value(entry: Int) -> Value { column.values(as: Value.self)[entry] }
}

/// Decimals and zoned instants of either width, widened to 128 bits.
struct WideReader: RowReader {
    let view: ColumnView
    private let column: FlatColumn

    init(_ view: ColumnView) {
        self.view = view
        guard case .flat(let column) = view.entries else {
            preconditionFailure("a decimal argument is flat")
        }
        self.column = column
    }

    @inline(__always)
    func value(entry: Int) -> Int128 {
        switch column.storage {
        case .int128: column.values(as: Int128.self)[entry]
        case .int64: Int128(column.values(as: Int64.self)[entry])
        default: Int128(column.values(as: Int32.self)[entry])
        }
    }
}

/// Booleans.
struct BitReader: RowReader {
    let view: ColumnView
    private let column: BitColumn

    init(_ view: ColumnView) {
        self.view = view
        guard case .bits(let column) = view.entries else {
            preconditionFailure("a boolean argument is bits")
        }
        self.column = column
    }

    @inline(__always)
    func value(entry: Int) -> Bool { column.values[entry] }
}

/// Text and binary values.
struct TextReader: RowReader {
    let view: ColumnView
    let column: TextColumn

    init(_ view: ColumnView) {
        self.view = view
        guard case .text(let column) = view.entries else {
            preconditionFailure("a text argument is text")
        }
        self.column = column
    }

    @inline(__always)
    func value(entry: Int) -> Bytes { column.bytes(at: entry) }
}

/// Lists, as ranges of child rows.
struct ListReader: RowReader {
    let view: ColumnView
    let column: ListColumn

    init(_ view: ColumnView) {
        self.view = view
        guard case .list(let column) = view.entries else {
            preconditionFailure("an array argument is a list")
        }
        self.column = column
    }

    @inline(__always)
    func value(entry: Int) -> Range<Int> {
        let offsets = column.offsetSpan()
        return Int(offsets[entry])..<Int(offsets[entry + 1])
    }
}

extension Int64: RowArgument { typealias Reader = IntReader }
extension Int128: RowArgument { typealias Reader = WideReader }
extension Double: RowArgument { typealias Reader = FlatReader<Double> }
extension Float: RowArgument { typealias Reader = FlatReader<Float> }
extension Bool: RowArgument { typealias Reader = BitReader }
extension UnsafeRawBufferPointer: RowArgument { typealias Reader = TextReader }

extension KernelArguments {
    /// A reader of one argument.
    func reader<A: RowArgument>(
        _ index: Int, as type: A.Type, _ context: borrowing KernelContext
    ) throws(QueryError) -> A.Reader {
        A.Reader(try ColumnView(columns[index], pool: context.pool))
    }

    /// A reader of one array or map argument.
    func listReader(
        _ index: Int, _ context: borrowing KernelContext
    ) throws(QueryError) -> ListReader {
        ListReader(try ColumnView(columns[index], pool: context.pool))
    }
}
