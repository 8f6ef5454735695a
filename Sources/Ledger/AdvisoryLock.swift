import Exchange
import Postgres

/// 助言ロック: every number that one of our statements locks, so that no two of them share one. They
/// save work or put equals in a row; what they guard is held by constraints all the same, but for
/// `relations(of:)`, which alone holds back an acknowledgement, and `years(of:)`.
enum AdvisoryLock: Int {
    /// Gateways that start at once migrate one after the other.
    case migration = 7_461_746_972
    /// Written out in `0002_access.sql`: partitions are made one after the other.
    case partitions = 7_461_746_973
    /// One sealer works at a time.
    case sealer = 7_461_746_974
    /// Two verdicts on one row come one after the other.
    case reviews = 7_461_746_975
    /// A month's figures are counted once.
    case coverage = 7_461_746_979
    /// Reports of reactions get their places among all of the nation.
    case reactions = 7_461_746_980

    /// What is recorded of one person's vaccinations comes one after the other, so that of two
    /// clinics' words on one dose the later sees the earlier. Persons' keys begin with a second of
    /// this age or at random: none is a number above.
    static func vaccinations(of person: PersonKey) -> Int { Int(truncatingIfNeeded: person.high) }

    /// The same of one person's checkups: two clinics' reports, the tickets they use, and what reports and
    /// answers to questionnaires ask of a municipality. Whoever takes both takes this one last.
    static func checkups(of person: PersonKey) -> Int { Int(truncatingIfNeeded: person.low) }

    /// Visits of one person that are opened without a card: the second of two equal requests finds the
    /// first.
    static func visits(of person: PersonKey) -> Int {
        Int(truncatingIfNeeded: person.high &+ person.low)
    }

    /// Two institutions with one sheet: the second sees the first. A hash is none of the numbers above.
    static func paperForm(_ hash: [UInt8]) -> Int {
        hash.prefix(8).reduce(0) { $0 << 8 | Int($1) }
    }

    /// Who may act for one person: whoever acts shares it until the entry is durable, so that when a
    /// relation was taken away nothing is answered by it any more.
    ///
    /// One of 1,024 numbers: a file of 10,000 residents waits for no more, which PostgreSQL has room
    /// for; that two residents share one costs a wait.
    static func relations(of person: PersonKey) -> Int {
        7_461_750_000 + Int(truncatingIfNeeded: (person.high ^ person.low) & 1023)
    }

    /// What is told of one person's life comes one after the other, and whoever registers them meanwhile
    /// shares it: one of 1,024 numbers, as above.
    static func moves(of person: PersonKey) -> Int {
        7_461_760_000 + Int(truncatingIfNeeded: (person.high ^ person.low) & 1023)
    }

    /// 統合の列: whoever records something of a person shares it, and a merge of their records takes it alone,
    /// always after their moves. A lane of its own, so that no counter waits for a body of ordinary life
    /// events. Written out as `exchange.merges_lock`.
    static func merges(of person: PersonKey) -> Int {
        7_461_770_000 + Int(truncatingIfNeeded: (person.high ^ person.low) & 1023)
    }

    /// 年間上限の列: bills that say a class and voids of one person come one after the other, before the row of
    /// a year and whether or not there is one yet. A number for each person: a batch of bills is no file, and
    /// two batches of different people must not wait for each other.
    static func years(of person: PersonKey) -> Int {
        Int(truncatingIfNeeded: person.high &- person.low)
    }

    static let share = Statement("select pg_advisory_xact_lock_shared($1)")

    /// Waits for its turn; what was committed by whoever was before is seen by the next statement.
    static let wait = Statement("select pg_advisory_xact_lock($1)")

    /// Waits until nobody acts for any of these residents, in one order for everybody.
    static func waiting(forRelationsOf residents: Set<PersonKey>) -> (Statement, [Value]) {
        (waitForAll, [.ints(Set(residents.map { relations(of: $0) }).sorted())])
    }

    /// The numbers of these residents' moves, in one order for everybody.
    static func moves(of residents: some Sequence<PersonKey>) -> [Value] {
        [.ints(Set(residents.map { moves(of: $0) }).sorted())]
    }

    /// Waits until nobody writes under any of these records, in one order for everybody.
    static func waiting(forMergesOf records: Set<PersonKey>) -> (Statement, [Value]) {
        (waitForAll, [.ints(Set(records.map { merges(of: $0) }).sorted())])
    }

    /// From now on until the commit no record is merged with these, or parted from them: what is decided from
    /// all of a person's records stays decided from all of them. Those that they absorbed are shared with
    /// them, in the order in which a merge waits: who wrote under one of them later would wait in a ring.
    static func sharing(mergesOf persons: Set<PersonKey>) -> (Statement, [Value]) {
        (shareMerges, [.uuids(persons.map { UUIDBytes($0) })])
    }

    /// Waits for the turn of these people's years, in one order for everybody.
    static func waiting(forYearsOf persons: Set<PersonKey>) -> (Statement, [Value]) {
        (waitForAll, [.ints(Set(persons.map { years(of: $0) }).sorted())])
    }

    /// In the order in which they are given.
    static let waitForAll = Statement(
        "select pg_advisory_xact_lock(number) from unnest($1::bigint[]) as number")

    static let shareAll = Statement(
        "select pg_advisory_xact_lock_shared(number) from unnest($1::bigint[]) as number")

    private static let shareMerges = Statement(
        """
        select pg_advisory_xact_lock_shared(number) from (
            select distinct exchange.merges_lock(r.record) as number
            from \(Survivors.recordsOfAsked("$1")) r order by 1) locks
        """)
}
