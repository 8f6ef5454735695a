/// The longest lists of one answer.
enum PageLimits {
    /// A year of weekly visits.
    static let visitsMax = 60
    /// Of what was written, of visits and of refusals, each: none drives another out.
    static let noticesMax = 100
    /// Whoever shares more was not asking for help.
    static let delegationsMax = 100
    /// Blocks that stand come first.
    static let blocksMax = 200
    /// A year of three certificates.
    static let monthsMax = 36
    /// 100 entries with proofs of a tree of 2^30 leaves are about 350 kB.
    static let entriesMax = 100
    static let entriesDefault = 50
    /// A lifetime of a hundred entries a week is half a million.
    static let offsetMax = 1_000_000
    /// Declarations of a country in several years.
    static let disastersMax = 200
    /// Lines of a ledger, of 3 kB each: a day of a large city in a few answers.
    static let linesMax = 1_000
    static let linesDefault = 100
    /// Payments of a month come in one notice; 10,000 steps of 150 B are 1.5 MB.
    static let claimEventsMax = 10_000
}
