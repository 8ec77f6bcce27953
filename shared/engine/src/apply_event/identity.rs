//! Numbers and ids of WhatsApp that became others: no debt is written to what may be somebody else's by now, until a person
//! has made sure.

use super::{Post, inbound, matching};
use crate::Ports;
use crate::edit_customer::of_address;
use crate::error::Error;
use crate::exclude;
use crate::link_contact::link_person;
use crate::notice::alert_once;
use crate::ports::table::{Change, Expect, Item, Key, TableName};
use crate::ports::told::Identity;
use crate::store::codec::{decode, encode, shapes};
use crate::store::commit::commit;
use crate::store::settings::Setup;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::Interaction;
use cauce_domain::contact::wish::Wish;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is known of a person whom WhatsApp may name by id alone.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct KnownAs {
    /// The telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// The id that came after this one, before the telephone was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    renamed: Option<String>,
}

shapes! { KnownAs => "known_as_v1" }

fn place(setup: &Setup, user: &str) -> Key {
    Key::new(TableName::Accounts, setup.address_partition(&format!("whatsapp:{user}")), "w")
}

async fn known(ports: &Ports, setup: &Setup, user: &str) -> Result<KnownAs, Error> {
    let stored = ports.table.get(&place(setup, user)).await?;
    Ok(stored.map(|s| decode(&s.body)).transpose()?.unwrap_or_default())
}

async fn note(ports: &Ports, setup: &Setup, user: &str, known: &KnownAs) -> Result<(), Error> {
    let item = Item::new(place(setup, user), encode(known)?);
    commit(ports, vec![Change::Put(item, Expect::Anything)]).await?;
    Ok(())
}

/// As many names of one person as are followed.
const NAMES: usize = 5;

/// What else a person is known by, one after the other: ids that came later, and at the end the telephone, if it is known.
pub(super) async fn known_by(ports: &Ports, setup: &Setup, user: &str) -> Result<Vec<String>, Error> {
    let mut names = vec![user.to_owned()];
    while let (Some(last), true) = (names.last(), names.len() <= NAMES) {
        let KnownAs { phone, renamed } = known(ports, setup, last).await?;
        let ends = phone.is_some();
        match phone.or(renamed) {
            Some(next) => names.push(next),
            None => break,
        }
        if ends {
            break;
        }
    }
    Ok(names.split_off(1))
}

/// The telephone a person last wrote from under an id.
pub(super) async fn phone_of(ports: &Ports, setup: &Setup, user: &str) -> Result<Option<String>, Error> {
    Ok(known_by(ports, setup, user).await?.pop().filter(|last| last.starts_with('+')))
}

/// Remembers the telephone behind an id; what was wished under the id alone holds for the telephone from now on.
pub(super) async fn remember(ports: &Ports, setup: &Setup, user: &str, phone: &str) -> Result<(), Error> {
    if phone_of(ports, setup, user).await?.as_deref() == Some(phone) {
        return Ok(());
    }
    // Before the mapping, so that whatever dies here is done again; after it, for what was wished meanwhile.
    move_wishes(ports, setup, user, phone).await?;
    note(ports, setup, user, &KnownAs { phone: Some(phone.to_owned()), renamed: None }).await?;
    move_wishes(ports, setup, user, phone).await?;
    link_person(ports, setup, user, phone).await
}

/// Has what was wished under an id hold for what is known of the person now, and no longer for the id.
async fn move_wishes(ports: &Ports, setup: &Setup, user: &str, to: &str) -> Result<(), Error> {
    let wishes = exclude::wishes(ports, setup, user).await?;
    for wish in &wishes {
        for spelling in matching::spellings(Channel::Whatsapp, to) {
            exclude::address(ports, setup, &spelling, wish, None).await?;
        }
    }
    let last = wishes.iter().map(|wish| wish.last()).max();
    for scope in wishes.iter().map(|wish| wish.scope).collect::<BTreeSet<_>>() {
        let Some(last) = last else { continue };
        exclude::lift(ports, setup, user, scope, (last + TimeDelta::milliseconds(1), None), |_| true).await?;
    }
    Ok(())
}

/// Notes a wish of a person by WhatsApp: on the telephone, however it is written, or on the id where that is all there is.
/// Answers whether anything was new.
pub(super) async fn wish(ports: &Ports, setup: &Setup, address: &str, wish: &Wish) -> Result<bool, Error> {
    let mut new = false;
    for spelling in matching::spellings(Channel::Whatsapp, address) {
        new |= exclude::address(ports, setup, &spelling, wish, None).await?;
    }
    // Who it is may have become known meanwhile, before the wish was there to be found under the id.
    if !address.starts_with('+')
        && let Some(now) = known_by(ports, setup, address).await?.pop()
    {
        move_wishes(ports, setup, address, &now).await?;
    }
    Ok(new)
}

/// The telephone a message of ours by WhatsApp went to.
pub(super) fn sole_phone(message: &Interaction) -> Option<&str> {
    let by_whatsapp = message.channel == Some(Channel::Whatsapp);
    let to = message.recipients.as_ref().filter(|_| by_whatsapp)?.to.first()?;
    Some(to.address.as_str())
}

/// A number or an id became another: the telephone it was known by is not written to until somebody has made sure.
pub(super) async fn apply(post: &Post<'_>, setup: &Setup, told: &Identity) -> Result<(), Error> {
    let (ports, mut phone) = (post.ports, told.old_wa_id.as_deref().and_then(inbound::phone));
    for user in [&told.old_user, &told.new_user].into_iter().flatten() {
        if phone.is_none() {
            phone = phone_of(ports, setup, user).await?;
        }
    }
    let Some(phone) = phone else {
        // Nobody knows the number yet: what was wished goes along with the id.
        if let (Some(old), Some(new)) = (&told.old_user, &told.new_user) {
            note(ports, setup, old, &KnownAs { phone: None, renamed: Some(new.clone()) }).await?;
            move_wishes(ports, setup, old, new).await?;
        }
        return Ok(());
    };
    // The new id is of the same person, and the number behind it is still to be made sure of.
    if let (Some(new), None) = (&told.new_user, &told.new_wa_id) {
        remember(ports, setup, new, &phone).await?;
    }
    let at = told.at.unwrap_or(post.received);
    let mut doubted = false;
    for spelling in matching::spellings(Channel::Whatsapp, &phone) {
        doubted |= of_address(ports, setup, &spelling, None, &|known| known.marks.doubt(at)).await?;
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
