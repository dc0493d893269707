/// What happened to one name of a folder since the last run, as far as stats can tell.
package enum FileChange: Hashable, Sendable {
    /// On disk, not in the state.
    case new(name: Int)
    /// In both, with the stat under which its content was read.
    case unchanged(name: Int, state: Int)
    /// In both, with another stat or one that was too young to trust: only its bytes can tell.
    case suspect(name: Int, state: Int)
    /// Unchanged as far as stats tell, and read all the same.
    case audited(name: Int, state: Int)
    /// In the state, not on disk.
    case vanished(state: Int)
    /// In both, but its stat cannot be had: nothing is concluded.
    case unknown(state: Int)
    /// In the state, and nobody asked for it.
    case unlisted(state: Int)

    /// The name whose file must be read to know more.
    var nameToRead: Int? {
        switch self {
        case .new(let name), .suspect(let name, _), .audited(let name, _): name
        case .unchanged, .vanished, .unknown, .unlisted: nil
        }
    }
}

/// The difference of a folder's names and its remembered files: one merge of two sorted lists.
package enum ChangeSet {
    /// What a stat said of a name.
    package enum Looked: Hashable, Sendable {
        case stat(FileStat)
        case gone
        case unreadable
    }

    /// Appends the changes of one folder, in the order of names.
    ///
    /// - `compare(i, j)`: negative, zero or positive as name `i` on disk sorts before, is, or sorts
    ///   after remembered name `j`; both lists rise by bytes.
    /// - `look(i)`: the stat of name `i`; asked only of names that are remembered with a hint, since
    ///   every other file is read anyway.
    /// - `missing(j)`: what to conclude of remembered name `j` that is not among the names.
    package static func merge(
        nameCount: Int, stateCount: Int, compare: (Int, Int) -> Int, hint: (Int) -> StatHint,
        look: (Int) -> Looked, missing: (Int) -> FileChange = { .vanished(state: $0) },
        into changes: inout [FileChange]
    ) {
        var name = 0
        var state = 0
        while name < nameCount || state < stateCount {
            let order =
                name == nameCount ? 1 : state == stateCount ? -1 : compare(name, state)
            if order < 0 {
                changes.append(.new(name: name))
                name += 1
            } else if order > 0 {
                changes.append(missing(state))
                state += 1
            } else {
                let remembered = hint(state)
                if remembered == .none {
                    changes.append(.suspect(name: name, state: state))
                } else {
                    switch look(name) {
                    case .stat(let stat):
                        changes.append(
                            StatHint(stat) == remembered
                                ? .unchanged(name: name, state: state)
                                : .suspect(name: name, state: state))
                    case .gone: changes.append(.vanished(state: state))
                    case .unreadable: changes.append(.unknown(state: state))
                    }
                }
                name += 1
                state += 1
            }
        }
    }
}
