import Exchange
import Postgres

/// 番号から人物へ: the one place where the hash of an individual number becomes a person.
struct NumberedPersons {
    /// One for each hash that was asked about, in that order: where its record was merged, the survivor.
    let ofRows: [PersonKey]
    /// Those who were known before: about nobody else can anything be held.
    let known: [PersonKey]
    /// 番号そのものの記録: the same, as if nothing had been merged. What comes with a number and must go with it when
    /// a merge is undone is written under these: cards, and what is told of a life.
    let records: (ofRows: [PersonKey], known: [PersonKey])
    let survivors: Survivors
    /// Makes the others; to be written before anything that speaks of them.
    let steps: [(Statement, [Value])]
}

extension Records {
    /// The person of each individual number, with a new key where there was none. Office
    /// zone only: no other role can read the table.
    ///
    /// Nothing is written yet. Should another office make the same person meanwhile, this access
    /// meets it at its own insert, runs again and finds the person.
    ///
    /// Until the end of this access nobody merges them; `joining` are named by other things than numbers, and
    /// with `alone` nobody else writes under any of them either.
    mutating func persons(
        of numbers: [HashChain], joining others: [PersonKey] = [], alone: Bool = false
    ) throws -> NumberedPersons {
        let wanted = Set(numbers)
        let key = try storedVersion(of: .number, for: wanted)
        var persons = try selectPersons(wanted, key)
        let known = Array(persons.values)
        let survivors = try survivors(
            of: known + others, alone ? AdvisoryLock.waitForAll : AdvisoryLock.shareAll)
        var fresh: [(number: HashChain, person: PersonKey)] = []
        let records = numbers.map { number in
            if let person = persons[number] { return person }
            let person = PersonKey.timeOrdered()
            persons[number] = person
            fresh.append((number, person))
            return person
        }
        func numbered(_ steps: [(Statement, [Value])]) -> NumberedPersons {
            NumberedPersons(
                ofRows: records.map { survivors[$0] },
                known: Array(Set(known.map { survivors[$0] })), records: (records, known),
                survivors: survivors, steps: steps)
        }
        guard !fresh.isEmpty else { return numbered([]) }
        // In one order for everybody: two offices that register the same new people do not wait for
        // each other in a circle.
        let order = fresh.indices.map { (order: fresh[$0].number.order, place: $0) }
            .sorted { $0.order < $1.order }
        fresh = order.map { fresh[$0.place] }
        let values: [Value] = [
            .bytesArray(fresh.map { $0.number.stored(key) }),
            .uuids(fresh.map { UUIDBytes($0.person) }), .int(key.version),
        ]
        return numbered([(Self.insertPersons, [values[1]]), (Self.insertNumbers, values)])
    }

    /// Those of the numbers' persons who are known; nobody is made.
    mutating func knownPersons(of numbers: [HashChain]) throws -> [PersonKey] {
        guard !numbers.isEmpty else { return [] }
        let wanted = Set(numbers)
        let records = Array(
            try selectPersons(wanted, storedVersion(of: .number, for: wanted)).values)
        let survivors = try survivors(of: records)
        return records.map { survivors[$0] }
    }

    private mutating func selectPersons(_ numbers: Set<HashChain>, _ key: KeyVersion) throws
        -> [HashChain: PersonKey]
    {
        let stored = numbers.flatMap { number in
            key.storedHashes(of: number).map { (number: number, hash: $0) }
        }
        let rows = try transaction.query(
            Self.selectNumbers, [.bytesArray(stored.map(\.hash))])
        var persons: [HashChain: PersonKey] = [:]
        persons.reserveCapacity(numbers.count)
        for (place, person) in try rows.map({ (try $0.int(0), try $0.uuid(1).person) }) {
            persons[stored[place - 1].number] = person
        }
        return persons
    }

    private static let selectNumbers = Statement(
        """
        select g.place, k.person from unnest($1::bytea[]) with ordinality as g(number_hash, place)
        join office.number_key k on k.number_hash = g.number_hash
        """)

    private static let insertPersons = Statement(
        "insert into exchange.person (person) select person from unnest($1::uuid[]) as g(person)")

    private static let insertNumbers = Statement(
        """
        insert into office.number_key (number_hash, person, key_version)
        select number_hash, person, $3 from unnest($1::bytea[], $2::uuid[]) as g(number_hash, person)
        """)
}
