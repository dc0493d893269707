import Columnar
import Foundation
import Testing

@testable import Query

/// Golden files of cases: a title line, the SQL, `----`, the expected text; cases one after the other.
///
/// `LAKE_UPDATE=1` rewrites the files with what the program says now; look at the difference before
/// committing it.
struct GoldenFile {
    struct Case {
        var title: String
        var sql: String
        var expected: String
    }

    let url: URL
    let cases: [Case]

    static func folder(_ name: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(name)
    }

    /// Names of the golden files of a folder, without their ending.
    static func names(_ folder: String, ending: String) -> [String] {
        let files = try? FileManager.default.contentsOfDirectory(
            at: Self.folder(folder), includingPropertiesForKeys: nil)
        return (files ?? []).filter { $0.pathExtension == ending }
            .map { $0.deletingPathExtension().lastPathComponent }.sorted()
    }

    init(_ name: String, in folder: String, ending: String) throws {
        url = Self.folder(folder).appendingPathComponent("\(name).\(ending)")
        var cases: [Case] = []
        var isExpected = false
        for line in try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n") {
            if line.hasPrefix("== ") {
                cases.append(Case(title: String(line.dropFirst(3)), sql: "", expected: ""))
                isExpected = false
            } else if line == "----", !cases.isEmpty {
                isExpected = true
            } else if !cases.isEmpty {
                let last = cases.count - 1
                if isExpected {
                    cases[last].expected += line + "\n"
                } else {
                    cases[last].sql += (cases[last].sql.isEmpty ? "" : "\n") + line
                }
            }
        }
        self.cases = cases
    }

    /// Compares each case with the answer, or rewrites the file.
    func check(_ answer: (String) -> String) throws {
        #expect(!cases.isEmpty)
        var text = ""
        let isUpdate = ProcessInfo.processInfo.environment["LAKE_UPDATE"] == "1"
        for one in cases {
            let actual = answer(one.sql).trimmingCharacters(in: .newlines)
            text += "== \(one.title)\n\(one.sql)\n----\n\(actual)\n\n"
            let expected = one.expected.trimmingCharacters(in: .newlines)
            if !isUpdate {
                #expect(actual == expected, "\(url.lastPathComponent): \(one.title)")
            }
        }
        if isUpdate { try text.write(to: url, atomically: true, encoding: .utf8) }
    }
}

/// Planning of one SQL text against the planning tests' catalog and functions.
enum Planning {
    static let session = SessionContext(nowMicros: 1_767_225_600_000_000, randomSeed: 1)

    static func bind(_ sql: String) throws(QueryError) -> BoundStatement {
        let binder = Binder(
            catalog: PlanCatalog(), registry: PlanFunctions.registry, session: session)
        return try binder.bind(try Parser.parse(sql))
    }

    static var optimizer: Optimizer {
        Optimizer(registry: PlanFunctions.registry, evaluate: PlanEvaluator.evaluate)
    }

    /// The bound plan and the plan after each pass that changed it; or the error in place.
    static func trace(_ sql: String) -> String {
        do throws(QueryError) {
            var bound = try bind(sql)
            bound.explain = ExplainOptions(isVerbose: true)
            return Explain.lines(bound, optimizer: optimizer).joined(separator: "\n")
        } catch {
            return SourceText(sql).render(error)
        }
    }
}

@Suite("Plans")
struct PlanGoldenTests {
    @Test(arguments: GoldenFile.names("plans", ending: "plan"))
    func plan(name: String) throws {
        try GoldenFile(name, in: "plans", ending: "plan").check(Planning.trace)
    }

    @Test func everyPassHasACaseWhereItFires() throws {
        var fired: Set<String> = []
        for name in GoldenFile.names("plans", ending: "plan") {
            for one in try GoldenFile(name, in: "plans", ending: "plan").cases {
                for pass in Optimizer.passes where one.expected.contains("-- \(pass.name)\n") {
                    fired.insert(pass.name)
                }
            }
        }
        #expect(fired == Set(Optimizer.passes.map(\.name)))
    }

    /// Optimising an optimised plan again changes nothing.
    @Test func passesReachAFixedPoint() throws {
        for name in GoldenFile.names("plans", ending: "plan") {
            for one in try GoldenFile(name, in: "plans", ending: "plan").cases {
                guard let bound = try? Planning.bind(one.sql) else { continue }
                let once = Planning.optimizer.optimize(bound.plan)
                let twice = Planning.optimizer.optimize(once)
                #expect(PlanPrinter.text(once) == PlanPrinter.text(twice), "\(name): \(one.title)")
            }
        }
    }
}

@Suite("Errors")
struct ErrorsGoldenTests {
    @Test(arguments: GoldenFile.names("errors", ending: "txt"))
    func error(name: String) throws {
        try GoldenFile(name, in: "errors", ending: "txt").check { sql in
            do throws(QueryError) {
                _ = try Planning.bind(sql)
                return "no error"
            } catch {
                return SourceText(sql).render(error)
            }
        }
    }
}
