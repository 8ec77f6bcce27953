//! Files that people send: fetched from the provider, kept by what their bytes say they are, away from anything a browser
//! would open. The message is kept first: a file that cannot be had yet keeps nobody from reading it.

use super::Post;
use crate::connect;
use crate::error::Error;
use crate::ports::PortError;
use crate::ports::files::whole;
use crate::ports::table::{Change, Expect, Key};
use crate::store::codec::decode;
use crate::store::commit::commit_or_fail;
use crate::store::received::{self, Thread};
use crate::store::settings::Setup;
use cauce_domain::contact::file::FileKind;
use cauce_domain::contact::received::{Attachment, Received};
use cauce_domain::ids::ReceivedId;

/// Largest file kept.
pub(super) const MOST: usize = 25 * 1024 * 1024;

/// Keeps a file, where it is one that collections need; answers its place.
pub(super) async fn keep(
    post: &Post<'_>,
    setup: &Setup,
    message: &ReceivedId,
    at: usize,
    bytes: Vec<u8>,
) -> Result<Option<String>, Error> {
    let Some(kind) = FileKind::of(&bytes).filter(|_| bytes.len() <= MOST) else { return Ok(None) };
    let place = format!("received/{}/{message}/{at}.{}", setup.id(), kind.extension());
    post.ports.files.write(&place, whole(bytes)).await?;
    Ok(Some(place))
}

/// Fetches what a kept message still has at its provider. Fails where the provider may answer later.
pub(super) async fn fetch(post: &Post<'_>, setup: &Setup, message: &Received, thread: &Thread) -> Result<(), Error> {
    if message.attachments.is_empty() || !setup.connections.contains_key(&message.channel) {
        return Ok(());
    }
    for place in received::places(setup, message, thread) {
        let found = one(post, setup, &place).await?;
        // It went to a customer who came to have its address: told again, it is found there.
        if !found && *thread == Thread::Unregistered {
            return Err(Error::Raced);
        }
    }
    Ok(())
}

/// Fetches the files of a message where it is kept; answers whether it is there.
async fn one(post: &Post<'_>, setup: &Setup, place: &Key) -> Result<bool, Error> {
    let Some(stored) = post.ports.table.get(place).await? else { return Ok(false) };
    let mut message: Received = decode(&stored.body)?;
    let (provider, account) = connect::account(post.ports, setup, message.channel).await?;
    let mut changed = false;
    for at in 0..message.attachments.len() {
        let Attachment { file: None, at_provider: Some(source), .. } = &message.attachments[at] else { continue };
        let bytes = provider.fetch(&account, source).await.map_err(|why| {
            tracing::warn!(provider = post.provider, why, "un archivo recibido se pedirá de nuevo");
            Error::Port(PortError::Unavailable("el archivo del proveedor", None))
        })?;
        // One that is gone is not asked for again; the message says that it had it.
        message.attachments[at].file = match bytes {
            Some(bytes) => keep(post, setup, &message.id, at, bytes).await?,
            None => None,
        };
        message.attachments[at].at_provider = None;
        changed = true;
    }
    if changed {
        let item = received::item(setup, place.pk.clone(), &message)?;
        // Somebody marked it as read meanwhile: its files are fetched again.
        commit_or_fail(post.ports, vec![Change::Put(item, Expect::Version(stored.version))]).await?;
    }
    Ok(true)
}
