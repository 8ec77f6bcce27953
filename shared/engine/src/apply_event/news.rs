//! News of an account: what its provider says of its standing, its templates, its numbers, its subscriptions.

use super::Post;
use crate::approval;
use crate::connect::Connection;
use crate::error::Error;
use crate::notice::alert_once;
use crate::ports::told::{Account, Told};
use crate::store::edits::By;
use crate::store::settings::{self, Setup};
use cauce_domain::strategy::registered::{Registered, Standing};

/// Whether a topic asks for its subscription to be confirmed.
pub(super) fn asks_to_confirm(told: &Told) -> bool {
    matches!(told, Told::Account(news) if news.event.as_deref() == Some("SubscriptionConfirmation"))
}

/// What the provider says of a template, kept; answers whether it was that.
async fn of_template(post: &Post<'_>, setup: &Setup, told: &Account) -> Result<bool, Error> {
    let Some((name, language)) = &told.template else { return Ok(false) };
    let known = setup.registered.iter().find(|r| r.value.name == *name && r.value.language == *language);
    // One nobody here uses: the next refresh brings it.
    let Some(known) = known.map(|r| &r.value) else { return Ok(true) };
    let standing = match (told.field.as_deref(), told.event.as_deref()) {
        (Some("message_template_status_update"), Some(event)) => Standing::of(event),
        _ => known.standing,
    };
    let category = told.category.clone().unwrap_or_else(|| known.category.clone());
    let after = Registered { standing, category, reason: told.reason.clone(), ..known.clone() };
    approval::keep(post.ports, setup, &after, &By::cauce(post.received)).await?;
    if standing != Standing::Approved && known.standing == Standing::Approved {
        let subject = format!("Plantilla {}: {name}", standing.spanish());
        let text = format!(
            "WhatsApp dejó la plantilla «{name}» ({language}) {}. Sus pasos no se envían hasta que vuelva a estar aprobada.",
            standing.spanish()
        );
        alert_once(post.ports, setup, &format!("plantilla-{name}-{language}"), &subject, text, post.received).await?;
    }
    Ok(true)
}

/// How many people a day may be written to first, kept with the account.
async fn of_limit(post: &Post<'_>, setup: &Setup, told: &Account) -> Result<bool, Error> {
    let Some(limit) = told.people_a_day else { return Ok(false) };
    if let Some(known) = setup.connections.values().find(|c| c.value.provider == post.provider) {
        let people_a_day = u64::try_from(limit).ok();
        if known.value.people_a_day == people_a_day {
            return Ok(true);
        }
        let after = Connection { people_a_day, ..known.value.clone() };
        let key = settings::place(setup.id(), format!("connection#{}", after.channel));
        settings::save(post.ports, &By::cauce(post.received), key, Some(known), &after).await?;
    }
    Ok(true)
}

/// Tells the team, once a day for each thing.
pub(super) async fn apply(post: &Post<'_>, setup: &Setup, told: &Account) -> Result<(), Error> {
    let (field, event) = (told.field.as_deref().unwrap_or("cuenta"), told.event.as_deref().unwrap_or_default());
    let heeded = of_template(post, setup, told).await? || of_limit(post, setup, told).await?;
    if heeded || event == "SubscriptionConfirmation" {
        return Ok(());
    }
    let code = told.code.map_or_else(String::new, |code| format!(" ({code})"));
    let subject = format!("Aviso del proveedor {}: {field} {event}{code}", post.provider);
    let account = told.account.as_deref().or(told.waba.as_deref()).unwrap_or("del proyecto");
    let text = format!(
        "{}: {field} {event}{code}, cuenta {account}.\nRevise la cuenta en el panel del proveedor.",
        post.provider
    );
    alert_once(post.ports, setup, &format!("{}-{field}-{event}{code}", post.provider), &subject, text, post.received)
        .await
}
