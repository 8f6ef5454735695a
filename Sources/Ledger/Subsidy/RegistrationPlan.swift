import Crypto
import Exchange

/// What a registration will write, decided row by row in the order sent, against what is held and
/// against the rows before it; of a file nothing against what is newer than it. Pure: the same rows on
/// the same state give the same plan.
struct RegistrationPlan {
    struct RowKey: Hashable, Sendable {
        let person: PersonKey
        let certificateType: String
        let subKey: String
        let historyKey: String

        // A person has few rows: the key of the person alone tells most of them apart.
        func hash(into hasher: inout Hasher) { hasher.combine(person) }
    }

    /// The newest version of a row, reviewed or not.
    struct Held: Hashable {
        let digest: [UInt8]
        let isUnderReview: Bool
        /// What a held-back row says of the person: another name with the same certificate is
        /// another word to settle.
        let heldBack: KnownIdentity?
    }

    struct KnownIdentity: Hashable {
        let facts: IdentityFacts
        let isNotDisclosed: Bool
    }

    struct NewEntitlement: Sendable {
        let key: RowKey
        let row: SubsidyRegistrationRow
        let consentKind: String
        let digest: [UInt8]
        let isUnderReview: Bool

        var certificate: SubsidyRegistrationRow.Certificate { row.certificate }
    }

    struct NewIdentity: Sendable {
        let person: PersonKey
        /// Of the row that said so, from 1.
        let line: Int
        let said: SubsidyRegistrationRow.Person
        let isUnderReview: Bool
    }

    /// 制度: a scheme of the body, with its masters as rows are held against them.
    private struct Scheme {
        let program: SubsidyProgram
        let master: RegistrationMaster
    }

    private let body: String
    private let rules: RuleBook
    private let newer: NewerWords
    /// By 機関別受給者証種別ID; made once for the rows of a type.
    private var schemes: [String: [Scheme]] = [:]
    private var known: [PersonKey: [String: KnownIdentity]] = [:]
    private var held: [RowKey: Held] = [:]
    private var versions: [RowKey: Int] = [:]
    private var standing: [RowKey: Int] = [:]
    private(set) var entitlements: [NewEntitlement] = []
    private(set) var identities: [NewIdentity] = []
    private(set) var outcomes: [RowOutcome] = []
    private(set) var touched: Set<PersonKey> = []
    /// Of whom a row speaks as of somebody else, and is told so.
    private(set) var heldBack: Set<PersonKey> = []
    /// 再度の登録: versions that say already what a row says.
    private(set) var saidAgain: Set<Int> = []

    init(body: String, rules: RuleBook, newer: NewerWords) {
        self.body = body
        self.rules = rules
        self.newer = newer
    }

    mutating func know(_ person: PersonKey, body: String, _ identity: KnownIdentity) {
        known[person, default: [:]][body] = identity
    }

    mutating func hold(_ key: RowKey, _ newest: Held, version: Int) {
        held[key] = newest
        versions[key] = version
    }

    /// The version of the row that answers now.
    mutating func stand(_ key: RowKey, version: Int) {
        standing[key] = version
    }

    mutating func add(_ numbered: NumberedRow, _ person: PersonKey) {
        let row = numbered.row
        let scheme = scheme(of: row)
        let errors = row.findings(
            given: scheme?.master ?? RegistrationMaster(certificateTypeIDs: []))
        guard let consentKind = scheme?.program.consentKind.code, errors.isEmpty else {
            outcomes.append(
                RowOutcome(
                    line: row.index + 1, kind: .refused, findings: row.warnings + errors))
            return
        }
        touched.insert(person)
        let key = RowKey(
            person: person, certificateType: row.certificate.typeID,
            subKey: row.certificate.subKey ?? "", historyKey: row.rowKey)
        let identity = KnownIdentity(
            facts: IdentityFacts(row.person), isNotDisclosed: row.person.isNotDisclosed)
        // 後からの言葉: whoever was told of otherwise since is not told of by a row of before.
        let isLate =
            known[person]?[body] != identity
            && newer.isOf(person, hiding: identity.isNotDisclosed)
        let isOfAnother = speaksOfAnother(person, identity.facts)
        let isHeldBack = isOfAnother && !isLate
        if isHeldBack { heldBack.insert(person) }
        let newest = Held(
            digest: Self.digest(of: row), isUnderReview: isHeldBack,
            heldBack: isHeldBack ? identity : nil)
        let isRepeat = held[key] == newest
        if !isRepeat, !isHeldBack, isOfAnother || isNewerKnown(of: key, row) {
            leave(row, key, isOfAnother ? "basicFiveInfo" : "orgSpecificCertificateTypeId")
            return
        }
        var told: [RowFinding] = []
        if isLate {
            told.append(RowFinding(index: row.index, item: "basicFiveInfo", code: .newerStands))
        }
        told += RowFinding.takingBackNothing(
            row.isDeleted && held[key] == nil, index: row.index, item: "historyKey")
        held[key] = newest
        var said = outcome(row, isHeldBack, isRepeat, told, standing: standing[key])
        if !isLate, !isHeldBack { said.changed = identity.items(otherThan: known[person]?[body]) }
        outcomes.append(said)
        if isRepeat, !isHeldBack, let version = versions[key] { saidAgain.insert(version) }
        // A row on hold that is sent again is still on hold: once is enough.
        if !(isRepeat && isHeldBack), !isLate { addIdentity(person, row, identity, isHeldBack) }
        guard !isRepeat else { return }
        entitlements.append(
            NewEntitlement(
                key: key, row: row, consentKind: consentKind, digest: newest.digest,
                isUnderReview: isHeldBack))
    }

    private func isNewerKnown(of key: RowKey, _ row: SubsidyRegistrationRow) -> Bool {
        newer.isOf(key, on: row.certificate.validFrom...row.certificate.validTo)
    }

    /// What is newer stands, and the sender is told.
    private mutating func leave(_ row: SubsidyRegistrationRow, _ key: RowKey, _ item: String) {
        let finding = RowFinding(index: row.index, item: item, code: .newerStands)
        outcomes.append(
            RowOutcome(
                line: row.index + 1, kind: .unchanged, findings: row.warnings + [finding],
                standing: standing[key]))
    }

    private func outcome(
        _ row: SubsidyRegistrationRow, _ isHeldBack: Bool, _ isRepeat: Bool, _ told: [RowFinding],
        standing: Int?
    ) -> RowOutcome {
        guard isHeldBack else {
            return RowOutcome(
                line: row.index + 1, kind: isRepeat ? .unchanged : .applied,
                findings: row.warnings + told, standing: standing, isEnd: row.isDeleted)
        }
        let finding = RowFinding(index: row.index, item: "basicFiveInfo", code: .underReview)
        return RowOutcome(
            line: row.index + 1, kind: .underReview, findings: row.warnings + [finding],
            standing: standing)
    }

    private func speaksOfAnother(_ person: PersonKey, _ facts: IdentityFacts) -> Bool {
        // What the body said before was compared when it said it, or an officer settled it.
        guard known[person]?[body]?.facts != facts else { return false }
        return (known[person] ?? [:]).values.contains {
            compare(facts, $0.facts, rules.mismatch) == .anotherPerson
        }
    }

    private mutating func addIdentity(
        _ person: PersonKey, _ row: SubsidyRegistrationRow, _ identity: KnownIdentity,
        _ isHeldBack: Bool
    ) {
        guard isHeldBack || known[person]?[body] != identity else { return }
        identities.append(
            NewIdentity(
                person: person, line: row.index + 1, said: row.person, isUnderReview: isHeldBack))
        if !isHeldBack { known[person, default: [:]][body] = identity }
    }

    private mutating func scheme(of row: SubsidyRegistrationRow) -> Scheme? {
        let typeID = row.certificate.typeID
        let all = schemes[typeID] ?? schemes(of: typeID)
        schemes[typeID] = all
        return all.first { $0.program.isEffective(on: row.certificate.validFrom) } ?? all.first
    }

    private func schemes(of typeID: String) -> [Scheme] {
        rules.subsidy.programs.filter { $0.certificateTypeID == typeID && $0.isOf(body) }.map {
            let segments = $0.incomeSegments.map(\.code)
            return Scheme(
                program: $0,
                master: RegistrationMaster(
                    certificateTypeIDs: [$0.certificateTypeID],
                    incomeSegments: segments.isEmpty ? nil : Set(segments)))
        }
    }

    /// Over everything of the row that answers or is shown, so that a repetition is recognised
    /// whatever its spacing.
    private static func digest(of row: SubsidyRegistrationRow) -> [UInt8] {
        digest(face: row.face, isDeleted: row.isDeleted, birthDate: row.person.dateOfBirth.text)
    }

    static func digest(face: String, isDeleted: Bool, birthDate: String) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array(face.utf8))
        hash.update(data: Array((isDeleted ? "/deleted/" : "/").utf8))
        hash.update(data: Array(birthDate.utf8))
        return Array(hash.finalize())
    }
}

extension RegistrationPlan {
    /// What the body says from now on of people who were known before.
    func words(among known: Set<PersonKey>, of body: String) -> [(
        key: EntitlementEnds.Key, own: EntitlementEnds.Own
    )] {
        entitlements.filter { !$0.isUnderReview && known.contains($0.key.person) }.map { new in
            (
                EntitlementEnds.Key(
                    person: new.key.person, body: body, certificateType: new.key.certificateType,
                    subKey: new.key.subKey, historyKey: new.key.historyKey),
                EntitlementEnds.Own(
                    validFrom: new.certificate.validFrom, validTo: new.certificate.validTo,
                    isDeleted: new.row.isDeleted, face: new.row.face)
            )
        }
    }
}

extension IdentityFacts {
    init(_ person: SubsidyRegistrationRow.Person) {
        self.init(
            name: person.name, nameKana: person.nameKana, address: person.address,
            dateOfBirth: person.dateOfBirth.text, sex: person.sex.rawValue)
    }
}
