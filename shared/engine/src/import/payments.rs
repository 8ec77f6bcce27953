//! Rows of payment news: each movement once, applied to its order or to the oldest due ones, never refused for its size.

use super::chunk::{Context, Effect};
use super::columns::{PAYMENTS, fold};
use super::orders::Working;
use super::row::{Row, RowError};
use super::spill::SpilledRow;
use crate::error::Error;
use crate::ports::table::{Change, Expect, Index, Item, Key, TableName};
use crate::store::accounts::CodeOwner;
use crate::store::codec::{decode, encode, shapes};
use crate::store::keys;
use cauce_domain::debt::money::Currency;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::payment::{Movement, MovementKind, spread_oldest_first};
use cauce_domain::ids::{CustomerId, derived};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A movement as the conversation shows it: an event *Generado* with its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generated {
    /// Customer.
    pub customer: CustomerId,
    /// `payment`, `adjustment` or `payment_annulled`.
    pub event: String,
    /// Movement code.
    pub movement: String,
    /// Local value date.
    pub date: NaiveDate,
    /// Amount, minor units.
    pub amount: i64,
    /// Currency.
    pub currency: Currency,
    /// Who or what made it: the load's id.
    pub origin: String,
}

shapes! { Generated => "generated_v1" }

/// What a row asks for.
enum Asked {
    New(Movement),
    Annul(Movement),
    /// One that somebody left half way.
    Unfinished(Movement),
    Known,
}

/// Orders one transaction pays: each takes up to two changes.
const GROUP: usize = 30;

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
    let effect = Effect::default();
    let codes: BTreeSet<&str> = [row.text("Código de pago")].into_iter().filter(|c| !c.is_empty()).collect();
    let Some(mut working) = Working::read(context, id, &codes).await? else {
        let error = row.error("Número de documento", "el cliente no existe: cárguelo primero");
        return Ok((effect.reject(error), true));
    };
    let asked = match read(context, id, row, &working, seen).await? {
        Ok(asked) => asked,
        Err(error) => return Ok((effect.reject(error), true)),
    };
    let mut effect = effect;
    let before: Vec<Order> = working.orders.values().map(|(o, _)| o.clone()).collect();
    before.iter().for_each(|o| effect.before(o));
    let (mut changes, mut movement, event) = match asked {
        Asked::Known => {
            before.iter().for_each(|o| effect.after(o));
            effect.take(false, false, 1);
            return Ok((effect, true));
        }
        Asked::New(movement) => {
            let owner = Item::new(
                keys::movement_code(context.setup.id(), &movement.code),
                encode(&CodeOwner { customer: id.clone() })?,
            );
            let event = if movement.kind == MovementKind::Payment { "payment" } else { "adjustment" };
            (vec![Change::Put(owner, Expect::Absent)], movement, Some(event))
        }
        Asked::Annul(movement) => (Vec::new(), Movement { annulled: true, ..movement }, Some("payment_annulled")),
        Asked::Unfinished(movement) => (Vec::new(), movement, None),
    };
    let sign = if movement.annulled { -1 } else { 1 };
    if let Some(event) = event {
        movement.pending = movement.applied.iter().map(|(code, _)| code.clone()).collect();
        *working.open.account.credit.entry(movement.currency).or_default() += sign * movement.credit;
        working.open.account.credit.retain(|_, c| *c != 0);
        changes.push(Change::Put(generated(context, id, &movement, event)?, Expect::Anything));
    }
    let reached: Vec<&str> = movement.applied.iter().map(|(code, _)| code.as_str()).collect();
    working.fetch(context, &reached).await?;
    let stored = pay(context, &mut working, &mut effect, movement, changes, sign).await?;
    working.orders.values().for_each(|(o, _)| effect.after(o));
    effect.take(true, true, 1);
    Ok((effect, stored))
}

/// Brings a movement to the orders still pending, a group in each transaction; the first one takes `changes` along.
async fn pay(
    context: &Context<'_>,
    working: &mut Working,
    effect: &mut Effect,
    mut movement: Movement,
    mut changes: Vec<Change>,
    sign: i64,
) -> Result<bool, Error> {
    let place = keys::movement(context.setup.id(), &working.open.account.id, &movement.code);
    loop {
        let rest = movement.pending.split_off(movement.pending.len().min(GROUP));
        for code in std::mem::replace(&mut movement.pending, rest) {
            let part: i64 = movement.applied.iter().filter(|(c, _)| *c == code).map(|(_, part)| part).sum();
            let Some((order, _)) = working.orders.get(&code) else { continue };
            let paid = Order { paid: order.paid + sign * part, ..order.clone() };
            effect.counts.paid += u64::from(paid.balance() == 0 && order.balance() > 0);
            changes.extend(working.put(context, paid)?);
        }
        changes.push(Change::Put(Item::new(place.clone(), encode(&movement)?), Expect::Anything));
        if context.write && !working.write(context, std::mem::take(&mut changes)).await? {
            return Ok(false);
        }
        if movement.pending.is_empty() {
            return Ok(true);
        }
        changes.clear();
    }
}

fn generated(context: &Context<'_>, id: &CustomerId, movement: &Movement, event: &str) -> Result<Item, Error> {
    let project = context.setup.id();
    let day = context.today;
    let event = Generated {
        customer: id.clone(),
        event: event.to_owned(),
        movement: movement.code.clone(),
        date: movement.date,
        amount: movement.amount,
        currency: movement.currency,
        origin: context.load.to_string(),
    };
    let name = derived(&[&movement.code, &event.event]);
    let key = Key::new(TableName::Interactions, keys::partition(project, id), format!("g#{day}#{name}"));
    let shard = keys::shard_of(id);
    let item = Item::new(key, encode(&event)?);
    Ok(item.indexed(Index::Day, keys::day_shard(project, day, shard), format!("{id}#{name}")))
}

/// Reads a row; an annulment finds the movement it takes back, a movement already stored is known.
async fn read(
    context: &Context<'_>,
    id: &CustomerId,
    row: &Row<'_>,
    working: &Working,
    seen: &mut BTreeMap<String, u32>,
) -> Result<Result<Asked, RowError>, Error> {
    let kind = match fold(row.text("Tipo")).as_str() {
        "" | "pago" | "pagoefectivo" | "efectivo" => Some(MovementKind::Payment),
        "ajuste" => Some(MovementKind::Adjustment),
        "anulacion" | "anulaciondepago" => None,
        _ => return Ok(Err(row.error("Tipo", "use Pago, Ajuste o Anulación"))),
    };
    let Some(kind) = kind else { return annulment(context, id, row).await };
    let movement = match new_movement(context, row, working, kind, seen) {
        Ok(movement) => movement,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(stored) = context.ports.table.get(&keys::movement_code(context.setup.id(), &movement.code)).await? {
        let owner: CodeOwner = decode(&stored.body)?;
        let known =
            context.ports.table.get(&keys::movement(context.setup.id(), &owner.customer, &movement.code)).await?;
        let known: Option<Movement> = known.map(|s| decode(&s.body)).transpose()?;
        let same = owner.customer == *id
            && known.as_ref().is_some_and(|k| {
                (k.amount, k.currency, k.date, &k.order)
                    == (movement.amount, movement.currency, movement.date, &movement.order)
            });
        let unfinished = known.filter(|k| same && !k.pending.is_empty());
        return Ok(if let Some(movement) = unfinished {
            Ok(Asked::Unfinished(movement))
        } else if same {
            Ok(Asked::Known)
        } else {
            Err(row.error("Código de movimiento", "ya existe con otros datos: anúlelo y cargue uno nuevo"))
        });
    }
    Ok(Ok(Asked::New(movement)))
}

async fn annulment(context: &Context<'_>, id: &CustomerId, row: &Row<'_>) -> Result<Result<Asked, RowError>, Error> {
    let reference = row.text("Referencia");
    let (column, code) = match reference {
        "" => ("Código de movimiento", row.text("Código de movimiento")),
        code => ("Referencia", code),
    };
    let stored = context.ports.table.get(&keys::movement(context.setup.id(), id, code)).await?;
    let Some(stored) = stored else { return Ok(Err(row.error(column, "no existe el movimiento que se anula"))) };
    let movement: Movement = decode(&stored.body)?;
    Ok(Ok(match (movement.pending.is_empty(), movement.annulled) {
        (false, true) => Asked::Unfinished(movement),
        (false, false) => {
            return Ok(Err(row.error(column, "el pago que se anula aún se está aplicando: cárguelo de nuevo")));
        }
        (true, true) => Asked::Known,
        (true, false) => Asked::Annul(movement),
    }))
}

fn new_movement(
    context: &Context<'_>,
    row: &Row<'_>,
    working: &Working,
    kind: MovementKind,
    seen: &mut BTreeMap<String, u32>,
) -> Result<Movement, RowError> {
    let code = row.text("Código de pago");
    let order = match code {
        "" => None,
        code => match working.orders.get(code) {
            Some((order, _)) => Some(order),
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
        None => {
            let open: Vec<Order> = working.orders.values().map(|(o, _)| o.clone()).collect();
            spread_oldest_first(amount, currency, &open)
        }
    };
    let text = |name: &str| Some(row.text(name)).filter(|t| !t.is_empty()).map(str::to_owned);
    let repeated = seen.get(&content(row)).copied().unwrap_or(0);
    let code = text("Código de movimiento").filter(|c| c.len() <= 100);
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
        annulled: false,
    })
}
