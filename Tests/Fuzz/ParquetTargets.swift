/// The targets of the Parquet reader.
let targets: [String: any FuzzTarget.Type] = [
    "footer": FooterTarget.self,
    "page-header": PageHeaderTarget.self,
    "page-index": PageIndexTarget.self,
    "values": ValuesTarget.self,
    "levels": LevelsTarget.self,
    "codecs": CodecsTarget.self,
    "file": WholeFileTarget.self,
]

/// The program's other jobs: first inputs, and the files that found inputs make; nil: it is none of them.
func runJob(_ name: String, _ words: [String]) -> CInt? {
    switch (name, words.count) {
    case ("seeds", 2): SeedFiles.write(to: words[0], from: words[1])
    case ("export", 3): FoundFile.write(target: words[0], input: words[1], to: words[2])
    default: nil
    }
}
