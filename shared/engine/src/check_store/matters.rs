//! What stands over a debt holds together: holds, claims and alerts follow from the matters, promises and declared payments
//! from the movements, open calls from the thread.

use super::Checked;
use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Query, TableName};
use crate::store::codec::{Shape, decode, type_of};
use crate::store::interactions::{decode_message, is_message};
use crate::store::settings::Setup;
use crate::store::{accounts, keys, query_all};
use cauce_domain::contact::alert::Alert;
use cauce_domain::contact::call_entry::{CallEntry, EntryState};
use cauce_domain::contact::interaction::State;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::order::Order;
use cauce_domain::debt::payment::Movement;
use cauce_domain::debt::payment_to_verify::Review;
use cauce_domain::debt::promise::{Promise, PromiseState};
use std::collections::BTreeSet;

/// Checks one customer.
pub(super) async fn check(
    ports: &Ports,
    setup: &Setup,
    account: &Account,
    (orders, movements): (&[Order], &[Movement]),
    checked: &mut Checked,
) -> Result<(), Error> {
    let id = &account.id;
    let matters = accounts::matters(ports, setup.id(), id).await?;
    let mut again = account.clone();
    again.hold(&matters);
    if (&again.holds, &again.claims) != (&account.holds, &account.claims) {
        checked.broken.push(format!("cliente {id}: lo que detiene sus mensajes no es lo que está vigente"));
    }
    if account.alerts.has(Alert::Paused) != account.holds.paused_until.is_some() {
        checked.broken.push(format!("cliente {id}: la alerta de pausa no dice lo mismo que la pausa"));
    }
    let disputes = |order: &Order, matter: &Matter| matches!(matter, Matter::Claim(it) if it.disputes(&order.code));
    for order in orders.iter().filter(|o| o.disputed != matters.iter().any(|matter| disputes(o, matter))) {
        checked.broken.push(format!("orden {}: su reclamo no es el que está abierto", order.code));
    }
    for matter in &matters {
        let wrong = match matter {
            Matter::Promise(promise) => promise_differs(promise, movements),
            Matter::PaymentToVerify(payment) => review_differs(&payment.review, movements),
            _ => None,
        };
        checked.broken.extend(wrong.map(|why| format!("asunto {}: {why}", matter.id())));
    }
    calls(ports, setup, account, checked).await
}

fn promise_differs(promise: &Promise, movements: &[Movement]) -> Option<&'static str> {
    let known = |code: &str| movements.iter().find(|movement| movement.code == code);
    let counts = |(code, part): (&String, &i64)| {
        let mut again = Promise { counted: Default::default(), ..promise.clone() };
        known(code).is_some_and(|movement| again.count(movement) && again.counted.get(code) == Some(part))
    };
    if promise.state != PromiseState::Annulled && !promise.counted.iter().all(counts) {
        return Some("cuenta pagos que no le corresponden");
    }
    let received = promise.received();
    let stands = match promise.state {
        PromiseState::Annulled => true,
        PromiseState::Kept => received >= promise.amount,
        PromiseState::Live => received < promise.amount,
        PromiseState::PartlyKept => received > 0 && received < promise.amount,
        PromiseState::Broken => received == 0,
    };
    (!stands).then_some("su estado no es el de lo que se recibió")
}

fn review_differs(review: &Review, movements: &[Movement]) -> Option<&'static str> {
    let Review::Verified { movement, .. } = review else { return None };
    let effective = movements.iter().any(|known| known.code == *movement && !known.annulled);
    (!effective).then_some("está verificado sin su pago efectivo")
}

/// Calls to make stand in the thread, and only those.
async fn calls(ports: &Ports, setup: &Setup, account: &Account, checked: &mut Checked) -> Result<(), Error> {
    let query = Query::table(TableName::Interactions, keys::partition(setup.id(), &account.id)).prefix("i#");
    let mut open = BTreeSet::new();
    for stored in query_all(ports.table.as_ref(), query).await? {
        if type_of(&stored.body) == CallEntry::TYPE {
            let entry: CallEntry = decode(&stored.body)?;
            open.extend((entry.state == EntryState::ToManage).then_some(entry.id));
        } else if is_message(&stored.body) {
            let message = decode_message(&stored)?;
            open.extend((message.state == State::ToManage).then_some(message.id));
        }
    }
    if open != account.calls.iter().map(|call| call.id.clone()).collect() {
        checked.broken.push(format!("cliente {}: las llamadas por gestionar no son las de su historial", account.id));
    }
    Ok(())
}
