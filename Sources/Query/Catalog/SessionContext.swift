import Columnar

/// Everything a query may know of its surroundings; fixed per query, never read from the process.
package struct SessionContext: Sendable {
    /// `now()` in microseconds since 1970 UTC, fixed per query.
    package var nowMicros: Int64
    /// The session's zone name; Athena's is UTC.
    package var zoneName: String
    /// Where TZif files lie.
    package var zoneinfoPath: String
    /// Seed of `random()` and `uuid()`.
    package var randomSeed: UInt64
    package var user: String

    package init(
        nowMicros: Int64, zoneName: String = "UTC", zoneinfoPath: String = "/usr/share/zoneinfo",
        randomSeed: UInt64, user: String = "lake"
    ) {
        self.nowMicros = nowMicros
        self.zoneName = zoneName
        self.zoneinfoPath = zoneinfoPath
        self.randomSeed = randomSeed
        self.user = user
    }
}
