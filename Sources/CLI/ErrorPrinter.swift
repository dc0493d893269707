import Query

/// Errors as the user reads them: what happened, where, what to do.
struct ErrorPrinter {
    let terminal: Terminal

    func show(_ error: CommandError) {
        StandardError.write(text(of: error))
    }

    /// A remark that is no failure.
    func warn(_ text: String) {
        StandardError.write(terminal.styled("warning: ", .yellow) + text + "\n")
    }

    /// What happened, without label and hint.
    static func message(of error: CommandError) -> String {
        switch error {
        case .usage(let message, _, _), .user(let message, _), .bug(let message): message
        case .query(let error, let sql): SourceText(sql).render(error)
        }
    }

    private func text(of error: CommandError) -> String {
        let label = terminal.styled("error: ", .red)
        switch error {
        case .usage(let message, let command, let hint):
            let help = command.map { "lake \($0) --help" } ?? "lake --help"
            return label + message + "\n" + hintLine(hint) + "Try '\(help)'.\n"
        case .user(let message, let hint):
            return label + message + "\n" + hintLine(hint)
        case .query(let error, let sql):
            return label + SourceText(sql).render(error) + "\n"
        case .bug(let message):
            return label + message + "\n"
                + "This is a defect of lake, not of your input; please report it.\n"
        }
    }

    private func hintLine(_ hint: String?) -> String {
        hint.map { terminal.styled("hint: ", .bold) + $0 + "\n" } ?? ""
    }
}
