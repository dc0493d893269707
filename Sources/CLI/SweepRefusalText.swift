import Lake

extension LakeErrorText {
    /// Why a sweep did not begin, and how to go on.
    static func text(of refusal: SweepRefusal) -> (message: String, hint: String?) {
        switch refusal {
        case .clockBehind(let now, let last):
            return (
                "the clock says \(Instant.text(micros: now)), the last run began at "
                    + "\(Instant.text(micros: last)): nothing was swept",
                "set the clock; if it is right: lake sweep --force"
            )
        case .clockLeap(let now, let last):
            return (
                "the clock says \(Instant.text(micros: now)), more than 400 days after the last run "
                    + "at \(Instant.text(micros: last)): nothing was swept",
                "set the clock; if it is right: lake sweep --force"
            )
        case .tooMuch(let table, let rows, let total, let percent, let planID):
            return (
                "\(Amount.count(Int(clamping: rows))) of the \(Amount.count(Int(clamping: total))) "
                    + "rows of \(table) would leave at once, more than \(percent) %: "
                    + "nothing was swept",
                "look at it: lake sweep --dry-run; then do exactly that: lake sweep --plan "
                    + planID
            )
        case .noPlan(let text):
            return (
                "'\(text)' is no plan's id",
                "lake sweep --dry-run prints one, like 20261121-0123456789abcdef"
            )
        case .planOfFuture(let id):
            return ("the plan \(id) is of a day that has not come", nil)
        case .planDiffers(let asked, let now, let what):
            return (
                "the plan \(asked) is \(now) by now: \(what) are not the same; nothing was swept",
                "look at it again, with the same options: lake sweep --dry-run"
            )
        }
    }
}
