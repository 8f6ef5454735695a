/// 保存の形: the report as the ledger keeps it, naming neither person nor visit. It holds our own codes alone,
/// so that no change of rules changes what was reported. Reading it again gives the same report.
extension CheckupReport {
    package var face: String {
        var writer = JSONWriter(reservingBytes: 1024)
        writer.object { face in
            face.name("identifier")
            face.identifierItem(identifier)
            face.member("status", status.rawValue)
            face.member("checkup", result.checkup)
            face.member("effective", effective.text)
            face.member("issued", issued?.text)
            face.array("performers") { list in
                for performer in performers {
                    list.object { row in
                        if let identifier = performer.identifier {
                            row.name("identifier")
                            row.identifierItem(identifier)
                        }
                        row.member("name", performer.name)
                    }
                }
            }
            if let ticket { face.object("ticket") { $0.members(of: ticket) } }
            face.array("entries") { list in
                for entry in result.entries { list.object { $0.members(of: entry) } }
            }
        }
        return writer.text
    }

    package init(face text: String) throws(Refusal) {
        let face = try JSON(reading: text).requiredObject(at: "report")
        guard let status: Status = try face.code("status") else { throw .missing("status") }
        let effective = try GivenTime(face.requiredString("effective"))
        guard let day = effective.day else { throw .malformed("effective") }
        var entries: [CheckupResult.Entry] = []
        // Where something is wrong is only said once it is: a resident's years are thousands of entries.
        for (place, value) in (try face.optionalArray("entries") ?? []).enumerated() {
            let row = try value.requiredObject(at: JSONPath.element(place, of: "entries"))
            entries.append(
                try CheckupResult.Entry(face: row, at: JSONPath.element(place, of: "entries")))
        }
        self.init(
            identifier: try RecordIdentifier(
                reading: face.requiredObject("identifier"), at: "identifier"),
            status: status, effective: effective,
            result: CheckupResult(
                checkup: try face.requiredString("checkup"), day: day, entries: entries))
        issued = try face.time("issued")
        for (row, path) in try face.objects("performers") {
            let identifier = try row.optionalObject("identifier", at: path)
            performers.append(
                Performer(
                    identifier: try identifier.map { row throws(Refusal) in
                        try RecordIdentifier(reading: row, at: path)
                    }, name: try row.optionalString("name", at: path)))
        }
        if let row = try face.optionalObject("ticket") {
            ticket = CheckupTicket.Number(
                body: try row.requiredString("body"), kind: try row.requiredString("kind"),
                serial: try row.requiredInt("serial"), issue: try row.requiredInt("issue"))
        }
    }
}

extension CheckupResult.Entry {
    fileprivate init(
        face row: JSONObject, at path: @autoclosure () -> String
    ) throws(Refusal) {
        let value: CheckupResult.Value
        if let digits = try row.optionalString("quantity") {
            value = .quantity(digits, unit: try row.requiredString("unit"))
        } else if let code = try row.optionalString("choice") {
            value = .choice(code)
        } else if let day = try row.optionalString("day") {
            value = .day(day)
        } else if let reason = try row.optionalString("notExamined") {
            value = .notExamined(reason: reason)
        } else {
            value = .text(try row.requiredString("text", at: path()))
        }
        self.init(item: try row.requiredString("item", at: path()), value: value)
    }
}

extension JSONWriter {
    fileprivate mutating func members(of ticket: CheckupTicket.Number) {
        member("body", ticket.body)
        member("kind", ticket.kind)
        member("serial", ticket.serial)
        member("issue", ticket.issue)
    }

    fileprivate mutating func members(of entry: CheckupResult.Entry) {
        member("item", entry.item)
        switch entry.value {
        case .quantity(let digits, let unit):
            member("quantity", digits)
            member("unit", unit)
        case .choice(let code): member("choice", code)
        case .day(let day): member("day", day)
        case .text(let text): member("text", text)
        case .notExamined(let reason): member("notExamined", reason)
        }
    }
}
