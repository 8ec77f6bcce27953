//! Every error that a provider documents, answered over HTTP to a message, and what the message becomes by it.

use super::mishaps::number;
use crate::aws::config;
use crate::fakes::signature::KEY;
use crate::fakes::{self, Memory, Script, aws_sms, meta, ses, twilio};
use cauce_aws::email::Ses;
use cauce_aws::signed::Signed;
use cauce_aws::sms::AwsSms;
use cauce_channels::network::{Addresses, providers};
use cauce_domain::contact::disposition::Disposition;
use cauce_domain::contact::point::{Destination, Recipients};
use cauce_engine::ports::channel::{Answer, Outgoing, Sender};
use cauce_engine::ports::provider::Account;
use cauce_engine::ports::secrets::Secret;
use serde_json::{Value, json};
use std::sync::Arc;

/// What a message becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Becomes {
    /// It waits and is asked for again.
    Again,
    /// Nobody knows whether it left.
    Unknown,
    /// Nothing leaves from the account.
    Stopped,
    /// It failed, and this follows.
    Failed(Disposition),
}
use Becomes::*;
use Disposition::*;

/// A documented error and what the message becomes.
type Documented = (u16, Value, Becomes);

fn played(errors: &[Documented]) -> Arc<Memory> {
    let answers: Vec<(u16, String)> = errors.iter().map(|(status, body, _)| (*status, body.to_string())).collect();
    let script = move |asked: &fakes::Asked| {
        let (status, body) = answers[usize::try_from(number(asked)).expect("a place")].clone();
        Script::Error { status, body, retry_after: None }
    };
    Memory::new(script, |_| {})
}

/// Asks for a message for each error, and holds what comes back against what is documented.
async fn each(sender: &dyn Sender, account: Account, errors: &[Documented], memory: &Memory) {
    let account = Arc::new(account);
    for (at, (status, body, becomes)) in errors.iter().enumerate() {
        let address = match sender.provider() == "aws" && !account.setting("from").is_empty() {
            true => format!("c{at}@x.com"),
            false => format!("+5198765{at:04}"),
        };
        let recipients = Recipients { to: vec![Destination { address, shared: false }], cc: vec![] };
        let words = (Some("Su pago".to_owned()), "Hola".to_owned());
        let now = "2026-03-10T14:00:00Z".parse().expect("an instant");
        let message =
            Outgoing::plain("lima".into(), format!("r{at}"), recipients, words, now, Some(Arc::clone(&account)));
        let got = match sender.send(&message).await {
            Answer::Accepted(id) => panic!("taken as {id}: {status} {body}"),
            Answer::NotNow { .. } => Again,
            Answer::Unknown(_) => Becomes::Unknown,
            Answer::Disconnected { .. } => Stopped,
            Answer::Refused(refused) => Failed(refused.refusal.expect("a reason").disposition),
        };
        assert_eq!(got, *becomes, "{status} {body}");
    }
    assert_eq!(memory.wrong(), Vec::<String>::new());
}

fn account(settings: &[(&str, &str)], credentials: &[(&str, &str)]) -> Account {
    let settings = settings.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let credentials = credentials.iter().map(|(n, v)| ((*n).to_owned(), Secret::new(*v))).collect();
    Account { settings, credentials, callback: "https://hooks.example.com/hooks/x".to_owned() }
}

/// The errors of codes that all mean the same.
fn codes(all: &[i64], becomes: Becomes, body: fn(i64) -> Value) -> Vec<Documented> {
    all.iter().map(|code| (400, body(*code), becomes)).collect()
}

#[tokio::test]
async fn every_error_of_metas_table_over_http() {
    let body =
        |code: i64| json!({ "error": { "message": format!("(#{code})"), "type": "OAuthException", "code": code } });
    let mut errors = codes(&[0, 3, 10, 33, 190, 200, 299, 368], Stopped, body);
    let stopped = [130_497, 131_005, 131_031, 131_037, 131_042, 131_045, 131_048, 131_064, 133_010];
    errors.extend(codes(&stopped, Stopped, body));
    errors.push((400, json!({ "error": { "code": 100, "error_subcode": 33 } }), Stopped));
    let again = [2, 4, 80_007, 130_429, 131_016, 131_056, 131_057, 132_069, 133_004, 133_016, 2_494_100];
    errors.extend(codes(&again, Again, body));
    // Said at once, nobody knows how far it came.
    errors.extend(codes(&[1, 131_000], Becomes::Unknown, body));
    errors.extend(codes(&[130_403, 131_021, 131_026, 131_030, 131_062, 137_000], Failed(DeadRecipient), body));
    errors.extend(codes(&[130_472, 131_049], Failed(RetryAfter24h), body));
    errors.extend(codes(&[131_047], Failed(UseTemplate), body));
    errors.extend(codes(&[131_050], Failed(OptOutMarketing), body));
    let mend = [100, 131_008, 131_009, 131_051, 131_052, 131_053, 131_063, 132_000, 132_001, 132_005, 132_007];
    errors.extend(codes(&mend, Failed(FixRequest), body));
    errors.extend(codes(&[132_008, 132_012, 132_015, 132_016, 132_018, 132_068, 135_000], Failed(FixRequest), body));
    errors.extend(codes(&[999_999], Failed(Disposition::Unknown), body));
    let memory = played(&errors);
    let whatsapp = fakes::serve(meta::router(Arc::clone(&memory))).await;
    let all = providers(&Addresses { whatsapp, ..Addresses::default() });
    let settings = [("phone_number_id", meta::NUMBER), ("waba_id", meta::WABA), ("api_version", "v25.0")];
    each(all["whatsapp"].as_ref(), account(&settings, &[("token", meta::TOKEN)]), &errors, &memory).await;
}

#[tokio::test]
async fn every_error_of_twilios_table_over_http() {
    let body = |code: i64| json!({ "code": code, "message": "…", "status": 400 });
    let mut errors = codes(&[20_003, 20_404, 21_212, 21_603, 21_606, 21_608, 30_002], Stopped, body);
    errors.extend(codes(&[21_408, 30_034], Failed(StopAccount), body));
    errors.extend(codes(&[20_429, 21_611, 30_001, 30_003, 30_008, 63_017, 63_018], Again, body));
    errors.extend(codes(&[20_500, 20_503], Becomes::Unknown, body));
    errors.extend(codes(&[21_211, 21_612, 21_614, 21_635, 30_004, 30_005, 30_006], Failed(DeadRecipient), body));
    errors.extend(codes(&[21_610], Failed(OptOut), body));
    errors.extend(codes(&[21_617], Failed(FixRequest), body));
    errors.extend(codes(&[30_007], Failed(ContentFiltered), body));
    errors.extend(codes(&[63_016], Failed(UseTemplate), body));
    let memory = played(&errors);
    let twilio = fakes::serve(twilio::router(Arc::clone(&memory))).await;
    let all = providers(&Addresses { twilio, ..Addresses::default() });
    let settings = [("account_sid", twilio::ACCOUNT), ("from", "+5115550000")];
    each(all["twilio"].as_ref(), account(&settings, &[("auth_token", twilio::TOKEN)]), &errors, &memory).await;
}

#[tokio::test]
async fn every_error_of_sess_table_over_http() {
    let error =
        |status: u16, kind: &str, what: &str, becomes| (status, json!({ "__type": kind, "message": what }), becomes);
    let errors = [
        error(429, "TooManyRequestsException", "Too many requests", Again),
        error(400, "ThrottlingException", "Maximum sending rate exceeded.", Again),
        error(400, "ThrottlingException", "Daily message quota exceeded.", Stopped),
        error(400, "AccountSuspendedException", "", Stopped),
        error(400, "SendingPausedException", "", Stopped),
        error(400, "MailFromDomainNotVerifiedException", "", Stopped),
        error(400, "MessageRejected", "Email address is not verified.", Stopped),
        error(400, "MessageRejected", "Illegal header", Failed(FixRequest)),
        error(400, "BadRequestException", "Invalid email address.", Failed(FixRequest)),
        error(400, "LimitExceededException", "Limit exceeded", Failed(FixRequest)),
        error(404, "NotFoundException", "", Stopped),
        error(500, "InternalFailure", "", Becomes::Unknown),
        error(503, "ServiceUnavailable", "", Becomes::Unknown),
    ];
    let memory = played(&errors);
    let sdk = config(&fakes::serve(ses::router(Arc::clone(&memory))).await, KEY).await;
    let from = format!("cobros@{}", ses::DOMAIN);
    each(&Ses::new(&sdk, String::new(), None), account(&[("from", &from)], &[]), &errors, &memory).await;
}

#[tokio::test]
async fn every_error_of_amazons_sms_over_http() {
    let error =
        |kind: &str, reason: &str, becomes| (400, json!({ "__type": kind, "Message": "", "Reason": reason }), becomes);
    let of_country = Failed(StopAccount);
    let mut errors = vec![
        error("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", Failed(OptOut)),
        error("ConflictException", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", Stopped),
        error("ConflictException", "NO_ORIGINATION_IDENTITIES_FOUND", Stopped),
        error("ConflictException", "RESOURCE_NOT_ACTIVE", Stopped),
        error("ConflictException", "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION", of_country),
        error("ValidationException", "COUNTRY_NOT_ENABLED", of_country),
        error("ValidationException", "DESTINATION_COUNTRY_BLOCKED", of_country),
        error("ValidationException", "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY", of_country),
        error("ValidationException", "SENDER_ID_NOT_SUPPORTED", of_country),
        error("ValidationException", "PRICE_OVER_THRESHOLD", Failed(FixRequest)),
        error("ValidationException", "FIELD_VALIDATION_FAILED", Failed(FixRequest)),
        error("ValidationException", "MAXIMUM_SIZE_EXCEEDED", Failed(FixRequest)),
        error("ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", Stopped),
        error("ThrottlingException", "", Again),
        error("InternalServerException", "", Becomes::Unknown),
        error("AccessDeniedException", "ACCOUNT_DISABLED", Stopped),
        error("AccessDeniedException", "INSUFFICIENT_ACCOUNT_REPUTATION", Stopped),
        error("ResourceNotFoundException", "", Stopped),
    ];
    let invalid = json!({ "__type": "ValidationException", "Reason": "INVALID_PARAMETER", "Fields": [{ "Name": "DestinationPhoneNumber" }] });
    errors.push((400, invalid, Failed(DeadRecipient)));
    let memory = played(&errors);
    let sdk = config(&fakes::serve(aws_sms::router(Arc::clone(&memory))).await, KEY).await;
    let sender = AwsSms(Arc::new(Signed::new(&sdk)));
    each(&sender, account(&[("origination_identity", aws_sms::IDENTITY)], &[]), &errors, &memory).await;
}
