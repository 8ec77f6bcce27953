//! What providers tell becomes states, threads and wishes, however late, doubled or out of order it comes.
//!
//! - `status`: what became of a message of ours; what a refusal means for its address, its account and its next try.
//! - `inbound`: a message of a person: whose it is (`matching`), what it wishes (`wishes`), and into its thread.
//! - `mail`: an e-mail that came in, read and taken as one of those.
//! - `identity`: a number or an id that may be somebody else's now.
//! - `calls`: the legs of a call.
//! - `news`: of the account, its templates, its numbers.
//!
//! Each thing told is applied by itself and may be applied again: effects come before the mark that it was seen. Wishes
//! for silence come first, so that nothing wrong with the rest of a post delays them.

mod attachments;
mod identity;
mod inbound;
mod mail;
mod matching;
mod news;
mod status;
mod wishes;

pub(crate) use matching::{holders, spellings};
pub(crate) use status::{apply_parked, found as joined, seen_by_link};
pub use wishes::unsubscribe;

use crate::Ports;
use crate::calls;
use crate::error::Error;
use crate::messages::RawEvent;
use crate::ports::files::whole;
use crate::ports::told::Told;
use crate::ports::webhook::Webhook;
use crate::store::keys;
use crate::store::settings::Setup;
use crate::store::setups::Setups;
use cauce_domain::ids::ProjectId;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;

/// What became of a webhook's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// Events that were acted on.
    pub applied: usize,
    /// Statuses that wait for their message.
    pub parked: usize,
    /// Events of nobody's account, or of another project's.
    pub foreign: usize,
    /// Parts that are genuine and that nobody can read.
    pub unreadable: usize,
}

/// A provider's post, as everything told in it is judged.
struct Post<'a> {
    ports: &'a Ports,
    provider: &'a str,
    webhook: &'a dyn Webhook,
    /// When it came to us.
    received: DateTime<Utc>,
    /// It came by no project's route: from AWS itself, or by one the platform set up.
    of_platform: bool,
}

/// Applies every event of a webhook. Fails when one of them has to be tried again; the others are done.
pub async fn apply_event(ports: &Ports, setups: &Setups<'_>, raw: &RawEvent) -> Result<Applied, Error> {
    let body = body(ports, raw).await?;
    let webhook = ports.webhooks.get(raw.provider.as_str()).ok_or(Error::NotFound("el proveedor"))?.as_ref();
    let of_platform = raw.project.is_none();
    let post = Post { ports, provider: &raw.provider, webhook, received: raw.received, of_platform };
    let mut told = webhook.read(&body, &raw.query);
    told.sort_by_key(|one| !one.is_wish());
    if told.iter().any(|one| matches!(one, Told::DeadLetter { .. })) {
        // Kept for a person, once however often it comes.
        let key = format!("unreadable/{}/{}", raw.provider, keys::sha256(&body));
        ports.files.write(&key, whole(body.clone())).await?;
    }
    if told.iter().any(news::asks_to_confirm) {
        webhook.confirm(&body).await?;
    }
    let (mut applied, mut failed) = (Applied::default(), None);
    for one in &told {
        if let Err(error) = apply_one(&post, setups, raw.project.as_ref(), one, &mut applied).await {
            tracing::warn!(provider = %raw.provider, %error, "un evento se reintentará");
            failed = failed.or(Some(error));
        }
    }
    failed.map_or(Ok(applied), Err)
}

async fn body(ports: &Ports, raw: &RawEvent) -> Result<Vec<u8>, Error> {
    Ok(match (&raw.body, &raw.file) {
        (Some(body), _) => body.clone().into_bytes(),
        (None, Some(file)) => {
            let pieces: Vec<bytes::Bytes> = ports.files.read(file).await?.try_collect().await?;
            pieces.concat()
        }
        (None, None) => Vec::new(),
    })
}

/// Whose an event is: the route's, where the account it names is not another project's; of a shared route, the account's
/// owner's, or the one our own mark names.
async fn owner(
    setups: &Setups<'_>,
    provider: &str,
    route: Option<&ProjectId>,
    told: &Told,
) -> Result<Option<ProjectId>, Error> {
    let holder = match told.account() {
        Some(account) => setups.owner(provider, account).await?,
        None => None,
    };
    Ok(match (route, holder) {
        (Some(route), Some(holder)) if *route != holder => None,
        (Some(route), _) => Some(route.clone()),
        (None, Some(holder)) => Some(holder),
        (None, None) => told.project().map(ProjectId::from),
    })
}

async fn apply_one(
    post: &Post<'_>,
    setups: &Setups<'_>,
    route: Option<&ProjectId>,
    told: &Told,
    applied: &mut Applied,
) -> Result<(), Error> {
    match told {
        Told::Ignored { .. } => return Ok(()),
        Told::DeadLetter { reason } => {
            // An alarm counts these lines.
            tracing::error!(state = "unreadable", provider = post.provider, reason, "un evento no se puede leer");
            applied.unreadable += 1;
            return Ok(());
        }
        _ => {}
    }
    let project = match (owner(setups, post.provider, route, told).await?, told) {
        (None, Told::Mail(mail)) => mail::project_of(post, setups, mail).await?,
        (project, _) => project,
    };
    let Some(project) = project else {
        tracing::warn!(state = "foreign", provider = post.provider, "un evento no es de ningún proyecto");
        applied.foreign += 1;
        return Ok(());
    };
    let setup = setups.get(&project).await?;
    match act(post, &setup, told).await? {
        true => applied.applied += 1,
        false => applied.parked += 1,
    }
    Ok(())
}

/// Acts on one thing; `false` when it waits for a message that is not known yet.
async fn act(post: &Post<'_>, setup: &Setup, told: &Told) -> Result<bool, Error> {
    match told {
        Told::Status(told) => return status::apply(post, setup, told).await,
        Told::Engagement(told) => return status::engaged(post, setup, told).await,
        Told::Inbound(told) => inbound::apply(post, setup, told).await?,
        Told::Preference(told) => wishes::preference(post, setup, told).await?,
        Told::Identity(told) => identity::apply(post, setup, told).await?,
        Told::Account(told) => news::apply(post, setup, told).await?,
        Told::Mail(told) => mail::apply(post, setup, told).await?,
        Told::Call(told) => {
            calls::told(post.ports, setup, told.reference.as_deref(), &told.call, post.received).await?;
        }
        Told::Ignored { .. } | Told::DeadLetter { .. } => {}
    }
    Ok(true)
}
