import Columnar
import Glibc

/// Finds a frame's paths in an object, in one pass over its tape, and keeps the rest as residue.
///
/// Keys come in the same order in nearly every file of a source, so each member remembers which member
/// followed it last: one comparison a key. The memory changes speed only, never the result.
struct DocumentWalk {
    private let members: FixedTable<FlattenPlan.Member>
    private let nodes: FixedTable<FlattenPlan.Node>
    private let items: FixedTable<FlattenPlan.Item>
    private let keys: FixedTable<UInt8>
    /// The element last seen under each slot's path; `absent` when none was.
    let slots: FixedTable<UInt32>
    /// Where in its array the element under each item's slot was found.
    let positions: FixedTable<Int32>
    /// The member expected after each member, and behind those the first one of each node; -1 if unknown.
    private let successors: FixedTable<Int32>

    init(_ plan: FlattenPlan) {
        members = FixedTable(plan.members)
        nodes = FixedTable(plan.nodes)
        items = FixedTable(plan.items)
        keys = FixedTable(plan.keys)
        positions = FixedTable(Array(repeating: 0, count: plan.slotPaths.count))
        slots = FixedTable(Array(repeating: 0, count: plan.slotPaths.count))
        successors = FixedTable(
            Array(repeating: -1, count: plan.members.count + plan.nodes.count))
    }

    func key(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: keys.base + range.lowerBound, count: range.count)
    }

    /// Forgets what a frame's slots held.
    func clear(_ frame: FlattenPlan.Frame) {
        (slots.base + Int(frame.firstSlot)).update(repeating: 0, count: Int(frame.slotCount))
    }

    /// Fills the slots below a node; true when a value was there that should have been an object.
    ///
    /// `keeps` is false inside an element that a column takes whole. `drift` counts such misfits by
    /// column. The recursion is as deep as the plan, not the document.
    func fill(
        node number: Int32, from object: JSONElement, residue: inout Residue, keeps: Bool,
        drift: UnsafeMutablePointer<Int>
    ) -> Bool {
        let node = nodes.base[Int(number)]
        var previous = members.count + Int(number)
        var hasInner = false
        var cursor = object.members
        while let (key, value) = cursor.next() {
            var found = Int(successors.base[previous])
            if found < 0 || !isKey(found, key) {
                found = find(node, key)
                if found < 0 {
                    if keeps { residue.keep(key: key, value) }
                    continue
                }
                successors.base[previous] = Int32(truncatingIfNeeded: found)
            }
            previous = found
            let member = members.base[found]
            slots.base[Int(member.slot)] = UInt32(truncatingIfNeeded: value.tapeIndex)
            if member.node >= 0 { hasInner = true }
        }
        guard hasInner else { return false }
        var hasDrift = false
        for i in Int(node.firstMember)..<Int(node.firstMember + node.memberCount) {
            let member = members.base[i]
            let index = slots.base[Int(member.slot)]
            guard member.node >= 0, index != 0 else { continue }
            let value = object.element(atTapeIndex: Int(index))
            let range = Int(member.keyStart)..<Int(member.keyStart + member.keyCount)
            if value.isNull { continue }
            let keepsInner = keeps && !member.isTaken
            if keepsInner { residue.enter(key: key(range)) }
            let drifts = descend(
                into: member.node, value, column: member.column, residue: &residue,
                keeps: keepsInner, drift: drift)
            hasDrift = hasDrift || drifts
            if keepsInner { residue.leave() }
        }
        return hasDrift
    }

    /// Goes on in an object or an array, whichever the node's paths expect; keeps anything else whole.
    private func descend(
        into number: Int32, _ value: JSONElement, column: Int32, residue: inout Residue,
        keeps: Bool, drift: UnsafeMutablePointer<Int>
    ) -> Bool {
        let node = nodes.base[Int(number)]
        switch value.kind {
        case .object where node.memberCount > 0:
            return fill(node: number, from: value, residue: &residue, keeps: keeps, drift: drift)
        case .array where node.itemCount > 0:
            return fillItems(node, from: value, residue: &residue, keeps: keeps, drift: drift)
        default:
            guard keeps else { return false }
            residue.keep(value)
            guard column >= 0 else { return false }
            drift[Int(column)] &+= 1
            return true
        }
    }

    /// Fills the slots of an array's items; the first element that fits an item is the one.
    private func fillItems(
        _ node: FlattenPlan.Node, from array: JSONElement, residue: inout Residue, keeps: Bool,
        drift: UnsafeMutablePointer<Int>
    ) -> Bool {
        var hasDrift = false
        var position = 0
        var expected = Int(node.firstItem)
        var elements = array.elements
        while let element = elements.next() {
            defer { position += 1 }
            guard let found = item(of: element, at: position, in: node, from: expected) else {
                keep(element, at: position, &residue, if: keeps)
                continue
            }
            let item = items.base[found]
            expected = found + 1
            slots.base[Int(item.slot)] = UInt32(truncatingIfNeeded: element.tapeIndex)
            positions.base[Int(item.slot)] = Int32(clamping: position)
            if item.node < 0 {
                keep(element, at: position, &residue, if: keeps && !item.isTaken)
                continue
            }
            if element.isNull { continue }
            let keepsInner = keeps && !item.isTaken
            if keepsInner { enter(item: found, element, &residue) }
            let drifts = descend(
                into: item.node, element, column: item.column, residue: &residue,
                keeps: keepsInner, drift: drift)
            hasDrift = hasDrift || drifts
            if keepsInner { residue.leave() }
        }
        return hasDrift
    }

    /// Enters an item's element; its text goes along with what is left over of it.
    func enter(item number: Int, _ element: JSONElement, _ residue: inout Residue) {
        let item = items.base[number]
        let position = Int(positions.base[Int(item.slot)])
        guard item.kind == .text, let value = text(of: element, item) else {
            return residue.enter(position: position)
        }
        let start = Int(item.keyStart)
        residue.enter(
            position: position,
            label: Residue.Label(key: key(start..<start + Int(item.keyCount)), value: value))
    }

    private func keep(
        _ element: JSONElement, at position: Int, _ residue: inout Residue, if keeps: Bool
    ) {
        guard keeps else { return }
        residue.enter(position: position)
        residue.keep(element)
        residue.leave()
    }

    /// The item that an element is; the search begins where the last one ended, because lists repeat.
    private func item(
        of element: JSONElement, at position: Int, in node: FlattenPlan.Node, from expected: Int
    ) -> Int? {
        var every: Int?
        for i in 0..<Int(node.itemCount) {
            let number =
                Int(node.firstItem)
                + (expected - Int(node.firstItem) + i) % Int(node.itemCount)
            let item = items.base[number]
            switch item.kind {
            case .every: every = number
            case .position: if Int(item.position) == position { return number }
            case .text:
                if slots.base[Int(item.slot)] == 0, text(of: element, item) != nil { return number }
            }
        }
        return every
    }

    /// The value under an item's key, if it is the item's text.
    private func text(of element: JSONElement, _ item: FlattenPlan.Item) -> JSONElement? {
        var found: JSONElement?
        var members = element.members
        while let (name, value) = members.next() {
            guard isText(name, item.keyStart, item.keyCount) else { continue }
            let isEqual =
                value.kind == .string
                && isText(value.stringBytes, item.valueStart, item.valueCount)
            found = isEqual ? value : nil
        }
        return found
    }

    @inline(__always)
    private func isText(_ text: UnsafeRawBufferPointer, _ start: Int32, _ count: Int32) -> Bool {
        guard Int(count) == text.count else { return false }
        guard let bytes = text.baseAddress, count > 0 else { return true }
        return memcmp(bytes, keys.base + Int(start), text.count) == 0
    }

    @inline(__always)
    private func isKey(_ member: Int, _ key: UnsafeRawBufferPointer) -> Bool {
        let member = members.base[member]
        guard Int(member.keyCount) == key.count, let bytes = key.baseAddress else { return false }
        return memcmp(bytes, keys.base + Int(member.keyStart), key.count) == 0
    }

    private func find(_ node: FlattenPlan.Node, _ key: UnsafeRawBufferPointer) -> Int {
        let first = Int(node.firstMember)
        for member in first..<first + Int(node.memberCount) where isKey(member, key) {
            return member
        }
        return -1
    }
}
