import Columnar

/// What can go wrong with a lake; each case says whose fault it is and where.
package enum LakeError: Error, Hashable, Sendable {
    /// The operating system refused: `operation` is the call, `errorNumber` its errno.
    case io(operation: String, path: String, errorNumber: Int32)
    /// SQLite refused: `code` is its extended result code, `message` its own words.
    case database(path: String, code: Int32, message: String)
    /// Another process held the lake's lock for longer than we wait.
    ///
    /// `holder` is what that process wrote about itself; nil where it is SQLite's own lock.
    case busy(path: String, holder: String? = nil)
    /// The path does not hold a lake, or not one of ours.
    case notALake(path: String, reason: String)
    /// The database has a version of tables that this program does not know.
    case newerLake(path: String, version: Int, known: Int)
    /// A file does not follow its format.
    case corrupt(FileLocation, reason: String)
    /// A file uses a feature that we know of and do not read.
    case unsupported(FileLocation, feature: String)
    /// A path that cannot be a table's or a lake's place.
    case invalidLocation(path: String, reason: String)
    /// More of a table's raw files are gone than a run believes; nothing was changed.
    case missingFiles(table: String, missing: Int, remembered: Int)
    /// A sweep did not begin; nothing was changed.
    case sweepRefused(SweepRefusal)
    /// A named limit was passed.
    case limit(name: String, value: Int, limit: Int, location: FileLocation?)
    /// The catalog has no such table.
    case tableNotFound(String)
    /// The catalog has this table already.
    case tableExists(String)
    /// Somebody else committed to the table first; nothing of ours was published.
    case conflict(table: String)
    /// A schema file does not describe a table; every mistake is listed, in file order.
    case schemaFile(path: String, mistakes: [SchemaMistake])
    /// A schema file asks of its table what its files cannot follow; nothing was changed.
    case schemaChange(table: String, obstacles: [SchemaChange.Obstacle])
    /// Quality checks with `fail` do not hold; nothing was committed.
    case checksFailed([CheckOutcome])
    /// A quality check that cannot be tested as it is written.
    case invalidCheck(table: String, check: String, reason: String)
    /// A legal hold that cannot be placed or released as it was asked for.
    case invalidHold(reason: String, remedy: String)
    /// A restore that is refused; nothing was changed.
    case restore(RestoreRefusal)
    /// Legal holds forbid what was asked; nothing was changed.
    case held([Holds.Record])
    /// The lake holds nothing of an account; nothing was changed.
    case unknownAccount(String)
    /// An account is being erased, and of this table's rows none says by itself whether it is the account's.
    case beingErased(table: String)
    /// The layer below failed.
    case columnar(ColumnarError)
}
