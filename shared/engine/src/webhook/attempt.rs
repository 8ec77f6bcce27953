//! One attempt at a delivery: claimed, posted, settled. An endpoint that does not take it is asked again ever later, for three
//! days and more; after that it lies among the dead letters, and the team is told.

use super::announce::{delivery, item, place};
use super::endpoints::{self, Secrets};
use super::sign::signature;
use super::{DeliverOne, Delivery, DeliveryState, Endpoint};
use crate::error::Error;
use crate::notice::alert_once;
use crate::ports::Ports;
use crate::ports::outside::Answered;
use crate::ports::table::{Change, Expect};
use crate::store::codec::decode;
use crate::store::commit::{Committed, commit};
use crate::store::settings::Setup;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

/// How long an attempt may take before another worker makes the next.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// Minutes after each attempt at which the next is made, as Standard Webhooks advises.
const SCHEDULE: [i64; 9] = [1, 5, 30, 2 * 60, 5 * 60, 10 * 60, 14 * 60, 20 * 60, 24 * 60];
/// The longest an endpoint may ask to wait.
const MOST_WAIT: TimeDelta = TimeDelta::hours(24);
/// The status by which an endpoint says that it is no more.
const GONE: u16 = 410;

/// Makes a delivery that is due; told twice, once.
pub async fn deliver(ports: &Ports, setup: &Setup, one: &DeliverOne, now: DateTime<Utc>) -> Result<(), Error> {
    let key = place(setup.id(), &one.shard, &one.delivery);
    let Some(stored) = ports.table.get(&key).await? else { return Ok(()) };
    let waiting: Delivery = decode(&stored.body)?;
    if !matches!(waiting.state, DeliveryState::Pending { at } if at <= now) {
        return Ok(());
    }
    let leased = DeliveryState::Pending { at: now + LEASE };
    let claimed = Delivery { attempts: waiting.attempts + 1, state: leased, ..waiting };
    let change = Change::Put(item(setup.id(), &claimed)?, Expect::Version(stored.version));
    if let Committed::Lost(_) = commit(ports, vec![change]).await? {
        return Ok(());
    }
    let settled = attempted(ports, setup, claimed, now).await?;
    let dead = settled.state == DeliveryState::Dead;
    let kept = item(setup.id(), &settled)?;
    let changes = match dead {
        // It lies apart from then on.
        true => vec![Change::Delete(key, Expect::Version(stored.version + 1)), Change::Put(kept, Expect::Anything)],
        false => vec![Change::Put(kept, Expect::Version(stored.version + 1))],
    };
    if let (Committed::Made, true) = (commit(ports, changes).await?, dead) {
        let about = format!("webhook-{}", settled.endpoint);
        let why = settled.answer.as_deref().unwrap_or_default();
        let text = format!(
            "El webhook {} no recibió «{}» después de {} intentos ({why}). Está entre las entregas muertas: cuando su sistema \
             responda, reenvíela.",
            settled.endpoint, settled.event, settled.attempts
        );
        alert_once(ports, setup, &about, "Un webhook no se pudo entregar", text, now).await?;
    }
    Ok(())
}

/// Posts a delivery and answers it as it stands then.
async fn attempted(ports: &Ports, setup: &Setup, claimed: Delivery, now: DateTime<Utc>) -> Result<Delivery, Error> {
    let found = setup.endpoints.iter().find(|endpoint| endpoint.value.id == claimed.endpoint);
    // Whoever is not to hear of it any more does not.
    let hears =
        |endpoint: &&Endpoint| endpoint.active && claimed.family.is_none_or(|it| endpoint.families.contains(&it));
    let Some(endpoint) = found.map(|found| &found.value).filter(hears) else {
        let answer = Some("el webhook ya no está activo, o ya no recibe esto".to_owned());
        return Ok(Delivery { state: DeliveryState::Dead, answer, ..claimed });
    };
    let answer = post(ports, setup, endpoint, &claimed, now).await?;
    if matches!(answer, Ok(Answered { status: GONE, .. })) {
        endpoints::stop(ports, setup, &endpoint.id, "respondió 410: ya no existe", now).await?;
    }
    let words = match &answer {
        Ok(answered) => format!("HTTP {}", answered.status),
        Err(why) => why.clone(),
    };
    let state = match answer {
        Ok(Answered { status: 200..300, .. }) => DeliveryState::Delivered { at: now },
        Ok(Answered { status: GONE, .. }) => DeliveryState::Dead,
        Ok(Answered { retry_after, .. }) => next(&claimed, retry_after, now),
        Err(_) => next(&claimed, None, now),
    };
    Ok(Delivery { state, answer: Some(words), ..claimed })
}

/// When it is tried again, if it is: later each time, a little apart from others that failed with it, never before the
/// endpoint asks to be asked.
fn next(delivery: &Delivery, retry_after: Option<u64>, now: DateTime<Utc>) -> DeliveryState {
    let tried = usize::try_from(delivery.attempts).unwrap_or(usize::MAX).saturating_sub(1);
    let Some(minutes) = SCHEDULE.get(tried) else { return DeliveryState::Dead };
    let seconds = minutes * 60;
    let spread = delivery.id.bytes().fold(u64::from(delivery.attempts), |sum, b| sum.wrapping_mul(31) + u64::from(b));
    let jitter = i64::try_from(spread % 100).unwrap_or(0) * seconds / 500;
    let asked = TimeDelta::seconds(i64::try_from(retry_after.unwrap_or(0)).unwrap_or(i64::MAX / 1000)).min(MOST_WAIT);
    DeliveryState::Pending { at: now + TimeDelta::seconds(seconds + jitter).max(asked) }
}

async fn post(
    ports: &Ports,
    setup: &Setup,
    endpoint: &Endpoint,
    delivery: &Delivery,
    now: DateTime<Utc>,
) -> Result<Result<Answered, String>, Error> {
    let Secrets(secrets) = endpoints::secrets(ports, setup, &endpoint.id).await?;
    let valid: Vec<_> = secrets.iter().filter(|secret| secret.until.is_none_or(|until| now < until)).collect();
    if valid.is_empty() {
        return Ok(Err("falta su llave: pida una nueva".to_owned()));
    }
    let timestamp = now.timestamp();
    let signed = signature(valid.iter().map(|secret| secret.text.as_str()), &delivery.id, timestamp, &delivery.body);
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", delivery.id.clone()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signed),
    ];
    Ok(ports.outside.post(&endpoint.url, &headers, delivery.body.clone()).await)
}

/// Posts something of no consequence at once, and answers what became of it.
pub async fn test(ports: &Ports, setup: &Setup, endpoint: &Endpoint, now: DateTime<Utc>) -> Result<Delivery, Error> {
    let data = json!({ "message": "Prueba de webhook de Cauce", "project": setup.id() });
    let test = delivery(ports, endpoint, (None, None), ("test", &data), now);
    let answer = post(ports, setup, endpoint, &test, now).await?;
    let (state, words) = match answer {
        Ok(Answered { status: status @ 200..300, .. }) => {
            (DeliveryState::Delivered { at: now }, format!("HTTP {status}"))
        }
        Ok(Answered { status, .. }) => (DeliveryState::Dead, format!("HTTP {status}")),
        Err(why) => (DeliveryState::Dead, why),
    };
    Ok(Delivery { attempts: 1, state, answer: Some(words), ..test })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(attempts: u32) -> Delivery {
        Delivery {
            id: "msg_1".into(),
            endpoint: "e".into(),
            family: None,
            event: "test".into(),
            shard: "0".into(),
            body: "{}".into(),
            attempts,
            answer: None,
            state: DeliveryState::Dead,
            created: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn it_is_tried_ever_later_for_three_days_and_then_given_up_on() {
        let now = DateTime::UNIX_EPOCH;
        let mut waited = TimeDelta::zero();
        for attempt in 1..=9 {
            let DeliveryState::Pending { at } = next(&tried(attempt), None, now) else { panic!("{attempt}") };
            let base = TimeDelta::minutes(SCHEDULE[attempt as usize - 1]);
            assert!(at - now >= base && at - now <= base + base / 5, "{attempt}: {}", at - now);
            waited += at - now;
        }
        assert!(waited > TimeDelta::days(3) && waited < TimeDelta::days(4), "{waited}");
        assert_eq!(next(&tried(10), None, now), DeliveryState::Dead);
    }

    #[test]
    fn an_endpoint_that_asks_for_time_gets_it_up_to_a_day() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(next(&tried(1), Some(7200), now), DeliveryState::Pending { at: now + TimeDelta::hours(2) });
        assert_eq!(next(&tried(1), Some(u64::MAX), now), DeliveryState::Pending { at: now + TimeDelta::hours(24) });
    }
}
