import Columnar
import Glibc

/// Room that is kept on the lake's disk for the day when it is full: what makes room needs some itself.
///
/// A file that holds nothing, as large as `lake.db`, because so much may the journal of one transaction come to.
/// Every writer takes the room while there is plenty; a sweep or an erasure lets it go when there is little. Other
/// stores call such a file ballast. Nothing depends on it: what cannot be taken is not.
struct DiskReserve {
    static let fileName = "lake.reserve"

    private let path: String
    /// The lake's folder.
    private let folder: String
    private let wantedBytes: Int

    init(lake: String) {
        folder = lake
        path = "\(lake)/\(Self.fileName)"
        var status = stat()
        let database = stat("\(lake)/\(Lake.databaseName)", &status) == 0 ? Int(status.st_size) : 0
        let bounds = Limits.reserveBytes
        wantedBytes = min(max(database, bounds.lowerBound), bounds.upperBound)
    }

    /// Takes the room, if some times as much is free; made anew once `lake.db` is twice as large.
    func take() {
        var status = stat()
        let held = lstat(path, &status) == 0 ? Int(status.st_size) : 0
        guard held < wantedBytes / 2 || held == 0, freeBytes() / Self.plenty >= wantedBytes else {
            return
        }
        unlink(path)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard file >= 0 else { return }
        let isTaken = posix_fallocate(file, 0, wantedBytes) == 0
        close(file)
        if !isTaken { unlink(path) }
    }

    /// Gives the room back to the disk, if it has no more than that left.
    func letGo() {
        if freeBytes() <= wantedBytes { unlink(path) }
    }

    /// How many times the room must be free before it is taken.
    private static let plenty = 8

    /// What this process may still write; 0 where nobody can tell.
    private func freeBytes() -> Int {
        var disk = statvfs()
        guard statvfs(folder, &disk) == 0 else { return 0 }
        let (bytes, overflow) = Int(clamping: disk.f_bavail)
            .multipliedReportingOverflow(by: Int(clamping: disk.f_frsize))
        return overflow ? .max : bytes
    }
}
