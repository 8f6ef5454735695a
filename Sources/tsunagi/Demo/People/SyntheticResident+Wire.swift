import Exchange

/// What offices would send about an invented person: PMH registration rows and card authority
/// events.
extension SyntheticResident {
    /// 医療費助成対象者情報登録API: one element of the array in the body, for each row of `body`.
    func writeRegistration(of body: String, to json: inout JSONWriter) {
        for entitlement in entitlements where entitlement.body == body {
            write(entitlement, to: &json)
        }
    }

    private func write(_ entitlement: SyntheticEntitlement, to json: inout JSONWriter) {
        let scheme = entitlement.scheme
        json.beginObject()
        json.member("orgSpecificCertificateTypeId", scheme.certificateTypeID)
        json.member("myNumber", individualNumber)
        writeBasicInformation(to: &json)
        json.member("isNotDisclosed", isNotDisclosed)
        json.member("medicalSubsidyInsurerNumber", entitlement.payerNumber)
        json.member("certificationName", scheme.name)
        json.member("medicalSubsidyRecipientNumber", entitlement.recipientNumber)
        if let segment = entitlement.segment {
            json.member("incomeSegment", scheme.incomeSegments[segment])
            writeLimit(scheme, segment, to: &json)
        }
        json.member("isAlwaysReimbursement", entitlement.isAlwaysReimbursement ? "1" : "0")
        json.member("validFrom", entitlement.validFrom.text)
        json.member("validTo", entitlement.validTo.text)
        json.member("historyKey", entitlement.historyKey)
        json.member("isDeleted", false)
        json.name("certificationDetail")
        json.beginArray()
        writeFace("交付年月日", entitlement.validFrom.text, to: &json)
        writeFace("備考", "架空の証です", to: &json)
        json.endArray()
        json.endObject()
    }

    private func writeBasicInformation(to json: inout JSONWriter) {
        json.name("basicFiveInfo")
        json.beginObject()
        json.member("name", name)
        json.member("nameKana", nameKana)
        json.member("address", address)
        json.member("dateOfBirth", dateOfBirth)
        json.member("sex", sex)
        json.endObject()
    }

    /// The published specification shows no inner items, so these are ours; they come back as
    /// registered.
    private func writeLimit(_ scheme: SyntheticScheme, _ segment: Int, to json: inout JSONWriter) {
        guard scheme.monthlyLimits.indices.contains(segment) else { return }
        json.name("maxCopaymentAmount")
        json.beginObject()
        json.member("perMonth", scheme.monthlyLimits[segment])
        json.endObject()
    }

    private func writeFace(_ item: String, _ value: String, to json: inout JSONWriter) {
        json.beginObject()
        json.member("item", item)
        json.member("value", value)
        json.endObject()
    }

    /// Cards first, then moves, each with a number that grows through the whole feed.
    ///
    /// `issuer` is the card CA's distinguished name, DER in base64.
    func writeFeed(issuer: String, to json: inout JSONWriter) {
        for (order, card) in cards.enumerated() {
            json.beginObject()
            json.member("kind", "bind")
            json.member("myNumber", individualNumber)
            json.member("issuer", issuer)
            json.member("serial", card.serial)
            json.member("validFrom", card.validFrom.text)
            json.member("validTo", card.validTo.text)
            if order > 0 { writeSuperseded(issuer, cards[order - 1], to: &json) }
            json.member("sequence", sequence(order))
            json.endObject()
        }
        for (order, residence) in residences.enumerated() {
            json.beginObject()
            json.member("kind", "residence")
            json.member("myNumber", individualNumber)
            json.member("municipality", residence.body.municipality)
            json.member("from", residence.from.text)
            json.member("sequence", sequence(cards.count + order))
            json.endObject()
        }
    }

    private func writeSuperseded(_ issuer: String, _ card: Card, to json: inout JSONWriter) {
        json.name("supersedes")
        json.beginObject()
        json.member("issuer", issuer)
        json.member("serial", card.serial)
        json.endObject()
    }

    /// Nobody here has more than two cards and two homes: eight numbers each are enough.
    private func sequence(_ order: Int) -> Int { index * 8 + order + 1 }
}
