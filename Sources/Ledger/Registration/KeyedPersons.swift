import Exchange
import Postgres

/// 自治体別本人キー: whom a municipality registered under keys of its own, in whichever of its lists. A key
/// that two people were given says nothing of either, to whoever asks by it.
extension Records {
    mutating func keyedPersons(_ keys: [String], of municipality: String) throws -> [String:
        PersonKey]
    {
        guard !keys.isEmpty else { return [:] }
        let rows = try transaction.query(
            Self.selectKeyed, [.text(municipality), .texts(Array(Set(keys)))])
        var persons: [String: Set<PersonKey>] = [:]
        for index in 0..<rows.count {
            persons[try rows[index].text(0), default: []].insert(try rows[index].uuid(1).person)
        }
        return persons.compactMapValues { $0.count == 1 ? $0.first : nil }
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
        select identity_key, person from exchange.vaccination_target
        where municipality = $1 and identity_key = any ($2)
        union
        select identity_key, person from exchange.checkup_target
        where municipality = $1 and identity_key = any ($2)
        union
        select identity_key, person from exchange.life_event
        where municipality = $1 and identity_key = any ($2)
        """)
}
