import Columnar

/// The order in which a run takes tables: those that references lead to before those that refer to them.
///
/// A reference to a table that is not there is left out with a warning, unless more than that hangs on it.
/// Where references form a circle, the one that closes it is tested at the end of the run, on what is then
/// written; there it cannot set files aside.
struct ReferenceOrder {
    private(set) var definitions: [TableDefinition] = []
    /// Checks that wait for the end of the run, by table.
    private(set) var deferred: [String: Set<Int>] = [:]

    /// Orders tables, else by name; throws `invalidCheck` for a reference that cannot be tested.
    init(_ unordered: [TableDefinition], database: Database, lake: String) throws(LakeError) {
        var byName: [String: TableDefinition] = [:]
        for definition in unordered { byName[definition.name] = definition }
        var open: Set<String> = []
        var done: Set<String> = []
        for definition in unordered.sorted(by: { $0.name < $1.name }) {
            try visit(definition, byName, &open, &done)
        }
        for definition in definitions {
            try Self.validate(definition, byName, ReferredTables(database, lake: lake))
        }
    }

    private mutating func visit(
        _ definition: TableDefinition, _ byName: [String: TableDefinition],
        _ open: inout Set<String>, _ done: inout Set<String>
    ) throws(LakeError) {
        guard !done.contains(definition.name) else { return }
        open.insert(definition.name)
        for (index, check) in definition.checks.enumerated() {
            guard case .references(_, let name, _) = check.rule, name != definition.name,
                let other = byName[name]
            else { continue }
            guard open.contains(name) else {
                try visit(other, byName, &open, &done)
                continue
            }
            guard check.onFailure != .quarantine else {
                throw .invalidCheck(
                    table: definition.name, check: check.name(in: definition),
                    reason: "the references of \(definition.name) and \(name) form a circle, "
                        + "so this one is tested last and cannot quarantine: take warn or fail")
            }
            deferred[definition.name, default: []].insert(index)
        }
        open.remove(definition.name)
        done.insert(definition.name)
        definitions.append(definition)
    }

    private static func validate(
        _ definition: TableDefinition, _ byName: [String: TableDefinition],
        _ referred: ReferredTables
    ) throws(LakeError) {
        for check in definition.checks {
            guard case .references(let column, let name, let foreign) = check.rule else { continue }
            func invalid(_ reason: String) -> LakeError {
                .invalidCheck(
                    table: definition.name, check: check.name(in: definition), reason: reason)
            }
            var type: DataType?
            if let other = byName[name] {
                type = other.columns.first { $0.name == foreign }?.type
            } else if let other = try referred.table(name) {
                type = other.metadata.schema.fields.first { $0.name == foreign }?.type
            } else if check.onFailure == .warn {
                // Schema files come in sets, of which a lake may need only some.
                continue
            } else {
                throw invalid("there is no table \(name)")
            }
            guard let type else { throw invalid("the table \(name) has no column \(foreign)") }
            let own = definition.columns[column].type
            guard !type.isNested, own.storage == type.storage else {
                throw invalid("\(own) cannot be compared with \(name).\(foreign), a \(type)")
            }
        }
    }
}
