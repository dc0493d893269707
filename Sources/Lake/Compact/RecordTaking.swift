import Columnar

/// Says of each record of a file, in their order, whether it is to be staged.
protocol RecordChoice {
    /// Records that it holds in memory.
    var count: Int { get }
    mutating func takes(_ entry: RecordEntries.Entry) -> Bool
    /// Whether a record is none of those remembered: quality checks look at it.
    func isNews(_ entry: RecordEntries.Entry) -> Bool
}

/// Some records of an unchanged file.
struct RecordPick: RecordChoice {
    /// By key, as they are remembered.
    let wanted: [UInt64: RecordEntries.Entry]
    var count: Int { 0 }

    func takes(_ entry: RecordEntries.Entry) -> Bool { wanted[entry.key] == entry }
    func isNews(_ entry: RecordEntries.Entry) -> Bool { false }
}

/// The records of one file as they come: which of them differ from those remembered, and what is remembered then.
///
/// Of records with one key the last one counts, and only then it is known whether the key changed at all:
/// an earlier version may have been staged although the last one is the old row again.
struct RecordTaking: RecordChoice {
    /// One record that was read.
    private struct Seen {
        var entry: RecordEntries.Entry
        var ordinal: UInt32
    }

    /// What is remembered from before.
    let known: RecordEntries
    private var seen: [Seen] = []

    init(known: RecordEntries) {
        self.known = known
    }

    var count: Int { seen.count }

    func isNews(_ entry: RecordEntries.Entry) -> Bool { known.find(entry.key) != entry }

    /// Notes a record; true if it differs from the remembered one of its key, or there is none.
    mutating func takes(_ entry: RecordEntries.Entry) -> Bool {
        seen.append(Seen(entry: entry, ordinal: UInt32(truncatingIfNeeded: seen.count)))
        return known.find(entry.key) != entry
    }

    /// What came of all records.
    struct Outcome {
        /// Of each key, rising, the last record.
        var last: [RecordEntries.Entry] = []
        /// Keys with another row than before.
        var changedCount = 0
        /// What those keys' rows were before.
        var replaced: [RecordEntries.Entry] = []
        /// Keys whose last record is the remembered row, though an earlier one was not.
        var withdrawn: [UInt64] = []
        /// Remembered records that the file no longer holds.
        var missing: [RecordEntries.Entry] = []
    }

    /// Weighs the records; after the last one.
    mutating func finish() -> Outcome {
        seen.sort { ($0.entry.key, $0.ordinal) < ($1.entry.key, $1.ordinal) }
        var outcome = Outcome()
        outcome.last.reserveCapacity(seen.count)
        var next = known.entries.startIndex
        var start = 0
        while start < seen.count {
            let key = seen[start].entry.key
            var end = start + 1
            while end < seen.count, seen[end].entry.key == key { end += 1 }
            while next < known.entries.endIndex, known.entries[next].key < key {
                outcome.missing.append(known.entries[next])
                next += 1
            }
            let last = seen[end - 1].entry
            outcome.last.append(last)
            var old: RecordEntries.Entry?
            if next < known.entries.endIndex, known.entries[next].key == key {
                old = known.entries[next]
                next += 1
            }
            if old == last {
                if seen[start..<end].contains(where: { $0.entry != last }) {
                    outcome.withdrawn.append(key)
                }
            } else {
                outcome.changedCount += 1
                if let old { outcome.replaced.append(old) }
            }
            start = end
        }
        outcome.missing += known.entries[next...]
        return outcome
    }
}
