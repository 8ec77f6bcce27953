//! News of an account: what its provider says of its standing, its templates, its numbers, its subscriptions.

use super::Post;
use crate::error::Error;
use crate::notice::alert_once;
use crate::ports::told::{Account, Told};
use crate::store::settings::Setup;

/// Whether a topic asks for its subscription to be confirmed.
pub(super) fn asks_to_confirm(told: &Told) -> bool {
    matches!(told, Told::Account(news) if news.event.as_deref() == Some("SubscriptionConfirmation"))
}

/// Tells the team, once a day for each thing.
pub(super) async fn apply(post: &Post<'_>, setup: &Setup, told: &Account) -> Result<(), Error> {
    let (field, event) = (told.field.as_deref().unwrap_or("cuenta"), told.event.as_deref().unwrap_or_default());
    if event == "SubscriptionConfirmation" {
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
