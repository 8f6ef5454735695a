package import Exchange
import Postgres

/// 呼び鈴: where a body wants to be told that something waits for it. What waits it asks for by itself, as the
/// party that it is.
package struct WebhookTarget: Sendable, Hashable {
    package let party: Party
    package let host: String
    package let port: Int
    package let path: String
    /// PEM.
    package let anchors: String

    package init(party: Party, host: String, port: Int, path: String, anchors: String) {
        self.party = party
        self.host = host
        self.port = port
        self.path = path
        self.anchors = anchors
    }

    static let columns = "w.party, w.host, w.port, w.path, w.anchors"

    init(_ row: Row) throws {
        self.init(
            party: try Party(key: try row.text(0)), host: try row.text(1), port: try row.int(2),
            path: try row.text(3), anchors: try row.text(4))
    }
}

/// 呼び鈴の休み: how long is waited after a failure. From the fifth on the circuit is open: one attempt a
/// quarter of an hour finds out whether the target is back.
package enum WebhookRest {
    package static let failuresUntilOpen = 5
    private static let openSeconds = 900

    /// 2, 4, 8, 16 seconds, then a quarter of an hour.
    package static func seconds(after failures: Int) -> Int {
        failures >= failuresUntilOpen ? openSeconds : 1 << max(1, failures)
    }
}

extension Ledger {
    /// Past it another gateway may ring in place of one that died while ringing.
    private static var leaseSeconds: Int { 60 }
    /// A body that was told and has not come since is told again.
    private static var reminderSeconds: Int { 3_600 }
    /// 連携の期間: a portal is rung for those who signed in there within these days.
    private static var portalDays: Int { 90 }

    /// Targets for which something is there that they were not told of, for this caller alone until the
    /// lease is over. What waits is not read: nothing of a resident leaves by it.
    package func dueWebhooks(limit: Int) async throws -> [WebhookTarget] {
        try await gateway.transaction { transaction in
            try transaction.query(
                Self.leaseWebhooks,
                [
                    .int(Self.leaseSeconds), .int(Self.reminderSeconds), .int(limit),
                    .int(Self.portalDays), .texts(DeliveryField.allCases.map(\.rawValue)),
                ]
            ).map { try WebhookTarget($0) }
        }
    }

    /// It was taken: the failures are forgotten. What came since the lease is still to be told.
    package func rang(_ party: Party) async throws {
        _ = try await gateway.transaction {
            try $0.run(Self.markRung, [.text(party.key), .int(Self.leaseSeconds)])
        }
    }

    /// It was not: returns how many attempts in a row that makes.
    package func failedToRing(_ party: Party) async throws -> Int {
        try await gateway.transaction { transaction in
            guard
                let failures = try transaction.query(
                    Self.countFailure, [.text(party.key)]
                ).first?.int(0)
            else { return 0 }
            try transaction.run(
                Self.rest, [.text(party.key), .int(WebhookRest.seconds(after: failures))])
            return failures
        }
    }

    /// Something that is no delivery: the body finds it in its statements.
    package func askToLook(_ bodies: [Party]) async throws {
        _ = try await gateway.transaction {
            try $0.run(Self.markNotice, [.texts(bodies.map(\.key))])
        }
    }

    /// 遮断: targets that are tried only now and then.
    package func openCircuits() async throws -> Int {
        try await gateway.transaction(.readOnly) {
            try $0.query(Self.countOpen, [.int(WebhookRest.failuresUntilOpen)])[0].int(0)
        }
    }

    /// A row nobody has received yet and that is newer than the last ring, or older than a reminder: one
    /// that has no place, or whose place (an export gives places as well) is beyond the last acknowledged.
    /// What a body is not entitled to is not rung for. A task is the municipality's own, sensitive or not:
    /// the ring says nothing of it.
    private static let leaseWebhooks = Statement(
        """
        update exchange.webhook w
        set not_before = now() + $1::bigint * interval '1 second'
        where w.party in (
            select due.party from exchange.webhook due
            join exchange.party p on p.party = due.party
            where due.not_before <= clock_timestamp() and p.is_opted_in and p.suspended_at is null
                and (due.notice_at > due.rung_at or exists (
                    select 1 from unnest($5::text[]) fields (field) cross join lateral (
                        (select d.made_at from exchange.delivery d
                        where d.body = p.code and d.field = fields.field and d.place is null
                        order by d.made_at desc limit 1)
                        union all
                        (select d.made_at from exchange.delivery d
                        where d.body = p.code and d.field = fields.field and d.place > coalesce((
                            select r.place from exchange.delivery_receipt r
                            where r.body = p.code and r.field = fields.field), 0)
                        order by d.place desc limit 1)) d
                    where (d.made_at > due.rung_at or due.rung_at
                            < clock_timestamp() - $2::bigint * interval '1 second')
                        and (fields.field <> 'maternal-sensitive'
                            or exists (
                                select 1 from unnest(p.designations) as d (term)
                                where split_part(term, ':', 1) = p.code
                                    and split_part(term, ':', 2) = 'sensitive-checkups'
                                    and (clock_timestamp() at time zone 'Asia/Tokyo')::date between
                                    coalesce(nullif(split_part(term, ':', 3), '')::date, '-infinity')
                                    and coalesce(nullif(split_part(term, ':', 4), '')::date, 'infinity'))))
                    or exists (\(unansweredTask))
                    or due.party like 'portal:%' and exists (
                        select 1 from exchange.notice n
                        where n.at > due.rung_at and exists (
                            select 1 from exchange.resident_token t
                            where t.person = n.person and t.party = due.party
                                and t.issued_at
                                    > clock_timestamp() - $4::bigint * interval '1 day')))
            order by due.not_before limit $3 for update of due skip locked)
        returning \(WebhookTarget.columns)
        """)

    /// 事後措置: one that was asked for since the last ring; one that is due on the day it was asked for again,
    /// as a delivery is, for a day. What was answered or handed on rings no more.
    private static let unansweredTask = """
        select 1 from exchange.follow_up f
        where f.municipality = p.code
            and f.made_at > least(due.rung_at, clock_timestamp() - interval '1 day')
            and (f.made_at > due.rung_at or (due.rung_at
                    < clock_timestamp() - $2::bigint * interval '1 second'
                and f.due_day <= (f.made_at at time zone 'Asia/Tokyo')::date))
            and not exists (
                select 1 from exchange.follow_up_answer a
                where a.person = f.person and a.follow_up = f.follow_up)
            and not exists (
                select 1 from exchange.follow_up_handover h
                where h.person = f.person and h.follow_up = f.follow_up)
        """

    /// As of the lease, which `not_before` says: a target that was registered meanwhile has none, and is rung
    /// too; one that another gateway found away meanwhile rests longer than a lease.
    private static let markRung = Statement(
        """
        update exchange.webhook
        set rung_at = least(not_before - $2::bigint * interval '1 second', clock_timestamp()),
            not_before = clock_timestamp(), failures = 0
        where party = $1
        """)

    private static let countFailure = Statement(
        "update exchange.webhook set failures = failures + 1 where party = $1 returning failures")

    private static let rest = Statement(
        """
        update exchange.webhook set not_before = clock_timestamp() + $2::bigint * interval '1 second'
        where party = $1
        """)

    private static let markNotice = Statement(
        "update exchange.webhook set notice_at = clock_timestamp() where party = any ($1)")

    private static let countOpen = Statement(
        "select count(*) from exchange.webhook where failures >= $1")
}

extension PartyRegistry {
    /// From now on the body is rung there. Returns false for an unknown party.
    package func setWebhook(_ target: WebhookTarget) async throws -> Bool {
        try await pool.transaction { transaction in
            try transaction.run(
                Statement(
                    """
                    insert into exchange.webhook (party, host, port, path, anchors)
                    select party, $2, $3, $4, $5 from exchange.party where party = $1
                    on conflict (party) do update set host = excluded.host, port = excluded.port,
                        path = excluded.path, anchors = excluded.anchors, failures = 0,
                        not_before = '-infinity', registered_at = clock_timestamp()
                    """),
                [
                    .text(target.party.key), .text(target.host), .int(target.port),
                    .text(target.path), .text(target.anchors),
                ]) == 1
        }
    }

    package func removeWebhook(of party: Party) async throws -> Bool {
        try await pool.transaction {
            try $0.run(
                Statement("delete from exchange.webhook where party = $1"), [.text(party.key)]) == 1
        }
    }
}
