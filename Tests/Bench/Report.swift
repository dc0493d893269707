import Glibc

/// Prints the figures of a run: each beside what it is compared with.
enum Report {
    static func heading(_ text: String) {
        print("\n\(text)")
    }

    /// One line: what, the figure, the ratio to its other side.
    static func line(_ what: String, _ figure: String, ratio: Double? = nil, to other: String = "")
    {
        let label = what.padded(to: 44)
        let value = figure.padded(to: 44)
        print("  \(label)\(value)\(ratio.map { "\(decimal($0, 2)) x \(other)" } ?? "")")
        fflush(nil)
    }

    static func decimal(_ number: Double, _ digits: Int) -> String {
        let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
        let rounded = (number * scale).rounded() / scale
        let text = "\(rounded)"
        guard let point = text.firstIndex(of: ".") else { return text }
        let fraction = text[text.index(after: point)...]
        return text + String(repeating: "0", count: max(0, digits - fraction.count))
    }

    static func stop(_ message: String) -> Never {
        var text = "lake-bench: \(message)\n"
        text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
        exit(1)
    }
}

extension String {
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
