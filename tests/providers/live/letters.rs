//! E-mails that come in, and the way out of those that leave.

use super::super::collections;
use super::Line;
use async_trait::async_trait;
use axum::http::{Method, StatusCode};
use cauce_domain::contact::channel::{Channel, Scope};
use cauce_domain::contact::received::Flag;
use cauce_domain::contact::wish::Source;
use cauce_engine::exclude;
use cauce_engine::ports::channel::{Answer, Outgoing, Sender};
use cauce_engine::ports::files::{Files, whole};
use cauce_engine::ports::provider::{Account, Field, Provider, Signs, Standing, Unfit};
use cauce_engine::reply_token::{Names, issue};
use cauce_engine::store::interactions::Receipt;
use cauce_engine::store::received;
use cauce_engine::store::setups::claim_account;
use serde_json::{Value, json};
use std::sync::Arc;

/// SES's notice of a mail that lies in the bucket, as its topic puts it on the queue; of later names later.
fn notice(id: &str, to: &str, from: &str, verdicts: Value) -> Value {
    let minute: u32 = id.trim_start_matches(char::is_alphabetic).parse().unwrap_or(0);
    let mut receipt = json!({ "recipients": [to], "action": { "type": "S3", "bucketName": "cauce", "objectKey": format!("mail/{id}") } });
    for name in ["spam", "virus", "spf", "dkim", "dmarc"] {
        let status = verdicts[name].as_str().unwrap_or("PASS");
        receipt[format!("{name}Verdict")] = json!({ "status": status });
    }
    json!({ "Type": "Notification", "MessageId": id, "TopicArn": "arn:aws:sns:us-east-1:123456789012:cauce-received",
        "Timestamp": format!("2026-03-10T15:{:02}:00.000Z", minute % 60), "Message": json!({ "notificationType": "Received", "receipt": receipt,
        "mail": { "messageId": id, "source": from, "destination": [to] } }).to_string() })
}

fn letter(from: &str, to: &str, subject: &str, text: &str) -> String {
    format!(
        "From: Ana <{from}>\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Tue, 10 Mar 2026 10:00:00 -0500\r\nMessage-ID: <a@x.com>\r\n\
        MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    )
}

/// Ana, whose e-mail of today left with names of its own.
async fn written_to() -> (Line, Names) {
    let line = Line::on("2026-03-10", "Ana Beto").await;
    line.world.orders("100 F-1 2026-03-11 100.00").await;
    line.world.plan().await;
    line.world.pass("2026-03-10T15:00:00Z").await;
    let message = line.world.messages("2026-03-10").await.remove(0);
    assert_eq!(message.channel, Some(Channel::Email), "the starter's step of the day before");
    let receipt = Receipt::of(message.customer, message.day, message.id);
    let names = issue(&line.world.house().ports, &line.world.project, &receipt).await.expect("issued").expect("names");
    (line, names)
}

/// Puts a mail in the bucket and its notice on the queue.
async fn receive(line: &Line, id: &str, to: &str, from: &str, verdicts: Value, raw: &str) {
    let files = &line.world.house().folder;
    files.write(&format!("mail/{id}"), whole(raw.as_bytes().to_vec())).await.expect("written");
    line.aws(notice(id, to, from, verdicts)).await;
}

#[tokio::test]
async fn an_answer_by_e_mail_stands_with_the_message_it_answers() {
    let (line, names) = written_to().await;
    let to = format!("{}@respuestas.andes.pe", names.reply);
    let quoted = "Ya pagué ayer.\r\n\r\nEl mar, 10 mar 2026 a las 9:00, Andes escribió:\r\n> Su pago vence. Responda BAJA para no recibir más";
    for _ in 0..2 {
        receive(&line, "m1", &to, "ana@x.com", json!({}), &letter("ana@x.com", &to, "Re: Aviso", quoted)).await;
    }
    line.world.pass("2026-03-10T15:10:00Z").await;
    let other = letter("otra@y.com", &to, "Re: Aviso", "Soy su hermana, le aviso.");
    receive(&line, "m2", &to.to_uppercase(), "otra@y.com", json!({ "spf": "FAIL", "dkim": "FAIL" }), &other).await;
    let thread = line.thread("100").await;
    let said: Vec<_> = thread.iter().map(|m| m.text.as_deref().unwrap_or_default()).collect();
    assert_eq!(said, ["Ya pagué ayer.", "Soy su hermana, le aviso."]);
    assert_eq!(thread[0].answers, Some(line.world.messages("2026-03-10").await[0].id.clone()));
    assert!(thread[0].flags.is_empty(), "{:?}", thread[0].flags);
    assert!(thread[1].flags.contains(&Flag::ThirdParty) && thread[1].flags.contains(&Flag::Untrusted));
    assert!(line.world.account("100").await.customer.emails[0].opted_out.is_empty(), "our own hint is no wish");
}

#[tokio::test]
async fn a_wish_by_e_mail_is_heeded_of_whoever_holds_the_token() {
    let (line, names) = written_to().await;
    let to = format!("{}@respuestas.andes.pe", names.reply);
    let spoofed = json!({ "dmarc": "FAIL" });
    receive(&line, "m1", &to, "ana@x.com", spoofed.clone(), &letter("ana@x.com", &to, "Re: Aviso", "BAJA")).await;
    assert_eq!(line.world.account("100").await.customer.emails[0].opted_out.first(), Some(&Scope::Email));
    let mut forged = to.clone();
    forged.replace_range(30..34, "aaaa");
    receive(&line, "m3", &forged, "ana@x.com", json!({}), &letter("ana@x.com", &forged, "x", "hola")).await;
    assert_eq!(line.thread("100").await.len(), 1, "a token that is not ours opens nothing");
    // Without a token nobody can vouch for it.
    let ports = &line.world.house().ports;
    claim_account(ports, &line.world.project, "aws", "respuestas.andes.pe").await.expect("claimed");
    let plain = "cobros@respuestas.andes.pe";
    receive(&line, "m2", plain, "beto@x.com", spoofed, &letter("beto@x.com", plain, "hola", "BAJA")).await;
    let beto = line.world.account("101").await.customer.emails[0].clone();
    assert!(
        beto.opted_out.is_empty() && beto.marks.is_silent(line.world.now()),
        "a person judges, meanwhile nothing leaves"
    );
    assert!(line.thread("101").await[0].flags.contains(&Flag::MaybeOptOut));
}

#[tokio::test]
async fn the_way_out_is_one_click_and_looking_is_none() {
    let (line, names) = written_to().await;
    let path = format!("/u/{}", names.unsubscribe);
    let call = |method, path: String| async {
        use tower::ServiceExt;
        let request = axum::http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(axum::body::Body::from("List-Unsubscribe=One-Click")).expect("a request");
        let answer = line.world.router().oneshot(request).await.expect("an answer");
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 65_536).await.expect("a body");
        (status, String::from_utf8_lossy(&body).into_owned())
    };
    let opted = || async { line.world.account("100").await.customer.emails[0].opted_out.clone() };
    let (status, page) = call(Method::GET, path.clone()).await;
    assert!(status == StatusCode::OK && page.contains("<form method=\"post\">"), "{page}");
    assert!(opted().await.is_empty(), "a mailbox looked");
    for _ in 0..2 {
        assert_eq!(call(Method::POST, path.clone()).await.0, StatusCode::OK);
    }
    assert_eq!(opted().await.first(), Some(&Scope::Email));
    let (ports, setup) = (&line.world.house().ports, line.world.setup().await);
    let wishes = exclude::wishes(ports, &setup, "ana@x.com").await.expect("read");
    assert_eq!((wishes.len(), wishes[0].source), (1, Source::OneClick));
    // The address of answers is no way out, and what is not ours is told the same way.
    let reply = names.reply.trim_start_matches("r+").to_owned();
    for other in [format!("/u/{reply}"), "/u/nada".to_owned()] {
        let (status, page) = call(Method::POST, other).await;
        assert!(status == StatusCode::OK && page.contains("Enlace no válido"), "{page}");
    }
}

#[tokio::test]
async fn every_sample_of_a_mail_is_taken_or_kept_from_the_rest() {
    for folder in collections() {
        let (line, _) = written_to().await;
        let mut all: Vec<_> =
            std::fs::read_dir(folder.join("mime")).expect("samples").flatten().map(|e| e.path()).collect();
        all.retain(|path| path.extension().is_some_and(|e| e == "eml"));
        all.sort();
        for (at, path) in all.iter().enumerate() {
            let raw = std::fs::read(path).expect("a sample");
            let files = &line.world.house().folder;
            files.write(&format!("mail/s{at}"), whole(raw)).await.expect("written");
            let reply = issue_of(&line).await;
            line.aws(notice(&format!("s{at}"), &format!("{reply}@respuestas.andes.pe"), "alguien@x.com", json!({})))
                .await;
        }
        assert_eq!(line.world.house().queue.depth().expect("depth"), (0, 0));
        let thread = line.thread("100").await;
        let automatic = thread.iter().filter(|m| m.flags.contains(&Flag::Automatic)).count();
        assert!(thread.len() > 10 && automatic > 2 && automatic < thread.len(), "{} of {}", automatic, thread.len());
    }
}

/// The name of the only message's address.
async fn issue_of(line: &Line) -> String {
    let message = line.world.messages("2026-03-10").await.remove(0);
    let receipt = Receipt::of(message.customer, message.day, message.id);
    issue(&line.world.house().ports, &line.world.project, &receipt).await.expect("issued").expect("names").reply
}

/// A sender that keeps what names it was given.
struct Keeping(std::sync::Mutex<Vec<Outgoing>>);

#[async_trait]
impl Sender for Keeping {
    fn provider(&self) -> &'static str {
        "aws"
    }
    async fn send(&self, message: &Outgoing) -> Answer {
        let mut kept = self.0.lock().expect("it");
        kept.push(message.clone());
        Answer::Accepted(format!("aws-{}", kept.len()))
    }
}

#[async_trait]
impl Provider for Keeping {
    fn channels(&self) -> &'static [Channel] {
        &[Channel::Email]
    }
    fn fields(&self) -> &'static [Field] {
        const FIELDS: [Field; 1] = [Field::setting("from", "el remitente")];
        &FIELDS
    }
    fn account_id(&self, account: &Account) -> String {
        account.setting("from").to_owned()
    }
    fn domains(&self, _: &Account) -> Vec<String> {
        vec!["respuestas.andes.pe".to_owned()]
    }
    fn signs(&self, _: &Account) -> Option<Signs> {
        Some(Signs { webhook: "aws", ..Signs::default() })
    }
    async fn check(&self, _: &Account) -> Result<Standing, Unfit> {
        Ok(Standing::default())
    }
}

#[tokio::test]
async fn an_e_mail_of_a_connected_account_leaves_with_its_names_and_comes_back_by_them() {
    let keeping = Arc::new(Keeping(Default::default()));
    let taken: Arc<dyn Provider> = Arc::clone(&keeping) as Arc<dyn Provider>;
    let line = Line::providing("2026-03-10", "Ana", ("ses", taken)).await;
    let body = json!({ "provider": "ses", "settings": { "from": "cobros@andes.pe" } });
    let (status, why) = line.world.call(Method::PUT, "/v1/channels/email/connection", Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{why}");
    line.world.orders("100 F-1 2026-03-11 100.00").await;
    line.world.plan().await;
    line.world.pass("2026-03-10T15:00:00Z").await;
    let sent = keeping.0.lock().expect("it").pop().expect("an e-mail");
    let names = sent.names.expect("names");
    let to = format!("{}@respuestas.andes.pe", names.reply);
    receive(&line, "m1", &to, "ana@x.com", json!({}), &letter("ana@x.com", &to, "Re", "Gracias")).await;
    // Without a token the domain tells the project, and the sender the customer.
    let plain = "cobros@respuestas.andes.pe";
    receive(&line, "m2", plain, "ana@x.com", json!({}), &letter("ana@x.com", plain, "Hola", "Otra cosa")).await;
    receive(&line, "m3", plain, "nadie@z.com", json!({}), &letter("nadie@z.com", plain, "Hola", "¿Quién es?")).await;
    assert_eq!(line.thread("100").await.len(), 2);
    let unknown = received::unregistered(&line.world.house().ports, &line.world.setup().await).await.expect("read");
    assert_eq!(unknown.iter().map(|u| u.address.as_str()).collect::<Vec<_>>(), ["nadie@z.com"]);
}
