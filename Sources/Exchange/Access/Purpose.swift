/// 利用目的: why somebody touched a resident's data. Closed, because each is a route of ours or a command; the
/// words for residents are in `profiles/access/purposes.json`, which must hold exactly these, and who may act
/// for each is in `profiles/access/permissions.json`.
package enum Purpose: String, CaseIterable, Hashable, Sendable {
    /// 接続 (everybody): the entry of a party that is turned away at the door, before it could ask.
    case connect
    /// 受付 (institution).
    case openVisit = "open-visit"
    /// 紙の受給者証による受付 (institution).
    case openPaperVisit = "open-paper-visit"
    /// 資格確認 (institution).
    case checkEligibility = "check-eligibility"
    /// 過去の回答の再現 (institution, municipality, prefecture).
    case replayEligibility = "replay-eligibility"
    /// 保存した問いと答えの参照 (institution).
    case readEligibility = "read-eligibility"
    /// 受付した患者の参照 (institution).
    case readPatient = "read-patient"
    /// 接種記録の送信と訂正 (institution).
    case recordVaccination = "record-vaccination"
    /// 送信した接種記録の参照 (institution).
    case readVaccination = "read-vaccination"
    /// 接種前の確認 (institution).
    case checkVaccination = "check-vaccination"
    /// 接種の判定と予定の参照 (institution).
    case forecastVaccinations = "forecast-vaccinations"
    /// 副反応疑いの報告と追加報告 (institution).
    case reportReaction = "report-reaction"
    /// 報告した副反応疑いの参照 (institution).
    case readReaction = "read-reaction"
    /// 窓口負担の照会・予約・確定・取消 (institution).
    case settleBill = "settle-bill"
    /// 送信した会計の参照 (institution).
    case readBill = "read-bill"
    /// 請求の明細の参照 (institution).
    case readSettledClaims = "read-settled-claims"
    /// 資格の訂正の知らせの受領 (institution).
    case receiveCheckNotices = "receive-check-notices"
    /// 予約の失効の知らせの受領 (institution).
    case receiveLapseNotices = "receive-lapse-notices"
    /// 受付での予診票・問診票の参照 (institution).
    case readScreenings = "read-screenings"
    /// 白紙の予診票・問診票の印刷 (institution, municipality): about nobody.
    case printPaperForms = "print-paper-forms"
    /// 紙に書かれた予診票・問診票の回答の登録と訂正 (institution).
    case bringScreening = "bring-screening"
    /// 受付での、特に慎重に扱う問診票の参照 (institution).
    case readSensitiveScreenings = "read-sensitive-screenings"
    /// 予防接種台帳と請求の受領 (municipality).
    case receiveVaccinations = "receive-vaccinations"
    /// 副反応疑いの報告の受領 (municipality).
    case receiveReactions = "receive-reactions"
    /// 副反応疑いの報告の国への書き出し (ministry).
    case exportReactions = "export-reactions"
    /// 接種率の参照 (municipality, statistics).
    case readCoverage = "read-coverage"
    /// 受給資格の異動の受領 (municipality, prefecture).
    case receiveEntitlements = "receive-entitlements"
    /// 健診結果と請求の受領 (municipality).
    case receiveCheckups = "receive-checkups"
    /// 特に慎重に扱う健診項目の受領 (municipality that is entitled to it).
    case receiveSensitiveCheckups = "receive-sensitive-checkups"
    /// 会計の受領 (municipality, prefecture).
    case receiveBills = "receive-bills"
    /// 突合 (municipality, prefecture).
    case readStatement = "read-statement"
    /// 予防接種の対象者の登録 (municipality).
    case registerVaccinationTargets = "register-vaccination-targets"
    /// 過去の接種歴の登録 (municipality, from its own ledger).
    case registerPastDoses = "register-past-doses"
    /// 予防接種の委託単価の登録 (municipality).
    case registerVaccinationPrices = "register-vaccination-prices"
    /// 登録した予防接種の委託単価の参照 (municipality).
    case readVaccinationPrices = "read-vaccination-prices"
    /// 健診と受診券の委託単価の登録 (municipality).
    case registerCheckupPrices = "register-checkup-prices"
    /// 登録した健診と受診券の委託単価の参照 (municipality).
    case readCheckupPrices = "read-checkup-prices"
    /// 未接種者の一覧 (municipality).
    case listUnvaccinated = "list-unvaccinated"
    /// 予防接種の再勧奨 (municipality).
    case remindOfVaccination = "remind-of-vaccination"
    /// 健診結果の送信と訂正 (institution).
    case recordCheckup = "record-checkup"
    /// 特に慎重に扱う健診項目の送信と訂正 (institution).
    case recordSensitiveCheckup = "record-sensitive-checkup"
    /// 集団健診の結果の送信と訂正 (municipality).
    case recordMassCheckup = "record-mass-checkup"
    /// 集団健診で特に慎重に扱う項目の送信と訂正 (municipality).
    case recordSensitiveMassCheckup = "record-sensitive-mass-checkup"
    /// 健診結果の参照 (institution).
    case readCheckups = "read-checkups"
    /// 特に慎重に扱う健診項目の参照 (institution).
    case readSensitiveCheckups = "read-sensitive-checkups"
    /// 受給資格の登録 (municipality, prefecture).
    case registerEntitlements = "register-entitlements"
    /// 請求ファイルと請求の経過の受領 (municipality, prefecture).
    case submitClaims = "submit-claims"
    /// 月次の照合と締め (municipality, prefecture).
    case reconcileMonth = "reconcile-month"
    /// 照合の結果の参照 (municipality, prefecture).
    case readClaims = "read-claims"
    /// 償還払いの一覧の参照 (municipality, prefecture).
    case readRefunds = "read-refunds"
    /// 償還払いの決定 (municipality, prefecture).
    case answerRefund = "answer-refund"
    /// 検診対象者の登録 (municipality).
    case registerCheckupTargets = "register-checkup-targets"
    /// 制度マスタの登録 (municipality).
    case registerSchemes = "register-schemes"
    /// 接種期間の登録 (municipality).
    case registerSeasons = "register-seasons"
    /// 保護者・後見の登録 (municipality).
    case registerGuardianships = "register-guardianships"
    /// 住民異動の登録 (municipality).
    case registerLifeEvents = "register-life-events"
    /// 妊娠届・出生の届出の登録 (municipality).
    case registerNotifications = "register-maternal-notifications"
    /// 事後措置の一覧の参照 (municipality).
    case readFollowUps = "read-follow-ups"
    /// 特に慎重に扱う事後措置の一覧の参照 (municipality).
    case readSensitiveFollowUps = "read-sensitive-follow-ups"
    /// 事後措置の回答 (municipality).
    case answerFollowUp = "answer-follow-up"
    /// 特に慎重に扱う事後措置の回答 (municipality).
    case answerSensitiveFollowUp = "answer-sensitive-follow-up"
    /// 健診の未受診者の一覧 (municipality).
    case listUnseen = "list-unseen"
    /// 健診の受診の勧奨 (municipality).
    case remindOfCheckup = "remind-of-checkup"
    /// 健診の受診者数の集計 (municipality, prefecture).
    case countAttendance = "count-attendance"
    /// 住民の健診結果の参照 (municipality).
    case readCheckupLines = "read-checkup-lines"
    /// 住民の記録の一括の受領 (municipality).
    case exportResidents = "export-residents"
    /// 登録結果の参照 (municipality, prefecture).
    case readRegistration = "read-registration"
    /// 特に慎重に扱う項目のファイルの処理結果の参照 (municipality).
    case readSensitiveRegistration = "read-sensitive-registration"
    /// 確認待ちの登録の承認・却下 (operator, on the municipality's word).
    case settleReview = "settle-review"
    /// 鍵の更新 (operator): about nobody.
    case rotateKey = "rotate-key"
    /// アクセスの記録の保管 (operator): about nobody by itself.
    case archiveLog = "archive-log"
    /// カードと住所の異動 (card authority).
    case feedCards = "feed-cards"
    /// アクセスの記録の検索 (municipality, prefecture, auditor).
    case searchAccessLog = "search-access-log"
    /// アクセスの記録の開示の延期 (municipality, prefecture).
    case withholdEntries = "withhold-entries"
    /// 苦情の審査のためのアクセスの記録の参照 (ombudsman).
    case examineComplaint = "examine-complaint"
    /// 災害の宣言・確認・終了 (municipality, prefecture).
    case declareDisaster = "declare-disaster"
    /// 災害時の、カードによらない受付 (institution).
    case openEmergencyVisit = "open-emergency-visit"
    /// 災害時の受付の確認の一覧 (municipality, prefecture).
    case readEmergencyReviews = "read-emergency-reviews"
    /// 災害時の受付の確認への回答 (municipality).
    case answerEmergencyReview = "answer-emergency-review"
    /// 本人のログイン (portal).
    case beginResidentSession = "begin-resident-session"
    /// 本人のログアウト (portal).
    case endResidentSession = "end-resident-session"
    /// 代わりに手続きできる人の参照 (portal).
    case readRepresented = "read-represented"
    /// 代理での手続きの開始 (portal).
    case beginActingSession = "begin-acting-session"
    /// 本人による、代わりに手続きできる人の参照 (portal).
    case readOwnRepresentatives = "read-own-representatives"
    /// 委任 (portal).
    case delegate
    /// 委任の受諾 (portal).
    case acceptDelegation = "accept-delegation"
    /// 委任の終了 (portal).
    case endDelegation = "end-delegation"
    /// 本人の受給資格の参照 (portal).
    case readOwnEntitlements = "read-own-entitlements"
    /// 本人の受付と同意の参照 (portal).
    case readOwnVisits = "read-own-visits"
    /// 本人による受付の終了 (portal).
    case endOwnVisit = "end-own-visit"
    /// 本人による同意の撤回 (portal).
    case withdrawOwnConsent = "withdraw-own-consent"
    /// 本人による、情報提供を停止した医療機関の参照 (portal).
    case readOwnBlocks = "read-own-blocks"
    /// 本人による、医療機関への情報提供の停止 (portal).
    case setOwnBlock = "set-own-block"
    /// 本人による、医療機関への情報提供の停止の解除 (portal).
    case liftOwnBlock = "lift-own-block"
    /// 本人のお知らせの参照 (portal).
    case readOwnNotices = "read-own-notices"
    /// 本人の接種記録の参照 (portal).
    case readOwnVaccinations = "read-own-vaccinations"
    /// 本人の接種予定の参照 (portal).
    case readOwnForecast = "read-own-forecast"
    /// 予診票・問診票の保存と提出 (portal).
    case saveScreening = "save-screening"
    /// 予診票・問診票の印刷 (portal).
    case printScreening = "print-screening"
    /// 本人の予診票・問診票の参照 (portal).
    case readOwnScreenings = "read-own-screenings"
    /// 特に慎重に扱う問診票の保存と提出 (portal, of the resident alone).
    case saveSensitiveScreening = "save-sensitive-screening"
    /// 本人の、特に慎重に扱う問診票の参照 (portal, of the resident alone).
    case readOwnSensitiveScreenings = "read-own-sensitive-screenings"
    /// 接種証明カードの発行 (portal).
    case issueHealthCard = "issue-health-card"
    /// 接種証明カードの失効 (portal).
    case revokeHealthCard = "revoke-health-card"
    /// 本人の自己負担と上限額の残りの参照 (portal).
    case readOwnBalances = "read-own-balances"
    /// 本人の償還払いの申請 (portal).
    case requestRefund = "request-refund"
    /// 本人の償還払いの参照 (portal).
    case readOwnRefunds = "read-own-refunds"
    /// 本人の健診結果の参照 (portal).
    case readOwnCheckups = "read-own-checkups"
    /// 本人の、特に慎重に扱う健診項目の参照 (portal).
    case readOwnSensitiveCheckups = "read-own-sensitive-checkups"
    /// 本人の発育の記録の参照 (portal).
    case readOwnMeasurements = "read-own-measurements"
    /// 本人の健診の予定の参照 (portal).
    case readOwnCheckupPlan = "read-own-checkup-plan"
    /// 本人のアクセスの記録の参照 (portal).
    case readOwnAccessLog = "read-own-access-log"
}
