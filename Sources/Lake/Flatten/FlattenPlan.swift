import Columnar

/// A table definition compiled for the walk over a document: flat tables and indices, no names to search.
///
///     frame (an object that becomes a row) ─► node (its keys) ─► member: key, slot, inner node
///                                          ─► fields ─► slots (one a path) and a value
///     value (how a JSON value becomes a column value) ─► element value, or the frame of a row
///     node ─► item: an element of an array, by position or by a text under one of its keys
///
/// Frame 0 is the table's row. A slot holds the tape index of the last element seen under its path;
/// every frame has its own slots, and no frame is ever open twice, because the plan is a tree.
struct FlattenPlan {
    /// What a value becomes.
    enum Kind: UInt8 {
        case boolean, int32, int64, float32, float64, text, json, date, instant, list, row
    }

    struct Value: BitwiseCopyable {
        var kind: Kind
        /// Encoded apart from what the row hash covers.
        var isVolatile: Bool
        var format: InstantFormatCode
        /// Cuts a text into a list; 0 when it does not.
        var splitByte: UInt8
        /// Code points of a varchar; `Int32.max` when unbounded.
        var maxLength: Int32
        /// The value of a list's elements, or the frame of a row; -1 for scalars.
        var part: Int32
        /// Into `rules`; -1 where values are taken as they are.
        var rules: Int32

        /// Which of the two `RowBytes` of a staged row holds it.
        @inline(__always) var section: Int { isVolatile ? 1 : 0 }
    }

    struct Field: BitwiseCopyable {
        var value: Int32
        /// Into `fieldSlots`: slots in order of preference.
        var firstSlot: Int32
        var slotCount: Int32
        /// The path capture that fills it, or -1.
        var capture: Int32
        /// The table column that a misfit counts for.
        var column: Int32
        var isRequired: Bool
        /// Slots behind the others whose values are gathered where none of those has one.
        var partCount: Int32
        /// Bytes of `fallbacks` in `RowEncoding`, for a field without value; none when it is NULL then.
        var firstFallback: Int32
        var fallbackCount: Int32
        /// Between gathered parts of a text.
        var separator: Int32
    }

    struct Frame: BitwiseCopyable {
        var node: Int32
        var firstField: Int32
        var fieldCount: Int32
        var firstSlot: Int32
        var slotCount: Int32
    }

    struct Node: BitwiseCopyable {
        var firstMember: Int32
        var memberCount: Int32
        var firstItem: Int32
        var itemCount: Int32
    }

    /// A step into an array.
    struct Item: BitwiseCopyable {
        enum Kind: UInt8 { case position, text, every }

        var kind: Kind
        var position: Int32
        /// The key and the text under it of a `text` item, in `keys`.
        var keyStart: Int32
        var keyCount: Int32
        var valueStart: Int32
        var valueCount: Int32
        var slot: Int32
        var node: Int32
        var isTaken: Bool
        var column: Int32
    }

    /// One step of a slot's path: a key, or wherever an item was found.
    struct PathStep: BitwiseCopyable {
        var keyStart: Int32
        var keyCount: Int32
        /// Into `items`; -1 for a key.
        var item: Int32
    }

    struct Member: BitwiseCopyable {
        var keyStart: Int32
        var keyCount: Int32
        var slot: Int32
        /// The keys inside, or -1.
        var node: Int32
        /// Whether a field takes this path's value itself.
        var isTaken: Bool
        /// The column that a value counts for which should have been an object; -1 for an ignored path.
        var column: Int32
    }

    private(set) var values: [Value] = []
    private(set) var fields: [Field] = []
    private(set) var frames: [Frame] = []
    private(set) var nodes: [Node] = []
    private(set) var members: [Member] = []
    private(set) var items: [Item] = []
    private(set) var fieldSlots: [Int32] = []
    /// Of each gathered part in `fieldSlots`, whether another column takes it by itself.
    private(set) var isTakenElsewhere: [Bool] = []
    private(set) var keys: [UInt8] = []
    /// The steps of each slot's path within its frame.
    private(set) var slotPaths: [[PathStep]] = []
    private(set) var rules: [ColumnRules] = []
    private(set) var fallbacks: [UInt8] = []
    private(set) var separators: [String] = []

    init(_ definition: TableDefinition) {
        let ignoresVolatile = definition.settings.volatile == .ignore
        _ = addFrame(
            definition.columns, ignored: definition.ignored, column: nil, isVolatile: false,
            ignoresVolatile: ignoresVolatile)
    }

    /// A frame for these columns; breadth first within the frame, so that its fields stay together.
    private mutating func addFrame(
        _ columns: [ColumnDefinition], ignored: [KeyPath] = [], column: Int?, isVolatile: Bool,
        ignoresVolatile: Bool
    ) -> Int32 {
        let frame = frames.count
        frames.append(Frame(node: 0, firstField: 0, fieldCount: 0, firstSlot: 0, slotCount: 0))
        let trie = PathTrie(columns, ignored: ignored)
        let firstSlot = slotPaths.count
        let node = addNodes(trie, columnOffset: column)
        let firstField = fields.count
        for (i, definition) in columns.enumerated() {
            let firstFieldSlot = fieldSlots.count
            var capture: Int32 = -1
            var partCount = 0
            fieldSlots += trie.slots[i].map { Int32(firstSlot + $0) }
            isTakenElsewhere += trie.slots[i].map { trie.ownSlots.contains($0) }
            switch definition.source {
            case .capture(let number): capture = Int32(number)
            case .gathered(_, let parts, let separator):
                partCount = parts.count
                separators.append(separator)
            case .paths, .constant: break
            }
            let firstFallback = fallbacks.count
            if let value = definition.rules.fallback {
                fallbacks += RowBytes.encoded(value, definition.type)
            }
            fields.append(
                Field(
                    value: -1, firstSlot: Int32(firstFieldSlot),
                    slotCount: Int32(fieldSlots.count - firstFieldSlot - partCount),
                    capture: capture, column: Int32(column ?? i),
                    isRequired: definition.isRequired, partCount: Int32(partCount),
                    firstFallback: Int32(firstFallback),
                    fallbackCount: Int32(fallbacks.count - firstFallback),
                    separator: Int32(separators.count - 1)))
        }
        frames[frame] = Frame(
            node: node, firstField: Int32(firstField), fieldCount: Int32(columns.count),
            firstSlot: Int32(firstSlot), slotCount: Int32(slotPaths.count - firstSlot))
        for (i, definition) in columns.enumerated() {
            let volatile = isVolatile || (ignoresVolatile && definition.valueClass == .volatile)
            fields[firstField + i].value = addValue(
                definition.type, definition, column: column ?? i, isVolatile: volatile,
                ignoresVolatile: ignoresVolatile)
        }
        return Int32(frame)
    }

    private mutating func addValue(
        _ type: DataType, _ definition: ColumnDefinition, column: Int, isVolatile: Bool,
        ignoresVolatile: Bool
    ) -> Int32 {
        let position = values.count
        var value = Value(
            kind: .text, isVolatile: isVolatile, format: InstantFormatCode(definition.format),
            splitByte: 0, maxLength: .max, part: -1, rules: -1)
        values.append(value)
        if definition.rules.treatsValues {
            value.rules = Int32(rules.count)
            rules.append(definition.rules)
        }
        switch type {
        case .boolean: value.kind = .boolean
        case .integer: value.kind = .int32
        case .bigint: value.kind = .int64
        case .real: value.kind = .float32
        case .double: value.kind = .float64
        case .json: value.kind = .json
        case .date: value.kind = .date
        case .timestamp: value.kind = .instant
        case .varchar(let length): value.maxLength = Int32(clamping: length ?? .max)
        case .array(let element):
            value.kind = .list
            value.splitByte = definition.splitByte ?? 0
            value.part = addValue(
                element, definition, column: column, isVolatile: isVolatile,
                ignoresVolatile: ignoresVolatile)
        case .row:
            value.kind = .row
            value.part = addFrame(
                definition.fields, column: column, isVolatile: isVolatile,
                ignoresVolatile: ignoresVolatile)
        default: preconditionFailure("TypeParser gives no \(type)")
        }
        values[position] = value
        return Int32(position)
    }

    /// The trie's nodes, members and items; slots take the order of the trie's steps.
    private mutating func addNodes(_ trie: PathTrie, columnOffset: Int?) -> Int32 {
        let firstNode = nodes.count
        let firstSlot = slotPaths.count
        for _ in trie.nodes {
            nodes.append(Node(firstMember: 0, memberCount: 0, firstItem: 0, itemCount: 0))
        }
        var paths: [[PathStep]] = Array(repeating: [], count: trie.stepCount)
        for (i, steps) in trie.nodes.enumerated() {
            let (firstMember, firstItem) = (members.count, items.count)
            for step in steps {
                let slot = Int32(firstSlot + step.slot)
                let node = step.node.map { Int32(firstNode + $0) } ?? -1
                let column = step.isIgnored ? -1 : Int32(columnOffset ?? step.column)
                let parent = step.parentSlot.map { paths[$0] } ?? []
                var own = PathStep(keyStart: 0, keyCount: 0, item: -1)
                if case .key(let key) = step.kind {
                    (own.keyStart, own.keyCount) = add(key: key)
                    members.append(
                        Member(
                            keyStart: own.keyStart, keyCount: own.keyCount, slot: slot,
                            node: node, isTaken: step.isTaken, column: column))
                } else {
                    own.item = Int32(items.count)
                    var item = item(step.kind)
                    item.slot = slot
                    item.node = node
                    item.isTaken = step.isTaken
                    item.column = column
                    items.append(item)
                }
                paths[step.slot] = parent + [own]
            }
            nodes[firstNode + i] = Node(
                firstMember: Int32(firstMember), memberCount: Int32(members.count - firstMember),
                firstItem: Int32(firstItem), itemCount: Int32(items.count - firstItem))
        }
        slotPaths += paths
        return Int32(firstNode)
    }

    private mutating func item(_ kind: KeyPath.Step) -> Item {
        var item = Item(
            kind: .every, position: 0, keyStart: 0, keyCount: 0, valueStart: 0, valueCount: 0,
            slot: 0, node: -1, isTaken: false, column: -1)
        switch kind {
        case .position(let position):
            item.kind = .position
            item.position = Int32(clamping: position)
        case .item(let key, let value):
            item.kind = .text
            (item.keyStart, item.keyCount) = add(key: key)
            (item.valueStart, item.valueCount) = add(key: value)
        case .everyItem, .key: break
        }
        return item
    }

    private mutating func add(key: String) -> (start: Int32, count: Int32) {
        let start = keys.count
        keys += Array(key.utf8)
        return (Int32(start), Int32(keys.count - start))
    }
}
