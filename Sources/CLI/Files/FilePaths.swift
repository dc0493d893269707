import Columnar
import Query

/// Patterns to files, with words for those that match nothing.
enum FilePaths {
    /// The files of each pattern of the argument `path` in turn.
    ///
    /// `ending` is what a folder's files must end with. Errors: TABLE_NOT_FOUND for a pattern that no file
    /// matches.
    static func matching(
        _ arguments: TableArguments, ending: String, in place: FilePlace
    ) throws(QueryError) -> [DatasetPath] {
        var paths: [DatasetPath] = []
        for pattern in arguments.texts("path") ?? [] {
            let glob = Glob(pattern, in: place.workingDirectory, ending: ending)
            let found = try storage { () throws(ColumnarError) in try glob.paths() }
            guard !found.isEmpty else {
                throw QueryError(
                    .tableNotFound, "No file matches '\(pattern)'", at: arguments.range(of: "path"),
                    hint: NearestName.hint(pattern, among: neighbours(of: pattern, in: place)))
            }
            paths += found
        }
        guard !paths.isEmpty else {
            throw arguments.invalid("path", "The array of paths is empty")
        }
        return paths
    }

    /// The files in the folder of a path, written as it is.
    private static func neighbours(of path: String, in place: FilePlace) -> [String] {
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        let glob = Glob(folder + "*", in: place.workingDirectory, ending: "*")
        return (try? glob.paths())?.map(\.written) ?? []
    }
}
