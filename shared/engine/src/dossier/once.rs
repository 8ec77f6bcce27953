//! One request, one change: a dossier is opened, changed by a rule and saved, over again while others are faster; a request
//! that was made before answers what it answered then.

use super::{Desk, Dossier};
use crate::edit_customer::by_hand::Edit;
use crate::error::Error;
use crate::ports::table::{Change, Expect, Item, Key};
use crate::store::codec::{decode, encode, shapes};
use crate::store::jobs;
use cauce_domain::debt::customer::Status;
use cauce_domain::ids::{CustomerId, MatterId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a request did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Done {
    /// Its answer.
    answer: serde_json::Value,
}

shapes! { Done => "done_v1" }

/// Most changes of one request: what one transaction takes, less what is put away with it, the
/// request's own mark and the account.
const MOST_STAGED: usize = 86;
/// How often a change that lost a race is made again.
const TRIES: u32 = 10;

/// What has to be at hand besides what stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct AtHand {
    /// Orders, perhaps closed.
    pub(crate) orders: Vec<String>,
    /// A matter, perhaps put away.
    pub(crate) matter: Option<MatterId>,
    /// A movement.
    pub(crate) movement: Option<String>,
    /// Promises that are over.
    pub(crate) ended_promises: bool,
    /// What reached out to the customer this week.
    pub(crate) week: bool,
    /// What is changed of the customer itself, after everything else.
    pub(crate) edit: Option<Edit>,
}

impl AtHand {
    /// Orders.
    pub(crate) fn orders(codes: &[String]) -> Self {
        Self { orders: codes.to_vec(), ..Self::default() }
    }
    /// A matter, with the orders it names.
    pub(crate) fn matter(id: &MatterId) -> Self {
        Self { matter: Some(id.clone()), ..Self::default() }
    }
}

/// Changes a customer's dossier by a rule, once for each request.
pub(crate) async fn change<T: Serialize + DeserializeOwned>(
    desk: &Desk<'_>,
    id: &CustomerId,
    at_hand: &AtHand,
    rule: impl Fn(&mut Dossier<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let place = desk.request.as_ref().map(|request| place(desk, id, request));
    for _ in 0..TRIES {
        if let Some(done) = done(desk, place.as_ref()).await? {
            return Ok(done);
        }
        let mut dossier = Dossier::open(desk, id).await?.ok_or(Error::NotFound("el cliente"))?;
        if dossier.account.customer.status == Status::Deleted {
            return Err(Error::NotFound("el cliente"));
        }
        dossier.fetch_orders(at_hand.orders.iter().map(String::as_str)).await?;
        if let Some(matter) = &at_hand.matter {
            dossier.fetch_matter(matter).await?;
        }
        if let Some(movement) = &at_hand.movement {
            dossier.fetch_movement(movement).await?;
        }
        if at_hand.ended_promises {
            dossier.fetch_ended_promises().await?;
        }
        if at_hand.week {
            dossier.fetch_week().await?;
        }
        let answer = rule(&mut dossier)?;
        if let Some(edit) = &at_hand.edit {
            dossier.edit_customer(edit).await?;
        }
        if !dossier.is_changed() {
            return Ok(answer);
        }
        if dossier.staged() > MOST_STAGED {
            let message = "son demasiados cambios a la vez: hágalo en partes";
            return Err(Error::refused("too_many", None, message));
        }
        if let Some(place) = &place {
            let json = serde_json::to_value(&answer).map_err(|e| Error::Broken("done_v1", e.to_string()))?;
            let item = Item::new(place.clone(), encode(&Done { answer: json })?).expiring(jobs::expiry(desk.by.at));
            dossier.also(Change::Put(item, Expect::Absent));
        }
        if dossier.save().await? {
            dossier.finish().await?;
            return Ok(answer);
        }
    }
    Err(Error::Raced)
}

/// What a request was answered before, where it was.
pub(crate) async fn answered<T: DeserializeOwned>(desk: &Desk<'_>, id: &CustomerId) -> Result<Option<T>, Error> {
    let place = desk.request.as_ref().map(|request| place(desk, id, request));
    done(desk, place.as_ref()).await
}

fn place(desk: &Desk<'_>, id: &CustomerId, request: &str) -> Key {
    jobs::done_key(desk.setup.id(), &format!("{id}\u{1}{request}"))
}

async fn done<T: DeserializeOwned>(desk: &Desk<'_>, place: Option<&Key>) -> Result<Option<T>, Error> {
    let Some(place) = place else { return Ok(None) };
    let Some(stored) = desk.ports.table.get(place).await? else { return Ok(None) };
    let done: Done = decode(&stored.body)?;
    serde_json::from_value(done.answer).map(Some).map_err(|e| Error::Broken("done_v1", e.to_string()))
}
