//! Days planned and lived through.

use crate::world::{World, day, offset, orders_file};
use cauce_domain::contact::channel::Scope;
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::State;
use cauce_domain::contact::wish::{Source, Wish};
use cauce_engine::import::job::Kind;
use cauce_engine::plan_day;
use cauce_engine::store::edits::By;

fn not_sent(reason: Reason) -> State {
    State::NotSent { reason }
}

#[tokio::test]
async fn who_is_due_is_written_to_once_and_followed_to_the_end() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana Beto Caro").await;
    world.orders("100 F-1 2026-03-10 100.00\n101 F-2 2026-03-11 50.00\n102 F-3 2026-04-20 70.00").await;
    let plan = world.plan().await.plan;
    assert_eq!((plan.customers_due, plan.send), (2, 2));
    assert_eq!(plan.by_step.keys().copied().collect::<Vec<_>>(), [-1, 0]);
    world.pass("2026-03-12T05:00:00Z").await;
    assert_eq!(world.outbox().len(), 2);
    let states = world.messages("2026-03-10").await;
    assert!(
        states
            .iter()
            .all(|m| matches!(m.state, State::Delivered | State::Opened | State::Failed { .. } | State::Unknown))
    );
    assert!(world.broken().await.is_empty(), "{:?}", world.broken().await);
}

#[tokio::test]
async fn planning_twice_at_once_decides_once() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana Beto Caro Dora Elsa Fran").await;
    world.orders("100 F-1 2026-03-10 1\n101 F-2 2026-03-10 1\n102 F-3 2026-03-10 1\n103 F-4 2026-03-10 1\n104 F-5 2026-03-10 1").await;
    let (setup, ports) = (world.setup().await, &world.house().ports);
    let (now, date) = (world.now(), day("2026-03-10"));
    let shards = |begin: chrono::DateTime<chrono::Utc>| {
        let setup = &setup;
        async move {
            plan_day::begin(ports, setup, date, begin).await.expect("begun");
            for shard in cauce_engine::store::keys::SHARD_NAMES {
                let message =
                    cauce_engine::messages::PlanShard { project: setup.id().clone(), date, shard: shard.into() };
                plan_day::plan_shard(ports, setup, &message).await.expect("planned");
            }
        }
    };
    tokio::join!(shards(now), shards(now + chrono::TimeDelta::seconds(1)));
    let result = world.plan().await;
    assert_eq!((result.plan.customers_due, result.states.scheduled), (5, 5));
    assert_eq!(world.messages("2026-03-10").await.len(), 5);
    world.pass("2026-03-10T23:00:00Z").await;
    assert_eq!(world.outbox().len(), 5);
}

#[tokio::test]
async fn a_payment_known_a_second_before_stops_the_message() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    world.orders("100 F-1 2026-03-10 100.00").await;
    world.plan().await;
    world.pass("2026-03-10T13:59:59Z").await;
    world
        .load(Kind::Payments, "Código de pago,Código de movimiento,Fecha,Monto,Moneda\nF-1,M-1,10/03/2026,100.00,PEN\n")
        .await;
    world.pass("2026-03-10T15:00:00Z").await;
    assert_eq!(world.only("2026-03-10").await, not_sent(Reason::NothingDue));
    assert!(world.outbox().is_empty());
    // *Why* shows what the refusal saw; a replay still decides from what the plan saw.
    let (ports, setup) = (&world.house().ports, world.setup().await);
    let ana = world.account("100").await.id;
    let why = cauce_engine::explain::explain(ports, &setup, &ana, day("2026-03-10"), world.now()).await.expect("why");
    let step = why.steps.iter().find(|s| s.outcome == "not_sent").expect("the step");
    assert!(step.facts.as_ref().is_some_and(|f| f.summary.carrying.is_none()), "{step:?}");
    let replayed = cauce_engine::plan_day::replay(ports, &setup, day("2026-03-10")).await.expect("replayed");
    assert_eq!(replayed, (1, 0));
}

#[tokio::test]
async fn a_guarantor_who_asked_for_silence_is_passed_over() {
    for (silent, expected) in [(&["+51987650200"][..], Some("+51987650300")), (&["+51987650200", "+51987650300"], None)]
    {
        let world = World::on("2026-03-10").await;
        let file = "Tipo de documento,Número de documento,Nombre,Celular_1,Garante_1 nombre,Garante_1 celular,\
            Garante_2 nombre,Garante_2 celular\nDNI,100,Ana,987650100,Luz,987650200,Max,987650300\n";
        world.load(Kind::Customers, file).await;
        world.orders("100 F-1 2026-03-10 100.00").await;
        world.for_guarantors("Vence hoy").await;
        world.plan().await;
        let setup = world.setup().await;
        let wish = Wish {
            scope: Scope::All,
            source: Source::User,
            evidence: None,
            at: world.now(),
            again: None,
            reason: None,
            author: None,
        };
        for phone in silent {
            let ports = &world.house().ports;
            let noted = cauce_engine::exclude::address(ports, &setup, phone, &wish, None).await;
            assert!(noted.expect("noted"));
        }
        world.pass("2026-03-10T14:30:00Z").await;
        let sent = world.outbox();
        assert_eq!(sent.first().map(|t| t.recipients.as_str()), expected);
        if expected.is_none() {
            assert_eq!(world.only("2026-03-10").await, not_sent(Reason::OptedOut));
        }
    }
}

#[tokio::test]
async fn when_another_order_carries_the_message_is_stopped() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    world.orders("100 F-1 2026-03-10 100.00").await;
    world.plan().await;
    world.orders("100 F-0 2026-01-10 30.00").await;
    world.pass("2026-03-10T15:00:00Z").await;
    assert_eq!(world.only("2026-03-10").await, not_sent(Reason::CarryingChanged));
}

#[tokio::test]
async fn what_is_imported_after_the_plan_is_decided_by_tomorrows() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    world.plan().await;
    world.orders("100 F-1 2026-03-10 100.00").await;
    assert_eq!(world.account("100").await.carry.map(|c| c.on), Some(day("2026-03-11")));
    world.until("2026-03-11T20:00:00Z").await;
    let sent = world.messages("2026-03-11").await;
    assert_eq!(sent.len(), 1, "the step of the tenth goes out on the eleventh");
    assert_eq!(offset(&sent[0]), 0);
    assert_eq!(world.account("100").await.carry, None);
    world.until("2026-03-12T20:00:00Z").await;
    assert_eq!(world.outbox().len(), 1, "and once");
}

#[tokio::test]
async fn a_missed_run_is_made_up_for_with_the_highest_step_alone() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    world.orders("100 F-1 2026-03-12 100.00").await;
    world.plan().await;
    // Nobody plans on the 11th (step −1) nor in the morning of the 12th (step 0).
    world.pass("2026-03-12T17:00:00Z").await;
    world.plan().await;
    let messages = world.messages("2026-03-12").await;
    assert_eq!(messages.iter().map(offset).collect::<Vec<_>>(), [0]);
    world.pass("2026-03-13T04:00:00Z").await;
    assert_eq!(world.outbox().len(), 1);
    let setup = world.setup().await;
    let id = world.account("100").await.id;
    let all = cauce_engine::store::interactions::of_customer(&world.house().ports, setup.id(), &id, None, 50)
        .await
        .expect("read");
    assert!(all.iter().any(|m| offset(m) == -1 && m.state == not_sent(Reason::Missed)));
}

#[tokio::test]
async fn thirty_days_bring_each_step_once() {
    let world = World::on("2026-03-02").await;
    world.customers("Ana").await;
    world.orders("100 F-1 2026-03-10 100.00").await;
    world.until("2026-04-20T00:00:00Z").await;
    let mut steps: Vec<i32> = Vec::new();
    for date in day("2026-03-02").iter_days().take(50) {
        steps.extend(world.messages(&date.to_string()).await.iter().map(offset));
    }
    assert_eq!(steps, [-5, -1, 0, 3, 8, 15, 30]);
    assert!(world.broken().await.is_empty());
}

#[tokio::test]
async fn a_restricted_day_decides_nothing_and_monday_takes_its_steps() {
    let world = World::on("2026-03-07").await;
    world.customers("Ana").await;
    world.orders("100 F-1 2026-03-07 100.00").await;
    assert_eq!(world.plan().await.plan.customers_due, 0, "Saturday");
    world.until("2026-03-09T20:00:00Z").await;
    assert_eq!(world.messages("2026-03-09").await.iter().map(offset).collect::<Vec<_>>(), [0]);
}

#[tokio::test]
async fn a_dry_run_tells_the_future_and_a_replay_repeats_the_past() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana Beto").await;
    world.orders("100 F-1 2026-03-10 100.00\n101 F-2 2026-03-18 100.00").await;
    let setup = world.setup().await;
    let future = plan_day::dry_run(&world.house().ports, &setup, day("2026-03-18"), world.now()).await.expect("tried");
    assert_eq!((future.customers_due, future.by_step.get(&0), future.by_step.get(&8)), (2, Some(&1), Some(&1)));
    assert!(world.messages("2026-03-18").await.is_empty(), "nothing is stored");
    world.plan().await;
    world.orders("100 F-1 2026-05-10 100.00").await;
    let replayed = plan_day::replay(&world.house().ports, &setup, day("2026-03-10")).await.expect("replayed");
    assert_eq!(replayed, (1, 0), "from the facts of then, not of now");
}

#[tokio::test]
async fn an_inactive_platform_sends_nothing_and_never_later() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    world.orders("100 F-1 2026-03-10 100.00").await;
    world.plan().await;
    world.change(|p| p.active = false).await;
    world.pass("2026-03-10T15:00:00Z").await;
    assert_eq!(world.only("2026-03-10").await, not_sent(Reason::PlatformInactive));
    world.change(|p| p.active = true).await;
    world.pass("2026-03-10T20:00:00Z").await;
    assert!(world.outbox().is_empty());
}

#[tokio::test]
async fn a_user_stops_what_is_left_of_today() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    world.orders("100 F-1 2026-03-10 100.00\n100 F-2 2026-03-20 100.00").await;
    world.plan().await;
    cauce_engine::stop_today::stop_today(&world.house().ports, &world.setup().await, None, &By::cauce(world.now()))
        .await
        .expect("stopped");
    world.pass("2026-03-10T15:00:00Z").await;
    assert_eq!(world.only("2026-03-10").await, not_sent(Reason::StoppedByUser));
    world.until("2026-03-13T20:00:00Z").await;
    assert_eq!(world.outbox().len(), 1, "tomorrow goes on: step +3");
}

#[tokio::test]
async fn sends_wait_for_payments_inside_their_window_and_end_with_it() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana Beto").await;
    world.change(|p| p.payments_within_hours = Some(24)).await;
    world.orders("100 F-1 2026-03-10 100.00").await;
    world.plan().await;
    world.pass("2026-03-10T16:00:00Z").await;
    assert!(matches!(world.only("2026-03-10").await, State::Scheduled { .. }), "it waits");
    world.load(Kind::Payments, "Código de pago,Código de movimiento,Fecha,Monto\n").await;
    world.pass("2026-03-10T17:00:00Z").await;
    assert_eq!(world.outbox().len(), 1, "a file of headers only is a load");
    world.load(Kind::Orders, orders_file("101 F-2 2026-03-12 5")).await;
    world.until("2026-03-13T05:00:00Z").await;
    assert_eq!(world.messages("2026-03-12").await[0].state, not_sent(Reason::StalePayments));
}

#[tokio::test]
async fn a_shared_address_gets_one_message_a_day() {
    let world = World::on("2026-03-10").await;
    let file = "Tipo de documento,Número de documento,Nombre,Celular_1\nDNI,1,Ana,987654321\nDNI,2,Beto,987654321\n";
    let load = world.load(Kind::Customers, file).await;
    assert_eq!((load.counts.accepted, load.counts.observations), (2, 1));
    world.orders("1 F-1 2026-03-10 100.00\n2 F-2 2026-03-10 100.00").await;
    world.plan().await;
    world.pass("2026-03-10T20:00:00Z").await;
    assert_eq!(world.outbox().len(), 1);
    let reasons: Vec<State> = world.messages("2026-03-10").await.into_iter().map(|m| m.state).collect();
    assert!(reasons.contains(&not_sent(Reason::FrequencyCap)), "{reasons:?}");
}

#[tokio::test]
async fn a_company_gets_one_e_mail_at_its_levels() {
    let world = World::on("2026-03-10").await;
    let file = "Tipo de documento,Número de documento,Nombre,Correo_1,Correo_2\nRUC,20123456789,Comercial Sur,a@x.com,b@x.com\n";
    world.load(Kind::Customers, file).await;
    let orders = "Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto\nRUC,20123456789,F-1,11/03/2026,PEN,10\n";
    world.load(Kind::Orders, orders).await;
    world.plan().await;
    world.pass("2026-03-10T20:00:00Z").await;
    let sent = world.outbox();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].recipients, "a@x.com, b@x.com");
}

#[tokio::test]
async fn a_customer_in_another_zone_is_written_to_at_its_own_hour() {
    let world = World::on("2026-03-10").await;
    let file = "Tipo de documento,Número de documento,Nombre,Celular_1,Zona horaria\n\
                DNI,100,Ana,987654321,\nDNI,101,Beto,987654322,America/Tijuana\nDNI,102,Caro,987654323,Marte/Olympus\n";
    let load = world.load(Kind::Customers, file).await;
    assert_eq!((load.counts.accepted, load.counts.observations), (3, 1), "an unknown zone is left out");
    world.orders("100 F-1 2026-03-10 1.00\n101 F-2 2026-03-10 1.00\n102 F-3 2026-03-10 1.00").await;
    world.plan().await;
    let mut hours = std::collections::BTreeMap::new();
    for number in ["100", "101", "102"] {
        let id = world.account(number).await.id;
        let of = world.messages("2026-03-10").await.into_iter().find(|m| m.customer == id).expect("a message");
        let State::Scheduled { at } = of.state else { panic!("{:?}", of.state) };
        hours.insert(number, at.to_rfc3339());
    }
    assert_eq!(hours["100"], "2026-03-10T14:00:00+00:00", "nine in Lima");
    assert_eq!(hours["101"], "2026-03-10T16:00:00+00:00", "nine in Tijuana, in summer time since Sunday");
    assert_eq!(hours["102"], hours["100"]);
    world.pass("2026-03-10T17:00:00Z").await;
    assert_eq!(world.outbox().len(), 3);
}

#[tokio::test]
async fn a_message_whose_day_went_by_is_not_a_second_one_of_the_next() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    world.orders("100 F-1 2026-03-11 100.00").await;
    world.plan().await;
    // Nobody works until the next day, whose own step is due.
    world.house().clock.advance_to(crate::world::utc("2026-03-11T05:05:00Z"));
    world.runner.tick().await.expect("planned");
    world.until("2026-03-12T04:00:00Z").await;
    assert_eq!(world.outbox().len(), 1, "one contact a day");
    assert_eq!(world.only("2026-03-10").await, not_sent(Reason::OutsideHours));
    assert!(world.broken().await.is_empty());
}

#[tokio::test]
async fn a_step_put_off_from_the_day_it_was_moved_to_comes_with_the_next_plan() {
    let world = World::on("2026-03-16").await;
    world.customers("Ana").await;
    // Due on a Sunday: its step is moved to Monday, whose hours are over when it is planned.
    world.orders("100 F-1 2026-03-15 100.00").await;
    world.house().clock.advance_to(crate::world::utc("2026-03-17T03:30:00Z"));
    world.plan().await;
    assert_eq!(world.only("2026-03-16").await, not_sent(Reason::OutsideHours));
    world.until("2026-03-18T04:00:00Z").await;
    let next = world.messages("2026-03-17").await;
    let sent: Vec<i32> = next.iter().filter(|m| m.provider_id.is_some()).map(offset).collect();
    assert_eq!(sent, [0], "{next:?}");
    world.until("2026-03-19T04:00:00Z").await;
    assert_eq!(world.outbox().len(), 2, "then +3 on its own day, and nothing twice");
}

#[tokio::test]
async fn the_day_that_was_tried_is_the_day_that_comes() {
    let world = World::on("2026-03-10").await;
    world.plan().await;
    world.customers("Ana Beto").await;
    // Imported after today's plan: both are carried to tomorrow, where one has a step of its own too.
    world.orders("100 F-1 2026-03-10 100.00\n101 F-2 2026-03-11 100.00").await;
    world.until("2026-03-11T04:59:00Z").await;
    let setup = world.setup().await;
    let tried = plan_day::dry_run(&world.house().ports, &setup, crate::world::day("2026-03-11"), world.now()).await;
    world.until("2026-03-11T06:00:00Z").await;
    let planned = world.result().await.plan;
    let tried = tried.expect("tried");
    assert_eq!((tried.customers_due, tried.by_step), (planned.customers_due, planned.by_step));
}

#[tokio::test]
async fn an_address_in_two_slots_is_one_recipient_and_its_own_retry_meets_no_cap() {
    let world = World::on("2026-03-10").await;
    let file = "Tipo de documento,Número de documento,Nombre,Correo_1,Correo_2\n\
        RUC,20123456789,Comercial Sur,a@x.com,a@x.com\nRUC,20100047218,Comercial Norte,a@x.com,\n";
    world.load(Kind::Customers, file).await;
    let orders = "Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto\n\
        RUC,20123456789,F-1,11/03/2026,PEN,10\nRUC,20100047218,F-2,11/03/2026,PEN,10\n";
    world.load(Kind::Orders, orders).await;
    world.plan().await;
    world.pass("2026-03-10T20:00:00Z").await;
    let sent = world.outbox();
    assert_eq!((sent.len(), sent[0].recipients.as_str()), (1, "a@x.com"), "{sent:?}");
    assert!(world.messages("2026-03-10").await.iter().all(|m| !matches!(m.state, State::Scheduled { .. })));
}
