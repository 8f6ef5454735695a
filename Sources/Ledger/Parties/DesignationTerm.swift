package import Exchange
import Postgres

/// 指定の期間: a designation with the first and the last day that its body gave, each of them only where it
/// gave one.
package struct DesignationTerm: Sendable, Hashable {
    package let designation: Designation
    package let first: CalendarDay?
    package let last: CalendarDay?

    package init(_ designation: Designation, first: CalendarDay? = nil, last: CalendarDay? = nil) {
        self.designation = designation
        self.first = first
        self.last = last
    }

    /// By what the registry says now. Without days it holds for as long as it stands there.
    func holds(on day: CalendarDay) -> Bool {
        (first.map { $0 <= day } ?? true) && (last.map { day <= $0 } ?? true)
    }

    /// `<body>:<scheme>`, and with days `<body>:<scheme>:<first>:<last>`: the form in the registry.
    var text: String {
        guard first != nil || last != nil else { return designation.text }
        return "\(designation.text):\(first?.text ?? ""):\(last?.text ?? "")"
    }

    init?(text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 4 else { return nil }
        designation = Designation(body: parts[0], scheme: parts[1])
        first = parts.count == 4 ? (try? CalendarDay(parts[2])) : nil
        last = parts.count == 4 ? (try? CalendarDay(parts[3])) : nil
    }

    /// For the person at the command line.
    var phrase: String {
        var phrase = "by \(designation.body) for \(designation.scheme)"
        if let first { phrase += " from \(first.text)" }
        if let last { phrase += " to \(last.text)" }
        return phrase
    }
}

extension PartyRegistry {
    /// 指定: `body` designates an institution for a scheme (a law number or a certificate type), from its first
    /// day on; without one, from the day on which this was told. Of a designation that stands, the first day
    /// is corrected and an end that lies ahead is taken back. Returns false for an unknown party, for a
    /// scheme that can be none, for a first day after an end that lies ahead (nothing is said of the days
    /// between by one designation), and for one that an ended designation had.
    package func designate(
        _ party: Party, _ designation: Designation, from first: CalendarDay? = nil
    ) async throws -> Bool {
        guard DesignationTerm(text: designation.text)?.designation == designation else {
            return false
        }
        return try await changeTerms(of: party) { terms, today in
            let standing = terms.first {
                $0.designation == designation && ($0.last.map { $0 >= today } ?? true)
            }
            if let last = standing?.last, let first, first > last { return false }
            // One that ended is not begun again on a day that it had: its end would be lost.
            let hadThatDay = terms.contains { term in
                guard term.designation == designation, let first, let last = term.last
                else { return false }
                return last < today && first <= last
            }
            guard !hadThatDay else { return false }
            terms.removeAll { $0.designation == designation }
            terms.append(DesignationTerm(designation, first: first ?? standing?.first))
            return true
        }
    }

    /// 指定の終わり: with a last day it holds until then, whether that is past or to come; without one it ends
    /// now. What was told before stands; its answers keep the designations they were decided from. Returns
    /// false where nothing of it stands, or where it would end before it begins.
    package func undesignate(
        _ party: Party, _ designation: Designation, after last: CalendarDay? = nil
    ) async throws -> Bool {
        try await changeTerms(of: party) { terms, _ in
            guard let place = terms.firstIndex(where: { $0.designation == designation }) else {
                return false
            }
            let standing = terms.remove(at: place)
            guard let last else { return true }
            if let first = standing.first, first > last { return false }
            terms.append(DesignationTerm(designation, first: standing.first, last: last))
            return true
        }
    }

    private func changeTerms(
        of party: Party,
        _ change: @Sendable @escaping (inout [DesignationTerm], _ today: CalendarDay) -> Bool
    ) async throws -> Bool {
        try await pool.transaction { transaction in
            let rows = try transaction.query(Self.selectTerms, [.text(party.key)])
            guard !rows.isEmpty else { return false }
            var terms = try rows[0].texts(0).compactMap(DesignationTerm.init(text:))
            let today = Instant(microseconds: try rows[0].instant(1)).dayInJapan
            guard change(&terms, today) else { return false }
            let texts = terms.map(\.text).sorted()
            return try transaction.run(Self.updateTerms, [.text(party.key), .texts(texts)]) == 1
        }
    }

    private static let selectTerms = Statement(
        "select designations, clock_timestamp() from exchange.party where party = $1 for update")
    private static let updateTerms = Statement(
        "update exchange.party set designations = $2 where party = $1")
}
