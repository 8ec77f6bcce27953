//! Files that go out: given to Meta once, named by its id from then on.

use super::answer;
use super::request::Media;
use super::sender::Whatsapp;
use crate::http;
use cauce_engine::ports::channel::{Answer, OutgoingFile};
use cauce_engine::ports::provider::Account;
use serde_json::Value;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long Meta's id of a file is used: it forgets them after thirty days.
const KEPT: Duration = Duration::from_secs(20 * 24 * 3600);
/// As many as are remembered.
const MOST: usize = 1000;

/// Meta's ids of files, by the number they were given for and their content.
type Known = HashMap<(String, String), (String, Instant)>;

/// What lies with Meta already. Held while a file is given: of many messages with one file, one gives it.
#[derive(Default)]
pub struct Uploaded(Mutex<Known>);

fn find(known: &Known, key: &(String, String)) -> Option<Media> {
    known.get(key).filter(|(_, at)| at.elapsed() < KEPT).map(|(id, _)| Media::Id(id.clone()))
}

/// Gives a file to Meta. Whatever goes wrong, no message has left yet: what nobody knows of is tried again.
pub(super) async fn upload(sender: &Whatsapp, account: &Account, file: &OutgoingFile) -> Result<Media, Answer> {
    let number = account.setting("phone_number_id");
    let key = (number.to_owned(), file.place.clone());
    let mut known = sender.uploaded.0.lock().await;
    if let Some(media) = find(&known, &key) {
        return Ok(media);
    }
    let later = || Answer::not_now("no se pudo subir el archivo a WhatsApp");
    let part = reqwest::multipart::Part::stream(file.bytes.clone()).file_name(file.name.clone());
    let part =
        part.mime_str(file.kind.media_type()).map_err(|_| Answer::refused("el archivo no tiene un tipo válido"))?;
    let form = reqwest::multipart::Form::new().text("messaging_product", "whatsapp");
    let form = form.text("type", file.kind.media_type()).part("file", part);
    let address = sender.address(account, &format!("{number}/media"));
    let request = sender.http.client().post(address).bearer_auth(account.credential("token")).multipart(form);
    let heard = http::call(request).await.map_err(|_| later())?;
    let said: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
    if let (200..300, Some(id)) = (heard.status, said["id"].as_str()) {
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, (id.to_owned(), Instant::now()));
        return Ok(Media::Id(id.to_owned()));
    }
    match http::answer("WhatsApp", Ok(answer::read(heard.status, heard.retry_after, &heard.body, 0))) {
        Answer::Unknown(_) | Answer::Accepted(_) => Err(later()),
        told => Err(told),
    }
}
