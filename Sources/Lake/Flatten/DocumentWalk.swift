import Columnar
import Glibc

/// Finds a frame's paths in an object, in one pass over its tape, and keeps the rest as residue.
///
/// Keys come in the same order in nearly every file of a source, so each member remembers which member
/// followed it last: one comparison a key. The memory changes speed only, never the result.
struct DocumentWalk {
    private let members: FixedTable<FlattenPlan.Member>
    private let nodes: FixedTable<FlattenPlan.Node>
    private let keys: FixedTable<UInt8>
    /// The element last seen under each slot's path; `absent` when none was.
    let slots: FixedTable<UInt32>
    /// The member expected after each member, and behind those the first one of each node; -1 if unknown.
    private let successors: FixedTable<Int32>

    init(_ plan: FlattenPlan) {
        members = FixedTable(plan.members)
        nodes = FixedTable(plan.nodes)
        keys = FixedTable(plan.keys)
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
            switch value.kind {
            case .object:
                let keepsInner = keeps && !member.isTaken
                if keepsInner { residue.enter(key: key(range)) }
                let drifts = fill(
                    node: member.node, from: value, residue: &residue, keeps: keepsInner,
                    drift: drift)
                hasDrift = hasDrift || drifts
                if keepsInner { residue.leave() }
            case .null: break
            default:
                guard keeps, !member.isTaken else { continue }
                residue.keep(key: key(range), value)
                drift[Int(member.column)] &+= 1
                hasDrift = true
            }
        }
        return hasDrift
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
