import Glibc

/// What the machine has.
enum Machine {
    /// Cores that this process may run on.
    static func cores() -> Int {
        max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    static func memoryMiB() -> Int {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let pageBytes = sysconf(Int32(_SC_PAGESIZE))
        return max(512, pages / (1 << 20 / max(pageBytes, 1)))
    }
}
