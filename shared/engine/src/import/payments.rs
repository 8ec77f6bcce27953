//! Rows of payment news: each movement once, applied to its order or to the oldest due ones, never refused for its size.

use super::chunk::{Context, Effect};
use super::columns::{PAYMENTS, fold};
use super::orders::open;
use super::row::{Row, RowError};
use super::spill::SpilledRow;
use crate::dossier::{Dossier, Recorded};
use crate::error::Error;
use crate::store::accounts::CodeOwner;
use crate::store::codec::decode;
use crate::store::keys;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::payment::{Movement, MovementKind};
use cauce_domain::ids::{CustomerId, derived};
use std::collections::{BTreeMap, BTreeSet};

/// What a row asks for: a movement to be recorded, or nothing that is not known already.
type Asked = Option<(Movement, Recorded)>;

/// Takes the rows of one customer in, one by one: each movement is one transaction with the orders it touches.
pub(super) async fn apply(context: &Context<'_>, id: &CustomerId, rows: &[SpilledRow]) -> Result<Effect, Error> {
    let mut effect = Effect::default();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for spilled in rows {
        let row = Row::new(spilled, PAYMENTS, context.found);
        let mut first: Option<Effect> = None;
        let mut done = false;
        for _ in 0..10 {
            let (outcome, stored) = one(context, id, &row, &mut seen.clone()).await?;
            let kept = first.get_or_insert(outcome);
            if stored {
                effect.add(std::mem::take(kept));
                done = true;
                break;
            }
        }
        if !done {
            return Err(Error::Raced);
        }
        *seen.entry(content(&row)).or_default() += 1;
    }
    Ok(effect)
}

/// What tells two payments without a movement code apart, besides how often the file repeats them.
fn content(row: &Row<'_>) -> String {
    ["Código de pago", "Número de documento", "Tipo", "Fecha", "Monto", "Moneda", "Medio de pago", "Referencia"]
        .map(|name| row.text(name))
        .join("\u{1}")
}

async fn one(
    context: &Context<'_>,
    id: &CustomerId,
    row: &Row<'_>,
    seen: &mut BTreeMap<String, u32>,
) -> Result<(Effect, bool), Error> {
    let mut effect = Effect::default();
    let codes: BTreeSet<&str> = [row.text("Código de pago")].into_iter().filter(|c| !c.is_empty()).collect();
    let Some(mut dossier) = open(context, id, &codes).await? else {
        let error = row.error("Número de documento", "el cliente no existe: cárguelo primero");
        return Ok((effect.reject(error), true));
    };
    let asked = match read(context, id, row, &dossier, seen).await? {
        Ok(asked) => asked,
        Err(error) => return Ok((effect.reject(error), true)),
    };
    let before: Vec<Order> = dossier.current().cloned().collect();
    before.iter().for_each(|o| effect.before(o));
    let Some((movement, how)) = asked else {
        before.iter().for_each(|o| effect.after(o));
        effect.take(false, false, 1);
        return Ok((effect, true));
    };
    // Whatever changes it changes the account too, which was read before.
    if how != Recorded::New {
        dossier.fetch_movement(&movement.code).await?;
    }
    if let Some(declared) = &movement.declared {
        dossier.fetch_matter(declared).await?;
    }
    dossier.fetch_orders(movement.applied.iter().map(|(code, _)| code.as_str())).await?;
    let reached = match how {
        Recorded::Resumed => movement.pending.clone(),
        Recorded::New | Recorded::Annulled => movement.applied.iter().map(|(code, _)| code.clone()).collect(),
    };
    let done = Movement { annulled: movement.annulled || how == Recorded::Annulled, ..movement.clone() };
    for order in dossier.current() {
        let after = if reached.contains(&order.code) { done.on(order) } else { order.clone() };
        effect.counts.paid += u64::from(after.balance() == 0 && order.balance() > 0);
        effect.after(&after);
    }
    dossier.record(movement, how)?;
    effect.take(true, true, 1);
    let stored = dossier.save().await?;
    if stored {
        dossier.finish().await?;
    }
    Ok((effect, stored))
}

/// Reads a row; an annulment finds the movement it takes back, a movement already stored is known.
async fn read(
    context: &Context<'_>,
    id: &CustomerId,
    row: &Row<'_>,
    dossier: &Dossier<'_>,
    seen: &mut BTreeMap<String, u32>,
) -> Result<Result<Asked, RowError>, Error> {
    let kind = match fold(row.text("Tipo")).as_str() {
        "" | "pago" | "pagoefectivo" | "efectivo" => Some(MovementKind::Payment),
        "ajuste" => Some(MovementKind::Adjustment),
        "anulacion" | "anulaciondepago" => None,
        _ => return Ok(Err(row.error("Tipo", "use Pago, Ajuste o Anulación"))),
    };
    let Some(kind) = kind else { return annulment(context, id, row).await };
    let movement = match new_movement(context, row, dossier, kind, seen) {
        Ok(movement) => movement,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(stored) =
        context.desk.ports.table.get(&keys::movement_code(context.desk.setup.id(), &movement.code)).await?
    {
        let owner: CodeOwner = decode(&stored.body)?;
        let known = context
            .desk
            .ports
            .table
            .get(&keys::movement(context.desk.setup.id(), &owner.customer, &movement.code))
            .await?;
        let known: Option<Movement> = known.map(|s| decode(&s.body)).transpose()?;
        let same = owner.customer == *id
            && known.as_ref().is_some_and(|k| {
                (k.amount, k.currency, k.date, &k.order)
                    == (movement.amount, movement.currency, movement.date, &movement.order)
            });
        let unfinished = known.filter(|k| same && !k.pending.is_empty());
        return Ok(if let Some(movement) = unfinished {
            Ok(Some((movement, Recorded::Resumed)))
        } else if same {
            Ok(None)
        } else {
            Err(row.error("Código de movimiento", "ya existe con otros datos: anúlelo y cargue uno nuevo"))
        });
    }
    Ok(Ok(Some((movement, Recorded::New))))
}

async fn annulment(context: &Context<'_>, id: &CustomerId, row: &Row<'_>) -> Result<Result<Asked, RowError>, Error> {
    let reference = row.text("Referencia");
    let (column, code) = match reference {
        "" => ("Código de movimiento", row.text("Código de movimiento")),
        code => ("Referencia", code),
    };
    let stored = context.desk.ports.table.get(&keys::movement(context.desk.setup.id(), id, code)).await?;
    let Some(stored) = stored else { return Ok(Err(row.error(column, "no existe el movimiento que se anula"))) };
    let movement: Movement = decode(&stored.body)?;
    Ok(Ok(match (movement.pending.is_empty(), movement.annulled) {
        (false, true) => Some((movement, Recorded::Resumed)),
        (false, false) => {
            return Ok(Err(row.error(column, "el pago que se anula aún se está aplicando: cárguelo de nuevo")));
        }
        (true, true) => None,
        (true, false) => Some((movement, Recorded::Annulled)),
    }))
}

fn new_movement(
    context: &Context<'_>,
    row: &Row<'_>,
    dossier: &Dossier<'_>,
    kind: MovementKind,
    seen: &mut BTreeMap<String, u32>,
) -> Result<Movement, RowError> {
    let code = row.text("Código de pago");
    let order = match code {
        "" => None,
        code => match dossier.orders.get(code) {
            Some(kept) => Some(&kept.now),
            None => return Err(row.error("Código de pago", "la orden no existe: cárguela primero")),
        },
    };
    let currency = match (row.currency()?, order) {
        (Some(named), Some(order)) if named != order.currency => {
            return Err(row.error("Moneda", &format!("la orden está en {}", order.currency)));
        }
        (Some(named), _) => named,
        (None, Some(order)) => order.currency,
        (None, None) => context.currency.ok_or_else(|| row.error("Moneda", "falta la moneda"))?,
    };
    let date = row.date("Fecha")?.ok_or_else(|| row.error("Fecha", "falta la fecha"))?;
    let amount = row.amount("Monto", currency)?.ok_or_else(|| row.error("Monto", "falta el monto"))?;
    if amount == 0 || (amount < 0 && kind == MovementKind::Payment) {
        return Err(row.error("Monto", "un pago es mayor que cero"));
    }
    let (applied, credit) = match order {
        Some(order) => (vec![(order.code.clone(), amount)], 0),
        None => dossier.spread(amount, currency),
    };
    let text = |name: &str| Some(row.text(name)).filter(|t| !t.is_empty()).map(str::to_owned);
    let repeated = seen.get(&content(row)).copied().unwrap_or(0);
    let code = text("Código de movimiento");
    if code.as_ref().is_some_and(|code| code.len() > 100) {
        return Err(row.error("Código de movimiento", "el código supera los 100 caracteres"));
    }
    let code = code.unwrap_or_else(|| format!("auto-{}", derived(&[&content(row), &repeated.to_string()])));
    Ok(Movement {
        code,
        kind,
        date,
        amount,
        currency,
        order: order.map(|o| o.code.clone()),
        method: text("Medio de pago"),
        reference: text("Referencia"),
        applied,
        credit,
        pending: Vec::new(),
        declared: None,
        annulled: false,
    })
}
