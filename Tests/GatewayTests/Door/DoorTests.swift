import Testing

/// What the compiler itself refuses: a handler that reaches data in any way but through an access. That a
/// handler cannot import Postgres is TidyTests' to hold, since SwiftPM lets it.
@Suite struct DoorTests {
    struct Handler: Sendable, CustomTestStringConvertible {
        let name: String
        let code: String
        /// Part of the sentence with which it is refused, so that it is not refused for another reason.
        let refusal: String

        var testDescription: String { name }
    }

    @Test func `a handler that reads inside its access compiles`() async throws {
        for code in [Self.reads, Self.readsFromVisit] {
            let verdict = try await Compiler.verdict(on: Self.imports + code)
            #expect(verdict.errors == [])
            #expect(verdict.accepts)
        }
    }

    @Test(arguments: handlers)
    func `a handler that goes around the access does not compile`(handler: Handler)
        async throws
    {
        let verdict = try await Compiler.verdict(on: Self.imports + handler.code)
        #expect(!verdict.accepts)
        #expect(
            verdict.errors.contains { $0.contains(handler.refusal) },
            "refused, but with: \(verdict.errors)")
    }

    private static let imports = """
        import Exchange
        import Ledger

        """

    private static let reads = """
        func handler(_ ledger: Ledger, _ caller: Caller, _ purpose: Purpose) async throws -> Instant {
            try await ledger.access(caller, purpose) { (records: inout Records) in records.now }
        }
        """

    private static let readsFromVisit = """
        func handler(
            _ ledger: Ledger, _ caller: Caller, _ purpose: Purpose, _ visit: RecordID
        ) async throws -> Answered {
            try await ledger.access(caller, purpose, visit: visit) { (records: borrowing VisitRecords) in
                Answered(body: Array(records.now.text.utf8), basis: "")
            }
        }
        """

    private static let handlers = [
        Handler(
            name: "makes records of its own",
            code: "func handler() -> Instant { Records().now }",
            refusal: "'Records' initializer is inaccessible"),
        Handler(
            name: "makes a visit's records of its own",
            code: "func handler() -> Instant { VisitRecords().now }",
            refusal: "'VisitRecords' initializer is inaccessible"),
        Handler(
            name: "takes the database from the ledger",
            code: "func handler(_ ledger: Ledger) async { _ = ledger.gateway }",
            refusal: "'gateway' is inaccessible due to 'internal' protection level"),
        Handler(
            name: "takes the transaction from the records",
            code: "func handler(_ records: inout Records) { _ = records.transaction }",
            refusal: "'transaction' is inaccessible due to 'internal' protection level"),
        Handler(
            name: "keeps records in a value",
            code: "struct Kept: Sendable { let records: Records }",
            refusal: "has non-Copyable type 'Records'"),
        Handler(
            name: "gives records away",
            code: """
                func keep(_ records: consuming Records) {}
                func handler(_ ledger: Ledger, _ caller: Caller, _ purpose: Purpose) async throws {
                    try await ledger.access(caller, purpose) { (records: inout Records) in keep(records) }
                }
                """,
            refusal: "missing reinitialization of inout parameter 'records' after consume"),
        Handler(
            name: "copies records",
            code: """
                func handler(_ ledger: Ledger, _ caller: Caller, _ purpose: Purpose) async throws {
                    _ = try await ledger.access(caller, purpose) { (records: inout Records) -> Instant in
                        let second = records
                        return records.now
                    }
                }
                """,
            refusal: "'records' used after consume"),
        Handler(
            name: "answers with records",
            code: """
                func handler(_ ledger: Ledger, _ caller: Caller, _ purpose: Purpose) async throws {
                    let kept: Records = try await ledger.access(caller, purpose) { records in records }
                }
                """,
            refusal: "requires that 'Records' conform to 'Copyable'"),
        Handler(
            name: "reads later",
            code: """
                func handler(
                    _ ledger: Ledger, _ caller: Caller, _ purpose: Purpose
                ) async throws -> @Sendable () -> Instant {
                    try await ledger.access(caller, purpose) { records in { records.now } }
                }
                """,
            refusal: "mutable capture of 'inout' parameter 'records' is not allowed"),
        Handler(
            name: "keeps a visit's records",
            code: """
                func keep(_ records: consuming VisitRecords) {}
                func handler(
                    _ ledger: Ledger, _ caller: Caller, _ purpose: Purpose, _ visit: RecordID
                ) async throws -> Answered {
                    try await ledger.access(caller, purpose, visit: visit) {
                        (records: borrowing VisitRecords) in
                        keep(records)
                        return Answered(body: [], basis: "")
                    }
                }
                """,
            refusal: "'records' is borrowed and cannot be consumed"),
        Handler(
            name: "reads a visit later",
            code: """
                func handler(
                    _ ledger: Ledger, _ caller: Caller, _ purpose: Purpose, _ visit: RecordID
                ) async throws {
                    _ = try await ledger.access(caller, purpose, visit: visit) {
                        (records: borrowing VisitRecords) in
                        Task { print(records.now) }
                        return Answered(body: [], basis: "")
                    }
                }
                """,
            refusal: "cannot be captured by an escaping closure since it is a borrowed parameter"),
    ]
}
