import Exchange
import TestSupport
import Testing

/// 受領の求め: a bulk export is no way round what its caller may not receive line by line.
@Suite struct ExportQuestionTests {
    @Test func `what is received line by line is exported to whoever may receive it`() throws {
        let permissions = try #require(Profiles.book.permissions)
        for role in Role.allCases {
            let all = try ExportQuestion(types: nil, since: nil).resolved(
                for: role, by: permissions)
            for type in ExportType.allCases {
                let isOpen = type.purpose.map { permissions.may(role, $0) } ?? true
                #expect(all.types.contains(type) == isOpen)
                let named = try ExportQuestion(types: type.rawValue, since: nil)
                if isOpen {
                    #expect(try named.resolved(for: role, by: permissions) == named)
                } else {
                    #expect(throws: Refusal.notYourPurpose) {
                        try named.resolved(for: role, by: permissions)
                    }
                }
            }
        }
        let prefecture = try ExportQuestion(types: nil, since: nil)
            .resolved(for: .prefecture, by: permissions)
        #expect(prefecture.types == [.coverage, .claimResponse, .patient])
    }

    @Test func `every type but residents has a purpose of its own, and they come last`() {
        #expect(ExportType.allCases.filter { $0.purpose == nil } == [.patient])
        #expect(ExportType.allCases.last == .patient)
        for type in ExportType.allCases {
            if let field = type.field { #expect(field.designation == nil) }
        }
    }
}
