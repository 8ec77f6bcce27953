//! `Queue`, `Files`, `Secrets` and e-mail on AWS's own protocols.

use crate::aws::{Mishap, account, between, catch, config, count, emulator, hasty};
use crate::world::{ask, utc};
use aws_config::SdkConfig;
use cauce_aws::email::Ses;
use cauce_aws::files::S3Files;
use cauce_aws::queue::SqsQueue;
use cauce_aws::secrets::SsmSecrets;
use cauce_domain::contact::point::{Destination, Recipients};
use cauce_engine::ports::PortError;
use cauce_engine::ports::channel::{Answer, Outgoing, Sender};
use cauce_engine::ports::files::{Files, Upload};
use cauce_engine::ports::provider::Account;
use cauce_engine::ports::queue::{MAX_MESSAGE, Message, Queue, QueueName};
use cauce_engine::ports::secrets::{Secret, Secrets};
use cauce_engine::reply_token::Names;
use futures::TryStreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

async fn sdk() -> SdkConfig {
    config(&emulator().endpoint, &account()).await
}

#[tokio::test]
async fn every_message_of_a_large_send_arrives_in_its_projects_group() {
    let sdk = sdk().await;
    let client = aws_sdk_sqs::Client::new(&sdk);
    let url = client.create_queue().queue_name("plan").send().await.expect("a queue").queue_url.expect("its address");
    let queue = SqsQueue::new(&sdk, BTreeMap::from([(QueueName::Plan, url.clone())]));
    // Twenty-five small ones, and three that do not fit in one call together.
    let mut messages: Vec<Message> = (0..25).map(|n| Message::new(format!("p{}", n % 2), format!("m{n}"))).collect();
    messages.extend((0..3).map(|n| Message::new("p0", format!("{n}{}", "x".repeat(100_000)))));
    queue.send(QueueName::Plan, messages).await.expect("sent");
    let mut seen = BTreeSet::new();
    let mut groups = BTreeSet::new();
    while seen.len() < 28 {
        let asked = client.receive_message().queue_url(&url).max_number_of_messages(10).wait_time_seconds(1);
        let all = aws_sdk_sqs::types::MessageSystemAttributeName::All;
        let got =
            asked.message_system_attribute_names(all).send().await.expect("received").messages.unwrap_or_default();
        assert!(!got.is_empty(), "only {} of 28 came", seen.len());
        for message in got {
            let attributes = message.attributes.unwrap_or_default();
            let group = aws_sdk_sqs::types::MessageSystemAttributeName::MessageGroupId;
            groups.extend(attributes.get(&group).cloned());
            seen.insert(message.body.unwrap_or_default());
        }
    }
    assert_eq!(groups, ["p0", "p1"].map(str::to_owned).into());
    let large = vec![Message::new("p", "x".repeat(MAX_MESSAGE + 1))];
    assert!(matches!(queue.send(QueueName::Plan, large).await, Err(PortError::Refused(_))), "before any call");
    let elsewhere = queue.send(QueueName::Events, vec![Message::new("p", "x".into())]).await;
    assert!(elsewhere.is_err_and(|e| e.to_string().contains("CAUCE_EVENTS_QUEUE")), "the variable is named");
}

async fn bucket(sdk: &SdkConfig) -> S3Files {
    let client = aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(sdk).force_path_style(true).build());
    let name = format!("cauce-{}", uuid::Uuid::now_v7().simple());
    client.create_bucket().bucket(&name).send().await.expect("a bucket");
    S3Files::new(sdk, name, true)
}

#[tokio::test]
async fn files_are_read_back_whole_and_in_part_however_large() {
    let sdk = sdk().await;
    let files = bucket(&sdk).await;
    for (name, size) in [("a/empty", 0_usize), ("a/small", 1_000), ("a/parts", 20 * 1024 * 1024 + 7)] {
        let content: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        let pieces: Vec<_> = content.chunks(1 << 20).map(|p| Ok(bytes::Bytes::copy_from_slice(p))).collect();
        files.write(name, Box::pin(futures::stream::iter(pieces))).await.expect("written");
        let read: Vec<_> = files.read(name).await.expect("open").try_collect().await.expect("read");
        assert!(read.concat() == content, "{name}");
        assert_eq!(files.size(name).await.expect("read"), Some(size as u64));
        if size > 0 {
            let from = size as u64 / 2;
            let part = files.read_range(name, from, 100).await.expect("read");
            assert_eq!(part, content[from as usize..from as usize + 100]);
        }
    }
    assert_eq!(files.size("a/none").await.expect("read"), None);
    assert!(files.read("a/none").await.is_err());
    let listed: Vec<String> = files.list("a/").await.expect("listed").into_iter().map(|f| f.key).collect();
    assert_eq!(listed, ["a/empty", "a/parts", "a/small"]);
}

#[tokio::test]
async fn a_file_whose_source_breaks_is_not_seen() {
    let sdk = sdk().await;
    let files = bucket(&sdk).await;
    for size in [10, 9 * 1024 * 1024] {
        let pieces =
            vec![Ok(bytes::Bytes::from(vec![1_u8; size])), Err(PortError::Refused("la fuente se cortó".into()))];
        assert!(files.write("cut", Box::pin(futures::stream::iter(pieces))).await.is_err());
        assert_eq!(files.size("cut").await.expect("read"), None, "{size} bytes");
    }
}

#[tokio::test]
async fn an_upload_is_signed_for_one_key_length_and_content() {
    let sdk = sdk().await;
    let files = bucket(&sdk).await;
    let content = b"Tipo de documento\nDNI\n";
    let digest = cauce_engine::store::keys::sha256(content);
    let until = chrono::Utc::now() + chrono::TimeDelta::minutes(10);
    let upload = Upload { key: "uploads/p/1/customers".into(), length: content.len() as u64, sha256: digest, until };
    let signed = files.presigned_put(&upload).await.expect("signed");
    let named = signed.url.to_lowercase();
    let covered = |name: &str| named.contains(name) || signed.headers.contains_key(name);
    for part in ["content-length", "x-amz-checksum-sha256", "if-none-match", "x-amz-signature"] {
        assert!(covered(part), "{part} is not in {} {:?}", signed.url, signed.headers);
    }
    let headers: Vec<(&str, &str)> = signed.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let answer = ask("PUT", &signed.url, &headers, content).expect("answered");
    assert_eq!(answer.0, 200, "{answer:?} {} {headers:?}", signed.url);
    assert_eq!(files.size(&upload.key).await.expect("read"), Some(content.len() as u64));
    assert_eq!(ask("PUT", &signed.url, &headers, content).expect("answered").0, 412, "once");
}

#[tokio::test]
async fn a_secret_is_kept_encrypted_and_read_back() {
    let sdk = sdk().await;
    let secrets = SsmSecrets::new(&sdk, "/cauce/test".into());
    assert_eq!(secrets.get("lima.key").await.expect("read"), None);
    secrets.put("lima.key", &Secret::new("clave")).await.expect("kept");
    secrets.put("lima.key", &Secret::new("otra")).await.expect("replaced");
    let afresh = SsmSecrets::new(&sdk, "/cauce/test".into());
    assert_eq!(afresh.get("lima.key").await.expect("read"), Some(Secret::new("otra")));
    let claims = ["una", "dos"].map(Secret::new);
    let kept = futures::future::join(secrets.claim("hook.key", &claims[0]), afresh.claim("hook.key", &claims[1])).await;
    let (one, other) = (kept.0.expect("claimed"), kept.1.expect("claimed"));
    assert!(one == other && claims.contains(&one), "two that claim at once have the same");
    let raw = aws_sdk_ssm::Client::new(&sdk).get_parameter().name("/cauce/test/lima.key").send().await.expect("there");
    let kind = raw.parameter.and_then(|p| p.r#type);
    assert_eq!(kind, Some(aws_sdk_ssm::types::ParameterType::SecureString));
}

fn message() -> Outgoing {
    let to = |address: &str| Destination { address: address.into(), shared: false };
    let recipients = Recipients { to: vec![to("ana@x.com")], cc: vec![to("jefe@x.com")] };
    let words = (Some("Su pago vence mañana".into()), "Hola <Ana> & familia".into());
    Outgoing::plain("lima".into(), "c.2026-03-10.s".into(), recipients, words, utc("2026-03-10T14:00:00Z"), None)
}

#[tokio::test]
async fn an_email_leaves_by_ses_and_is_told_by_its_id() {
    let sdk = sdk().await;
    let client = aws_sdk_sesv2::Client::new(&sdk);
    client.create_email_identity().email_identity("cobros@andes.example.com").send().await.expect("an identity");
    let answer = Ses::new(&sdk, "Andes <cobros@andes.example.com>".into(), None).send(&message()).await;
    assert!(matches!(&answer, Answer::Accepted(id) if !id.is_empty()), "{answer:?}");
    let refused = Ses::new(&sdk, "nadie@otra.example.com".into(), None).send(&message()).await;
    assert!(matches!(refused, Answer::Refused(_) | Answer::Disconnected { .. }), "an unverified sender: {refused:?}");
}

#[tokio::test]
async fn an_email_carries_our_reference_and_a_way_out() {
    let (endpoint, caught) = catch(r#"{"MessageId":"m-1"}"#).await;
    let sdk = config(&endpoint, &account()).await;
    let ses = Ses::new(&sdk, "Andes <cobros@andes.example.com>".into(), Some("cauce".into()));
    let ses = ses.reached_at("https://cobranza.example");
    let account = Account {
        settings: [("reply_domain".to_owned(), "respuestas.andes.pe".to_owned())].into(),
        ..Account::default()
    };
    let names = Names { reply: "r+abc".into(), unsubscribe: "xyz".into() };
    let one = Recipients { cc: Vec::new(), ..message().recipients };
    let named = Outgoing { account: Some(Arc::new(account)), names: Some(names), recipients: one, ..message() };
    assert_eq!(ses.send(&named).await, Answer::Accepted("m-1".into()));
    let body: serde_json::Value = serde_json::from_str(&caught.await.expect("caught")).expect("json");
    assert_eq!(body["ConfigurationSetName"], "cauce");
    assert_eq!(body["Destination"]["ToAddresses"][0], "ana@x.com");
    let tags = body["EmailTags"].as_array().expect("tags");
    let tag = |name: &str| tags.iter().find(|t| t["Name"] == name).map(|t| t["Value"].clone());
    assert_eq!((tag("msg"), tag("project")), (Some("c.2026-03-10.s".into()), Some("lima".into())));
    assert_eq!(body["ReplyToAddresses"][0], "r+abc@respuestas.andes.pe");
    let simple = &body["Content"]["Simple"];
    let header = |name: &str| {
        let all = simple["Headers"].as_array().expect("headers");
        all.iter().find(|h| h["Name"] == name).and_then(|h| h["Value"].as_str()).unwrap_or_default().to_owned()
    };
    let way_out = "<https://cobranza.example/u/xyz>, <mailto:r+abc@respuestas.andes.pe?subject=BAJA>";
    assert_eq!(header("List-Unsubscribe"), way_out);
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    assert!(simple["Body"]["Text"]["Data"].as_str().is_some_and(|text| text.ends_with("/u/xyz")));
    let html = simple["Body"]["Html"]["Data"].as_str().expect("html");
    assert!(html.contains("Hola &lt;Ana&gt; &amp; familia"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_is_asked_for_once_whatever_happens_to_its_answer() {
    let mishaps = [(Mishap::Throttle, 0), (Mishap::Lose, 1), (Mishap::Fail, 1), (Mishap::Late, 1)];
    for (mishap, arrived) in mishaps {
        let (upstream, taken) = count(r#"{"MessageId":"m-1"}"#).await;
        let (endpoint, _) = between(upstream, mishap, 1).await;
        let sdk = hasty(&endpoint, &account()).await;
        let answer = Ses::new(&sdk, "cobros@andes.example.com".into(), None).send(&message()).await;
        match mishap {
            Mishap::Throttle => assert!(matches!(answer, Answer::NotNow { .. }), "{mishap:?}: {answer:?}"),
            _ => assert!(matches!(answer, Answer::Unknown(_)), "{mishap:?}: {answer:?}"),
        }
        assert_eq!(taken.load(Ordering::SeqCst), arrived, "{mishap:?}: never asked for again");
    }
}
