import Crypto
package import Exchange
import Postgres
import Synchronization

/// 届け: what the sender says of a file beside its bytes.
package struct FileAnnouncement: Sendable {
    /// 順番: by the sequence number or the digest of the file before. Mended rows need none, nor does a file
    /// that only looks.
    package let place: FileDelivery.Place?
    package let said: AnnouncedFile
    /// Compare and tell, and apply nothing. It takes no place.
    package let isDryRun: Bool
    /// 全件の時点: as of when a whole list is; without it, of the moment in which it was received.
    package let asOf: Instant?
    /// SHA-256 of the sender's certificate, where it came with one.
    package let certificate: [UInt8]?

    package init(
        place: FileDelivery.Place?, said: AnnouncedFile, isDryRun: Bool, asOf: Instant? = nil,
        certificate: [UInt8]?
    ) {
        self.place = place
        self.said = said
        self.isDryRun = isDryRun
        self.asOf = asOf
        self.certificate = certificate
    }
}

/// 受領証: the first of the two acknowledgements.
package struct FileReceipt: Sendable {
    /// Of a duplicate, the one that came first: nothing is kept of this sending.
    package let file: RecordID
    package let state: FileRow.State
    package let isDryRun: Bool
    package let place: FileDelivery.Place?
    /// What a file that is held waits for.
    package let awaited: AwaitedFile?
    package let received: ReceivedFile
    package let rows: Int
    /// Why the file was refused as a whole.
    package let refusal: FileRefusal?
}

/// 受付: one file while it arrives. Its rows are kept part by part, each with an entry, so that memory
/// does not grow with it; until `finish` returns it is nobody's file, and what a crash leaves of it
/// is swept away.
package final class FileReception: Sendable {
    private struct State {
        var intake: FileIntake
        var blocks = 0
        /// What the last block gave: an access that runs again meets it again.
        var parts: [FileChunk] = []
        var end: (parts: [FileChunk], digest: [UInt8])?

        mutating func parts(of block: [UInt8], _ number: Int) -> [FileChunk] {
            if blocks < number {
                parts = intake.take(block)
                blocks = number
            }
            return parts
        }

        mutating func finish() -> (parts: [FileChunk], digest: [UInt8]) {
            let end = self.end ?? intake.finish()
            self.end = end
            return end
        }
    }

    private let ledger: Ledger
    private let kind: FileKind
    private let caller: Caller
    private let announcement: FileAnnouncement
    private let hashing: FileHashing
    private let state: Mutex<State>
    package let file: RecordID

    fileprivate init(
        _ ledger: Ledger, _ kind: FileKind, _ caller: Caller, _ announcement: FileAnnouncement,
        _ intake: FileIntake, _ hashing: FileHashing
    ) {
        self.ledger = ledger
        self.kind = kind
        self.caller = caller
        self.announcement = announcement
        self.hashing = hashing
        file = intake.file
        state = Mutex(State(intake: intake))
    }

    /// One block of any size after another. Read on the database's thread, because checking a block
    /// takes milliseconds in which nobody at a counter should wait.
    package func take(_ block: [UInt8]) async throws {
        let number = state.withLock { $0.blocks } + 1
        try await ledger.access(caller, kind.purpose) { [self] records in
            let parts = state.withLock { $0.parts(of: block, number) }
            try records.keep(parts, asOfTheirFiles: hasTheirMoment, protecting: protecting)
            records.enter(nil, basis: FileRow.basis(file, "parts", parts.count))
        }
    }

    /// Gives the file its place in the line. Throws `.delivery` when it can have none, and `.missing` when
    /// none was said and it is not of mended rows; a file that is refused as a whole is kept as such, and the
    /// receipt says why.
    package func finish(as bytes: @escaping @Sendable (FileReceipt) -> [UInt8]) async throws
        -> (receipt: FileReceipt, bytes: [UInt8])
    {
        try requirePlace()
        let answer = try await ledger.answer(caller, kind.purpose, as: bytes) { [self] records in
            let (end, intake) = state.withLock { ($0.finish(), $0.intake.measured) }
            let arrived = ArrivedFile(
                file: file, announcement: announcement, hasTheirMoment: hasTheirMoment,
                protecting: protecting, digest: end.digest, measured: intake)
            return try records.receive(arrived, end.parts)
        }
        return (answer.answer, answer.bytes)
    }

    /// What a file is, its header says: only then is it known whether it needs a place. Like any request that
    /// is not in form, one without says nothing of anybody.
    private func requirePlace() throws(Refusal) {
        guard announcement.place == nil, !announcement.isDryRun else { return }
        let measured = state.withLock { state in
            _ = state.finish()
            return state.intake.measured
        }
        guard measured.isMending || measured.refusal != nil else { throw .missing("sequence") }
    }

    /// Mended rows are as of the files that they stood in, unless their sender says otherwise.
    private var hasTheirMoment: Bool { kind.hasMoment && announcement.asOf == nil }

    /// A file that only looks protects nobody.
    private var protecting: FileHashing? { announcement.isDryRun ? nil : hashing }

    /// What was kept of a file whose end did not come.
    package func abandon() async { await ledger.forget(arriving: file) }
}

extension Ledger {
    /// Begins to take a file of `caller`. Throws `.rulesUnknown` where no such layout is in force, and
    /// `.delivery` for a list of a moment that is still to come.
    package func receiveFile(
        _ kind: FileKind, _ announcement: FileAnnouncement, from caller: Caller,
        hashing: FileHashing
    ) async throws -> FileReception {
        let rules = try rules.current()
        let intake = try await access(caller, kind.purpose) { records in
            if let asOf = announcement.asOf, asOf > records.now {
                throw Refusal.delivery(.asOfAhead)
            }
            let day = records.now.dayInJapan
            guard let layout = rules.layouts.layout(kind.layout, on: day) else {
                throw Refusal.rulesUnknown
            }
            let intake = FileIntake(
                file: .timeOrdered(), layout: layout, announced: announcement.said,
                hash: hashing.number)
            records.arrive(intake, announcement, rules)
            records.enter(nil, basis: FileRow.basis(intake.file, "parts", 0))
            return intake
        }
        return FileReception(self, kind, caller, announcement, intake, hashing)
    }

    /// 掃除: files whose end did not come in six hours, or this one. The slowest sender that is not
    /// hung up on needs five for the longest file.
    func forget(arriving file: RecordID? = nil) async {
        _ = try? await office?.transaction { transaction in
            try transaction.run(Self.deleteArriving, [.id(file)])
        }
    }

    /// 控えの消去: the rows of files that were over before the days of profiles/access/retention.json, and the
    /// hashes beside them. What is told of such a file stays, but for its rows.
    package func deleteOldRows() async {
        guard let days = try? rules.current().retention?.fileDays else { return }
        _ = try? await office?.transaction { transaction in
            try transaction.run(Self.deleteRows, [.int(days)])
        }
    }

    /// A hundred files an hour are more than any municipality sends.
    private static let deleteRows = Statement(
        """
        with old as (
            select file from office.file
            where finished_at < clock_timestamp() - make_interval(days => $1)
                and rows_deleted_at is null
            order by finished_at limit 100 for no key update skip locked),
        gone as (delete from office.file_chunk c using old where c.file = old.file),
        ended as (delete from office.file_end e using old where e.file = old.file),
        planned as (delete from office.file_plan p using old where p.file = old.file)
        update office.file f set rows_deleted_at = clock_timestamp() from old where f.file = old.file
        """)

    private static let deleteArriving = Statement(
        """
        delete from office.file
        where state = 'arriving' and (file = $1
            or ($1::uuid is null and received_at < clock_timestamp() - interval '6 hours'))
        """)
}

/// What is known of a file once its last byte is there.
struct ArrivedFile {
    let file: RecordID
    let announcement: FileAnnouncement
    /// 直した行の時点: of the files in which its rows stood first.
    let hasTheirMoment: Bool
    /// The keys for whom its rows protect; `nil` of a file that only looks.
    let protecting: FileHashing?
    let digest: [UInt8]
    let measured: FileIntake.Measured

    var basis: String { FileRow.basis(file, "rows", measured.rows) }

    var hexDigest: String { Hexadecimal.text(digest) }
}

extension FileIntake {
    struct Measured: Sendable {
        let layout: Layout
        let byteCount: Int
        let encoding: TextEncoding
        let isMending: Bool
        let rows: Int
        let refusal: FileRefusal?
        let unnamed: UnnamedRows
        let isProtective: Bool
    }

    var measured: Measured {
        Measured(
            layout: layout, byteCount: byteCount, encoding: encoding, isMending: isMending,
            rows: rows, refusal: refusal, unnamed: unnamed, isProtective: isProtective)
    }
}
