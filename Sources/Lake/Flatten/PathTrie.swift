/// The paths of one frame's columns, and those that nobody wants, merged by common beginnings.
struct PathTrie {
    struct Step {
        var kind: KeyPath.Step
        var slot: Int
        var parentSlot: Int?
        /// The node of longer paths.
        var node: Int?
        /// Whether a column takes the value itself, or nobody wants it.
        var isTaken = false
        /// Whether only ignored paths lead through here.
        var isIgnored: Bool
        var column: Int
    }

    /// Node 0 holds the first keys.
    private(set) var nodes: [[Step]] = [[]]
    /// Slots of each column's paths, in its order, gathered parts last.
    private(set) var slots: [[Int]] = []
    /// Slots of paths that are no gathered parts.
    private(set) var ownSlots: Set<Int> = []
    private(set) var stepCount = 0

    init(_ columns: [ColumnDefinition], ignored: [KeyPath]) {
        for (i, column) in columns.enumerated() {
            slots.append(column.source.allPaths.map { add($0.steps, column: i) })
            ownSlots.formUnion(slots[i].dropLast(column.source.partCount))
        }
        for path in ignored { ignore(path.steps[...], in: 0, parent: nil) }
    }

    private mutating func add(_ path: [KeyPath.Step], column: Int) -> Int {
        var node = 0
        var parent: Int?
        for (depth, kind) in path.enumerated() {
            let step = step(kind, in: node, parent: parent, column: column)
            nodes[node][step].isIgnored = false
            if depth == path.count - 1 {
                nodes[node][step].isTaken = true
                return nodes[node][step].slot
            }
            parent = nodes[node][step].slot
            node = inner(of: step, in: node, column: column)
        }
        return 0
    }

    /// The position of a step in its node, made if it is new.
    private mutating func step(
        _ kind: KeyPath.Step, in node: Int, parent: Int?, column: Int?
    ) -> Int {
        if let known = nodes[node].firstIndex(where: { $0.kind == kind }) { return known }
        nodes[node].append(
            Step(
                kind: kind, slot: stepCount, parentSlot: parent, node: nil,
                isIgnored: column == nil, column: column ?? 0))
        stepCount += 1
        return nodes[node].count - 1
    }

    /// The node behind a step; behind an item that is found by a key's text, that key is known already.
    private mutating func inner(of step: Int, in node: Int, column: Int?) -> Int {
        if let known = nodes[node][step].node { return known }
        let new = nodes.count
        nodes.append([])
        nodes[node][step].node = new
        if case .item(let key, _) = nodes[node][step].kind {
            let own = self.step(
                .key(key), in: new, parent: nodes[node][step].slot, column: column)
            nodes[new][own].isTaken = true
        }
        return new
    }

    /// Takes the value of a path without giving it to a column; `[*]` reaches every item of its node.
    private mutating func ignore(
        _ path: ArraySlice<KeyPath.Step>, in node: Int, parent: Int?
    ) {
        guard let kind = path.first else { return }
        let rest = path.dropFirst()
        let own = step(kind, in: node, parent: parent, column: nil)
        var steps = [own]
        if kind == .everyItem {
            steps = nodes[node].indices.filter {
                if case .key = nodes[node][$0].kind { false } else { true }
            }
        }
        for step in steps {
            if rest.isEmpty {
                if step == own { nodes[node][step].isTaken = true }
            } else if !nodes[node][step].isTaken || nodes[node][step].node != nil {
                let inner = inner(of: step, in: node, column: nil)
                ignore(rest, in: inner, parent: nodes[node][step].slot)
            }
        }
    }
}
