import Synchronization

/// Decodes the rows of one lazy column on demand; implemented by the Parquet scan.
package protocol ColumnLoader: Sendable {
    /// A column of `count` rows in which at least the selected rows are right; others may be NULL or stale.
    func load(count: Int, selection: Selection) throws(ColumnarError) -> Column
}

/// A column that is decoded when a kernel first needs it, for the rows it needs.
package final class LazyColumn: Sendable {
    package let count: Int
    private let loader: any ColumnLoader
    private let cache = Mutex<(column: Column, decoded: Selection)?>(nil)

    package init(count: Int, loader: any ColumnLoader) {
        self.count = count
        self.loader = loader
    }

    /// The decoded column, right at least at the selected rows.
    ///
    /// A partial decode is kept for later calls that ask for no other rows; the first that does, as the
    /// second branch of a CASE, decodes the whole column.
    package func resolve(_ selection: Selection) throws(ColumnarError) -> Column {
        let held = cache.withLock { $0 }
        if let held, held.decoded.covers(selection, count: count) { return held.column }
        let wanted = held == nil ? selection : .all
        let column = try loader.load(count: count, selection: wanted)
        cache.withLock { $0 = (column, wanted) }
        return column
    }
}

extension Selection {
    /// Whether every row of `other` is among these, in a batch of `count` rows.
    fileprivate func covers(_ other: Selection, count: Int) -> Bool {
        switch (self, other) {
        case (.all, _): return true
        case (_, .all): return selectedCount(of: count) == count
        case (.bits(let held), .bits(let asked)):
            let heldWords = held.words()
            let askedWords = asked.words()
            for i in askedWords.indices where askedWords[i] & ~heldWords[i] != 0 { return false }
            return true
        case (.bits(let held), .rows(let asked)):
            let rows = asked.span()
            for i in rows.indices where !held[Int(rows[i])] { return false }
            return true
        case (.rows(let held), .rows(let asked)):
            return held.covers(asked)
        case (.rows(let held), .bits(let asked)):
            return held.count >= asked.popCount && held.count(in: asked) == asked.popCount
        }
    }
}

extension RowList {
    /// Whether every row of `other` is in this list; both rise.
    fileprivate func covers(_ other: RowList) -> Bool {
        let held = span()
        let asked = other.span()
        var position = 0
        for i in asked.indices {
            while position < held.count, held[position] < asked[i] { position += 1 }
            guard position < held.count, held[position] == asked[i] else { return false }
        }
        return true
    }

    /// How many of these rows are set in a bitmap.
    fileprivate func count(in bitmap: Bitmap) -> Int {
        let rows = span()
        let words = bitmap.words()
        var total = 0
        for i in rows.indices {
            total += Int(words[Int(rows[i]) >> 6] >> UInt64(rows[i] & 63) & 1)
        }
        return total
    }
}
