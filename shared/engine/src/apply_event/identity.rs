//! Numbers and ids of WhatsApp that became others: no debt is written to what may be somebody else's by now, until a person
//! has made sure.

use super::{Post, inbound, matching};
use crate::Ports;
use crate::edit_customer::of_address;
use crate::error::Error;
use crate::notice::alert_once;
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use crate::ports::told::Identity;
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::commit;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use serde::{Deserialize, Serialize};

/// The telephone of a person whom WhatsApp may name by id alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KnownAs {
    phone: String,
}

shapes! { KnownAs => "known_as_v1" }

fn place(setup: &Setup, user: &str) -> Key {
    Key::new(TableName::Accounts, setup.address_partition(&format!("whatsapp:{user}")), "w")
}

/// The telephone a person last wrote from under an id.
pub(super) async fn phone_of(ports: &Ports, setup: &Setup, user: &str) -> Result<Option<String>, Error> {
    let stored = ports.table.get(&place(setup, user)).await?;
    Ok(stored.map(|s| decode::<KnownAs>(&s.body)).transpose()?.map(|known| known.phone))
}

/// Remembers the telephone behind an id.
pub(super) async fn remember(ports: &Ports, setup: &Setup, user: &str, phone: &str) -> Result<(), Error> {
    if phone_of(ports, setup, user).await?.as_deref() == Some(phone) {
        return Ok(());
    }
    let item = Item::new(place(setup, user), encode(&KnownAs { phone: phone.to_owned() })?);
    commit(ports, vec![Change::Put(item, Expect::Anything)]).await?;
    Ok(())
}

/// A number or an id became another: the telephone it was known by is not written to until somebody has made sure.
pub(super) async fn apply(post: &Post<'_>, setup: &Setup, told: &Identity) -> Result<(), Error> {
    let (ports, mut phone) = (post.ports, told.old_wa_id.as_deref().and_then(inbound::phone));
    for user in [&told.old_user, &told.new_user].into_iter().flatten() {
        if phone.is_none() {
            phone = phone_of(ports, setup, user).await?;
        }
    }
    let Some(phone) = phone else { return Ok(()) };
    // The new id is of the same person, and the number behind it is still to be made sure of.
    if let (Some(new), None) = (&told.new_user, &told.new_wa_id) {
        remember(ports, setup, new, &phone).await?;
    }
    let mut doubted = false;
    for spelling in matching::spellings(Channel::Whatsapp, &phone) {
        doubted |= of_address(ports, setup, &spelling, None, &|known| {
            known.marks.unverified = true;
            known.marks.whatsapp = None;
        })
        .await?;
    }
    if doubted {
        let text =
            "Un cliente cambió de número o de identificador en WhatsApp. No se le escribirá a ese número hasta que \
                    alguien verifique a quién pertenece, en los datos del cliente."
                .to_owned();
        alert_once(ports, setup, "identidad", "Números por verificar", text, post.received).await?;
    }
    Ok(())
}
