import Columnar

extension FunctionRegistry {
    /// Every function of the dialect, one line per family.
    package static let standard = FunctionRegistry(
        scalars: [
            CaseFunctions.all,
            SubstringFunctions.all,
            SearchFunctions.all,
            ConcatFunctions.all,
            RoundingFunctions.all,
            DoubleFunctions.all,
            BitwiseFunctions.all,
            RandomFunctions.all,
            ExtractFunctions.all,
            CalendarFunctions.all,
            IntervalFunctions.all,
            ClockFunctions.all,
            IsoFunctions.all,
            FormatFunctions.all,
            RegexFunctions.all,
            RegexReplace.all,
            SplitFunctions.all,
            EncodingFunctions.all,
            DisplayFunctions.all,
            JSONFunctions.all,
            ArrayFunctions.all,
            ArraySetFunctions.all,
            SequenceFunctions.all,
            CombinationFunctions.all,
            LambdaFunctions.all,
            MapFunctions.all,
            ComparisonFunctions.all,
            URLFunctions.all,
        ].flatMap { $0 },
        aggregates: AggregateFunctions.all,
        windows: WindowFunctions.all)
}
