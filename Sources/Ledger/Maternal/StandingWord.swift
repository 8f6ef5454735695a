/// 立っている届出: which words of municipalities count. What a municipality took back is as if it had never been
/// said, and the word before it speaks again, of whichever municipality it is. A correction by a municipality
/// that the family has left does not take it back from the next one.
enum StandingWord {
    /// Of a row of `exchange.maternal_notification` under this name: the newest of its key, not taken back.
    static func stands(_ row: String) -> String {
        """
        not coalesce((\(row).face::jsonb ->> 'isWithdrawn')::boolean, false) and not exists (
                select 1 from exchange.maternal_notification newer
                where newer.person = \(row).person and newer.municipality = \(row).municipality
                    and newer.notification_key = \(row).notification_key
                    and newer.version > \(row).version)
        """
    }

    /// It stands, and none that stands took its place.
    static func isNewest(_ row: String) -> String {
        """
        \(stands(row)) and not exists (
                select 1 from exchange.maternal_notification later
                where later.person = \(row).person and later.episode = \(row).episode
                    and \(heldFrom("later")) > \(heldFrom(row)) and \(stands("later")))
        """
    }

    /// The version by which the family came to the municipality under this key.
    private static func heldFrom(_ row: String) -> String {
        """
        (select max(took.version) from exchange.maternal_notification took
                    where took.person = \(row).person and took.municipality = \(row).municipality
                        and took.notification_key = \(row).notification_key and took.takes)
        """
    }
}
