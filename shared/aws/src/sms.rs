//! SMS by AWS End User Messaging: our reference in the context that comes back, worth nothing after the day's window.

use crate::signed::{AT_ONCE, Call, Heard, Signed, Silence};
use async_trait::async_trait;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::disposition::Disposition;
use cauce_engine::ports::channel::{Answer, Outgoing, Refused, Sender};
use cauce_engine::ports::provider::{Account, Field, Provider, Signs, Standing, Unfit};
use cauce_engine::ports::told::Refusal;
use serde_json::{Value, json};
use std::sync::Arc;

/// What an account needs; it is opened with the functions' own role.
const FIELDS: [Field; 5] = [
    Field::setting("origination_identity", "el número, remitente o grupo que envía"),
    Field::setting("configuration_set", "el conjunto de configuración cuyos avisos vuelven").optional(),
    Field::setting("protect_configuration", "la configuración de protección").optional(),
    Field::setting("topics", "los temas de SNS por los que vuelven avisos y respuestas, separados por comas")
        .optional(),
    Field::setting("rate", "los mensajes por segundo").or("1"),
];

/// The longest an SMS may wait, in seconds: what is sent today must not arrive at night.
const LONGEST_WAIT: i64 = 14_400;

/// Sends by AWS End User Messaging.
pub struct AwsSms(pub Arc<Signed>);

impl AwsSms {
    async fn ask(&self, operation: &str, body: &Value) -> Result<Heard, Silence> {
        let target = format!("PinpointSMSVoiceV2.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target.as_str())];
        let call = Call {
            service: "sms-voice",
            host: "sms-voice",
            headers: &headers,
            path: "/",
            patience: AT_ONCE,
            body: &body.to_string(),
        };
        self.0.post(call).await
    }
}

/// A message as it is asked for; `None` when its day's window has closed.
fn message(outgoing: &Outgoing, account: &Account) -> Option<Value> {
    let to = outgoing.recipients.to.first()?;
    let closes = outgoing.until.map_or(LONGEST_WAIT, |until| (until - outgoing.at).num_seconds());
    if closes < 5 {
        return None;
    }
    let mut body = json!({
        "DestinationPhoneNumber": to.address, "MessageBody": outgoing.text, "MessageType": "TRANSACTIONAL",
        "OriginationIdentity": account.setting("origination_identity"), "TimeToLive": closes.min(LONGEST_WAIT),
        "Context": { "msg": outgoing.reference, "project": outgoing.project.as_str() },
    });
    let optional = [("ConfigurationSetName", "configuration_set"), ("ProtectConfigurationId", "protect_configuration")];
    for (member, setting) in optional {
        if !account.setting(setting).is_empty() {
            body[member] = account.setting(setting).into();
        }
    }
    Some(body)
}

/// An error's type, reason and field.
fn error(body: &[u8]) -> (String, String, String) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let kind = text("__type").rsplit('#').next().unwrap_or_default().to_owned();
    (kind, text("Reason"), body["Fields"][0]["Name"].as_str().unwrap_or_default().to_owned())
}

fn answer(heard: Result<Heard, Silence>) -> Answer {
    let heard = match heard {
        Ok(heard) => heard,
        Err(Silence::NotSent) => return Answer::not_now("no se pudo conectar a AWS"),
        Err(Silence::Unknown) => return Answer::Unknown("AWS no respondió".to_owned()),
    };
    let said: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
    if let (200..300, Some(id)) = (heard.status, said["MessageId"].as_str()) {
        return Answer::Accepted(id.to_owned());
    }
    let (kind, reason, field) = error(&heard.body);
    let disposition = match disposition(&kind, &reason, &field) {
        Disposition::Unknown if heard.status == 429 => Disposition::Retry,
        Disposition::Unknown if heard.status >= 500 || heard.status < 300 => Disposition::Ambiguous,
        known => known,
    };
    let code = if reason.is_empty() { kind } else { reason };
    let refusal = Refusal::of(Some(code), disposition);
    let words = refusal.words();
    match disposition {
        _ if refusal.is_of_a_country() => Answer::Refused(Refused { words, refusal: Some(refusal) }),
        Disposition::Retry => Answer::NotNow { why: words, wait: 2 },
        Disposition::Ambiguous => Answer::Unknown(words),
        Disposition::StopAccount => Answer::disconnected(words),
        _ => Answer::Refused(Refused { words, refusal: Some(refusal) }),
    }
}

#[async_trait]
impl Sender for AwsSms {
    fn provider(&self) -> &'static str {
        crate::PROVIDER
    }

    async fn send(&self, outgoing: &Outgoing) -> Answer {
        let Some(account) = &outgoing.account else { return Answer::disconnected("falta la cuenta de SMS de AWS") };
        match message(outgoing, account) {
            Some(body) => answer(self.ask("SendTextMessage", &body).await),
            None => Answer::refused("se cerró el horario de contacto"),
        }
    }
}

#[async_trait]
impl Provider for AwsSms {
    fn channels(&self) -> &'static [Channel] {
        &[Channel::Sms]
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn account_id(&self, account: &Account) -> String {
        account.setting("origination_identity").to_owned()
    }

    fn signs(&self, account: &Account) -> Option<Signs> {
        Some(crate::signs(account.setting("topics")))
    }

    async fn check(&self, account: &Account) -> Result<Standing, Unfit> {
        let heard = self.ask("DescribeSpendLimits", &json!({ "MaxResults": 10 })).await;
        let heard = heard.map_err(|_| Unfit::Silent("AWS no respondió".to_owned()))?;
        if heard.status != 200 {
            let (kind, reason, _) = error(&heard.body);
            let status = if kind == "ThrottlingException" { 429 } else { heard.status };
            return Err(Unfit::by_status(status, format!("{kind} {reason}").trim().to_owned()));
        }
        let rate = account.setting("rate").parse().ok().filter(|rate: &f64| *rate > 0.0);
        Ok(Standing { rate, ..Standing::default() })
    }
}

/// What an error of the API means, by its type and reason.
fn disposition(kind: &str, reason: &str, field: &str) -> Disposition {
    use Disposition::*;
    match (kind.rsplit('#').next().unwrap_or(kind), reason) {
        ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT") => OptOut,
        ("ConflictException" | "AccessDeniedException" | "ResourceNotFoundException", _) => StopAccount,
        ("ServiceQuotaExceededException", _) => StopAccount,
        ("ValidationException", "INVALID_PARAMETER") if field == "DestinationPhoneNumber" => DeadRecipient,
        ("ValidationException", reason) if reason.starts_with("SENDER_ID_") => StopAccount,
        (
            "ValidationException",
            "COUNTRY_NOT_ENABLED" | "DESTINATION_COUNTRY_BLOCKED" | "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY",
        ) => StopAccount,
        ("ValidationException", _) => FixRequest,
        ("ThrottlingException", _) => Retry,
        ("InternalServerException", _) => Ambiguous,
        _ => Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_table_has_its_meaning() {
        use Disposition::*;
        for (kind, reason, field, meaning) in [
            ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", "", OptOut),
            ("ConflictException", "RESOURCE_NOT_ACTIVE", "", StopAccount),
            ("ValidationException", "COUNTRY_NOT_ENABLED", "", StopAccount),
            ("ValidationException", "SENDER_ID_NOT_REGISTERED", "", StopAccount),
            ("ValidationException", "INVALID_PARAMETER", "DestinationPhoneNumber", DeadRecipient),
            ("ValidationException", "PRICE_OVER_THRESHOLD", "", FixRequest),
            (
                "com.amazonaws.pinpointsmsvoicev2#ServiceQuotaExceededException",
                "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT",
                "",
                StopAccount,
            ),
            ("ThrottlingException", "", "", Retry),
            ("InternalServerException", "", "", Ambiguous),
            ("AccessDeniedException", "ACCOUNT_DISABLED", "", StopAccount),
            ("ResourceNotFoundException", "", "", StopAccount),
            ("Otra", "", "", Unknown),
        ] {
            assert_eq!(disposition(kind, reason, field), meaning, "{kind} {reason}");
        }
    }
}
