import Columnar

/// What became of one quality check, in a run or over a whole table.
package struct CheckOutcome: Hashable, Sendable {
    package enum Status: String, Sendable {
        case holds
        case violated
        /// Not looked at: nothing that it speaks of has changed.
        case skipped
        /// Cannot be looked at: a table or column that it speaks of is not there.
        case impossible
    }

    package var table: String
    /// The kind, as schema files say it: `not_null`.
    package var check: String
    package var columns: [String]
    package var onFailure: QualityCheck.OnFailure
    package var status: Status
    /// Rows that break it; 1 for a check of the table that does not hold.
    package var violations: Int
    /// The first raw paths of such rows, in order.
    package var samples: [String]
    /// What was found, or why it holds without a look.
    package var detail: String?

    /// Raw paths that an outcome names.
    package static let sampleCount = 5

    init(
        _ check: QualityCheck, of definition: TableDefinition, status: Status = .holds,
        violations: Int = 0, samples: [String] = [], detail: String? = nil
    ) {
        table = definition.name
        self.check = check.name
        columns = check.columns.map { definition.columns[$0].name }
        onFailure = check.onFailure
        self.status = status
        self.violations = violations
        self.samples = samples
        self.detail = detail
    }

    /// The outcome of counting rows.
    init(
        _ check: QualityCheck, of definition: TableDefinition, violations: Int, paths: [String]
    ) {
        self.init(
            check, of: definition, status: violations > 0 ? .violated : .holds,
            violations: violations, samples: Array(Set(paths).sorted().prefix(Self.sampleCount)))
    }

    /// `range(like_count)`.
    package var name: String { QualityCheck.name(check, columns) }
}

extension QualityCheck {
    /// The kind, as schema files say it.
    package var name: String {
        switch rule {
        case .notNull: "not_null"
        case .unique: "unique"
        case .acceptedValues: "accepted_values"
        case .range: "range"
        case .pattern: "pattern"
        case .references: "references"
        case .minimumRows: "minimum_rows"
        case .freshness: "freshness"
        }
    }

    /// Positions of the columns that it speaks of.
    package var columns: [Int] {
        switch rule {
        case .notNull(let column), .acceptedValues(let column, _), .range(let column, _, _),
            .pattern(let column, _), .references(let column, _, _), .freshness(let column, _):
            [column]
        case .unique(let columns): columns
        case .minimumRows: []
        }
    }

    static func name(_ check: String, _ columns: [String]) -> String {
        columns.isEmpty ? check : "\(check)(\(columns.joined(separator: ", ")))"
    }

    /// `range(like_count)`.
    func name(in definition: TableDefinition) -> String {
        Self.name(name, columns.map { definition.columns[$0].name })
    }
}

extension CheckOutcome {
    /// An outcome as `write` wrote it; nil for anything else.
    init?(_ json: JSONValue) {
        guard let table = json["table"]?.string, let check = json["check"]?.string,
            let onFailure = json["on_failure"]?.string.flatMap(QualityCheck.OnFailure.init),
            let status = json["status"]?.string.flatMap(Status.init)
        else { return nil }
        self.table = table
        self.check = check
        columns = (json["columns"]?.array ?? []).compactMap(\.string)
        self.onFailure = onFailure
        self.status = status
        violations = Int(clamping: json["violations"]?.integer ?? 0)
        samples = (json["samples"]?.array ?? []).compactMap(\.string)
        detail = json["detail"]?.string
    }

    /// Appends the outcome as one JSON object.
    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("table")
        json.string(table)
        json.key("check")
        json.string(check)
        json.key("columns")
        Self.write(columns, to: &json)
        json.key("on_failure")
        json.string(onFailure.rawValue)
        json.key("status")
        json.string(status.rawValue)
        json.key("violations")
        json.integer(violations)
        json.key("samples")
        Self.write(samples, to: &json)
        json.key("detail")
        if let detail {
            json.string(detail)
        } else {
            json.null()
        }
        json.endObject()
    }

    private static func write(_ texts: [String], to json: inout JSONWriter) {
        json.beginArray()
        for text in texts { json.string(text) }
        json.endArray()
    }
}
