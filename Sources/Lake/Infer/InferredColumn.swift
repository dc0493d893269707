import Columnar

/// A column of an inferred schema file, and how it came about.
struct InferredColumn {
    var name: String
    /// As records spell it; nil for a part of the path.
    var key: String?
    var type = "varchar"
    /// nil where the path is the name.
    var path: String?
    var capture: String?
    var valueClass = ValueClass.static
    var isRequired = false
    var splits = false
    var isSuffixed = false
    var hasEmptyTexts = false
    var fields: [InferredColumn] = []
    var doc: String
    /// Present, not null and of a key's type in every record, with this many different values.
    var distinctCount: Int?

    /// The column of one place; `total` records could have had it, `taken` names are others'.
    init(_ place: PlaceProfile, total: Int, taken: inout Set<String>, depth: Int = 0) {
        name = Self.identifier(place.name, &taken)
        key = place.name
        doc = Self.presence(place, total)
        var path = KeyPath([place.name])
        decide(place, &path, depth)
        if path != KeyPath([name]) { self.path = path.description }
        let isEverywhere = place.values == total && place.nulls == 0
        if depth == 0, isEverywhere, ["varchar", "bigint", "date", "timestamp(6)"].contains(type),
            !isSuffixed, !hasEmptyTexts
        {
            distinctCount = place.distinct.count
        }
    }

    /// A column of a part of the raw files' paths.
    init(capture: String, type: String, distinctCount: Int, taken: inout Set<String>) {
        name = Self.identifier(capture, &taken)
        self.type = type
        self.capture = capture
        self.distinctCount = distinctCount
        doc = "From the raw file's path"
    }

    private mutating func decide(_ place: PlaceProfile, _ path: inout KeyPath, _ depth: Int) {
        let kinds = place.kindCount
        if place.objects > 0 || place.arrays > 0 {
            type = "json"
            guard kinds == 1 else { return }
            place.objects > 0
                ? decideObject(place, &path, depth) : decideArray(place, depth)
        } else {
            decideScalar(place)
            if kinds > 1 { doc += "; \(place.kindsText)" }
        }
        decideClass(place)
    }

    private mutating func decideObject(
        _ place: PlaceProfile, _ path: inout KeyPath, _ depth: Int
    ) {
        guard !place.isMap, !place.members.isEmpty, depth < PlaceProfile.mostDepth - 2 else {
            return
        }
        // The Graph API's lists: {"data": […], "paging": …}.
        let data = place.members.first { $0.name == "data" }
        let rest: Set<String> = ["data", "paging", "summary", "cursors"]
        if let data, data.arrays == data.values, data.values == place.objects,
            place.members.allSatisfy({ rest.contains($0.name) }), data.element?.objects ?? 0 > 0
        {
            path.steps.append(.key("data"))
            return decideArray(data, depth)
        }
        type = "row"
        setFields(place, depth)
    }

    private mutating func decideArray(_ place: PlaceProfile, _ depth: Int) {
        guard let element = place.element, element.values > 0, element.kindCount == 1 else {
            return
        }
        guard element.arrays == 0 else { return }
        guard element.objects > 0 else {
            var scalar = self
            scalar.type = "varchar"
            scalar.decideScalar(element)
            type = "array(\(scalar.hasEmptyTexts || scalar.isSuffixed ? "varchar" : scalar.type))"
            return
        }
        guard !element.isMap, !element.members.isEmpty, depth < PlaceProfile.mostDepth - 3 else {
            return
        }
        type = "array(row)"
        setFields(element, depth + 1)
    }

    private mutating func setFields(_ place: PlaceProfile, _ depth: Int) {
        var names: Set<String> = []
        fields = place.members.map {
            InferredColumn($0, total: place.objects, taken: &names, depth: depth + 1)
        }
    }

    private mutating func decideScalar(_ place: PlaceProfile) {
        let texts = place.texts
        let filled = texts.count - texts.empty
        let numbers = place.integers + place.doubles
        if place.longIntegers > 0 || (Self.isID(name) && place.doubles == 0) { return }
        if place.booleans > 0 {
            if numbers + texts.count == 0 { type = "boolean" }
            return
        }
        if numbers > 0 {
            guard filled == 0 || (filled == texts.integers && place.doubles == 0) else { return }
            hasEmptyTexts = texts.empty > 0
            if filled == 0, isEpoch(place) {
                type = "timestamp(6)"
            } else if place.doubles == 0 {
                type = "bigint"
            } else if !place.hasWideIntegers {
                type = "double"
            }
            return
        }
        guard filled > 0 else { return }
        if filled == texts.dates {
            type = "date"
        } else if filled == texts.instants {
            type = "timestamp(6)"
        } else if filled == texts.booleans {
            type = "boolean"
        } else if filled == texts.integers {
            type = "bigint"
        } else if filled == texts.numbers {
            type = "double"
        } else if texts.suffixed > 0, filled == texts.suffixed + texts.integers {
            type = "bigint"
            isSuffixed = true
        } else if texts.commaLists > 0, Self.isList(name) {
            type = "array(varchar)"
            splits = true
        }
        hasEmptyTexts = texts.empty > 0 && type != "varchar" && !splits
    }

    private mutating func decideClass(_ place: PlaceProfile) {
        let texts = place.texts
        if texts.signedLinks > 0, texts.signedLinks * 2 > texts.count {
            valueClass = .volatile
            doc += "; a signed link, another one at each pull"
        } else if type == "bigint", Self.isCounter(name) {
            valueClass = .counter
        }
        if type == "varchar", let values = texts.values, values.count > 1,
            place.values == texts.count, place.values >= 4 * values.count
        {
            doc +=
                "; one of "
                + values.sorted().map { $0.isEmpty ? "''" : $0 }.joined(
                    separator: ", ")
        }
        if type == "bigint" || type == "double", place.minimum <= place.maximum,
            place.texts.count == 0
        {
            doc += "; \(Self.number(place.minimum)) to \(Self.number(place.maximum))"
        }
        if splits { doc += "; a list with commas" }
        if isSuffixed { doc += "; written like 1.2k" }
    }

    /// Seconds or milliseconds since 1970 of the years 2000 to 2100, under a name that says time.
    private func isEpoch(_ place: PlaceProfile) -> Bool {
        let marks = ["_at", "_utc", "time", "date", "_ts", "_on"]
        guard marks.contains(where: { name.hasSuffix($0) }) || name.hasPrefix("timestamp") else {
            return false
        }
        let seconds = 946_684_800.0...4_102_444_800.0
        return [1.0, 1_000].contains { scale in
            seconds.contains(place.minimum / scale) && seconds.contains(place.maximum / scale)
        }
    }
}

/// Names and words.
extension InferredColumn {
    static func isID(_ name: String) -> Bool {
        name == "id" || name.hasSuffix("_id") || name.hasSuffix("id_str") || name.hasSuffix("uuid")
    }

    private static func isList(_ name: String) -> Bool {
        ["tag", "mention", "keyword", "categories", "labels"].contains { name.contains($0) }
    }

    private static let counterNames: Set<String> = [
        "likes", "views", "shares", "saves", "saved", "reach", "impressions", "plays",
        "engagement", "score", "ups", "downs", "followers", "following", "clicks", "comments",
        "retweets", "favorites", "replies", "num_comments",
    ]

    private static func isCounter(_ name: String) -> Bool {
        name.hasSuffix("_count") || name.hasSuffix("_counts") || name == "count"
            || name.hasSuffix("_clicks") || name.hasSuffix("_views") || counterNames.contains(name)
    }

    private static func presence(_ place: PlaceProfile, _ total: Int) -> String {
        if place.values == 0 { return "Always null in the sample" }
        if place.values >= total { return "In every one" }
        return "In \(place.values) of \(total)"
    }

    private static func number(_ value: Double) -> String {
        value.magnitude < 9e15 && value == value.rounded() ? "\(Int64(value))" : "\(value)"
    }

    /// A key as a column's name: snake case, without what names cannot hold, not yet taken.
    static func identifier(_ key: String, _ taken: inout Set<String>) -> String {
        var name = ""
        var wasLower = false
        for scalar in key.unicodeScalars {
            switch scalar {
            case "A"..."Z":
                if wasLower { name.append("_") }
                name.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value) + 0x20))
            case "a"..."z", "0"..."9": name.unicodeScalars.append(scalar)
            default: if name.last != "_" { name.append("_") }
            }
            wasLower = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
        }
        name = String(name.prefix(100))
        if name.first.map({ !$0.isLetter }) ?? true { name = "c_" + name.drop { $0 == "_" } }
        var unique = name
        var number = 2
        while !taken.insert(unique).inserted {
            unique = "\(name)_\(number)"
            number += 1
        }
        return unique
    }
}
