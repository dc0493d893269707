import Glibc

/// Whole files in and out.
enum InputFiles {
    static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        var bytes = [UInt8](repeating: 0, count: ftell(file))
        rewind(file)
        return fread(&bytes, 1, bytes.count, file) == bytes.count ? bytes : nil
    }

    static func write(_ bytes: [UInt8]?, _ path: String) {
        guard let bytes, !bytes.isEmpty, bytes.count < 24_000, let file = fopen(path, "w") else {
            return
        }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }
}
