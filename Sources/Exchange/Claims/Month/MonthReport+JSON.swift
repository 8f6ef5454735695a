/// The report as JSON: every file with its findings, the totals, and every claim that was not accepted with
/// each reason. Accepted claims are counted; with `all`, listed too.
extension MonthReport {
    package func json(all: Bool) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 1 << 16)
        writer.object {
            $0.member("month", month.text)
            $0.array("files") { for file in files { write(file, into: &$0) } }
            if !refusedRows.isEmpty {
                $0.array("refusedRows") { for row in refusedRows { row.write(into: &$0) } }
            }
            let sums = totals
            $0.object("total") { sums.total.write(into: &$0) }
            rules.reasons.writeNotExamined(notExamined, into: &$0)
            sums.write(into: &$0)
            $0.array("claims") { list in
                for index in batch.claims.indices
                where (all || verdicts.standings[index] != .accepted)
                    && !batch.claims[index].marks.contains(.earlier)
                {
                    list.object { write(claim: index, into: &$0) }
                }
            }
        }
        return writer.bytes
    }

    func write(claim index: Int, into writer: inout JSONWriter) {
        place(index, into: &writer)
        let claim = batch.claims[index]
        writer.member("type", claim.type == 0 ? nil : String(claim.type))
        if claim.marks.contains(.withdrawn) { writer.member("isReturned", true) }
        if claim.isToBeSentAgain {
            writer.object("sentBack") {
                $0.member("ja", ToldClaim.sentBack.text.ja)
                $0.member("en", ToldClaim.sentBack.text.en)
                $0.member("nextJa", ToldClaim.sentBack.next.ja)
                $0.member("nextEn", ToldClaim.sentBack.next.en)
            }
        }
        writer.array("publics") { list in
            for part in batch.parts(of: index) {
                list.object {
                    let payer = part.certificate.payer
                    $0.member("payer", payer == 0 ? nil : part.certificate.payerText)
                    $0.member("recipient", recipients.text(part.certificate.recipient))
                    $0.member("copayment", part.copayment < 0 ? nil : Int(part.copayment))
                    $0.member("amount", part.amount < 0 ? nil : Int(part.amount))
                }
            }
        }
        writer.member("standing", verdicts.standings[index].rawValue)
        writer.array("reasons") { list in
            for finding in verdicts.findings(of: index) { finding.write(into: &list, self) }
        }
    }

    /// Where a claim is: file, receipt and line, institution and month.
    func place(_ index: Int, into writer: inout JSONWriter) {
        let claim = batch.claims[index]
        if Int(claim.file) < files.count { writer.member("file", files[Int(claim.file)].name) }
        writer.member("receipt", Int(claim.number))
        writer.member("line", claim.line == 0 ? nil : Int(claim.line))
        writer.member("institution", claim.institutionText)
        writer.member("serviceMonth", claim.month.text)
    }

    private func write(_ file: MonthRun.File, into writer: inout JSONWriter) {
        writer.object {
            $0.member("name", file.name)
            $0.member("claims", file.claims)
            $0.array("findings") { for finding in file.findings { finding.write(into: &$0) } }
            $0.member("findingsLeftOut", file.findingsLeftOut == 0 ? nil : file.findingsLeftOut)
        }
    }
}

extension ClaimReasonTexts {
    func writeNotExamined(_ reasons: [ClaimReason], into writer: inout JSONWriter) {
        writer.array("notExamined") { list in
            for reason in reasons {
                let text = self[reason].text
                list.object {
                    $0.member("code", reason.code)
                    $0.member("ja", "照らす事実がないため調べていません: \(text.ja)")
                    $0.member("en", "Not examined, for want of facts: \(text.en)")
                }
            }
        }
    }
}

extension MonthTotals {
    /// 請求先ごと・医療機関ごとの合計.
    func write(into writer: inout JSONWriter) {
        writer.array("schemes") { list in
            for (payer, sums) in byPayer {
                list.object {
                    $0.member("payer", payer == 0 ? nil : Digits.padded(Int(payer), to: 8))
                    sums.write(into: &$0)
                }
            }
        }
        writer.array("institutions") { list in
            for statement in statements {
                list.object {
                    $0.member(
                        "institution", Claim.text(ofInstitution: statement.institution))
                    $0.member("payer", Digits.padded(Int(statement.payer), to: 8))
                    statement.sums.write(into: &$0)
                }
            }
        }
    }
}

extension MonthReport.Sums {
    func write(into writer: inout JSONWriter) {
        for (name, sum) in [
            ("accepted", accepted), ("questioned", questioned), ("rejected", rejected),
        ] {
            writer.object(name) {
                $0.member("count", sum.count)
                $0.member("cost", sum.cost)
                $0.member("copayment", sum.copayment)
                $0.member("amount", sum.amount)
            }
        }
    }
}
