import Columnar

/// What is done to a raw value on its way into a column: the cleaning steps of a pipeline, as data.
///
///     null_values ─► strip_prefix ─► number, scale or time_zone ─► the column's type
///                                        nothing there at all ─► default
package struct ColumnRules: Hashable, Sendable {
    /// Texts that stand for no value.
    package var nullTexts: [NullText] = []
    /// Cut from the beginning of a text, the first that fits.
    package var prefixes: [String] = []
    /// Taken where no path has a value; never for a value that does not fit.
    package var fallback: Value?
    package var number = NumberForm.plain
    /// A number is multiplied by this power of ten.
    package var scaleExponent = 0
    /// Instants become the date or the clock of this zone.
    package var zone: NamedZone?

    package init() {}

    /// Whether values, not only their absence, need treatment.
    package var treatsValues: Bool {
        !nullTexts.isEmpty || !prefixes.isEmpty || number != .plain || scaleExponent != 0
            || zone != nil
    }
}

/// A text that stands for no value: exactly this, or whatever begins so.
package struct NullText: Hashable, Sendable {
    package var text: [UInt8]
    package var isPrefix: Bool

    /// Reads the schema file's spelling, where `*` at the end means anything may follow.
    package init(_ text: String) {
        isPrefix = text.hasSuffix("*")
        self.text = Array((isPrefix ? text.dropLast() : text[...]).utf8)
    }
}

/// How a number may be written.
package enum NumberForm: String, CaseIterable, Sendable {
    case plain
    /// With `k`, `M` or `B` behind it, as pages show counts: `1.2k`.
    case suffixed
}

/// A time zone and its rules; equal when its name is.
package struct NamedZone: Hashable, Sendable {
    package let name: String
    package let rules: ZoneRules

    package static func == (a: NamedZone, b: NamedZone) -> Bool { a.name == b.name }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}
