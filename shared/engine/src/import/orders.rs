//! Rows of payment orders: upserted by code, with the customer's summary rewritten in the same transactions.

use super::chunk::{Context, Effect};
use super::columns::ORDERS;
use super::job::Picture;
use super::row::{Ask, Row, RowError};
use super::spill::SpilledRow;
use crate::dossier::Dossier;
use crate::error::Error;
use crate::ports::table::Change;
use crate::store::edits;
use crate::store::settings::PaymentMode;
use cauce_domain::debt::customer::{Portfolio, Status};
use cauce_domain::debt::money::Money;
use cauce_domain::debt::order::{Annulment, Order};
use cauce_domain::ids::CustomerId;
use std::collections::{BTreeMap, BTreeSet};

/// Orders written in one transaction; each takes up to three changes.
const GROUP: usize = 25;

/// Takes the rows of one customer in, and annuls what a full picture does not bring.
pub(super) async fn apply(context: &Context<'_>, id: &CustomerId, rows: &[SpilledRow]) -> Result<Effect, Error> {
    let codes: BTreeSet<&str> = rows.iter().map(|r| r.cells[2].as_str()).collect();
    let mut first: Option<Effect> = None;
    for _ in 0..10 {
        let Some(mut dossier) = open(context, id, &codes).await? else {
            return Ok(Effect::default().reject_all(rows, |r| {
                RowError::error(r.line, "Número de documento", &r.cells[1], "el cliente no existe: cárguelo primero")
            }));
        };
        let (effect, wanted) = work_out(context, id, rows, &dossier);
        let effect = first.get_or_insert(effect);
        if context.desk.dry || write_all(context, &mut dossier, wanted).await? {
            return Ok(std::mem::take(effect));
        }
    }
    Err(Error::Raced)
}

/// The dossier with those closed orders at hand that the rows name.
pub(super) async fn open<'a>(
    context: &'a Context<'_>,
    id: &CustomerId,
    codes: &BTreeSet<&str>,
) -> Result<Option<Dossier<'a>>, Error> {
    let Some(mut dossier) = Dossier::open(&context.desk, id).await? else { return Ok(None) };
    dossier.fetch_orders(codes.iter().copied().filter(|c| context.code_owner(c) == Some(id))).await?;
    Ok(Some(dossier))
}

/// What the rows make of the customer's orders: counts, and the orders to be stored.
fn work_out(
    context: &Context<'_>,
    id: &CustomerId,
    rows: &[SpilledRow],
    dossier: &Dossier<'_>,
) -> (Effect, Vec<Order>) {
    let mut effect = Effect::default();
    let mut wanted = Vec::new();
    if dossier.account.customer.status == Status::Deleted {
        let gone =
            |r: &SpilledRow| RowError::error(r.line, "Número de documento", &r.cells[1], "el cliente fue eliminado");
        return (effect.reject_all(rows, gone), wanted);
    }
    dossier.current().for_each(|o| effect.before(o));
    let mut after: BTreeMap<&str, Order> =
        dossier.orders.iter().map(|(c, kept)| (c.as_str(), kept.now.clone())).collect();
    for spilled in rows {
        let row = Row::new(spilled, ORDERS, context.found);
        let stored = dossier.orders.get(spilled.cells[2].as_str()).map(|kept| &kept.now);
        match read_order(context, id, &row, stored, &mut effect.notes) {
            Err(error) => effect = effect.reject(error),
            Ok(order) => {
                let changed = stored != Some(&order);
                effect.take(stored.is_none(), changed, 1);
                effect.counts.paid +=
                    u64::from(changed && order.balance() == 0 && stored.is_some_and(|o| o.balance() > 0));
                if changed {
                    wanted.push(order.clone());
                }
                after.insert(spilled.cells[2].as_str(), order);
            }
        }
    }
    for order in absent(context, rows, dossier) {
        effect.counts.absent += 1;
        effect.counts.changed += 1;
        let code = dossier.orders.get_key_value(&order.code).map_or("", |(c, _)| c.as_str());
        after.insert(code, order.clone());
        wanted.push(order);
    }
    after.values().for_each(|o| effect.after(o));
    (effect, wanted)
}

/// Open orders that a full picture of their portfolio does not bring.
fn absent(context: &Context<'_>, rows: &[SpilledRow], dossier: &Dossier<'_>) -> Vec<Order> {
    // A row that could not be read may be any order's: a picture with such rows annuls nothing.
    if context.found.incomplete {
        return Vec::new();
    }
    let portfolio = dossier.account.customer.portfolio;
    let pictured = match context.picture {
        None => false,
        Some(Picture::Project) => true,
        Some(Picture::Current) => portfolio == Portfolio::Current,
        Some(Picture::WrittenOff) => portfolio == Portfolio::WrittenOff,
    };
    let brought: BTreeSet<&str> = rows.iter().map(|r| r.cells[2].as_str()).collect();
    let lost = dossier.current().filter(|o| pictured && !o.agreed && o.is_open() && !brought.contains(o.code.as_str()));
    lost.map(|o| Order { annulled: Some(Annulment::Absent), ..o.clone() }).collect()
}

async fn write_all(context: &Context<'_>, dossier: &mut Dossier<'_>, wanted: Vec<Order>) -> Result<bool, Error> {
    for group in wanted.chunks(GROUP) {
        for order in group {
            if let Some(edit) = edit(context, dossier, order)? {
                dossier.also(edit);
            }
            dossier.put_order(order.clone());
        }
        if !dossier.save().await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The log entry of an order changed by API.
fn edit(context: &Context<'_>, dossier: &Dossier<'_>, order: &Order) -> Result<Option<Change>, Error> {
    let Some(by) = context.by else { return Ok(None) };
    let before = dossier.orders.get(&order.code).map(|kept| &kept.now);
    let fields = edits::differences(before, order)?;
    let owner = (context.desk.setup.id(), &dossier.account.id);
    edits::of_customer(context.desk.ports, by, owner, &format!("order#{}", order.code), fields).map(Some)
}

/// Reads a row over the stored order, or as a new one.
fn read_order(
    context: &Context<'_>,
    id: &CustomerId,
    row: &Row<'_>,
    stored: Option<&Order>,
    notes: &mut Vec<RowError>,
) -> Result<Order, RowError> {
    let code = row.text("Código de pago");
    if code.is_empty() || code.len() > 100 {
        return Err(row.error("Código de pago", "falta el código, o supera los 100 caracteres"));
    }
    if context.code_owner(code).is_some_and(|owner| owner != id) {
        return Err(row.error("Código de pago", "el código ya pertenece a la orden de otro cliente"));
    }
    let named = row.currency()?;
    let currency = match (named, stored) {
        (Some(named), Some(order)) if named != order.currency && order.paid != 0 => {
            return Err(row.error("Moneda", "la orden ya tiene pagos en otra moneda"));
        }
        (Some(named), _) => named,
        (None, Some(order)) => order.currency,
        (None, None) if row.has("Moneda") => return Err(row.error("Moneda", "falta la moneda")),
        (None, None) => context.currency.ok_or_else(|| row.error("Moneda", "falta la moneda"))?,
    };
    let due = row.date("Fecha de vencimiento")?.or(stored.map(|o| o.due));
    let due = due.ok_or_else(|| row.error("Fecha de vencimiento", "falta la fecha de vencimiento"))?;
    let amount = positive(row, "Monto", row.amount("Monto", currency)?)?.or(stored.map(|o| o.amount));
    let amount = amount.ok_or_else(|| row.error("Monto", "falta el monto"))?;
    let mut order = stored.cloned().unwrap_or_else(|| Order::new(code, due, Money::new(amount, currency)));
    (order.due, order.amount, order.currency) = (due, amount, currency);
    for (name, slot) in [("Intereses", &mut order.interest), ("Descuentos", &mut order.discounts)] {
        match row.ask(name) {
            Ask::Keep => {}
            Ask::Erase => *slot = 0,
            Ask::Set(_) => *slot = positive(row, name, row.amount(name, currency)?)?.unwrap_or(*slot),
        }
    }
    if context.desk.setup.project().payment_mode == PaymentMode::Balance {
        let balance = row.amount("Saldo pendiente", currency)?;
        if balance.is_some_and(|b| b < 0) {
            return Err(row.error("Saldo pendiente", "el saldo no puede ser negativo: use 0 si está pagada"));
        }
        order.loaded_balance = balance.or(order.loaded_balance);
    }
    describe(row, &mut order, notes);
    Ok(order)
}

fn positive(row: &Row<'_>, name: &str, amount: Option<i64>) -> Result<Option<i64>, RowError> {
    match amount {
        Some(n) if n < 0 => Err(row.error(name, "no puede ser negativo")),
        amount => Ok(amount),
    }
}

fn describe(row: &Row<'_>, order: &mut Order, notes: &mut Vec<RowError>) {
    match row.date("Fecha de emisión") {
        Ok(Some(date)) => order.issued = Some(date),
        Ok(None) => {}
        Err(_) => notes.push(row.observe("Fecha de emisión", "no es una fecha: se dejó fuera")),
    }
    let details = &mut order.details;
    for (name, slot) in [
        ("Producto", &mut details.product),
        ("Número de cuota", &mut details.instalment),
        ("URL documento", &mut details.document_url),
        ("Link de pago", &mut details.payment_link),
        ("Referencia de pago", &mut details.payment_reference),
    ] {
        match row.ask(name) {
            Ask::Keep => {}
            Ask::Erase => *slot = None,
            Ask::Set(text) => *slot = Some(text.to_owned()),
        }
    }
    for (name, ask) in row.variables() {
        match ask {
            Ask::Keep => {}
            Ask::Erase => drop(details.variables.remove(name)),
            Ask::Set(text) => drop(details.variables.insert(name.to_owned(), text.to_owned())),
        }
    }
    match row.yes("Anulada", notes) {
        Some(true) => order.annulled = Some(Annulment::Asked),
        Some(false) => order.annulled = None,
        // An order that a full picture lost comes back with its row.
        None if order.annulled == Some(Annulment::Absent) => order.annulled = None,
        None => {}
    }
}
