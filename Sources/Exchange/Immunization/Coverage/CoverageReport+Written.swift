/// 接種率の書き出し: https://hl7.org/fhir/R4/measurereport.html of each area, and the same figures as CSV.
extension CoverageReport {
    package func searchset(_ rules: ImmunizationRules, page: SearchPage) -> [UInt8] {
        var areas: [CoverageCount.Area] = []
        for cell in cells where areas.last != cell.area { areas.append(cell.area) }
        return renderSearchset(
            areas.map { area in
                SearchEntry(
                    reference: "MeasureReport/" + id(of: area), resource: render(area, rules))
            }, page: page)
    }

    private func day(_ days: Int32) -> String { CalendarDay(daysSince1970: Int(days)).text }

    private func id(of area: CoverageCount.Area) -> String {
        "vaccination-coverage-\(area.code)-\(month.text)"
    }

    private func render(_ area: CoverageCount.Area, _ rules: ImmunizationRules) -> [UInt8] {
        let own = cells.filter { $0.area == area }
        var writer = JSONWriter(reservingBytes: 1024 + own.count * 512)
        writer.object { report in
            report.member("resourceType", "MeasureReport")
            report.member("id", id(of: area))
            report.member("status", "complete")
            report.member("type", "summary")
            report.member("measure", FHIR.coverageMeasure)
            area.write(to: &report)
            report.member("date", counted.text)
            report.reference("reporter", FHIR.gateway)
            report.period("period", day(month.firstDay), day(month.lastDay))
            report.array("group") { groups in
                var rest = own[...]
                while let first = rest.first {
                    let group = rest.prefix {
                        $0.programme == first.programme && $0.dose == first.dose
                    }
                    rest = rest.dropFirst(group.count)
                    groups.object { Self.write(group, to: &$0, rules) }
                }
            }
        }
        return writer.bytes
    }

    /// One schedule and dose, by year of birth.
    private static func write(
        _ cells: ArraySlice<Cell>, to group: inout JSONWriter, _ rules: ImmunizationRules
    ) {
        guard let first = cells.first else { return }
        let name = rules.programme(first.programme)?.name
        group.object("code") { concept in
            concept.array("coding") { codings in
                codings.codingItem(FHIR.System.schedule, first.programme)
                codings.codingItem(FHIR.System.doseNumber, String(first.dose))
            }
            concept.member("text", name?.ja)
        }
        group.array("stratifier") { stratifiers in
            stratifiers.object { stratifier in
                stratifier.array("code") { codes in
                    codes.object { $0.bilingual("text", Self.cohort) }
                }
                stratifier.array("stratum") { list in
                    for cell in cells { list.object { cell.write(to: &$0) } }
                }
            }
        }
    }

    private static let cohort = BilingualText(ja: "生年度", en: "School year of birth")

    package var csv: [UInt8] {
        var writer = CSVWriter()
        for name in ["月", "全国地方公共団体コード", "生年度", "接種", "回", "人口", "接種者数", "接種率(‰)"] {
            writer.field(name.utf8)
        }
        writer.endRow()
        for cell in cells {
            let row = [
                month.text, cell.area.code, String(cell.cohort), cell.programme,
                String(cell.dose), String(cell.population), String(cell.vaccinated),
                String(cell.perMille),
            ]
            for value in row { writer.field(value.utf8) }
            writer.endRow()
        }
        return writer.bytes
    }
}

extension CoverageReport.Cell {
    fileprivate func write(to stratum: inout JSONWriter) {
        stratum.object("value") { $0.member("text", String(cohort)) }
        stratum.array("population") { list in
            for (code, count) in [("denominator", population), ("numerator", vaccinated)] {
                list.object { item in
                    item.concept("code", FHIR.System.measurePopulation, code)
                    item.member("count", count)
                }
            }
        }
        stratum.object("measureScore") { score in
            score.name("value")
            score.raw("\(perMille / 10).\(perMille % 10)")
            score.member("unit", "%")
            score.member("system", FHIR.System.ucum)
            score.member("code", "%")
        }
    }
}

extension CoverageCount.Area {
    /// In an address or a file.
    var code: String {
        switch self {
        case .nation: "nation"
        case .municipality(let code): code
        }
    }

    fileprivate func write(to report: inout JSONWriter) {
        switch self {
        case .nation: report.object("subject") { $0.member("display", "全国") }
        case .municipality(let code):
            report.logicalReference("subject", FHIR.System.localGovernment, code)
        }
    }
}
