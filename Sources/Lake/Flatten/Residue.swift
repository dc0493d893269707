import Columnar

/// What no column takes of one document, in the document's own shape: it becomes `_extra`.
///
/// Only what is left over is kept, under its full path, so that a JSON path into the raw file finds the
/// same value in `_extra`. Elements of arrays before one that left something over show as null:
///
///     raw       {"id":"1","owner":{"id":"7","bio":"x"},"children":{"data":[{"id":"2"},{"id":"3","w":4}]}}
///     _extra    {"children":{"data":[null,{"w":4}]},"owner":{"bio":"x"}}
///
/// The text is canonical: compact, keys sorted by bytes, the last of equal keys.
struct Residue {
    private struct Entry {
        /// The key within an object; nil within an array.
        var key: UnsafeRawBufferPointer?
        /// The position within an array.
        var position: Int
        /// The value left over; nil for what merely leads there.
        var element: JSONElement?
        var firstChild: Int32 = -1
        var lastChild: Int32 = -1
        var nextSibling: Int32 = -1
    }

    private struct Step {
        var key: UnsafeRawBufferPointer?
        var position: Int
        /// The entry that stands for this step, once something below was left over.
        var entry: Int32
        /// What tells an array's element from others; kept with whatever is left over of it.
        var label: Label?
    }

    /// A member of an object on the tape.
    struct Label {
        var key: UnsafeRawBufferPointer
        var value: JSONElement
    }

    /// Entry 0 is the document.
    private var entries: [Entry] = []
    private var path: [Step] = []
    private var writer = JSONWriter()

    var isEmpty: Bool { entries.isEmpty }

    mutating func removeAll() {
        if !entries.isEmpty { entries.removeAll(keepingCapacity: true) }
        if !path.isEmpty { path.removeAll(keepingCapacity: true) }
    }

    /// Enters a key; what is kept until `leave` lies under it.
    mutating func enter(key: UnsafeRawBufferPointer) {
        path.append(Step(key: key, position: 0, entry: -1))
    }

    mutating func enter(position: Int, label: Label? = nil) {
        path.append(Step(key: nil, position: position, entry: -1, label: label))
    }

    mutating func leave() {
        path.removeLast()
    }

    /// Keeps a value under a key of the current path.
    mutating func keep(key: UnsafeRawBufferPointer, _ element: JSONElement) {
        enter(key: key)
        keep(element)
        leave()
    }

    /// Keeps the value that the current path leads to.
    mutating func keep(_ element: JSONElement) {
        if entries.isEmpty { entries.append(Entry(key: nil, position: 0, element: nil)) }
        var parent: Int32 = 0
        for i in path.indices {
            if path[i].entry < 0 {
                path[i].entry = add(path[i], to: parent)
                if let label = path[i].label {
                    let own = add(
                        Step(key: label.key, position: 0, entry: -1), to: path[i].entry)
                    entries[Int(own)].element = label.value
                }
            }
            parent = path[i].entry
        }
        entries[Int(parent)].element = element
    }

    private mutating func add(_ step: Step, to parent: Int32) -> Int32 {
        let number = Int32(truncatingIfNeeded: entries.count)
        entries.append(Entry(key: step.key, position: step.position, element: nil))
        let last = entries[Int(parent)].lastChild
        if last < 0 {
            entries[Int(parent)].firstChild = number
        } else {
            entries[Int(last)].nextSibling = number
        }
        entries[Int(parent)].lastChild = number
        return number
    }

    /// The canonical text; valid until the next call.
    mutating func text() -> [UInt8] {
        writer.removeAll()
        write([0])
        return writer.bytes
    }

    /// Writes entries that stand for one place: a path may have been entered more than once.
    private mutating func write(_ places: [Int32]) {
        for place in places.reversed() {
            if let element = entries[Int(place)].element {
                writer.element(element, canonical: true)
                return
            }
        }
        var children: [Int32] = []
        for place in places {
            var child = entries[Int(place)].firstChild
            while child >= 0 {
                children.append(child)
                child = entries[Int(child)].nextSibling
            }
        }
        guard let first = children.first else { return writer.null() }
        if entries[Int(first)].key == nil { return writeArray(children) }
        let entries = entries
        children.sort { a, b in
            guard let left = entries[Int(a)].key, let right = entries[Int(b)].key else {
                return a < b
            }
            if left.elementsEqual(right) { return a < b }
            return left.lexicographicallyPrecedes(right)
        }
        writer.beginObject()
        var start = 0
        while start < children.count, let key = entries[Int(children[start])].key {
            var end = start + 1
            while end < children.count, let next = entries[Int(children[end])].key,
                next.elementsEqual(key)
            {
                end += 1
            }
            writer.key(key)
            write(Array(children[start..<end]))
            start = end
        }
        writer.endObject()
    }

    private mutating func writeArray(_ children: [Int32]) {
        let entries = entries
        let rising = children.sorted { a, b in
            let (left, right) = (entries[Int(a)].position, entries[Int(b)].position)
            return left == right ? a < b : left < right
        }
        writer.beginArray()
        var position = 0
        var start = 0
        while start < rising.count {
            let own = entries[Int(rising[start])].position
            var end = start + 1
            while end < rising.count, entries[Int(rising[end])].position == own { end += 1 }
            while position < own {
                writer.null()
                position += 1
            }
            write(Array(rising[start..<end]))
            position += 1
            start = end
        }
        writer.endArray()
    }
}
