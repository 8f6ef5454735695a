import Exchange
import Postgres

/// 求められた事後措置: what a report, or the answers to a questionnaire, ask of the municipality of residence. A task
/// is made once for each, however many versions ask for it.
struct AskedFollowUp {
    let rule: FollowUpRule
    let person: PersonKey
    /// The report or the answers.
    let source: RecordID
    let compartment: CheckupCompartment
    let municipality: String
    let day: CalendarDay
    let madeAt: Instant

    private var isSensitive: Bool { compartment == .sensitive || rule.isSensitive }

    static func insertion(_ tasks: [AskedFollowUp]) -> [(Statement, [Value])] {
        guard !tasks.isEmpty else { return [] }
        return [
            (
                insert,
                [
                    .uuids(tasks.map { UUIDBytes($0.person) }),
                    .uuids(tasks.map { _ in UUIDBytes(RecordID.random()) }),
                    .uuids(tasks.map { UUIDBytes($0.source) }), .texts(tasks.map(\.rule.code)),
                    .texts(tasks.map(\.municipality)),
                    .days(tasks.map { $0.rule.dueDay(after: $0.day).daysSince1970 }),
                    .bools(tasks.map(\.isSensitive)),
                    .instants(tasks.map(\.madeAt.microseconds)),
                ]
            )
        ]
    }

    private static let insert = Statement(
        """
        insert into exchange.follow_up (person, follow_up, result, code, municipality, due_day,
            is_sensitive, made_at)
        select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::date[],
            $7::bool[], $8::timestamptz[])
        on conflict (person, result, code) do nothing
        """)
}
