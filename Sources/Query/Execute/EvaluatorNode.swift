import Columnar

/// One compiled expression node: what to do, its type, and what is known of it beforehand.
///
/// Nodes belong to one worker; the tree is built once per pipeline and walked once per batch.
final class EvaluatorNode {
    indirect enum Kind {
        case column(Int)
        /// A one-row column.
        case constant(Column)
        case compare(Comparison, EvaluatorNode, EvaluatorNode)
        case arithmetic(ArithmeticOperator, EvaluatorNode, EvaluatorNode)
        case negate(EvaluatorNode)
        case and([EvaluatorNode])
        case or([EvaluatorNode])
        case not(EvaluatorNode)
        case isNull(EvaluatorNode)
        /// Constants of the list in a form that is searched once per row.
        case inConstants(EvaluatorNode, InSet)
        case inList(EvaluatorNode, [EvaluatorNode])
        case caseWhen([(condition: EvaluatorNode, result: EvaluatorNode)], EvaluatorNode?)
        case coalesce([EvaluatorNode])
        case attempt(EvaluatorNode)
        case cast(EvaluatorNode, ScalarKernel, isTry: Bool)
        case field(EvaluatorNode, Int)
        case row([EvaluatorNode])
        case array([EvaluatorNode])
        case like(EvaluatorNode, pattern: EvaluatorNode, escape: EvaluatorNode?)
        case call(ScalarKernel, [EvaluatorNode])
        /// Captures, then the body over captures and parameters.
        case lambda(captures: [EvaluatorNode], body: EvaluatorNode)
    }

    let kind: Kind
    let type: DataType
    let range: SourceRange?
    /// Input columns that the value depends on, rising.
    let inputs: [Int]
    let isDeterministic: Bool
    /// Cannot fail and costs little: run on all rows rather than on a narrowed selection.
    let isCheapAndTotal: Bool
    /// Work kept between batches: the value of a constant expression, results per dictionary.
    var cache = Cache()

    struct Cache {
        /// The one row of an expression without inputs, or its error.
        var constant: (column: Column, error: QueryError?)?
        var dictionary: DictionaryResult?
        /// Rows asked of a dictionary that was too large to be worth running at once.
        var waiting: (dictionary: UInt64, rows: Int)?
    }

    init(
        _ kind: Kind, type: DataType, range: SourceRange? = nil, children: [EvaluatorNode],
        ownInputs: [Int] = [], isDeterministic: Bool = true, isCheapAndTotal: Bool = false
    ) {
        self.kind = kind
        self.type = type
        self.range = range
        var inputs = Set(ownInputs)
        var deterministic = isDeterministic
        var cheap = isCheapAndTotal
        for child in children {
            inputs.formUnion(child.inputs)
            deterministic = deterministic && child.isDeterministic
            cheap = cheap && child.isCheapAndTotal
        }
        self.inputs = inputs.sorted()
        self.isDeterministic = deterministic
        self.isCheapAndTotal = cheap
    }

    /// Whether there is anything to gain from running on a dictionary's entries or once for all rows.
    var isComputed: Bool {
        switch kind {
        case .column, .constant, .lambda: false
        default: true
        }
    }
}

/// The value of a node for every entry of one dictionary.
struct DictionaryResult {
    let dictionary: UInt64
    let form: Form
    /// Failed entries (the entry past the last is NULL).
    let errors: [Int: QueryError]

    enum Form {
        /// Booleans: entry by entry, the last one is the value for NULL.
        case predicate(values: Bitmap, validity: Bitmap?)
        /// Same codes, other entries.
        case entries(ColumnDictionary)
        /// Other codes: `UInt32` per old code, the NULL code included.
        case recoded(ColumnDictionary, map: Buffer)
    }
}
