import Columnar

/// A table definition compiled for the walk over a document: flat tables and indices, no names to search.
///
///     frame (an object that becomes a row) ─► node (its keys) ─► member: key, slot, inner node
///                                          ─► fields ─► slots (one a path) and a value
///     value (how a JSON value becomes a column value) ─► element value, or the frame of a row
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
    }

    struct Member: BitwiseCopyable {
        var keyStart: Int32
        var keyCount: Int32
        var slot: Int32
        /// The keys inside, or -1.
        var node: Int32
        /// Whether a field takes this path's value itself.
        var isTaken: Bool
        /// The column that a value counts for which should have been an object.
        var column: Int32
    }

    private(set) var values: [Value] = []
    private(set) var fields: [Field] = []
    private(set) var frames: [Frame] = []
    private(set) var nodes: [Node] = []
    private(set) var members: [Member] = []
    private(set) var fieldSlots: [Int32] = []
    private(set) var keys: [UInt8] = []
    /// The keys of each slot's path within its frame, as ranges of `keys`.
    private(set) var slotPaths: [[Range<Int>]] = []

    init(_ definition: TableDefinition) {
        let ignoresVolatile = definition.settings.volatile == .ignore
        _ = addFrame(
            definition.columns, column: nil, isVolatile: false, ignoresVolatile: ignoresVolatile)
    }

    /// A frame for these columns; breadth first within the frame, so that its fields stay together.
    private mutating func addFrame(
        _ columns: [ColumnDefinition], column: Int?, isVolatile: Bool, ignoresVolatile: Bool
    ) -> Int32 {
        let frame = frames.count
        frames.append(Frame(node: 0, firstField: 0, fieldCount: 0, firstSlot: 0, slotCount: 0))
        let trie = PathTrie(columns)
        let firstSlot = slotPaths.count
        let node = addNodes(trie, columnOffset: column)
        let firstField = fields.count
        for (i, definition) in columns.enumerated() {
            let firstFieldSlot = fieldSlots.count
            var capture: Int32 = -1
            switch definition.source {
            case .capture(let number): capture = Int32(number)
            case .paths: fieldSlots += trie.slots[i].map { Int32(firstSlot + $0) }
            }
            fields.append(
                Field(
                    value: -1, firstSlot: Int32(firstFieldSlot),
                    slotCount: Int32(fieldSlots.count - firstFieldSlot), capture: capture,
                    column: Int32(column ?? i), isRequired: definition.isRequired))
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
            splitByte: 0, maxLength: .max, part: -1)
        values.append(value)
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

    /// The trie's nodes and members; slots take the order of the trie's steps.
    private mutating func addNodes(_ trie: PathTrie, columnOffset: Int?) -> Int32 {
        let firstNode = nodes.count
        let firstSlot = slotPaths.count
        for _ in trie.nodes { nodes.append(Node(firstMember: 0, memberCount: 0)) }
        var paths: [[Range<Int>]] = Array(repeating: [], count: trie.stepCount)
        for (i, steps) in trie.nodes.enumerated() {
            nodes[firstNode + i] = Node(
                firstMember: Int32(members.count), memberCount: Int32(steps.count))
            for step in steps {
                let start = keys.count
                keys += Array(step.key.utf8)
                let range = start..<keys.count
                paths[step.slot] = (step.parentSlot.map { paths[$0] } ?? []) + [range]
                members.append(
                    Member(
                        keyStart: Int32(start), keyCount: Int32(range.count),
                        slot: Int32(firstSlot + step.slot),
                        node: step.node.map { Int32(firstNode + $0) } ?? -1,
                        isTaken: step.isTaken, column: Int32(columnOffset ?? step.column)))
            }
        }
        slotPaths += paths
        return Int32(firstNode)
    }
}

/// The paths of one frame's columns, merged by common beginnings.
private struct PathTrie {
    struct Step {
        var key: String
        var slot: Int
        var parentSlot: Int?
        /// The node of longer paths.
        var node: Int?
        var isTaken: Bool
        var column: Int
    }

    /// Node 0 holds the first keys.
    private(set) var nodes: [[Step]] = [[]]
    /// Slots of each column's paths, in its order.
    private(set) var slots: [[Int]] = []
    private(set) var stepCount = 0

    init(_ columns: [ColumnDefinition]) {
        for (i, column) in columns.enumerated() {
            var own: [Int] = []
            if case .paths(let paths) = column.source {
                for path in paths { own.append(add(path.keys, column: i)) }
            }
            slots.append(own)
        }
    }

    private mutating func add(_ keys: [String], column: Int) -> Int {
        var node = 0
        var parent: Int?
        for (depth, key) in keys.enumerated() {
            let isLast = depth == keys.count - 1
            var step = nodes[node].firstIndex { $0.key == key }
            if step == nil {
                nodes[node].append(
                    Step(
                        key: key, slot: stepCount, parentSlot: parent, node: nil, isTaken: false,
                        column: column))
                stepCount += 1
                step = nodes[node].count - 1
            }
            guard let step else { continue }
            if isLast {
                nodes[node][step].isTaken = true
                return nodes[node][step].slot
            }
            if nodes[node][step].node == nil {
                nodes.append([])
                nodes[node][step].node = nodes.count - 1
            }
            parent = nodes[node][step].slot
            node = nodes[node][step].node ?? 0
        }
        return 0
    }
}
