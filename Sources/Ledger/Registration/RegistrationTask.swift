package import Exchange
import Postgres

/// 登録タスク: what a sender handed over, accepted once per idempotency key.
package struct RegistrationRequest: Sendable {
    /// Which kind of registration: `medical-subsidy`, `cards`, …
    package let field: String
    package let idempotencyKey: String
    /// SHA-256 of the body: the same key with another body is refused.
    package let bodyDigest: [UInt8]
    /// The body's statements in this field are as of now once this is applied. A part of a file says nothing
    /// of that: the file does when it is through.
    let refreshes: StatementField?
    let isPartOfFile: Bool
    /// Rows the reader refused before any record was touched.
    package let refused: [RowOutcome]
    package let rowsTotal: Int

    package init(
        field: String, idempotencyKey: String, bodyDigest: [UInt8], refused: [RowOutcome],
        rowsTotal: Int, isPartOfFile: Bool = false
    ) {
        self.field = field
        self.isPartOfFile = isPartOfFile
        refreshes = isPartOfFile ? nil : StatementField(registration: field)
        self.idempotencyKey = idempotencyKey
        self.bodyDigest = bodyDigest
        self.refused = refused
        self.rowsTotal = rowsTotal
    }
}

/// 行ごとの結果.
package struct RowOutcome: Sendable {
    package enum Kind: String, Sendable {
        case applied, unchanged
        case underReview = "under-review"
        case refused
    }

    /// Counted from 1, as the sender counts.
    package let line: Int
    package let kind: Kind
    package let findings: [RowFinding]
    /// The version that stood before the row and that it speaks of; `nil`: it adds something.
    let standing: Int?
    /// It takes away what stood.
    let isEnd: Bool
    /// 一人ではしないこと: a file with such a row waits for a second person.
    let needsSecondPerson: Bool
    /// 変わる項目, by their names, where they are known.
    var changed: [String] = []

    package init(
        line: Int, kind: Kind, findings: [RowFinding], standing: Int? = nil, isEnd: Bool = false,
        needsSecondPerson: Bool = false
    ) {
        self.line = line
        self.kind = kind
        self.findings = findings
        self.standing = standing
        self.isEnd = isEnd && standing != nil
        self.needsSecondPerson = needsSecondPerson
    }
}

extension RowFinding {
    /// 登録のないものの取消し: told of a row that takes back what its sender never said. It is kept all the same:
    /// it is the newer word.
    static func takingBackNothing(_ isSo: Bool, index: Int, item: String) -> [RowFinding] {
        isSo ? [RowFinding(index: index, item: item, code: .nothingStands)] : []
    }
}

/// What the sender is told of a task; the same whenever it asks.
package struct RegistrationReceipt: Sendable {
    package let task: RecordID
    package let receivedAt: Instant
    package let rows: Int
    package let counts: [RowOutcome.Kind: Int]
    package let isRepeat: Bool
    /// What was decided now, row by row; nothing when the task is of before.
    var outcomes: [RowOutcome] = []
}

/// A receipt with the rows that have something to say, each as stored JSON.
package struct RegistrationReport: Sendable {
    package let receipt: RegistrationReceipt
    package let results: [(line: Int, outcome: String, findings: String)]
}

/// The party sent another registration of the same field, and it is being applied: nothing was read.
struct TaskUnderWay: Error {}

extension Records {
    /// One registration of a party and field at a time. Throws `TaskUnderWay` while another is: a
    /// connection that waited here would be missing to every other office.
    mutating func beginTask(_ request: RegistrationRequest) throws -> RegistrationReceipt? {
        let key: [Value] = [.text(caller.party.key), .text(request.field)]
        guard try transaction.query(Self.tryLockField, key)[0].bool(0) else { throw TaskUnderWay() }
        // A statement of its own: its snapshot must be younger than the lock.
        let rows = try transaction.query(
            Self.selectTaskByKey, key + [.text(request.idempotencyKey)])
        guard rows.count == 1 else { return nil }
        guard try rows[0].bytes(7) == request.bodyDigest else {
            throw Refusal.idempotencyKeyReused
        }
        enter(nil)
        return try RegistrationReceipt(rows[0], isRepeat: true)
    }

    /// Until the end of this access no file says anything of the party's entitlements. A step of one that is
    /// under way is waited for, some 30 ms; who waits comes before its next step.
    mutating func shareEntitlements() throws {
        try transaction.run(Self.shareEntitlements, [.text(caller.party.key)])
    }

    /// ファイルの番: until the end of this access the party registers no entitlements by the API. Throws
    /// `TaskUnderWay` while it does.
    mutating func holdEntitlements() throws {
        let key: [Value] = [.text(caller.party.key)]
        guard try transaction.query(Self.tryHoldEntitlements, key)[0].bool(0) else {
            throw TaskUnderWay()
        }
    }

    /// Writes what was decided, in one round trip with the entries and the commit: the task, what it
    /// `applies`, and what its rows are told. Until then nothing is written and no lock held that
    /// others, the sealer among them, would wait for.
    mutating func endTask(
        _ request: RegistrationRequest, _ outcomes: [RowOutcome],
        applying applies: (_ task: RecordID) -> [(Statement, [Value])]
    ) -> RegistrationReceipt {
        let all = outcomes + request.refused
        let counts = Dictionary(all.map { ($0.kind, 1) }, uniquingKeysWith: +)
        let task = RecordID.timeOrdered()
        let telling = all.filter { $0.kind != .applied || !$0.findings.isEmpty }
        // The task's row comes first, because every row it applies refers to it.
        write([
            (
                Self.insertTaskRow,
                [
                    .id(task), .text(caller.party.key), .text(request.field),
                    .text(request.idempotencyKey), .bytes(request.bodyDigest), .time(now),
                    .int(request.rowsTotal), .int(counts[.applied] ?? 0),
                    .int(counts[.unchanged] ?? 0), .int(counts[.underReview] ?? 0),
                    .int(counts[.refused] ?? 0),
                ]
            )
        ])
        write(applies(task))
        write([
            (
                Self.insertResults,
                [
                    .id(task), .ints(telling.map(\.line)), .texts(telling.map(\.kind.rawValue)),
                    .texts(telling.map { Self.json($0.findings) }),
                ]
            )
        ])
        // Fresh is what was taken: a feed of which every row is refused goes stale.
        if let field = request.refreshes, !outcomes.allSatisfy({ $0.kind == .refused }) {
            refresh(field)
        }
        return RegistrationReceipt(
            task: task, receivedAt: now, rows: request.rowsTotal, counts: counts, isRepeat: false,
            outcomes: all)
    }

    /// A task of this party, of a registration that is read for this purpose. Throws `.taskUnknown` for
    /// any other in the same words as for none.
    package mutating func registrationReport(_ task: RecordID) throws -> RegistrationReport {
        let rows = try transaction.pipeline([
            (
                Self.selectTask,
                [.id(task), .text(caller.party.key), .texts(purpose.registrationsRead)]
            ),
            (Self.selectResults, [.id(task)]),
        ])
        guard rows[0].count == 1 else { throw Refusal.taskUnknown }
        enter(nil)
        return RegistrationReport(
            receipt: try RegistrationReceipt(rows[0][0], isRepeat: true),
            results: try rows[1].map { (try $0.int(0), try $0.text(1), try $0.text(2)) })
    }

    private static func json(_ findings: [RowFinding]) -> String {
        var writer = JSONWriter()
        writer.beginArray()
        for finding in findings { finding.write(into: &writer) }
        writer.endArray()
        return writer.text
    }

    private static let tryLockField = Statement(
        "select pg_try_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))")

    private static let shareEntitlements = Statement(
        """
        select pg_advisory_xact_lock_shared(hashtextextended('entitlements of ' || $1, 0))::text
        """)

    private static let tryHoldEntitlements = Statement(
        "select pg_try_advisory_xact_lock(hashtextextended('entitlements of ' || $1, 0))")

    private static let taskColumns = """
        task, received_at, rows, rows_applied, rows_unchanged, rows_under_review, rows_refused, body_digest
        """

    private static let selectTaskByKey = Statement(
        """
        select \(taskColumns) from exchange.registration_task
        where party = $1 and field = $2 and idempotency_key = $3
        """)

    private static let selectTask = Statement(
        """
        select \(taskColumns) from exchange.registration_task
        where task = $1 and party = $2 and field = any ($3)
        """)

    private static let selectResults = Statement(
        """
        select line::bigint, outcome, findings::text from exchange.registration_result
        where task = $1 order by line
        """)

    private static let insertTaskRow = Statement(
        """
        insert into exchange.registration_task (task, party, field, idempotency_key, body_digest, received_at,
            rows, rows_applied, rows_unchanged, rows_under_review, rows_refused)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """)

    private static let insertResults = Statement(
        """
        insert into exchange.registration_result (task, line, outcome, findings)
        select $1, line, outcome, findings::jsonb
        from unnest($2::bigint[], $3::text[], $4::text[]) as r(line, outcome, findings)
        """)
}

extension Purpose {
    /// 読める登録: whose tasks are read for this purpose, those of a file's parts among them. A registration that
    /// is not named here is read by nobody; what is sensitive is not even there for who reads the others.
    fileprivate var registrationsRead: [String] {
        switch self {
        case .readRegistration:
            [
                "medical-subsidy", "medical-subsidy-history", "municipal-checkup", "guardianship",
                "life-event", "immunization", "maternal-health", "mass-checkups",
                "checkup-tickets", "schemes", "seasons", "immunization-prices", "maternal-prices",
                "past-doses",
            ]
        case .readSensitiveRegistration: ["sensitive-mass-checkups"]
        case .feedCards: ["cards"]
        default: []
        }
    }
}

extension RegistrationReceipt {
    fileprivate init(_ row: Row, isRepeat: Bool) throws {
        self.init(
            task: try row.uuid(0).record, receivedAt: Instant(microseconds: try row.instant(1)),
            rows: try row.int(2),
            counts: [
                .applied: try row.int(3), .unchanged: try row.int(4),
                .underReview: try row.int(5), .refused: try row.int(6),
            ], isRepeat: isRepeat)
    }
}
