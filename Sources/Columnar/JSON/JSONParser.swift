import CSimdjson

/// A reusable JSON parser: bytes in, a tape of 64-bit words out, at more than a gigabyte a second.
///
/// It wraps simdjson's DOM parser, which validates RFC 8259 syntax and UTF-8. One parser serves one
/// thread and one document at a time: elements die with the next `parse`. A leading byte order mark is
/// skipped (RFC 8259 §8.1 allows it). Integers beyond 64 bits are refused, because the tape cannot hold
/// them exactly. Nesting beyond `maxDepth` and input beyond `maxBytes` are refused before memory grows.
package final class JSONParser {
    /// Readable bytes that must follow the input.
    package static let paddingBytes = Int(lake_json_padding())

    private let handle: OpaquePointer
    private let maxBytes: Int
    private let maxDepth: Int

    /// Throws `memoryLimit` when the parser's first buffers cannot be had.
    package init(
        maxBytes: Int = Limits.rawFileBytes, maxDepth: Int = Limits.jsonDepth
    ) throws(ColumnarError) {
        guard let handle = lake_json_parser_create(maxBytes, maxDepth) else {
            throw .memoryLimit(requestedBytes: 1024, limitBytes: maxBytes)
        }
        self.handle = handle
        self.maxBytes = maxBytes
        self.maxDepth = maxDepth
    }

    deinit {
        lake_json_parser_destroy(handle)
    }

    /// Parses one document; the root lives until the next parse.
    ///
    /// `bytes` must be followed by `paddingBytes` readable bytes. Throws `json` with the reason and the
    /// place, or `limit`.
    package func parse(_ bytes: UnsafeRawBufferPointer) throws(ColumnarError) -> JSONElement {
        guard bytes.count <= maxBytes else {
            throw .limit(
                name: "rawFileBytes", value: bytes.count, limit: maxBytes, location: nil)
        }
        let mark = Self.byteOrderMarkCount(bytes)
        guard let start = bytes.baseAddress, bytes.count > mark else {
            throw .json(reason: "the file is empty", position: nil, path: nil)
        }
        let text = (start + mark).assumingMemoryBound(to: UInt8.self)
        let document = lake_json_parse(handle, text, bytes.count - mark)
        guard document.error == 0, let tape = document.tape, let strings = document.strings else {
            if let error = diagnose(bytes) { throw error }
            let message = String(cString: lake_json_error_message(document.error))
            throw .json(reason: message, position: nil, path: nil)
        }
        return JSONElement(tape: tape, strings: strings, index: 1)
    }

    /// The same, but an integer beyond 64 bits is read as a string of its digits.
    package func parseKeepingLongIntegers(
        _ bytes: UnsafeRawBufferPointer
    ) throws(ColumnarError) -> JSONElement {
        do throws(ColumnarError) {
            return try parse(bytes)
        } catch {
            guard case .json = error, let repaired = LongIntegers.quoted(bytes) else { throw error }
            if let root = try? parse(copyOf: repaired) { return root }
            throw diagnose(bytes, keepsLongIntegers: true) ?? error
        }
    }

    /// Parses a copy of unpadded bytes; for tests and small inputs.
    package func parse(copyOf bytes: [UInt8]) throws(ColumnarError) -> JSONElement {
        var padded = bytes
        padded.append(contentsOf: repeatElement(0, count: Self.paddingBytes))
        let result: Swift.Result<JSONElement, ColumnarError> = padded.withUnsafeBytes { all in
            let text = UnsafeRawBufferPointer(rebasing: all[..<bytes.count])
            do throws(ColumnarError) {
                return .success(try self.parse(text))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// 3 when the bytes open with U+FEFF, else 0.
    static func byteOrderMarkCount(_ bytes: UnsafeRawBufferPointer) -> Int {
        bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF ? 3 : 0
    }

    /// simdjson says what, not where: the slower reader says both, so it reads the text again.
    private func diagnose(
        _ bytes: UnsafeRawBufferPointer, keepsLongIntegers: Bool = false
    ) -> ColumnarError? {
        var reader = JSONReader(bytes, maxDepth: maxDepth, keepsLongIntegers: keepsLongIntegers)
        do throws(ColumnarError) {
            try reader.validate()
            return nil
        } catch {
            return error
        }
    }
}
