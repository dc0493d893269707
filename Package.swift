// swift-tools-version: 6.2
import PackageDescription

/// One list of settings for every Swift target: strict language mode, spans that borrow.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableExperimentalFeature("Lifetimes"),
]

/// Arrows: CLI → Lake → Columnar and CLI → Query → Columnar.
///
/// Lake and Query never meet.
let package = Package(
    name: "lake",
    products: [.executable(name: "lake", targets: ["CLI"])],
    targets: [
        .systemLibrary(
            name: "CZstd", path: "Sources/Columnar/C/zstd", pkgConfig: "libzstd",
            providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(
            name: "CZlib", path: "Sources/Columnar/C/zlib", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CSnappy", path: "Sources/Columnar/C/snappy", pkgConfig: "snappy",
            providers: [.apt(["libsnappy-dev"])]),
        .systemLibrary(
            name: "CBrotli", path: "Sources/Columnar/C/brotli", pkgConfig: "libbrotlienc",
            providers: [.apt(["libbrotli-dev"])]),
        .systemLibrary(
            name: "CLZ4", path: "Sources/Columnar/C/lz4", pkgConfig: "liblz4",
            providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(
            name: "CXXHash", path: "Sources/Columnar/C/xxhash", pkgConfig: "libxxhash",
            providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(
            name: "CSQLite", path: "Sources/Lake/C/sqlite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CCrypto", path: "Sources/Lake/C/crypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CPCRE2", path: "Sources/Columnar/C/pcre2", pkgConfig: "libpcre2-8",
            providers: [.apt(["libpcre2-dev"])]),
        .target(
            name: "CSimdjson", path: "Sources/Columnar/C/simdjson",
            cxxSettings: [.unsafeFlags(["-O2"])],
            linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "CKernels", path: "Sources/Columnar/C/kernels"),
        .target(
            name: "Columnar",
            dependencies: [
                "CZstd", "CZlib", "CSnappy", "CBrotli", "CLZ4", "CXXHash", "CPCRE2", "CSimdjson",
                "CKernels",
            ],
            path: "Sources/Columnar", exclude: ["C"], swiftSettings: swiftSettings),
        .target(
            name: "Query", dependencies: ["Columnar", "CKernels"],
            path: "Sources/Query", swiftSettings: swiftSettings),
        .target(
            name: "Lake",
            dependencies: ["CCrypto", "Columnar", "CSQLite", "CXXHash", "CZlib", "CZstd"],
            path: "Sources/Lake", exclude: ["C"], swiftSettings: swiftSettings),
        .executableTarget(
            name: "CLI", dependencies: ["Lake", "Query", "Columnar"],
            path: "Sources/CLI", swiftSettings: swiftSettings),
        .executableTarget(
            name: "lake-sample", dependencies: ["Columnar"], path: "Tests/Sample",
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "lake-bench", dependencies: ["CXXHash", "Columnar"], path: "Tests/Bench",
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "lake-write-bench", dependencies: ["Columnar"], path: "Tests/WriteBench",
            swiftSettings: swiftSettings),
        .testTarget(
            name: "ColumnarTests", dependencies: ["Columnar"], exclude: ["text"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "QueryTests", dependencies: ["Query", "Columnar"],
            exclude: ["slt", "plans", "errors"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "LakeTests", dependencies: ["Lake", "Columnar"], exclude: ["flatten"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "CLITests", dependencies: ["Lake", "Columnar"], exclude: ["console"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "TortureTests", dependencies: ["Lake", "Columnar"], exclude: ["surroundings.c"],
            swiftSettings: swiftSettings),
        .testTarget(name: "TidyTests", swiftSettings: swiftSettings),
    ],
    cxxLanguageStandard: .cxx17
)
