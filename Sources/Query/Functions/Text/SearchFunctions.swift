import Columnar

/// strpos, starts_with, ends_with, replace, translate: finding and replacing literal text.
enum SearchFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "strpos", summary: "Position of the n-th occurrence of a text, 0 if absent",
            [
                ScalarOverload(
                    [.varchar, .varchar], result: .bigint,
                    kernel: RowKernel.of { (text: Bytes, needle: Bytes) throws(QueryError) in
                        position(of: needle, in: text, instance: 1)
                    }),
                ScalarOverload([.varchar, .varchar, .bigint], result: .bigint, kernel: instance),
            ]),
        ScalarFunction(
            "starts_with", summary: "Whether a text begins with another",
            [
                ScalarOverload(
                    [.varchar, .varchar], result: .boolean,
                    kernel: RowKernel.of {
                        (text: Bytes, prefix: Bytes) throws(QueryError) -> Bool? in
                        text.matches(prefix, at: 0)
                    })
            ]),
        ScalarFunction(
            "ends_with", summary: "Whether a text ends with another",
            [
                ScalarOverload(
                    [.varchar, .varchar], result: .boolean,
                    kernel: RowKernel.of {
                        (text: Bytes, suffix: Bytes) throws(QueryError) -> Bool? in
                        text.matches(suffix, at: text.count - suffix.count)
                    })
            ]),
        ScalarFunction(
            "replace", summary: "Text with each occurrence of a text removed or replaced",
            [
                ScalarOverload(
                    [.varchar, .varchar], result: .text,
                    kernel: RowKernel.text {
                        (text: Bytes, needle: Bytes, output) throws(QueryError) in
                        try replace(text, needle, with: Bytes(start: nil, count: 0), into: &output)
                        return true
                    }),
                ScalarOverload(
                    [.varchar, .varchar, .varchar], result: .text,
                    kernel: RowKernel.text {
                        (text: Bytes, needle: Bytes, new: Bytes, output) throws(QueryError) in
                        try replace(text, needle, with: new, into: &output)
                        return true
                    }),
            ]),
        ScalarFunction(
            "translate", summary: "Text with single characters replaced by others or removed",
            [ScalarOverload([.varchar, .varchar, .varchar], result: .text, kernel: translate)]),
    ]

    private static let instance = RowKernel.of {
        (text: Bytes, needle: Bytes, instance: Int64) throws(QueryError) -> Int64? in
        guard instance != 0 else {
            throw .argument("'instance' must be a positive or negative number.")
        }
        return position(of: needle, in: text, instance: instance)
    }

    /// The position in code points, 1-based; a negative instance counts from the end.
    static func position(of needle: Bytes, in text: Bytes, instance: Int64) -> Int64? {
        if needle.isEmpty { return 1 }
        var found: Int?
        if instance > 0 {
            var left = instance
            var from = 0
            repeat {
                found = text.firstIndex(of: needle, from: from)
                guard let at = found else { return 0 }
                from = text.nextCodePoint(after: at)
                left -= 1
            } while left > 0
        } else {
            var left = instance
            var end = text.count
            repeat {
                found = text.lastIndex(of: needle, before: end)
                guard let at = found else { return 0 }
                end = at + needle.count - 1
                left += 1
            } while left < 0
        }
        return found.map { Int64(text.part(0..<$0).codePointCount + 1) }
    }

    private static func replace(
        _ text: Bytes, _ needle: Bytes, with new: Bytes, into output: inout TextOutput
    ) throws(QueryError) {
        if needle.isEmpty {
            var at = 0
            while at < text.count {
                let next = text.nextCodePoint(after: at)
                try output.write(new)
                try output.write(text.part(at..<next))
                at = next
            }
            try output.write(new)
            return
        }
        var from = 0
        while let at = text.firstIndex(of: needle, from: from) {
            try output.write(text.part(from..<at))
            try output.write(new)
            from = at + needle.count
            try output.checkValueLimit()
        }
        try output.write(text.part(from..<text.count))
    }

    private static let translate = RowKernel.text {
        (text: Bytes, from: Bytes, to: Bytes, output) throws(QueryError) in
        let old = from.codePoints
        let new = to.codePoints
        var at = 0
        while at < text.count {
            let next = text.nextCodePoint(after: at)
            if let index = old.firstIndex(of: text.codePoint(at: at)) {
                if index < new.count { try output.write(codePoint: new[index]) }
            } else {
                try output.write(text.part(at..<next))
            }
            at = next
        }
        return true
    }
}
