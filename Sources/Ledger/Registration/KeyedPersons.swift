import Exchange
import Postgres

/// 自治体別本人キー: whom a municipality registered under keys of its own, in whichever of its lists. A key
/// that two people were given says nothing of either, to whoever asks by it.
extension Records {
    mutating func keyedPersons(_ keys: [String], of municipality: String) throws -> [String:
        PersonKey]
    {
        try keyed(keys, of: municipality).compactMapValues { records in
            let persons = Set(records.values)
            return persons.count == 1 ? persons.first : nil
        }
    }

    /// 鍵そのものの記録: as if nothing had been merged; of a key that stands for several records of one person,
    /// the one that stands for them.
    mutating func keyedRecords(_ keys: [String], of municipality: String) throws -> [String:
        PersonKey]
    {
        try keyed(keys, of: municipality).compactMapValues { records in
            if records.count == 1 { return records.keys.first }
            let persons = Set(records.values)
            return persons.count == 1 ? persons.first : nil
        }
    }

    /// For each key the records that it was given to, with whom each stands for.
    private mutating func keyed(_ keys: [String], of municipality: String) throws -> [String:
        [PersonKey: PersonKey]]
    {
        guard !keys.isEmpty else { return [:] }
        let rows = try transaction.query(
            Self.selectKeyed, [.text(municipality), .texts(Array(Set(keys)))])
        var persons: [String: [PersonKey: PersonKey]] = [:]
        for index in 0..<rows.count {
            let row = rows[index]
            persons[try row.text(0), default: [:]][try row.uuid(1).person] =
                try row.uuid(2).person
        }
        return persons
    }

    /// Throws `.recordUnknown` where the key is of nobody, or not of one alone.
    mutating func resident(ofKey key: String, of municipality: String) throws -> PersonKey {
        guard let person = try keyedPersons([key], of: municipality)[key] else {
            throw Refusal.recordUnknown
        }
        return person
    }

    private static let selectKeyed = Statement(
        """
        select k.identity_key, k.person, \(Survivors.sql(of: "k.person"))
        from (
            select identity_key, person from exchange.vaccination_target
            where municipality = $1 and identity_key = any ($2) and by_merge is null
            union
            select identity_key, person from exchange.checkup_target
            where municipality = $1 and identity_key = any ($2) and by_merge is null
            union
            select identity_key, person from exchange.life_event
            where municipality = $1 and identity_key = any ($2)) k
        """)
}
