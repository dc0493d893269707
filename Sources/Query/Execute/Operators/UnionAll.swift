import Columnar

/// UNION ALL: the morsels of every input, one input after the other.
package struct UnionAllSource: Source {
    /// One input with the streaming operators above its source.
    package struct Part: Sendable {
        package var source: any Source
        package var transforms: [any Transform]

        package init(source: any Source, transforms: [any Transform]) {
            self.source = source
            self.transforms = transforms
        }
    }

    let parts: [Part]

    package init(_ parts: [Part]) {
        self.parts = parts
    }

    package var morselCount: Int {
        var total = 0
        for part in parts { total += part.source.morselCount }
        return total
    }

    package func open(
        morsel: Int, worker: WorkerContext
    ) throws(QueryError) -> any MorselReader {
        var rest = morsel
        for part in parts {
            let count = part.source.morselCount
            if rest < count {
                var states: [any TransformState] = []
                for transform in part.transforms {
                    states.append(try transform.makeState(worker: worker))
                }
                return Reader(
                    reader: try part.source.open(morsel: rest, worker: worker), states: states)
            }
            rest -= count
        }
        throw QueryError(.internalError, "morsel \(morsel) of a union does not exist")
    }

    private struct Reader: MorselReader {
        var reader: any MorselReader
        var states: [any TransformState]
        var ready: [Batch] = []
        var position = 0

        init(reader: any MorselReader, states: [any TransformState]) {
            self.reader = reader
            self.states = states
        }

        mutating func next() throws(QueryError) -> Batch? {
            while position == ready.count {
                guard let batch = try reader.next() else { return nil }
                ready = [batch]
                position = 0
                for stage in states.indices {
                    var output: [Batch] = []
                    for batch in ready { try states[stage].push(batch, into: &output) }
                    ready = output
                }
            }
            defer { position += 1 }
            return ready[position]
        }
    }
}
