// swift-tools-version: 6.2
import PackageDescription

/// The table of DESIGN.md §5: who may import whom. TidyTests hold every file's imports to it.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// 入力の探索: `make torture` alone sets this, to the archive of libFuzzer without a `main`; then what reads
/// strangers' bytes is built to be explored by it.
let libFuzzer = Context.environment["TSUNAGI_FUZZING"]
let explored: [SwiftSetting] =
    libFuzzer == nil ? strict : strict + [.unsafeFlags(["-sanitize=fuzzer"])]
let fuzzer: [Target] =
    libFuzzer.map { archive in
        [
            .executableTarget(
                name: "tsunagi-fuzz", dependencies: ["Exchange", "Trust"], path: "Tests/Fuzz",
                exclude: ["run", "torture"],
                swiftSettings: explored + [.unsafeFlags(["-parse-as-library"])],
                linkerSettings: [.unsafeFlags([archive]), .linkedLibrary("stdc++")])
        ]
    } ?? []

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle: Target.Dependency = .product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let configuration: Target.Dependency = .product(
    name: "Configuration", package: "swift-configuration")
let arguments: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "tsunagi",
    products: [
        .executable(name: "tsunagi", targets: ["tsunagi"]),
        .executable(name: "tsunagi-load", targets: ["tsunagi-load"]),
    ],
    dependencies: [
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    ],
    targets: [
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "Postgres", dependencies: ["CPostgres", logging], swiftSettings: strict),
        .target(name: "Exchange", swiftSettings: explored),
        .target(
            name: "Trust",
            dependencies: ["Exchange", crypto, cryptoExtras, x509, asn1, logging],
            swiftSettings: explored),
        .target(
            name: "Ledger",
            dependencies: ["Exchange", "Postgres", crypto, logging, metrics],
            resources: [.embedInCode("Migrations")],
            swiftSettings: strict),
        .target(
            name: "Gateway",
            dependencies: [
                "Exchange", "Ledger", "Trust", hummingbird, hummingbirdCore, nioCore, nioPosix,
                nioHTTP1, nioTLS, nioSSL, crypto, lifecycle, logging, metrics,
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "tsunagi",
            dependencies: [
                "Exchange", "Postgres", "Ledger", "Trust", "Gateway", arguments, configuration,
                lifecycle, crypto, logging, metrics, nioCore, nioPosix,
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "tsunagi-load",
            dependencies: [arguments, nioCore, nioPosix, nioHTTP1, nioSSL],
            path: "Sources/tsunagi-load",
            swiftSettings: strict),
        .target(
            name: "TestSupport",
            dependencies: [
                "Exchange", "Postgres", "Ledger", "Trust", "Gateway", nioCore, nioPosix, nioHTTP1,
                nioSSL, lifecycle, logging,
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(
            name: "ExchangeTests", dependencies: ["Exchange", "Postgres", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "PostgresTests", dependencies: ["Postgres", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "TrustTests",
            dependencies: ["Trust", "Postgres", x509, asn1, crypto, cryptoExtras],
            swiftSettings: strict),
        .testTarget(
            name: "LedgerTests",
            dependencies: [
                "Exchange", "Ledger", "Postgres", "Trust", "TestSupport", "tsunagi", crypto,
                logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Exchange", "Gateway", "Ledger", "Postgres", "Trust", "TestSupport", "tsunagi",
                crypto,
                hummingbird, lifecycle, logging, nioCore, nioSSL,
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ConformanceTests", dependencies: ["Exchange", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ] + fuzzer
)
