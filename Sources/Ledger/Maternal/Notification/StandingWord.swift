/// 立っている届出: which words of municipalities count. What a municipality took back is as if it had never been
/// said, and the word before it speaks again, of whichever municipality it is. A correction by a municipality
/// that the family has left does not take it back from the next one. Of each word, a `row` of
/// `exchange.maternal_notification`, every record of the `person` is asked that the row is of now.
enum StandingWord {
    /// The newest of its key, not taken back: of a key under two records the newer word alone speaks.
    static func stands(_ row: String, of person: String) -> String {
        """
        not coalesce((\(row).face::jsonb ->> 'isWithdrawn')::boolean, false) and not exists (
                select 1 from \(Survivors.eachRecord(of: person)) same
                join exchange.maternal_notification newer on newer.person = same.record
                where \(isOfKey(of: row, "newer")) and newer.version > \(row).version)
        """
    }

    /// The newest of each key under each record of the person, whether it stands or was taken back: rows of
    /// which `stands` and `heldFrom` can be asked.
    static func newestOfEachKey(of person: String) -> String {
        """
        (
                select distinct on (n.person, n.municipality, n.notification_key) n.person, n.version,
                    n.episode, n.municipality, n.notification_key, n.kind, n.face
                from \(Survivors.eachRecord(of: person)) one
                join exchange.maternal_notification n on n.person = one.record
                order by n.person, n.municipality, n.notification_key, n.version desc)
        """
    }

    /// It stands, and none that stands took its place.
    static func isNewest(_ row: String, of person: String) -> String {
        """
        \(stands(row, of: person)) and not \(isFollowed(row, of: person))
        """
    }

    /// It stands, and none of another municipality that stands took its place: who was notified under two
    /// records, by a key each, is known by either.
    static func isOfNewestMunicipality(_ row: String, of person: String) -> String {
        let others = "and later.municipality <> \(row).municipality"
        return """
            \(stands(row, of: person)) and not \(isFollowed(row, of: person, by: others))
            """
    }

    /// The version by which the family came to the municipality under this key.
    static func heldFrom(_ row: String, of person: String) -> String {
        """
        (select max(took.version) from \(Survivors.eachRecord(of: person)) same
                    join exchange.maternal_notification took on took.person = same.record
                    where \(isOfKey(of: row, "took")) and took.takes)
        """
    }

    /// Under another record whatever is of the same kind may be the same: which pregnancies are, the rules
    /// alone could tell.
    private static func isFollowed(
        _ row: String, of person: String, by condition: String = ""
    ) -> String {
        """
        exists (
                select 1 from \(Survivors.eachRecord(of: person)) one
                join exchange.maternal_notification later on later.person = one.record
                where (later.episode = \(row).episode
                        or later.person <> \(row).person and later.kind = \(row).kind)
                    \(condition)
                    and \(heldFrom("later", of: person)) > \(heldFrom(row, of: person))
                    and \(stands("later", of: person)))
        """
    }

    /// One key of two kinds, under two records, is not one thing.
    private static func isOfKey(of row: String, _ other: String) -> String {
        """
        \(other).municipality = \(row).municipality
                    and \(other).notification_key = \(row).notification_key
                    and (\(other).person = \(row).person or \(other).kind = \(row).kind)
        """
    }
}
