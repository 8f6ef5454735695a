package import Exchange
import Postgres

/// ファイルの種類: a layout that is served, and the registration its rows go to. A row of a file is judged,
/// compared and applied by the very code that a row of the API is.
package struct FileKind: Sendable {
    /// Of the layout: `entitlements`. The last part of its route.
    package let layout: String
    /// Why it is sent, and why its acknowledgement is read.
    package let purpose: Purpose
    package let reading: Purpose
    /// A whole list: what it does not hold ends.
    package let isWhole: Bool
    /// 時点のある種類: what became known after the moment of the file its rows do not say otherwise.
    let hasMoment: Bool
    /// Of the registration, so that a file and a body of the API do not run into each other.
    let registration: String
    /// Reads the rows of a part as their registration reads them, of the party of this code; nothing is asked
    /// of the database.
    let read: @Sendable ([KeptRow], RuleBook, String) -> ReadRows
    let standing: @Sendable (inout Records, CalendarDay) throws -> Int

    /// Two registrations of the API write what its rows do.
    var isOfEntitlements: Bool { StatementField(registration: registration) == .subsidy }
}

/// 控えた行: one row of a file as it is judged, with what its individual number became at the door.
package struct KeptRow: Sendable {
    package let row: CheckedRow
    package let number: HashChain?
}

/// 読み取った行: the rows of one part as the values of their registration, waiting to be compared or applied.
struct ReadRows: Sendable {
    let weigh: @Sendable (inout Records, FileRules) throws -> [RowOutcome]
    let register: @Sendable (inout Records, FilePart, FileRules) throws -> RegistrationReceipt
}

/// One part of a file, as the registration it becomes.
struct FilePart {
    let file: RecordID
    let chunk: Int
    let digest: [UInt8]
    /// Rows that the layout refused.
    let refused: [RowOutcome]

    func request(_ field: String, refused more: [RowOutcome], taken: Int) -> RegistrationRequest {
        let refused = refused + more
        return RegistrationRequest(
            field: field, idempotencyKey: "file/\(file.text)/\(chunk)", bodyDigest: digest,
            refused: refused, rowsTotal: refused.count + taken, isPartOfFile: true)
    }
}

/// What the door of a file makes hashes with; the ledger holds no key.
package struct FileHashing: Sendable {
    package let number: @Sendable (IndividualNumber) -> HashChain
    package let card: @Sendable (CardFeedEvent.Certificate) -> HashChain
    /// A chain that was kept, with the versions that have come since.
    package let extended: @Sendable ([[UInt8]]) -> HashChain

    package init(
        number: @escaping @Sendable (IndividualNumber) -> HashChain,
        card: @escaping @Sendable (CardFeedEvent.Certificate) -> HashChain,
        extended: @escaping @Sendable ([[UInt8]]) -> HashChain
    ) {
        self.number = number
        self.card = card
        self.extended = extended
    }
}

extension FileKind {
    /// Every layout that is served: a new one is a line here.
    package static func all(_ hashing: FileHashing) -> [FileKind] {
        [
            entitlements("entitlements", .difference, registration: "medical-subsidy-history"),
            entitlements("entitlements-full", .full, registration: "medical-subsidy"),
            checkupTargets, guardianships(hashing), cardBindings(hashing), lifeEvents,
            vaccinationTargets, pastDoses,
            massCheckups(
                "checkup-results", in: .open, .recordMassCheckup, registration: "mass-checkups"),
            massCheckups(
                "sensitive-checkup-results", in: .sensitive, .recordSensitiveMassCheckup,
                reading: .readSensitiveRegistration, registration: "sensitive-mass-checkups"),
            checkupTickets, schemeMasters, seasons,
            prices("vaccination-prices", .registerVaccinationPrices, of: .immunization) {
                $0.immunization?.priced
            },
            prices("checkup-prices", .registerCheckupPrices, of: .maternal) {
                $0.maternal?.priced
            },
        ]
    }

    private static func entitlements(
        _ layout: String, _ form: RegistrationForm, registration: String
    ) -> FileKind {
        FileKind(
            layout, .registerEntitlements, isWhole: form == .full, registration: registration,
            read: { kept, _, _ in
                let rows = kept.map { $0.row.subsidyRow(form: form, number: .besideTheRow) }
                return parted(comparedWithEachOther(rows, hashed: kept.map(\.number)), kept) {
                    number, row in number.map { NumberedRow(numberHash: $0, row: row) }
                }
            },
            weigh: { try $0.weighEntitlements($1, rules: $2.current, as: $2.moment) },
            register: {
                try $0.registerEntitlements($1, $2, rules: $3.current, as: $3.moment)
            },
            standing: { try $0.standingEntitlements(on: $1) })
    }

    private static let checkupTargets = FileKind(
        "checkup-targets", .registerCheckupTargets, registration: "municipal-checkup",
        read: { kept, _, _ in
            parted(kept.map { $0.row.checkupRow(number: .besideTheRow) }, kept) { number, row in
                number.map { NumberedCheckupRow(numberHash: $0, row: row) }
            }
        },
        weigh: { records, rows, rules in
            try records.weighCheckupTargets(rows, as: rules.moment)
        },
        register: { records, request, rows, rules in
            try records.registerCheckupTargets(request, rows, as: rules.moment)
        },
        standing: { records, _ in try records.standingCheckupTargets() })

    private static let vaccinationTargets = FileKind(
        "vaccination-targets", .registerVaccinationTargets, registration: "immunization",
        read: { kept, rules, sender in
            let programmes = rules.immunization?.invitedProgrammes(in: sender) ?? .nobody
            return parted(
                kept.map { $0.row.vaccinationTargetRow(programmes, number: .besideTheRow) }, kept
            ) { number, row in number.map { NumberedTargetRow(numberHash: $0, row: row) } }
        },
        weigh: { records, rows, rules in
            try records.weighVaccinationTargets(rows, as: rules.moment)
        },
        register: { records, request, rows, rules in
            try records.registerVaccinationTargets(request, rows, as: rules.moment)
        },
        standing: { records, _ in try records.standingVaccinationTargets() })

    private static let pastDoses = FileKind(
        "past-doses", .registerPastDoses, registration: "past-doses",
        read: { kept, rules, _ in
            parted(
                kept.map {
                    $0.row.pastDoseRow(rules.immunization, number: .besideTheRow)
                }, kept
            ) { number, row in number.map { NumberedPastDose(numberHash: $0, row: row) } }
        },
        weigh: { records, rows, rules in
            try records.weighPastDoses(rows, rules: rules.current, as: rules.moment)
        },
        register: { records, request, rows, rules in
            try records.registerPastDoses(
                request, rows, rules: rules.current, as: rules.moment)
        },
        standing: { records, _ in try records.standingPastDoses() })

    /// The day that the municipality knew of a move decides which word is newer, whatever brought it.
    private static let lifeEvents = FileKind(
        "residence-moves", .registerLifeEvents, hasMoment: false, registration: "life-event",
        read: { kept, _, _ in
            parted(kept.map { $0.row.lifeEventRow(number: .besideTheRow) }, kept) { number, row in
                NumberedLifeEvent(row, number: number)
            }
        },
        weigh: { records, rows, rules in
            try records.weighLifeEvents(rows, rules: rules.current)
        },
        register: { records, request, rows, rules in
            try records.registerLifeEvents(request, rows, .withTheFile, rules: rules.current)
        },
        standing: { records, _ in try records.standingLifeEvents() })

    /// Its rows name nobody.
    private static func prices(
        _ layout: String, _ purpose: Purpose, of field: PriceField,
        _ priced: @escaping @Sendable (RuleBook) -> PricedServices?
    ) -> FileKind {
        FileKind(
            layout, purpose, registration: "\(field.rawValue)-prices",
            read: { kept, rules, _ in
                let services = priced(rules) ?? .vaccinations([:], classes: [])
                return parted(kept.map { services.row(of: $0.row) }, kept) { _, row in row }
            },
            weigh: { records, rows, rules in
                try records.weighPrices(rows, as: rules.moment)
            },
            register: { records, request, rows, rules in
                try records.registerPrices(request, rows, as: rules.moment)
            },
            standing: { try $0.standingPrices(of: field, on: $1) })
    }

    private static let checkupTickets = FileKind(
        "checkup-tickets", .registerNotifications, registration: "checkup-tickets",
        read: { kept, _, _ in
            parted(kept.map { $0.row.checkupTicketRow(number: .besideTheRow) }, kept) {
                number, row in number.map { NumberedTicketRow(numberHash: $0, row: row) }
            }
        },
        weigh: { records, rows, rules in
            try records.weighTickets(rows, rules: rules.current, as: rules.moment)
        },
        register: { records, request, rows, rules in
            try records.registerTickets(request, rows, rules: rules.current, as: rules.moment)
        },
        standing: { records, _ in try records.standingTickets() })

    /// Its rows name nobody.
    private static let schemeMasters = FileKind(
        "scheme-masters", .registerSchemes, registration: "schemes",
        read: { kept, _, _ in parted(kept.map(\.row.schemeMasterRow), kept) { _, row in row } },
        weigh: { records, rows, rules in
            try records.weighSchemes(rows, rules: rules.kept, as: rules.moment)
        },
        register: { records, request, rows, rules in
            try records.registerSchemes(request, rows, rules: rules.kept, as: rules.moment)
        },
        standing: { records, _ in try records.standingSchemes() })

    /// Its rows name nobody.
    private static let seasons = FileKind(
        "immunization-seasons", .registerSeasons, registration: "seasons",
        read: { kept, _, _ in parted(kept.map(\.row.seasonRow), kept) { _, row in row } },
        weigh: { records, rows, rules in
            try records.weighSeasons(rows, rules: rules.kept, as: rules.moment)
        },
        register: { records, request, rows, rules in
            try records.registerSeasons(request, rows, rules: rules.kept, as: rules.moment)
        },
        standing: { records, _ in try records.standingSeasons() })

    /// Its rows name children by the keys of the municipality's own notifications. What is sensitive has a
    /// file apart: who sends or reads the open one learns nothing of it.
    private static func massCheckups(
        _ layout: String, in compartment: CheckupCompartment, _ purpose: Purpose,
        reading: Purpose = .readRegistration, registration: String
    ) -> FileKind {
        FileKind(
            layout, purpose, reading: reading, registration: registration,
            read: { kept, rules, _ in
                let items = rules.maternal?.items
                return parted(
                    kept.map { $0.row.massCheckupRow(items, in: compartment) }, kept
                ) { _, row in row }
            },
            weigh: { records, rows, rules in
                try records.weighMassCheckups(
                    rows, in: compartment, rules: rules.current, as: rules.moment)
            },
            register: { records, request, rows, rules in
                try records.registerMassCheckups(
                    request, rows, in: compartment, rules: rules.current, as: rules.moment)
            },
            standing: { records, _ in try records.standingMassCheckups(in: compartment) })
    }

    /// Its rows name people by keys that the municipality registered: no number is in them.
    private static func guardianships(_ hashing: FileHashing) -> FileKind {
        FileKind(
            "guardianships", .registerGuardianships, registration: "guardianship",
            read: { kept, _, _ in
                parted(kept.map(\.row.guardianshipRow), kept) { _, row in
                    NumberedGuardianshipRow(row, hash: hashing.number)
                }
            },
            weigh: { records, rows, rules in
                try records.weighGuardianships(rows, as: rules.moment)
            },
            register: { records, request, rows, rules in
                try records.registerGuardianships(request, rows, as: rules.moment)
            },
            standing: { try $0.standingGuardianships(on: $1) })
    }

    private static func cardBindings(_ hashing: FileHashing) -> FileKind {
        FileKind(
            "card-bindings", .feedCards, reading: .feedCards, hasMoment: false,
            registration: "cards",
            read: { kept, _, _ in
                parted(kept.map { $0.row.cardFeedEvent(number: .besideTheRow) }, kept) {
                    number, event in
                    NumberedCardEvent(event, number: { _ in number }, card: hashing.card)
                }
            },
            weigh: { records, events, _ in try records.weighCardFeed(events) },
            register: { records, request, events, rules in
                try records.applyCardFeed(request, events, rules: rules.current)
            },
            standing: { records, _ in try records.standingCards() })
    }

    private init<Row: Sendable>(
        _ layout: String, _ purpose: Purpose, reading: Purpose = .readRegistration,
        isWhole: Bool = false, hasMoment: Bool = true, registration: String,
        read parted: @escaping @Sendable ([KeptRow], RuleBook, String) -> Parted<Row>,
        weigh: @escaping @Sendable (inout Records, [Row], FileRules) throws -> [RowOutcome],
        register:
            @escaping @Sendable (inout Records, RegistrationRequest, [Row], FileRules) throws ->
            RegistrationReceipt,
        standing: @escaping @Sendable (inout Records, CalendarDay) throws -> Int
    ) {
        self.layout = layout
        self.purpose = purpose
        self.reading = reading
        self.isWhole = isWhole
        self.hasMoment = hasMoment
        self.registration = registration
        self.standing = standing
        read = { kept, rules, sender in
            let parted = parted(kept, rules, sender)
            return ReadRows(
                weigh: { try weigh(&$0, parted.rows, $1) + parted.refused },
                register: { records, part, rules in
                    let request = part.request(
                        registration, refused: parted.refused, taken: parted.rows.count)
                    return try register(&records, request, parted.rows, rules)
                })
        }
    }

    private struct Parted<Row: Sendable>: Sendable {
        var rows: [Row] = []
        var refused: [RowOutcome] = []
    }

    /// `numbered` makes nothing of a row that lacks its number.
    private static func parted<Row, Numbered: Sendable>(
        _ results: [Result<Row, RowRefusal>], _ kept: [KeptRow],
        _ numbered: (HashChain?, Row) -> Numbered?
    ) -> Parted<Numbered> {
        var parted = Parted<Numbered>()
        for (result, kept) in zip(results, kept) {
            let findings: [RowFinding]
            switch result {
            case .success(let row):
                if let numbered = numbered(kept.number, row) {
                    parted.rows.append(numbered)
                    continue
                }
                findings = [
                    RowFinding(index: kept.row.line - 1, item: "myNumber", code: .required)
                ]
            case .failure(let refusal): findings = refusal.findings
            }
            parted.refused.append(
                RowOutcome(line: kept.row.line, kind: .refused, findings: findings))
        }
        return parted
    }
}
