/// 連携のCSV: the same lines for systems that read files. The first columns are those of every field; a report
/// of a checkup is one row for each of its items, all with the place of the report. A column that comes
/// later stands behind the others, so that who reads by position reads on.
extension DeliveryField {
    private static let common = [
        "位置", "取下げ", "自治体別本人キー", "届出番号", "住民ID", "記録ID", "版", "記録日時",
    ]

    package var columns: [String] { Self.common + own }

    private var own: [String] {
        switch self {
        case .subsidy:
            [
                "機関別受給者証種別ID", "受給者証サブキー", "履歴キー", "公費負担者番号", "公費受給者番号",
                "受給者証名", "資格有効期間開始", "資格有効期間終了", "確認待ち",
            ]
        case .immunization:
            [
                "医療機関コード", "接種の種類", "回数", "接種日", "製造番号", "接種量", "単位", "区域外",
                "備考", "委託単価", "自己負担額", "請求額", "単価の根拠", "ワクチン", "台帳の自治体",
                "接種の有無", "未接種の理由",
            ]
        case .maternal, .maternalSensitive:
            [
                "医療機関コード", "健診", "健診日", "判定", "受診券", "請求額", "請求にならない理由", "項目",
                "値", "単位",
            ]
        case .checks:
            [
                "資格確認ID", "受付番号", "実施機関", "機関別受給者証種別ID", "受給者証サブキー", "公費負担者番号",
                "公費受給者番号", "診療日", "答えた結果", "今の結果", "今の結果の日",
            ]
        case .lapses:
            ["会計ID", "受付番号", "会計番号", "診療日", "医療費総額", "予約日時", "失効日時"]
        case .claims:
            [
                "医療機関コード", "会計番号", "機関別受給者証種別ID", "受給者証サブキー", "公費受給者番号",
                "診療日", "医療費総額", "保険の負担割合", "制度の負担額", "上限適用後の額", "窓口徴収額",
                "月の上限額", "月の徴収額", "公費の順位", "次の公費へ", "過徴収額", "食事の負担",
                "入院日数", "入院",
            ]
        }
    }
}

/// 連携のCSVの書き手: one page of lines in the encoding of its reader.
package struct DeliveryTable: Sendable {
    private var table: TextTable

    package init(_ field: DeliveryField, _ characters: Characters) {
        table = TextTable(field.columns, characters)
    }

    package mutating func add(_ line: DeliveredLine) {
        for row in line.rows { table.add(row) }
    }

    package var bytes: [UInt8] { table.bytes }
}

extension DeliveredLine {
    /// The cells of its rows, but for the last column.
    fileprivate var rows: [[String]] {
        switch content {
        case .entitlement(let version):
            [common(version.version, version.knownAt) + cells(version)]
        case .vaccination(let line):
            [common(line.version.version, line.version.recordedAt) + cells(line)]
        case .checkup(let checkup):
            rows(checkup)
        case .check(let notice):
            [common(1, notice.madeAt) + cells(notice)]
        case .lapse(let notice):
            [common(notice.bill.version, notice.lapsedAt) + cells(notice)]
        case .bill(let bill, let recipientNumber):
            [common(bill.version, bill.recordedAt) + cells(bill, recipientNumber)]
        }
    }

    private func common(_ version: Int, _ at: Instant) -> [String] {
        [
            place.map(String.init) ?? "", isWithdrawn ? "1" : "0", whom.identityKey ?? "",
            whom.notificationKey ?? "", patientID, id, String(version), at.text,
        ]
    }

    private func cells(_ version: EntitlementVersion) -> [String] {
        [
            version.certificateTypeID, version.subKey ?? "", version.historyKey,
            version.payerNumber ?? "", version.recipientNumber ?? "", version.certificationName,
            version.validFrom.text, version.validTo.text, version.isUnderReview ? "1" : "0",
        ]
    }

    /// What a municipality's own ledger told is no schedule's dose and no claim here; who gave it stands in
    /// it, if anywhere.
    private func cells(_ line: MunicipalLine) -> [String] {
        let (given, teller) = (line.version.vaccination, line.version.institution)
        let (entry, charge) = (line.entry, line.entry?.charge)
        let giver: String? =
            entry != nil
            ? teller.code
            : given.performers.compactMap(\.identifier)
                .first { $0.system == FHIR.System.institution }?.value
        let number: Int? = entry == nil ? given.counted.doseNumber : entry?.doseNumber
        let dose: [String] = [
            giver ?? "", entry?.programme ?? "", number.map(String.init) ?? "",
            given.occurrence.day?.text ?? given.occurrence.partial?.text ?? "",
            given.vial.lotNumber ?? "", given.quantity?.value ?? "", given.quantity?.code ?? "",
        ]
        let claim: [String] = [
            entry.map { $0.isOutOfArea ? "1" : "0" } ?? "",
            entry?.remarks.joined(separator: " ") ?? "",
            charge.map { String($0.unitYen) } ?? "", charge.map { String($0.copaymentYen) } ?? "",
            charge.map { String($0.unitYen - $0.copaymentYen) } ?? "", charge?.source ?? "",
        ]
        let vaccine = given.vaccine.codes.compactMap(\.code).first ?? given.vaccine.text
        let about: [String] = [
            vaccine ?? "", entry == nil ? teller.code : "",
            // As the file of past doses has it.
            given.status == .notDone ? "2" : "1", given.notDoneWords ?? "",
        ]
        return dose + claim + about
    }

    private func rows(_ checkup: ShownCheckup) -> [[String]] {
        let version = checkup.version
        let result = version.report.result
        let line = checkup.line
        let ticket = line?.ticket.map { "\($0.body)-\($0.kind)-\($0.serial)-\($0.issue)" }
        let face =
            common(version.version, version.recordedAt) + [
                version.institution.code, result.checkup, result.day.text, line?.judgement ?? "",
                ticket ?? "", line?.charge.map { String($0.yen) } ?? "",
                line?.refusal?.rawValue ?? "",
            ]
        return result.entries.map { face + [$0.item] + $0.value.cells }
    }

    private func cells(_ notice: CheckNotice) -> [String] {
        [
            notice.check.text, notice.visit.text, notice.certificate.body,
            notice.certificate.typeID, notice.certificate.subKey, notice.payerNumber ?? "",
            notice.recipientNumber ?? "", notice.serviceDate.text, notice.change.told.rawValue,
            notice.change.outcome.rawValue, notice.change.day?.text ?? "",
        ]
    }

    private func cells(_ notice: LapseNotice) -> [String] {
        let content = notice.bill.content
        return [
            notice.bill.id.text, notice.visit.text, content.identifier.value, content.day.text,
            String(content.cost), notice.bill.recordedAt.text, notice.lapsedAt.text,
        ]
    }

    private func cells(_ bill: BillVersion, _ recipientNumber: String?) -> [String] {
        let (content, amounts, care) = (bill.content, bill.amounts, bill.content.care)
        return [
            bill.institution.code, content.identifier.value, content.certificate.typeID,
            content.certificate.subKey, recipientNumber ?? "", content.day.text,
            String(content.cost), String(content.percent), String(amounts.due),
            String(amounts.share), String(amounts.collected),
            bill.month.cap.map(String.init) ?? "", String(bill.month.collected),
            String(content.place.number), content.place.isLast ? "0" : "1",
            String(amounts.over), care.meals == nil ? "" : String(amounts.meals),
            care.isInpatient ? String(care.days) : "", care.isInpatient ? "1" : "0",
        ]
    }
}

extension CheckupResult.Value {
    /// 値と単位. What was not examined says its reason in front of the unit's place.
    fileprivate var cells: [String] {
        switch self {
        case .quantity(let number, let unit): [number, unit]
        case .choice(let text), .day(let text), .text(let text): [text, ""]
        case .notExamined(let reason): ["未実施:" + reason, ""]
        }
    }
}
