/// 発育の記録, in the order given, each under the id that its reader knows it by.
package func renderMeasurements(
    _ measurements: [(id: String, measurement: Measurement)], of patientID: String,
    page: SearchPage, _ rules: MaternalRules
) -> [UInt8] {
    var phrases = ObservationPhrases(of: patientID, rules.items)
    return renderSearchset(
        measurements.map { id, measurement in
            SearchEntry(
                reference: "Observation/" + id, resource: measurement.render(id: id, &phrases))
        }, page: page)
}

/// Observation in the flavour of JP Core, with the percentiles it lies between and the range of the survey.
extension Measurement {
    /// `phrases`: of the resident, shared by all of an answer.
    fileprivate func render(id: String, _ phrases: inout ObservationPhrases) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 2048)
        writer.object { observation in
            observation.member("resourceType", "Observation")
            observation.member("id", id)
            observation.write(entry, on: time.text, &phrases)
            guard let growth, case .quantity(_, let unit) = entry.value else { return }
            observation.array("referenceRange") { list in
                list.object { range in
                    range.array("extension") { growth.write(to: &$0) }
                    range.quantity("low", growth.low.value, unit)
                    range.quantity("high", growth.high.value, unit)
                    range.bilingual(
                        "text",
                        BilingualText(
                            ja: "\(growth.low.percentile)〜\(growth.high.percentile)パーセンタイル値",
                            en: "Percentiles \(growth.low.percentile) to "
                                + "\(growth.high.percentile)"))
                }
            }
        }
        return writer.bytes
    }
}

extension Measurement.Growth {
    fileprivate func write(to list: inout JSONWriter) {
        list.object { entry in
            entry.member("url", FHIR.Extension.growthPlace)
            entry.array("extension") { parts in
                for (name, percentile) in [("atLeast", place.atLeast), ("below", place.below)] {
                    guard let percentile else { continue }
                    parts.object {
                        $0.member("url", name)
                        $0.member("valueInteger", percentile)
                    }
                }
                parts.extensionItem("source", "valueString", source)
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func quantity(_ name: String, _ amount: MeasuredAmount, _ unit: String) {
        object(name) {
            $0.name("value")
            $0.raw(amount.text)
            $0.member("unit", unit)
            $0.member("system", FHIR.System.ucum)
            $0.member("code", unit)
        }
    }
}
