import Exchange
import HTTPTypes
import Hummingbird
package import Ledger

/// 終わるものの一覧: `GET /files/{layout}/{file}/ends`, whom a whole list would end, by the keys of their
/// certificates; as CSV in the encoding of the file, by its own column names.
extension GatewayParts {
    func readFileEnds(_ kind: FileKind) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let file = try asking.context.recordID("file")
            let first = try asking.request.firstPart()
            let isTable = asking.request.wantsTable
            let (ends, bytes) = try await asking.answer(
                as: { (ends: FileEnds) in isTable ? ends.table : ends.written }
            ) { [ledger] in
                try $0.fileEnds(file, of: kind, from: first, rules: ledger.rules.kept)
            }
            guard isTable else { return .json(.ok, bytes) }
            let path = asking.request.uri.path
            return .table(
                bytes, ends.file.characters.encoding,
                next: ends.next.map { "\(path)?from=\($0)" })
        }
    }
}

extension FileEnds {
    package var written: [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024 + rows.count * 256)
        writer.beginObject()
        writer.member("file", file.file.text)
        writer.member("status", file.state.rawValue)
        writer.name("ends")
        writer.beginArray()
        for row in rows { row.write(into: &writer) }
        writer.endArray()
        writer.member("next", next)
        writer.endObject()
        return writer.bytes
    }

    fileprivate var table: [UInt8] {
        let items = [
            "orgSpecificCertificateTypeId", "medicalSubsidyInsurerNumber",
            "medicalSubsidyRecipientNumber", "certificationSubKey", "historyKey", "validFrom",
            "validTo",
        ]
        var table = TextTable(file.columnNames(of: items), file.characters)
        for row in rows {
            table.add([
                row.certificateType, row.payerNumber ?? "", row.recipientNumber ?? "", row.subKey,
                row.historyKey, row.validFrom.text, row.validTo.text,
            ])
        }
        return table.bytes
    }
}

extension FileEnds.Ended {
    /// By the items of a registration.
    fileprivate func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("orgSpecificCertificateTypeId", certificateType)
        writer.member("medicalSubsidyInsurerNumber", payerNumber)
        writer.member("medicalSubsidyRecipientNumber", recipientNumber)
        writer.member("certificationSubKey", subKey.isEmpty ? nil : subKey)
        writer.member("historyKey", historyKey.isEmpty ? nil : historyKey)
        writer.member("validFrom", validFrom.text)
        writer.member("validTo", validTo.text)
        writer.endObject()
    }
}
