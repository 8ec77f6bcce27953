//! Files that go out: given to Meta once, named by its id from then on.

use super::answer;
use super::request::Media;
use super::sender::Whatsapp;
use crate::http;
use cauce_engine::ports::channel::{Answer, OutgoingFile};
use cauce_engine::ports::provider::Account;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// How long Meta's id of a file is used: it forgets them after thirty days.
const KEPT: TimeDelta = TimeDelta::days(20);
/// As many as are remembered.
const MOST: usize = 1000;

/// How long Meta is left alone with a file that it did not take: the messages that wait for it are not to outwait their turn.
const LEFT_ALONE: TimeDelta = TimeDelta::seconds(30);

/// What is known of a file with Meta.
#[derive(Default)]
enum With {
    #[default]
    Nothing,
    /// Its id, since when.
    Id(String, DateTime<Utc>),
    /// It was not taken, when.
    Failed(DateTime<Utc>),
}

/// Files by the number they were given for and their content.
type Slots = HashMap<(String, String), Arc<Mutex<With>>>;

/// What lies with Meta already. Of many messages with one file, one gives it.
#[derive(Default)]
pub struct Uploaded(std::sync::Mutex<Slots>);

impl Uploaded {
    fn slot(&self, key: (String, String)) -> Arc<Mutex<With>> {
        let Ok(mut known) = self.0.lock() else { return Arc::default() };
        if known.len() >= MOST {
            known.clear();
        }
        Arc::clone(known.entry(key).or_default())
    }
}

fn later() -> Answer {
    Answer::NotNow { why: "no se pudo subir el archivo a WhatsApp".to_owned(), wait: 60 }
}

/// The file as a message names it, given to Meta if it is not there yet. Whatever goes wrong, no message has left: what nobody
/// knows of is tried again.
pub(super) async fn upload(
    sender: &Whatsapp,
    account: &Account,
    file: &OutgoingFile,
    now: DateTime<Utc>,
) -> Result<Media, Answer> {
    let number = account.setting("phone_number_id");
    let slot = sender.uploaded.slot((number.to_owned(), file.place.clone()));
    let mut with = slot.lock().await;
    match &*with {
        With::Id(id, since) if now < *since + KEPT => return Ok(Media::Id(id.clone())),
        With::Failed(at) if now < *at + LEFT_ALONE => return Err(later()),
        _ => {}
    }
    let given = give(sender, account, file).await;
    *with = match &given {
        Ok(id) => With::Id(id.clone(), now),
        Err(_) => With::Failed(now),
    };
    given.map(Media::Id)
}

/// Gives a file to Meta; answers its id.
async fn give(sender: &Whatsapp, account: &Account, file: &OutgoingFile) -> Result<String, Answer> {
    let part = reqwest::multipart::Part::stream(file.bytes.clone()).file_name(file.name.clone());
    let part =
        part.mime_str(file.kind.media_type()).map_err(|_| Answer::refused("el archivo no tiene un tipo válido"))?;
    let form = reqwest::multipart::Form::new().text("messaging_product", "whatsapp");
    let form = form.text("type", file.kind.media_type()).part("file", part);
    let address = sender.address(account, &format!("{}/media", account.setting("phone_number_id")));
    let request = sender.http.client().post(address).bearer_auth(account.credential("token")).multipart(form);
    let heard = http::call(request).await.map_err(|_| later())?;
    let said: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
    if let (200..300, Some(id)) = (heard.status, said["id"].as_str()) {
        return Ok(id.to_owned());
    }
    match http::answer("WhatsApp", Ok(answer::read(heard.status, heard.retry_after, &heard.body, 0))) {
        Answer::Unknown(_) | Answer::Accepted(_) => Err(later()),
        told => Err(told),
    }
}
