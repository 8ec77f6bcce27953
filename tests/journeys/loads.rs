//! What a load does to the debt: payments applied and taken back, full pictures, trials, and changes too large to make
//! unasked.

use super::files::HEADER;
use crate::world::{World, orders_file};
use axum::http::Method;
use cauce_engine::import::job::{Kind, LoadState, Options, Picture};

#[tokio::test]
async fn a_full_picture_annuls_what_it_does_not_bring_and_brings_it_back() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana Beto Caro Dora").await;
    world.orders("100 F-1 2026-03-10 10\n101 F-2 2026-03-10 10\n102 F-3 2026-03-10 10\n103 F-4 2026-03-10 10").await;
    let picture = Options { picture: Some(Picture::Project), ..Options::default() };
    let three = orders_file("100 F-1 2026-03-10 10\n101 F-2 2026-03-10 10\n102 F-3 2026-03-10 10");
    let load = world.load_with(Kind::Orders, three.clone(), picture.clone()).await;
    assert_eq!((load.state, load.counts.absent), (LoadState::Finished, 1));
    assert!(world.account("103").await.summary.carrying.is_none());
    let one = orders_file("100 F-1 2026-03-10 10");
    let load = world.load_with(Kind::Orders, one, picture.clone()).await;
    assert_eq!(load.state, LoadState::ToConfirm, "two of three would go");
    assert!(world.account("101").await.summary.carrying.is_some(), "nothing is written before");
    let all = orders_file("100 F-1 2026-03-10 10\n101 F-2 2026-03-10 10\n102 F-3 2026-03-10 10\n103 F-4 2026-03-10 10");
    world.load_with(Kind::Orders, all, Options { confirmed: true, ..picture }).await;
    assert!(world.account("103").await.summary.carrying.is_some(), "it returned");
    cauce_engine::import::confirm(&world.house().ports, &world.setup().await, &load.id, world.now())
        .await
        .expect("confirmed");
    world.runner.drain().await.expect("drained");
    assert_eq!(world.job(&load).await.state, LoadState::Finished);
    assert!(world.account("101").await.summary.carrying.is_none());
    assert!(world.broken().await.is_empty());
}

#[tokio::test]
async fn a_large_change_waits_for_confirmation() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana Beto").await;
    world.orders("100 F-1 2026-03-10 10\n101 F-2 2026-03-10 10").await;
    let load = world.orders("100 F-1 2026-03-10 99\n101 F-2 2026-03-10 99").await;
    assert_eq!(load.state, LoadState::ToConfirm);
    assert_eq!(world.account("100").await.summary.carrying.expect("an order").balance, 1_000);
    let path = |verb: &str| format!("/v1/imports/{}/{verb}", load.id);
    let (status, body) = world.call(Method::POST, &path("discard"), None).await;
    assert_eq!((status.as_u16(), body["state_name"].as_str()), (200, Some("Descartado")));
    for verb in ["confirm", "discard"] {
        let (status, body) = world.call(Method::POST, &path(verb), None).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (422, Some("not_to_confirm")), "{verb}");
    }
    world.runner.drain().await.expect("drained");
    assert_eq!(world.account("100").await.summary.carrying.expect("an order").balance, 1_000);
}

#[tokio::test]
async fn a_trial_tells_and_does_not_touch() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    world.orders("100 F-1 2026-03-10 10").await;
    let trial = Options { trial: true, ..Options::default() };
    let load = world.load_with(Kind::Orders, orders_file("100 F-1 2026-03-10 30\n100 F-2 2026-04-10 5"), trial).await;
    assert_eq!((load.state, load.counts.new, load.counts.changed), (LoadState::Tried, 1, 1));
    let sum = |balances: &std::collections::BTreeMap<_, i64>| balances.values().sum::<i64>();
    assert_eq!((sum(&load.counts.balance_before), sum(&load.counts.balance_after)), (1_000, 3_500));
    assert_eq!(world.account("100").await.summary.carrying.expect("an order").balance, 1_000);
}

#[tokio::test]
async fn payments_come_once_find_the_oldest_and_can_be_taken_back() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    world.orders("100 F-1 2026-03-10 100\n100 F-2 2026-04-10 100").await;
    let header = "Código de pago,Tipo de documento,Número de documento,Código de movimiento,Tipo,Fecha,Monto,Moneda,Referencia\n";
    let load = |rows: &str| world.load(Kind::Payments, format!("{header}{rows}\n"));
    let first = load(",DNI,100,M-1,Pago,10/03/2026,150,PEN,").await;
    assert_eq!((first.counts.accepted, first.counts.paid), (1, 1));
    let owed =
        |account: &cauce_domain::debt::account::Account| account.summary.open.values().map(|o| o.balance).sum::<i64>();
    assert_eq!(owed(&world.account("100").await), 5_000);
    assert_eq!(load(",DNI,100,M-1,Pago,10/03/2026,150,PEN,").await.counts.unchanged, 1);
    assert_eq!(load(",DNI,100,M-1,Pago,10/03/2026,999,PEN,").await.counts.rejected, 1, "same code, other data");
    load(",DNI,100,M-2,Pago,10/03/2026,80,PEN,").await;
    let paid = world.account("100").await;
    assert!(paid.summary.carrying.is_none());
    assert_eq!(paid.credit.values().copied().collect::<Vec<_>>(), [3_000], "what nobody owed is kept");
    let back = load("F-2,,,,Anulación,11/03/2026,80,PEN,M-2\nF-1,,,,Anulación,11/03/2026,1,PEN,M-9").await;
    assert_eq!((back.counts.accepted, back.counts.rejected), (1, 1), "{:?}", world.notes(&back).await);
    assert_eq!(owed(&world.account("100").await), 5_000);
    assert!(world.account("100").await.credit.is_empty());
    assert!(world.broken().await.is_empty());
}

#[tokio::test]
async fn two_payments_alike_in_one_file_are_two_and_the_file_again_none() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    world.orders("100 F-1 2026-03-10 100").await;
    let file = "Código de pago,Fecha,Monto,Moneda\nF-1,10/03/2026,20,PEN\nF-1,10/03/2026,20,PEN\n";
    assert_eq!(world.load(Kind::Payments, file).await.counts.new, 2);
    assert_eq!(world.load(Kind::Payments, file).await.counts.unchanged, 2);
    assert_eq!(world.account("100").await.summary.carrying.expect("an order").balance, 6_000);
}

#[tokio::test]
async fn projects_that_load_balances_stop_at_zero() {
    use cauce_engine::store::settings::PaymentMode;
    let world = World::on("2026-03-10").await;
    world.change(|p| p.payment_mode = PaymentMode::Balance).await;
    world.customers("Ana").await;
    let file =
        |balance: &str| format!("{},Saldo pendiente\nDNI,100,F-1,10/03/2026,PEN,100,{balance}\n", HEADER.trim_end());
    world.load(Kind::Orders, file("60")).await;
    assert_eq!(world.account("100").await.summary.carrying.expect("an order").balance, 6_000);
    assert_eq!(world.load(Kind::Orders, file("-1")).await.counts.rejected, 1);
    let paid = world.load_with(Kind::Orders, file("0"), Options { confirmed: true, ..Options::default() }).await;
    assert_eq!(paid.counts.paid, 1);
    assert!(world.account("100").await.summary.carrying.is_none());
    assert_eq!(
        world.load(Kind::Payments, "Código de pago,Fecha,Monto\nF-1,10/03/2026,1\n").await.code.as_deref(),
        Some("balance_mode")
    );
}

#[tokio::test]
async fn one_payment_of_seventy_orders_reaches_them_all_and_is_taken_back_from_all() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    let lines: Vec<String> = (0..70).map(|n| format!("100 F-{n:02} 2026-03-10 10.00")).collect();
    world.orders(&lines.join("\n")).await;
    let header = "Tipo de documento,Número de documento,Código de movimiento,Fecha,Monto,Moneda,Tipo,Referencia\n";
    let payment = format!("{header}DNI,100,M-1,10/03/2026,705.00,PEN,Pago,\n");
    let load = world.load(Kind::Payments, payment.clone()).await;
    assert_eq!((load.state, load.counts.paid), (LoadState::Finished, 70), "{:?}", load.message);
    let ana = world.account("100").await;
    assert!(ana.summary.carrying.is_none(), "{:?}", ana.summary);
    assert_eq!(ana.credit.values().sum::<i64>(), 500, "what no order took is kept");
    let again = world.load(Kind::Payments, payment).await;
    assert_eq!((again.counts.unchanged, again.counts.paid), (1, 0));
    let back = format!("{header}DNI,100,,10/03/2026,,PEN,Anulación,M-1\n");
    let load = world.load(Kind::Payments, back).await;
    assert_eq!(load.state, LoadState::Finished, "{:?} {:?}", load.message, world.notes(&load).await);
    let ana = world.account("100").await;
    let owed: i64 = ana.summary.open.values().map(|o| o.balance).sum();
    assert_eq!((owed, ana.credit.len()), (70_000, 0), "closed orders open again");
    assert!(world.broken().await.is_empty());
}

#[tokio::test]
async fn a_full_picture_with_rows_nobody_can_read_annuls_nothing() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana Beto Caro Dora").await;
    world.orders("100 F-1 2026-03-10 10\n101 F-2 2026-03-10 10\n102 F-3 2026-03-10 10\n103 F-4 2026-03-10 10").await;
    let picture = Options { picture: Some(Picture::Project), ..Options::default() };
    let file = orders_file("100 F-1 2026-03-10 10\n101 F-2 2026-03-10 10\n102 F-3 2026-03-10 10")
        + "DNI,10X3-,F-4,2026-03-10,PEN,10\n";
    let load = world.load_with(Kind::Orders, file, picture).await;
    assert_eq!((load.counts.rejected, load.counts.absent), (1, 0));
    assert!(load.message.is_some_and(|m| m.contains("no anuló")));
    assert!(world.account("103").await.summary.carrying.is_some(), "a typing error writes off no debt");
}
