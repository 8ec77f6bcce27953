//! Rows of exclusions: a customer, or an address whoever has it, is not contacted by a channel or by any.

use super::chunk::{Context, Effect};
use super::columns::EXCLUSIONS;
use super::owners::{id_of, normal_address};
use super::row::Row;
use super::spill::SpilledRow;
use crate::error::Error;
use crate::exclude;
use crate::store::accounts;
use cauce_domain::contact::channel::Scope;
use cauce_domain::contact::wish::{Source, Wish};
use cauce_domain::debt::customer::OptOut;

/// Takes the rows of one customer or one address in.
pub(super) async fn apply(context: &Context<'_>, rows: &[SpilledRow]) -> Result<Effect, Error> {
    let (ports, setup, write) = (context.desk.ports, context.desk.setup, !context.desk.dry);
    let mut effect = Effect::default();
    for spilled in rows {
        let row = Row::new(spilled, EXCLUSIONS, context.found);
        let Ok(scope) = row.text("Canal").parse::<Scope>() else {
            effect = effect.reject(row.error("Canal", "use WhatsApp, SMS, Correo o Todos"));
            continue;
        };
        let date = row.date("Fecha").unwrap_or_else(|_| {
            effect.notes.push(row.observe("Fecha", "no es una fecha: se dejó fuera"));
            None
        });
        let reason = Some(row.text("Motivo")).filter(|t| !t.is_empty()).map(str::to_owned);
        let said = OptOut { reason, date };
        let changed = match normal_address(setup, row.text("Dirección")).filter(|_| !row.text("Dirección").is_empty())
        {
            Some(address) if write => {
                exclude::address(ports, setup, &address, &wish(context, scope, &said), context.by).await?
            }
            Some(_) => true,
            None => {
                let id = id_of(spilled.owner);
                if accounts::account(ports, setup.id(), &id).await?.is_none() {
                    effect = effect.reject(row.error("Número de documento", "el cliente no existe: cárguelo primero"));
                    continue;
                }
                if write { exclude::customer(ports, setup, &id, scope, &said, context.by).await? } else { true }
            }
        };
        effect.take(changed, changed, 1);
    }
    Ok(effect)
}

/// A row's wish: since its date where it gives one.
fn wish(context: &Context<'_>, scope: Scope, said: &OptOut) -> Wish {
    let since = said.date.map(|date| context.desk.setup.project().calendar.midnight(date));
    Wish {
        scope,
        source: context.by.map_or(Source::Load, |_| Source::User),
        evidence: None,
        at: since.unwrap_or_else(|| context.desk.setup.project().calendar.midnight(context.desk.today)),
        again: None,
        reason: said.reason.clone(),
        author: context.by.map(|by| by.author.clone()),
    }
}
