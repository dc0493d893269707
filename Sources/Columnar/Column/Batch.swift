/// Which rows of a batch are alive.
package enum Selection: Sendable {
    case all
    /// Dense: used while at least half of the rows pass.
    case bits(Bitmap)
    /// Rising row numbers: `UInt16` elements.
    case rows(RowList)
}

/// Rising row numbers of the selected rows of one batch.
package struct RowList: Sendable {
    package let buffer: Buffer
    package let count: Int

    package init(buffer: Buffer, count: Int) {
        self.buffer = buffer
        self.count = count
    }

    @_lifetime(borrow self)
    package func span() -> Span<UInt16> {
        let span = buffer.span(of: UInt16.self, start: 0, count: count)
        return _overrideLifetime(span, borrowing: self)
    }
}

/// `file index << 40 | row in file`: where a scanned row came from; breaks every tie.
package struct RowID: Hashable, Comparable, Sendable, BitwiseCopyable {
    package let bits: UInt64

    package init(bits: UInt64) {
        self.bits = bits
    }

    package init(file: Int, row: Int) {
        bits = UInt64(file) << 40 | UInt64(row)
    }

    package var file: Int { Int(bits >> 40) }
    package var row: Int { Int(bits & (1 << 40 - 1)) }

    package static func < (a: RowID, b: RowID) -> Bool { a.bits < b.bits }
}

/// The row ids of a batch: consecutive from a scan, or one each (`UInt64` elements) after a gather.
package enum RowOrigin: Sendable {
    case consecutive(first: RowID)
    case each(Buffer)
}

/// Columns of equal count with a selection: the unit that flows.
///
/// At most `Limits.batchRows` rows.
package struct Batch: Sendable {
    package var columns: [Column]
    package var count: Int
    package var selection: Selection
    package var origin: RowOrigin?

    package init(
        columns: [Column], count: Int, selection: Selection = .all, origin: RowOrigin? = nil
    ) {
        assert(columns.allSatisfy { $0.count == count })
        self.columns = columns
        self.count = count
        self.selection = selection
        self.origin = origin
    }

    /// Rows alive.
    package var selectedCount: Int {
        switch selection {
        case .all: count
        case .bits(let bitmap): bitmap.popCount
        case .rows(let list): list.count
        }
    }
}
