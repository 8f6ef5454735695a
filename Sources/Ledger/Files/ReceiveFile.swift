import Exchange
import Postgres

/// 順番を付ける: a file that is here to its last byte gets its place in the line of its party and field, waits
/// for the one before it, is known again, or is refused.
extension Records {
    /// Throws `.delivery` for a place that cannot be given; then nothing of the file is kept. One without a
    /// place is of mended rows.
    mutating func receive(_ arrived: ArrivedFile, _ parts: [FileChunk]) throws -> FileReceipt {
        if let refusal = arrived.measured.refusal {
            write([(Self.deleteChunks, [.id(arrived.file)])])
            endProtection(of: arrived.file)
            settle(arrived, as: .refused, place: nil, faults: refusal.json)
            enter(nil, outcome: Refusal.fileRefused.code, basis: arrived.basis)
            return arrived.receipt(.refused)
        }
        enter(nil, basis: arrived.basis)
        guard !arrived.announcement.isDryRun else {
            try requireNewest(arrived)
            return try keep(arrived, parts, as: .weighing, place: nil)
        }
        guard let said = arrived.announcement.place else {
            return try receiveMended(arrived, parts)
        }
        let delivery = FileDelivery(digest: arrived.hexDigest, place: said)
        let line = try line(of: arrived.measured.layout.field)
        var order = DeliveryLine(
            applied: line.placed.compactMap(\.delivery), held: line.held.compactMap(\.delivery))
        let awaited = order.awaited(by: delivery)
        let (decision, ready) = order.take(delivery)
        switch decision {
        case .refuse(let fault): throw Refusal.delivery(fault)
        case .duplicate:
            guard let first = line.all.last(where: { $0.delivery == delivery }) else {
                throw Refusal.delivery(.unclear)
            }
            write([(Self.deleteFile, [.id(arrived.file)])])
            return arrived.receipt(
                first.state, as: first.file, awaiting: first.state == .held ? awaited : nil)
        case .hold:
            try requireNewest(arrived)
            return try keep(arrived, parts, as: .held, place: nil, awaiting: awaited)
        case .apply:
            try requireNewest(arrived)
            let place = line.placed.count + 1
            // Those that waited for it follow, in the order of the line.
            for (index, delivery) in ready.dropFirst().enumerated() {
                guard let next = line.held.first(where: { $0.delivery == delivery }) else {
                    continue
                }
                write([(Self.placeHeld, [.id(next.file), .int(place + 1 + index)])])
            }
            let state: FileRow.State = arrived.isWeighedFirst ? .weighing : .applying
            return try keep(arrived, parts, as: state, place: place)
        }
    }

    /// 直した行: each names the file that it stood in, so they need no number of the sender's own: they follow
    /// whatever has a place by now. The same bytes again are known again.
    private mutating func receiveMended(_ arrived: ArrivedFile, _ parts: [FileChunk]) throws
        -> FileReceipt
    {
        let line = try line(of: arrived.measured.layout.field)
        let first = line.placed.last {
            $0.delivery == nil && $0.digest == arrived.hexDigest && $0.state != .withdrawn
        }
        if let first {
            write([(Self.deleteFile, [.id(arrived.file)])])
            return arrived.receipt(first.state, as: first.file)
        }
        let state: FileRow.State = arrived.isWeighedFirst ? .weighing : .applying
        return try keep(arrived, parts, as: state, place: line.placed.count + 1)
    }

    /// 前の時点の全件: one that is as of before another of the line would end, and put back, what that one said
    /// since. Throws `.delivery`.
    private mutating func requireNewest(_ arrived: ArrivedFile) throws {
        let (layout, isMending) = (arrived.measured.layout, arrived.measured.isMending)
        guard let asOf = arrived.announcement.asOf,
            layout.endsWhatIsMissing(isMending: isMending)
        else { return }
        let key: [Value] = [.text(caller.party.key), .text(layout.code), .time(asOf)]
        guard try !transaction.query(Self.selectLaterList, key)[0].bool(0) else {
            throw Refusal.delivery(.asOfBehind)
        }
    }

    private mutating func keep(
        _ arrived: ArrivedFile, _ parts: [FileChunk], as state: FileRow.State, place: Int?,
        awaiting awaited: AwaitedFile? = nil
    ) throws -> FileReceipt {
        let protected = try keep(
            parts, asOfTheirFiles: arrived.hasTheirMoment, protecting: arrived.protecting)
        if arrived.protecting != nil, arrived.measured.isProtective {
            try beginProtection(of: arrived.file, protected)
        }
        settle(arrived, as: state, place: place)
        return arrived.receipt(state, awaiting: awaited)
    }

    private struct Line {
        struct File {
            let file: RecordID
            let state: FileRow.State
            let digest: String
            /// `nil` for mended rows without a place of their own.
            let delivery: FileDelivery?
        }

        var placed: [File] = []
        var held: [File] = []
        var all: [File] { placed + held }
    }

    /// Two files of one line are given their places one after the other.
    private mutating func line(of field: String) throws -> Line {
        let key: [Value] = [.text(caller.party.key), .text(field)]
        // Two statements: what is read must be younger than the lock.
        let rows = try transaction.pipeline([(Self.lockLine, key), (Self.selectLine, key)])[1]
        var line = Line()
        for index in 0..<rows.count {
            let row = rows[index]
            let digest = Hexadecimal.text(try row.bytes(2))
            let place: FileDelivery.Place =
                try row.optionalInt(3).map { .sequence($0) }
                ?? .following(row.optionalBytes(4).map(Hexadecimal.text))
            let file = Line.File(
                file: try row.uuid(0).record, state: try FileRow.state(row, 1), digest: digest,
                delivery: try row.bool(5) ? nil : FileDelivery(digest: digest, place: place))
            if file.state == .held { line.held.append(file) } else { line.placed.append(file) }
        }
        return line
    }

    private mutating func settle(
        _ arrived: ArrivedFile, as state: FileRow.State, place: Int?, faults: String? = nil
    ) {
        let measured = arrived.measured
        write([
            (
                Self.settleFile,
                [
                    .id(arrived.file), .text(state.rawValue), .orNull(place),
                    .bytes(arrived.digest), .int(measured.byteCount),
                    .text(measured.encoding.rawValue), .bool(measured.isMending),
                    .int(measured.rows), .orNull(json: faults), .bool(measured.unnamed.count > 0),
                    .bool(arrived.isWeighedFirst), .time(state.isOver ? now : nil),
                    .int(measured.unnamed.count), .ints(measured.unnamed.lines),
                    .bool(arrived.announcement.place == nil && !arrived.announcement.isDryRun),
                ]
            )
        ])
    }

    private static let lockLine = Statement(
        "select pg_advisory_xact_lock(hashtextextended('files of ' || $1 || '/' || $2, 0))::text")

    private static let selectLine = Statement(
        """
        select file, state, digest, sequence, follows, is_beside_line from office.file
        where party = $1 and field = $2 and not is_dry_run and (place is not null or state = 'held')
        order by place, received_at
        """)

    /// One that was withdrawn said something only where its rows were applied.
    private static let selectLaterList = Statement(
        """
        select exists (
            select 1 from office.file f
            where f.party = $1 and f.layout = $2 and not f.is_dry_run and not f.is_mending
                and f.place is not null and (f.state <> 'withdrawn' or f.asks_for_ends)
                and coalesce(f.as_of, f.received_at) > $3)
        """)

    private static let deleteChunks = Statement("delete from office.file_chunk where file = $1")
    private static let deleteFile = Statement("delete from office.file where file = $1")

    private static let placeHeld = Statement(
        """
        update office.file set place = $2, advanced_at = clock_timestamp(),
            state = case when is_weighed_first then 'weighing' else 'applying' end
        where file = $1
        """)

    private static let settleFile = Statement(
        """
        update office.file set state = $2, place = $3, digest = $4, bytes = $5, encoding = $6,
            is_mending = $7, rows = $8, faults = $9, has_unnamed_rows = $10, is_weighed_first = $11,
            effect = $4, finished_at = $12, advanced_at = clock_timestamp(),
            unnamed_rows = $13, unnamed_lines = $14, is_beside_line = $15,
            chunks = (select count(*) from office.file_chunk c where c.file = $1)
        where file = $1
        """)
}

extension ArrivedFile {
    fileprivate func receipt(
        _ state: FileRow.State, as first: RecordID? = nil, awaiting awaited: AwaitedFile? = nil
    ) -> FileReceipt {
        FileReceipt(
            file: first ?? file, state: state, isDryRun: announcement.isDryRun,
            place: announcement.place, awaited: awaited,
            received: ReceivedFile(
                file: (first ?? file).text, byteCount: measured.byteCount,
                digest: Hexadecimal.text(digest), layout: measured.layout,
                encoding: measured.encoding, isMending: measured.isMending,
                duplicateOf: first?.text),
            rows: measured.rows, refusal: measured.refusal)
    }

    /// A file that cannot need a second person's look is applied at once.
    fileprivate var isWeighedFirst: Bool {
        measured.rows > measured.layout.confirmation.rowsWithoutQuestion
            || measured.layout.endsWhatIsMissing(isMending: measured.isMending)
            || measured.layout.mayMergeRecords
    }
}

extension FileRefusal {
    fileprivate var json: String {
        var writer = JSONWriter()
        writer.beginArray()
        for fault in faults { fault.write(into: &writer) }
        writer.endArray()
        return writer.text
    }
}
