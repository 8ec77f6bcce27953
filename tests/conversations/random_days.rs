//! Random days: payments, promises, pauses, claims, calls and loads in any order, day after day. At the end of each day what
//! is stored is what its parts say, and the next day's beginning has judged, ended and let go on what it had to.

use crate::world::{World, day};
use cauce_domain::author::By;
use cauce_domain::contact::interaction::State;
use cauce_domain::contact::outcome::{Outcome, Situation};
use cauce_domain::debt::claim::Category;
use cauce_domain::debt::matter::Matter;
use cauce_domain::debt::promise::PromiseState;
use cauce_domain::ids::{CustomerId, MatterId};
use cauce_engine::import::job::Kind;
use cauce_engine::order_standing::Standing;
use cauce_engine::payment_to_verify::{Declared, Seen};
use cauce_engine::register_outcome::{self, Asked};
use cauce_engine::store::accounts;
use cauce_engine::store::settings::Setup;
use cauce_engine::{Error, claim, close_day, import, order_standing, pause, payment_to_verify, plan_day, promise};
use chrono::{Days, NaiveDate, TimeDelta};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One thing somebody does: what, and two numbers that choose of what and how much.
type Deed = (u8, u16, u16);

proptest! {
    #![proptest_config(ProptestConfig { cases: days() / 25, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_on_any_day_everything_holds_together(days in prop::collection::vec(prop::collection::vec((0..18_u8, any::<u16>(), any::<u16>()), 0..5), 25..26)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(live(&days));
    }
}

/// How many days are lived through; more where somebody asks for them.
fn days() -> u32 {
    std::env::var("CAUCE_DAYS").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
}

async fn live(days: &[Vec<Deed>]) {
    let world = World::on("2026-03-10").await;
    world.customers("Ana Beto Caro").await;
    world
        .orders(
            "100 A-1 2026-03-07 100.00\n100 A-2 2026-03-20 50.00\n101 B-1 2026-03-12 80.00\n102 C-1 2026-03-25 30.00",
        )
        .await;
    let mut today = day("2026-03-10");
    for deeds in days {
        for deed in deeds {
            match act(&world, &world.setup().await, today, *deed).await {
                Ok(()) | Err(Error::Refused(_) | Error::NotFound(_)) => {}
                Err(error) => panic!("{today} {deed:?}: {error}"),
            }
        }
        today = today.checked_add_days(Days::new(1)).expect("a day");
        let morning = world.setup().await.project().calendar.midnight(today) + TimeDelta::minutes(5);
        world.house().clock.advance_to(morning);
        close_day::close_day(&world.house().ports, &world.setup().await, morning).await.expect("closed");
        judge(&world, today).await;
    }
}

/// What has to be true once a day has begun.
async fn judge(world: &World, today: NaiveDate) {
    let broken = world.broken().await;
    assert!(broken.is_empty(), "{today}: {broken:?}");
    let (setup, ports) = (world.setup().await, &world.house().ports);
    plan_day::begin(ports, &setup, today, world.now()).await.expect("begun");
    world.runner.drain().await.expect("planned");
    let messages = world.messages(&today.to_string()).await;
    for number in ["100", "101", "102"] {
        let account = world.account(number).await;
        let matters = accounts::matters(ports, setup.id(), &account.id).await.expect("matters");
        let waits = |matter: &Matter| matches!(matter, Matter::PaymentToVerify(it) if it.holds_the_flow());
        let reviewed = matters.iter().any(waits);
        for matter in &matters {
            match matter {
                Matter::Promise(it) if it.state == PromiseState::Live && !reviewed => {
                    assert!(it.limit >= today, "{it:?}")
                }
                Matter::PaymentToVerify(it) if it.holds_the_flow() => assert!(it.limit >= today, "{it:?}"),
                _ => {}
            }
        }
        let holds = &account.holds;
        assert!(holds.paused_until.is_none_or(|until| until >= today));
        let held = holds.paused_until.is_some() || holds.promise_until >= Some(today) || holds.review_until.is_some();
        let written = messages.iter().any(|m| m.customer == account.id && matches!(m.state, State::Scheduled { .. }));
        assert!(!(written && (held || holds.cannot_pay || holds.claim_open)), "{today} {number}: {holds:?}");
    }
}

/// Somebody does something.
async fn act(world: &World, setup: &Setup, today: NaiveDate, (what, which, much): Deed) -> Result<(), Error> {
    let ports = &world.house().ports;
    let number = ["100", "101", "102"][usize::from(which % 3)];
    let account = world.account(number).await;
    let id = account.id.clone();
    let by = By { author: format!("u{}", which % 2), at: world.now() };
    let who = (&by, None);
    let orders = accounts::all_orders(ports, setup.id(), &id).await?;
    let order = orders[usize::from(much) % orders.len()].code.clone();
    let named = if which % 2 == 0 { vec![order.clone()] } else { Vec::new() };
    let amount = 100 + i64::from(much % 120) * 100;
    let date = today + TimeDelta::days(i64::from(much % 9));
    let mine = async |kind: fn(&Matter) -> bool| {
        let found: Vec<Matter> = accounts::matters(ports, setup.id(), &id).await?.into_iter().filter(kind).collect();
        let chosen = found.get(usize::from(much).checked_rem(found.len()).unwrap_or(0));
        Ok::<MatterId, Error>(chosen.map_or_else(|| "ninguno".into(), |matter| matter.id().clone()))
    };
    let promise = |matter: &Matter| matches!(matter, Matter::Promise(_));
    let declared = |matter: &Matter| matches!(matter, Matter::PaymentToVerify(_));
    let claimed = |matter: &Matter| matches!(matter, Matter::Claim(_));
    match what {
        0..=2 => pay(world, setup, &by, &order, (amount, today - TimeDelta::days(i64::from(which % 4)))).await,
        3 => unpay(world, setup, &by, &id, much).await,
        4 | 5 => {
            let asked = promise::Asked { date, amount, currency: None, orders: named };
            promise::make(ports, setup, &id, &asked, who).await.map(|_| ())
        }
        6 => promise::annul(ports, setup, (&id, &mine(promise).await?), who).await.map(|_| ()),
        7 | 8 => {
            let asked = Declared { amount: Some(amount), order: named.first().cloned(), ..Declared::default() };
            payment_to_verify::declare(ports, setup, &id, &asked, who).await.map(|_| ())
        }
        9 => payment_to_verify::verify(ports, setup, (&id, &mine(declared).await?), &Seen::default(), who)
            .await
            .map(|_| ()),
        10 => payment_to_verify::reject(ports, setup, (&id, &mine(declared).await?), "no llegó", who).await.map(|_| ()),
        11 => payment_to_verify::annul(ports, setup, (&id, &mine(declared).await?), who).await.map(|_| ()),
        12 => {
            let category = [Category::Billing, Category::Contract, Category::Product][usize::from(much % 3)];
            let asked = claim::Asked { category, orders: named, description: "…".into(), files: Vec::new() };
            claim::open(ports, setup, &id, &asked, who).await.map(|_| ())
        }
        13 => claim::close(ports, setup, (&id, &mine(claimed).await?), None, who).await.map(|_| ()),
        14 => {
            use Standing::{Annulled, Collectible, Restored, Uncollectible};
            let standing = [Uncollectible, Collectible, Annulled, Restored][usize::from(which / 3 % 4)];
            order_standing::set(ports, setup, &id, (&[order], standing, None), who).await.map(|_| ())
        }
        15 if which % 4 == 0 => pause::resume(ports, setup, &id, who).await,
        15 => pause::pause(ports, setup, &id, date, who).await.map(|_| ()),
        16 => {
            let row =
                format!("{number} {order} {date} {}.00\n{number} N-{which} {date} {}.00", amount / 100, much % 300);
            world.load(Kind::Orders, crate::world::orders_file(&row)).await;
            Ok(())
        }
        _ => call(ports, setup, &id, date, (which, &by)).await,
    }
}

async fn pay(
    world: &World,
    setup: &Setup,
    by: &By,
    order: &str,
    (amount, date): (i64, NaiveDate),
) -> Result<(), Error> {
    let code = world.house().ports.new_id().simple().to_string();
    let fields = BTreeMap::from([
        ("Código de movimiento", code),
        ("Código de pago", order.to_owned()),
        ("Fecha", date.to_string()),
        ("Monto", format!("{}.{:02}", amount / 100, amount % 100)),
    ]);
    let none = BTreeMap::new();
    import::direct::direct(&world.house().ports, setup, Kind::Payments, &fields, &none, by).await.map(|_| ())
}

async fn unpay(world: &World, setup: &Setup, by: &By, id: &CustomerId, much: u16) -> Result<(), Error> {
    let movements = accounts::movements(&world.house().ports, setup.id(), id).await?;
    let Some(movement) = movements.get(usize::from(much).checked_rem(movements.len()).unwrap_or(0)) else {
        return Ok(());
    };
    let order = movement.applied.first().map(|(code, _)| code.clone()).unwrap_or_default();
    let fields = BTreeMap::from([
        ("Código de movimiento", format!("no-{}", movement.code)),
        ("Código de pago", order),
        ("Tipo", "anulación".to_owned()),
        ("Referencia", movement.code.clone()),
        ("Fecha", movement.date.to_string()),
        ("Monto", "1.00".to_owned()),
    ]);
    let none = BTreeMap::new();
    import::direct::direct(&world.house().ports, setup, Kind::Payments, &fields, &none, by).await.map(|_| ())
}

async fn call(
    ports: &cauce_engine::Ports,
    setup: &Setup,
    id: &CustomerId,
    date: NaiveDate,
    (which, by): (u16, &By),
) -> Result<(), Error> {
    let plain = |situation, outcome| Asked::plain(situation, outcome);
    let asked = match which % 6 {
        0 => plain(Situation::OutboundNoContact, Outcome::NoAnswer),
        1 => Asked { call_back: Some((date, None)), ..plain(Situation::OutboundContact, Outcome::CallBack) },
        2 => plain(Situation::OutboundContact, Outcome::CannotPay),
        3 => plain(Situation::OutboundContact, Outcome::WontPay),
        4 => Asked {
            reminder: Some(("cobra los 15".into(), Some(date))),
            ..plain(Situation::OutboundContact, Outcome::Reminder)
        },
        _ => plain(Situation::Inbound, Outcome::PaymentMade),
    };
    register_outcome::register(ports, setup, id, &asked, (by, None)).await.map(|_| ())
}
