//! Each sample beside what it means.

use super::{collections, json};
use cauce_channels::{aws, twilio, whatsapp};
use cauce_engine::ports::told::{Account, Call, Inbound, Mail, Reported, Status, Told};
use serde_json::{Map, Value, json};

/// What a provider's own table calls a thing, without what is not there.
fn shape(kind: &str, fields: &[(&str, Value)]) -> Value {
    let there = fields.iter().filter(|(_, value)| !value.is_null());
    let mut all: Map<String, Value> = there.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    all.insert("kind".to_owned(), kind.into());
    Value::Object(all)
}

fn word(state: Reported) -> Value {
    serde_json::to_value(state).expect("a word")
}

/// Whether a flag is told: the tables leave out what is not so.
fn when(flag: bool) -> Value {
    if flag { true.into() } else { Value::Null }
}

fn number(code: Option<&String>) -> Value {
    code.and_then(|code| code.parse::<i64>().ok()).map_or(Value::Null, Value::from)
}

fn status(provider: &str, status: &Status) -> Value {
    let refusal = status.refusal.as_ref();
    let code = refusal.and_then(|r| r.code.as_ref());
    let at = json!(status.at.map(|at| at.timestamp_millis()));
    let mut fields = vec![
        ("id", json!(status.id)),
        ("status", word(status.state)),
        ("disposition", json!(refusal.map(|r| r.disposition))),
    ];
    match provider {
        "whatsapp" => fields.extend([
            ("account", json!(status.account)),
            ("ts_ms", at),
            ("wa_id", json!(status.address)),
            ("user_id", json!(status.user)),
            ("opaque", json!(status.reference)),
            ("error_code", number(code)),
        ]),
        "twilio_sms" => fields.extend([("rank", json!(status.state.rank())), ("error_code", json!(code))]),
        "aws_sms" => fields.extend([("ts_ms", at), ("final", json!(status.last))]),
        _ => fields.extend([
            ("address", json!(status.address)),
            ("ts_ms", at),
            ("bounce", json!(refusal.and_then(|r| r.bounce.as_ref()))),
            ("code", json!(code)),
            // The server's own words of a bounce are kept and in no table.
            ("reason", if status.state == Reported::Bounced { Value::Null } else { json!(status.reason) }),
        ]),
    }
    shape("status", &fields)
}

fn inbound(provider: &str, message: &Inbound) -> Value {
    let common = [
        ("id", json!(message.id)),
        ("text", json!(message.text)),
        ("wa_id", json!(message.wa_id)),
        ("payload", json!(message.payload)),
        ("context_id", json!(message.context)),
    ];
    let own = if provider == "whatsapp" {
        vec![
            ("account", json!(message.account)),
            ("user_id", json!(message.user)),
            ("ts_ms", json!(message.at.map(|at| at.timestamp_millis()))),
            ("type", json!(message.kind)),
            ("opens_window", json!(message.opens_window)),
            ("media_id", json!(message.media.first().map(|m| &m.id))),
            ("optout", when(message.opt_out)),
        ]
    } else {
        vec![("frm", json!(message.from)), ("to", json!(message.to)), ("handled_by_twilio", json!(message.handled))]
    };
    shape("inbound", &[common.to_vec(), own].concat())
}

fn call(call: &Call) -> Value {
    match call {
        Call::Leg { id, parent, state, sequence, at, answered_by, seconds, .. } => shape(
            "call_status",
            &[
                ("call", json!(id)),
                ("parent", json!(parent)),
                ("status", json!(state)),
                ("seq", json!(sequence)),
                ("ts_ms", json!(at.map(|at| at.timestamp_millis()))),
                ("answered_by", json!(answered_by)),
                ("seconds", json!(seconds)),
            ],
        ),
        Call::AnsweredBy { id, by } => shape("amd", &[("call", json!(id)), ("answered_by", json!(by))]),
        Call::Dialled { id, leg, result } => {
            shape("dial_result", &[("call", json!(id)), ("leg", json!(leg)), ("result", json!(result))])
        }
        Call::Recording { id, state, seconds } => {
            shape("recording", &[("call", json!(id)), ("status", json!(state)), ("seconds", json!(seconds))])
        }
    }
}

fn mail(mail: &Mail) -> Value {
    shape(
        "inbound_mail",
        &[
            ("s3", json!(mail.place)),
            ("content", when(mail.content.is_some())),
            ("recipients", json!(mail.recipients)),
            ("source", json!(mail.source)),
            ("trusted", json!(mail.trusted)),
            ("quarantine", when(mail.quarantine)),
        ],
    )
}

fn account(account: &Account) -> Value {
    shape(
        "account",
        &[
            ("field", json!(account.field)),
            ("event", json!(account.event)),
            ("waba", json!(account.waba)),
            ("account", json!(account.account)),
            ("code", json!(account.code)),
        ],
    )
}

fn told(provider: &str, told: &Told) -> Value {
    match told {
        Told::Status(one) => status(provider, one),
        Told::Inbound(one) => inbound(provider, one),
        Told::Call(one) => call(&one.call),
        Told::Mail(one) => mail(one),
        Told::Account(one) => account(one),
        Told::Preference(one) => shape(
            "preference",
            &[
                ("account", json!(one.account)),
                ("id", json!(one.id)),
                ("wa_id", json!(one.wa_id)),
                ("user_id", json!(one.user)),
                ("address", json!(one.address)),
                ("category", json!(one.category)),
                ("value", json!(one.value)),
                ("source", json!(one.source)),
                (
                    "ts_ms",
                    if one.source.is_some() { Value::Null } else { json!(one.at.map(|at| at.timestamp_millis())) },
                ),
            ],
        ),
        Told::Identity(one) => shape(
            "identity",
            &[
                ("account", json!(one.account)),
                ("id", json!(one.id)),
                ("change", json!(one.change)),
                ("old_wa_id", json!(one.old_wa_id)),
                ("new_wa_id", json!(one.new_wa_id)),
                ("old_user_id", json!(one.old_user)),
                ("new_user_id", json!(one.new_user)),
            ],
        ),
        Told::Engagement(one) => shape(
            "engagement",
            &[
                ("id", json!(one.id)),
                ("what", json!(one.what)),
                ("link", json!(one.link)),
                ("bot", when(one.bot)),
                ("ts_ms", json!(one.at.map(|at| at.timestamp_millis()))),
            ],
        ),
        Told::Ignored { reason, id } => shape("ignored", &[("reason", json!(reason)), ("id", json!(id))]),
        Told::DeadLetter { reason } => shape("dead_letter", &[("reason", json!(reason))]),
    }
}

fn read(provider: &str, body: &[u8]) -> Vec<Told> {
    match provider {
        "whatsapp" => whatsapp::parse(body),
        "twilio_sms" | "twilio_voice" => twilio::parse(body),
        _ => aws::parse(body),
    }
}

#[test]
fn every_sample_means_what_its_table_says() {
    for folder in collections() {
        let expected = json(&folder.join("expected_events.json"));
        let mut wrong = Vec::new();
        for (path, meaning) in expected.as_object().expect("by file") {
            let provider = path.split('/').next().unwrap_or_default();
            let body = std::fs::read(folder.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
            let got = read(provider, &body);
            // A record of a function holds what another sample shows bare.
            if meaning[0]["kind"] == "wrapped" {
                assert!(got.iter().all(|one| matches!(one, Told::Mail(_))) && !got.is_empty(), "{path}: {got:?}");
                continue;
            }
            let got: Value = got.iter().map(|one| told(provider, one)).collect();
            if got != *meaning {
                wrong.push(format!("{path}\n  got      {got}\n  expected {meaning}"));
            }
        }
        assert!(wrong.is_empty(), "{}: {}\n{}", folder.display(), wrong.len(), wrong.join("\n"));
    }
}
