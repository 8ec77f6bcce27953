//! Files that go with messages: kept once by their content, read when a message leaves.

use crate::Ports;
use crate::error::Error;
use crate::ports::channel::OutgoingFile;
use crate::ports::files::whole;
use crate::store::keys;
use crate::store::settings::Setup;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use cauce_domain::contact::file::{FileKind, MessageFile};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{error::Elapsed, timeout};

/// The largest file that may go with a message, in bytes: what one call of the API can carry.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// Keeps a file for messages to come; the same content is kept once.
pub async fn keep(ports: &Ports, setup: &Setup, name: &str, bytes: Bytes) -> Result<MessageFile, Error> {
    let bad = |why: &str| Error::refused("bad_file", "file", why);
    if bytes.len() > LARGEST {
        return Err(bad("el archivo pesa más de 4 MB: redúzcalo o ponga un enlace en el texto"));
    }
    let takes = |kind: &FileKind| *kind == FileKind::Pdf || kind.is_picture();
    let kind = FileKind::of(&bytes).filter(takes).ok_or_else(|| bad("se admiten archivos PDF, JPG y PNG"))?;
    let name = named(name, kind).ok_or_else(|| bad("escriba el nombre del archivo, como estado.pdf"))?;
    let place = format!("files/{}/{}.{}", setup.id(), keys::sha256(&bytes), kind.extension());
    let size = bytes.len() as u64;
    if ports.files.size(&place).await? != Some(size) {
        ports.files.write(&place, whole(bytes)).await?;
    }
    Ok(MessageFile { name, kind, place, size })
}

/// The text by which a kept file is named from outside: nobody can name one that was not kept here.
pub fn seal(setup: &Setup, file: &MessageFile) -> Result<String, Error> {
    let json = serde_json::to_string(file).map_err(|e| Error::Broken("message_file", e.to_string()))?;
    let mark = keys::keyed(&setup.key, "file", &format!("{}\u{1}{json}", setup.id()));
    Ok(URL_SAFE_NO_PAD.encode(format!("{mark}{json}")))
}

/// Reads such a text back.
pub fn open(setup: &Setup, text: &str) -> Result<MessageFile, Error> {
    let bad = || Error::refused("bad_file", "files", "súbalo primero: ese archivo no es de este proyecto");
    let plain = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(bad)?;
    let (mark, json) = plain.split_at_checked(32).ok_or_else(bad)?;
    let ours = mark == keys::keyed(&setup.key, "file", &format!("{}\u{1}{json}", setup.id()));
    serde_json::from_str(json).ok().filter(|_| ours).ok_or_else(bad)
}

/// A name that is only a name, ending as what the file is.
fn named(name: &str, kind: FileKind) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control() && !"\"<>:|?*".contains(*c)).take(100).collect();
    let stem = plain.rsplit_once('.').map_or(plain.as_str(), |(stem, _)| stem).trim().trim_matches('.').to_owned();
    (!stem.is_empty()).then(|| format!("{stem}.{}", kind.extension()))
}

/// As much of files as is kept in memory: what many messages carry is read once.
const MOST_KEPT: usize = 32 * 1024 * 1024;
/// Their contents, by the place that tells them.
static KEPT: LazyLock<Mutex<HashMap<String, Bytes>>> = LazyLock::new(Mutex::default);
/// Messages with files that leave side by side: each is written out several times over on its way.
static SIDE_BY_SIDE: Semaphore = Semaphore::const_new(2);

/// How long a claimed message waits for its turn: a function has a minute for everything.
const OUTWAITED: Duration = Duration::from_secs(20);

/// A message's turn to be written out with its files; one without files needs none. Fails where it would wait too long.
pub(crate) async fn turn(files: &[MessageFile]) -> Result<Option<SemaphorePermit<'static>>, Elapsed> {
    match files.is_empty() {
        true => Ok(None),
        false => Ok(timeout(OUTWAITED, SIDE_BY_SIDE.acquire()).await?.ok()),
    }
}

/// Reads the files of a message that leaves; `None` where one is gone.
pub(crate) async fn read(ports: &Ports, files: &[MessageFile]) -> Result<Option<Vec<OutgoingFile>>, Error> {
    let mut all = Vec::new();
    for MessageFile { name, kind, place, size } in files {
        let Some(bytes) = content(ports, place, *size).await? else { return Ok(None) };
        all.push(OutgoingFile { name: name.clone(), kind: *kind, bytes, place: place.clone() });
    }
    Ok(Some(all))
}

async fn content(ports: &Ports, place: &str, size: u64) -> Result<Option<Bytes>, Error> {
    if let Some(known) = KEPT.lock().ok().and_then(|known| known.get(place).cloned()) {
        return Ok(Some(known));
    }
    if ports.files.size(place).await?.is_none() {
        return Ok(None);
    }
    let bytes = ports.files.read_range(place, 0, size).await?;
    if let Ok(mut known) = KEPT.lock() {
        if known.values().map(Bytes::len).sum::<usize>() + bytes.len() > MOST_KEPT {
            known.clear();
        }
        known.insert(place.to_owned(), bytes.clone());
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_and_ends_as_what_the_file_is() {
        let name = |text: &str| named(text, FileKind::Pdf);
        assert_eq!(name("estado de cuenta.pdf").as_deref(), Some("estado de cuenta.pdf"));
        assert_eq!(name("../../etc/passwd").as_deref(), Some("passwd.pdf"));
        assert_eq!(name("C:\\x\\factura.exe").as_deref(), Some("factura.pdf"));
        assert_eq!(name("a\r\nBcc: x.pdf").as_deref(), Some("aBcc x.pdf"));
        assert_eq!((name(""), name("..")), (None, None));
    }
}
