import Exchange
import Hummingbird
import Ledger

/// 本人の意思: what a resident takes back or forbids, effective with the next request of the institution.
extension GatewayParts {
    /// 同意の撤回: `POST /visits/{id}/withdraw`.
    func withdrawOwnConsent(_ asking: Asking) async throws -> Response {
        let book = try ledger.rules.current()
        let token = try asking.residentToken()
        let visit = try asking.context.recordID()
        let (_, object) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        try object.requireOnly(["consents"])
        let kinds = try object.consentKinds("consents", book)
        try await asking.access { records in
            let person = try records.resident(token)
            try records.withdraw(kinds, from: visit, of: person)
            records.enter(person, visit: visit)
        }
        return Response(status: .noContent)
    }

    /// 停止した医療機関: `GET /blocks`.
    func readOwnBlocks(_ asking: Asking) async throws -> Response {
        try await own(asking, answering: Response.json) { records, person, _ in
            let blocks = try records.ownBlocks(of: person, limit: PageLimits.blocksMax)
            var writer = JSONWriter(reservingBytes: 64 + blocks.count * 192)
            writer.beginObject()
            writer.name("blocks")
            writer.beginArray()
            for block in blocks { block.write(to: &writer) }
            writer.endArray()
            writer.endObject()
            return writer.bytes
        }
    }

    /// 医療機関の停止: `POST /blocks`; one that is blocked already stays so.
    func setOwnBlock(_ asking: Asking) async throws -> Response {
        let (_, object) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        try object.requireOnly(["institution"])
        let code = try MedicalInstitutionCode(object.requiredString("institution"))
        let institution = try Party(role: .institution, code: code.digits)
        let (_, bytes) = try await own(asking, as: \.self) { records, person, _ in
            let block = try records.setBlock(of: institution, by: person)
            var writer = JSONWriter(reservingBytes: 96)
            writer.beginObject()
            writer.member("block", block.text)
            writer.member("institution", code.digits)
            writer.endObject()
            return writer.bytes
        }
        return .json(.created, bytes)
    }

    /// 停止の解除: `POST /blocks/{id}/lift`.
    func liftOwnBlock(_ asking: Asking) async throws -> Response {
        let token = try asking.residentToken()
        let block = try asking.context.recordID()
        try await asking.access { records in
            let person = try records.resident(token)
            try records.liftBlock(block, of: person)
            records.enter(person)
        }
        return Response(status: .noContent)
    }
}

extension OwnBlock {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("block", id.text)
        writer.member("institution", party.code)
        writer.member("name", partyName)
        writer.member("setAt", set.text)
        writer.member("liftedAt", lifted?.text)
        writer.endObject()
    }
}
