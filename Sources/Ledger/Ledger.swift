import Crypto
package import Exchange
package import Logging
package import Postgres

/// The one door. Nothing about a resident enters or leaves except through `access`, and `access`
/// answers only after the entry for every resident whose row was disclosed is durable
/// (`synchronous_commit=on`).
///
/// A crash may leave an entry without its answer; never an answer without its entry.
package final class Ledger: Sendable {
    package struct Addresses: Sendable {
        package let gateway: Address
        /// The only role that sees hashes of individual numbers; absent where no office listener is
        /// served.
        package let office: Address?

        package init(gateway: Address, office: Address?) {
            self.gateway = gateway
            self.office = office
        }
    }

    let gateway: Pool
    let office: Pool?
    let entries: Lane<[Entry], Void>
    let checks: Lane<VisitAccess, Answered>
    let openings: Lane<VisitOpening, VisitOpening.Outcome>
    let bills: Lane<BillSettling, BillSettling.Outcome>
    let needles: Lane<NeedleCheck, [UInt8]>
    let vaccinations: Lane<VaccinationSending, VaccinationSending.Outcome>
    let checkups: Lane<CheckupSending, CheckupSending.Outcome>
    package let rules: RuleShelf
    package let parties: PartyWatch
    private let tiles = TileMemory()
    let logger: Logger

    package init(_ addresses: Addresses, limits: LedgerLimits = .standard, logger: Logger) {
        self.logger = logger
        gateway = Pool(
            addresses.gateway, limits: limits.gateway, label: "tsunagi-gateway", logger: logger)
        office = addresses.office.map {
            Pool($0, limits: limits.office, label: "tsunagi-office", logger: logger)
        }
        entries = limits.lane(
            "tsunagi-entries", addresses, logger, .readWrite, run: EntryWriter.write)
        checks = limits.lane("tsunagi-checks", addresses, logger, .snapshot, run: VisitAccess.run)
        openings = limits.lane(
            "tsunagi-openings", addresses, logger, .readWrite, run: VisitOpening.run)
        bills = limits.lane(
            "tsunagi-bills", addresses, logger, .readWrite, threads: limits.recordThreads,
            run: BillSettling.run)
        needles = limits.lane(
            "tsunagi-needles", addresses, logger, .snapshot, threads: limits.recordThreads,
            run: NeedleCheck.run)
        vaccinations = limits.lane(
            "tsunagi-vaccinations", addresses, logger, .readWrite,
            threads: limits.recordThreads, run: VaccinationSending.run)
        checkups = limits.lane(
            "tsunagi-checkups", addresses, logger, .readWrite, threads: limits.recordThreads,
            run: CheckupSending.run)
        rules = RuleShelf(gateway)
        parties = PartyWatch(gateway)
    }

    /// Refuses to serve on a database that could lose what was acknowledged, or that is of another
    /// release.
    package func prepare() async throws {
        try await requireDurability()
        try await gateway.transaction(.readOnly) { try Migrations.check(in: &$0) }
        try await refresh()
    }

    /// Asked again while serving: an operator may change a setting, for one role alone, with no restart.
    package func requireDurability() async throws {
        let names = ["fsync", "full_page_writes", "synchronous_commit"]
        for pool in [gateway, office].compactMap(\.self) {
            let settings = try await pool.settings(names)
            for name in names {
                let value = settings[name] ?? "off"
                let isRemote = name == "synchronous_commit" && value == "remote_apply"
                guard value == "on" || isRemote else {
                    throw UnsafeDatabase(setting: name, value: value)
                }
            }
        }
    }

    /// For how many seconds the oldest entry has waited for its place in the tree; 0 when none waits. Where
    /// somebody took the head away, all of them wait.
    package func unsealedSeconds() async throws -> Int {
        try await gateway.transaction(.readOnly) { transaction in
            try transaction.query(Self.selectUnsealed).first?.int(0) ?? 0
        }
    }

    /// For how many seconds an entry that has its place has waited for a checkpoint that is signed and stands
    /// outside the database; 0 when none waits. The tree grows without one: a full folder stops no entry.
    package func unsignedSeconds() async throws -> Int {
        try await gateway.transaction(.readOnly) { transaction in
            try transaction.query(Self.selectUnsigned).first?.int(0) ?? 0
        }
    }

    /// A leaf that is no entry has no time.
    private static let selectUnsigned = Statement(
        """
        select greatest(0, extract(epoch from clock_timestamp() - at))::bigint from log.position
        where position >= coalesce((select max(size) from log.checkpoint), 0) and at is not null
        order by position limit 1
        """)

    private static let selectUnsealed = Statement(
        """
        select greatest(0, extract(epoch from clock_timestamp() - at))::bigint from log.access_entry
        where xid >= coalesce((select next_xid from log.head), '0'::xid8) order by xid limit 1
        """)

    /// Once a second: rules that were loaded, parties that were suspended and certificates that were
    /// registered or removed since.
    package func refresh() async throws {
        // Parties first: rules that cannot be read must not keep a suspended party connected.
        try await parties.refresh()
        try await rules.refresh()
    }

    /// Names and numbers for metrics: how many connections work and how many callers wait for one.
    package var gauges: [(name: String, value: Int)] {
        var gauges = [
            ("tsunagi_checks_waiting", checks.waiting),
            ("tsunagi_openings_waiting", openings.waiting),
            ("tsunagi_bills_waiting", bills.waiting),
            ("tsunagi_needles_waiting", needles.waiting),
            ("tsunagi_vaccinations_waiting", vaccinations.waiting),
            ("tsunagi_checkups_waiting", checkups.waiting),
            ("tsunagi_entries_waiting", entries.waiting),
        ]
        for (zone, pool) in [("gateway", Optional(gateway)), ("office", office)] {
            guard let statistics = pool?.statistics else { continue }
            gauges.append(("tsunagi_\(zone)_connections_busy", statistics.busy))
            gauges.append(("tsunagi_\(zone)_callers_waiting", statistics.waiting))
        }
        return gauges
    }

    package func shutdown() async {
        await checks.shutdown()
        await openings.shutdown()
        await bills.shutdown()
        await needles.shutdown()
        await vaccinations.shutdown()
        await checkups.shutdown()
        await gateway.shutdown()
        await office?.shutdown()
        await entries.shutdown()
    }

    /// Reads or writes for `caller`, in one transaction with the entries that `body` makes.
    ///
    /// Throws `Refusal` after its own entry is durable and the transaction is rolled back;
    /// `PoolExhausted` when the queue is full (nothing was read); any other error when the database
    /// failed (nothing was committed). Two accesses that made the same thing at once are both
    /// answered: the later one runs again and finds it. So does one that asks for older rules which are not
    /// in memory, as often as it names others.
    package func access<Answer: Sendable>(
        _ caller: Caller, _ purpose: Purpose, reading first: FirstReading = .nothing,
        _ body: @escaping @Sendable (inout Records) throws -> Answer
    ) async throws -> Answer {
        var books: [String: RuleBook] = [:]
        var isSecondTry = false
        while true {
            do {
                return try await attempt(caller, purpose, first, body)
            } catch let error as DatabaseError where error.isWorthAnotherTry && !isSecondTry {
                isSecondTry = true
            } catch let missing as RuleShelf.NotOnShelf {
                do {
                    try await rules.fetch(missing, holding: &books)
                } catch let refusal as Refusal {
                    try await refuse(caller, purpose, refusal)
                }
            }
        }
    }

    /// As `access`, for what is answered with bytes: those that `bytes` makes of what `body` returns,
    /// whose digest goes on every entry.
    package func answer<Answer: Sendable>(
        _ caller: Caller, _ purpose: Purpose, reading first: FirstReading = .nothing,
        as bytes: @escaping @Sendable (Answer) -> [UInt8],
        _ body: @escaping @Sendable (inout Records) throws -> Answer
    ) async throws -> (answer: Answer, bytes: [UInt8]) {
        try await access(caller, purpose, reading: first) { records in
            let answer = try body(&records)
            let sent = bytes(answer)
            records.answer(sent)
            return (answer, sent)
        }
    }

    /// The same, for a long answer that `body` writes in pieces, which MUST leave one after another.
    package func answerInPieces(
        _ caller: Caller, _ purpose: Purpose, reading first: FirstReading,
        _ body: @escaping @Sendable (inout Records) throws -> [[UInt8]]
    ) async throws -> [[UInt8]] {
        try await access(caller, purpose, reading: first) { records in
            let pieces = try body(&records)
            records.answer(pieces: pieces)
            return pieces
        }
    }

    private func attempt<Answer: Sendable>(
        _ caller: Caller, _ purpose: Purpose, _ first: FirstReading,
        _ body: @escaping @Sendable (inout Records) throws -> Answer
    ) async throws -> Answer {
        guard let pool = purpose.isOfficeZone ? office : gateway else {
            let entry = Entry(id: .timeOrdered(), caller: caller, purpose: purpose)
            try await refuse(entry, .notYourPurpose)
        }
        let asked = Asked(
            caller: caller, purpose: purpose, permissions: rules.permissions, tiles: tiles)
        do {
            return try await pool.transaction { try Records.lend(&$0, asked, first, body) }
        } catch let refused as Refused {
            try await refuse(refused.entry, refused.refusal)
        }
    }

    /// Answers from a visit, sharing statements, snapshot and commit with the other visits asked for
    /// at the same moment.
    ///
    /// `body` decides from what was loaded and returns the answer's bytes, whose digest goes on the
    /// entry. The entry's id is the answer's id. `body` runs on the lane's thread, where it MUST NOT
    /// wait for anything, and once more should its batch fail. Throws as `access` above.
    package func access(
        _ caller: Caller, _ purpose: Purpose, visit: RecordID, on day: CalendarDay? = nil,
        _ body: @escaping @Sendable (borrowing VisitRecords) throws -> Answered
    ) async throws -> Answered {
        try await checks.submit(
            VisitAccess(
                caller: caller, purpose: purpose, permissions: rules.permissions, visit: visit,
                day: day, decide: body))
    }

    /// A refusal commits its entry first and is thrown after.
    private func refuse(_ entry: Entry, _ refusal: Refusal) async throws -> Never {
        var entry = entry
        entry.outcome = refusal.code
        try await entries.submit([entry])
        throw refusal
    }

    /// A refusal decided before any record was touched that still says something about someone (a
    /// card that does not verify, a token of another party): entered, then thrown.
    package func refuse(_ caller: Caller, _ purpose: Purpose, _ refusal: Refusal) async throws
        -> Never
    {
        try await refuse(Entry(id: .timeOrdered(), caller: caller, purpose: purpose), refusal)
    }

    /// 門前払い: a party that was turned away before it could ask for anything. Its entry is durable
    /// when this returns.
    package func turnAway(_ party: Party, _ refusal: Refusal) async throws {
        var entry = Entry(
            id: .timeOrdered(), caller: Caller(party: party, operatorID: nil), purpose: .connect)
        entry.outcome = refusal.code
        try await entries.submit([entry])
    }
}

/// The database would lose acknowledged entries in a crash.
package struct UnsafeDatabase: Error, CustomStringConvertible {
    let setting: String
    let value: String

    package var description: String {
        "PostgreSQL runs with \(setting)=\(value). Set it to on: the gateway does not serve without it."
    }
}

/// What a shared access answered: the bytes to send, and what they were decided from.
package struct Answered: Sendable {
    package let body: [UInt8]
    package let basis: String

    package init(body: [UInt8], basis: String) {
        self.body = body
        self.basis = basis
    }
}

extension DatabaseError {
    /// Somebody else was faster (unique violation), or both waited for each other (deadlock,
    /// serialization): nothing was kept, and the next try sees what the other one did.
    var isWorthAnotherTry: Bool {
        guard case .server(let state, constraint: _) = self else { return false }
        return ["23505", "40P01", "40001"].contains(state)
    }
}
