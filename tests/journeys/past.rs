//! Communications made outside, loaded as history.

use crate::world::World;
use axum::http::Method;
use cauce_domain::contact::gate::Reason;
use cauce_domain::contact::interaction::State;
use cauce_engine::import::job::{Kind, LoadState};

const HEADER: &str = "Tipo de documento,Número de documento,Canal,Fecha de envío,Destinatarios,Estado\n";

async fn thread(world: &World, number: &str) -> Vec<serde_json::Value> {
    let path = format!("/v1/customers/{}/interactions?limit=200", world.id(number).await);
    let (_, answer) = world.call(Method::GET, &path, None).await;
    answer["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn history_is_kept_in_the_thread_once_however_often_it_is_loaded() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana Beto").await;
    let file = format!(
        "{HEADER}DNI,100,WhatsApp,05/03/2026 15:30,987650000,Leído\nDNI,100,Correo,06/03/2026,ana@x.com;ana@y.com,entregada\n\
         DNI,101,Llamada,2026-03-06 09:00,987650001,No contesta\n"
    );
    let load = world.load(Kind::Communications, file.clone()).await;
    assert_eq!((load.state, load.counts.new), (LoadState::Finished, 3), "{:?}", world.notes(&load).await);
    let all = thread(&world, "100").await;
    assert_eq!(all.len(), 3, "one a recipient");
    assert!(all.iter().all(|item| item["origin"] == "imported" && item["origin_name"] == "Importada"));
    let read = all.iter().find(|item| item["channel"] == "whatsapp").expect("it");
    assert_eq!((read["state_name"].as_str(), read["at"].as_str()), (Some("Abierto"), Some("2026-03-05T20:30:00Z")));
    let mail = all.iter().find(|item| item["channel"] == "email").expect("it");
    assert_eq!(mail["at"], "2026-03-06T17:00:00Z", "without an hour it is noon");

    let again = world.load(Kind::Communications, file.clone()).await;
    assert_eq!((again.counts.new, again.counts.changed, again.counts.unchanged), (0, 0, 3));
    let later = world.load(Kind::Communications, file.replace("entregada", "Abierto")).await;
    assert_eq!((later.counts.changed, thread(&world, "100").await.len()), (1, 3));
    assert!(world.outbox().is_empty(), "nothing is sent");
}

#[tokio::test]
async fn a_row_nobody_can_place_is_an_error_and_the_others_are_taken() {
    let world = World::on("2026-03-10").await;
    world.customers("Ana").await;
    let file = format!(
        "{HEADER}DNI,100,SMS,11/03/2026,987650000,Enviado\nDNI,999,SMS,01/03/2026,987650000,Enviado\n\
         DNI,100,SMS,01/03/2026,987650000,En camino\nDNI,100,Paloma,01/03/2026,987650000,Enviado\n\
         DNI,100,SMS,01/03/2026 tarde,987650000,Enviado\nDNI,100,SMS,01/03/2026,;,Enviado\nDNI,100,SMS,01/03/2026,987650000,Enviado\n"
    );
    let load = world.load(Kind::Communications, file).await;
    assert_eq!((load.state, load.counts.rejected, load.counts.accepted), (LoadState::FinishedWithErrors, 6, 1));
    let notes = world.notes(&load).await;
    for said in ["es futura", "el cliente no existe", "no es un estado", "use WhatsApp", "no es una fecha", "de 1 a 50"]
    {
        assert!(notes.iter().any(|note| note.contains(said)), "{said}: {notes:?}");
    }
}

#[tokio::test]
async fn what_was_done_outside_today_takes_the_place_of_todays_message_and_what_failed_does_not() {
    for (state, expected) in [("Enviado", false), ("Fallido", true)] {
        let world = World::on("2026-03-10").await;
        world.customers("Ana").await;
        world.orders("100 F-1 2026-03-07 100.00").await;
        world.plan().await;
        world.house().clock.advance_to(crate::world::utc("2026-03-10T13:30:00Z"));
        let file = format!("{HEADER}DNI,100,Llamada,10/03/2026 08:10,987650000,{state}\n");
        world.load(Kind::Communications, file).await;
        world.pass("2026-03-10T23:00:00Z").await;
        let capped = world.only("2026-03-10").await == State::NotSent { reason: Reason::FrequencyCap };
        assert_eq!((!capped, world.outbox().len()), (expected, usize::from(expected)), "{state}");
    }
}

#[tokio::test]
async fn a_template_file_of_the_six_columns_can_be_downloaded() {
    let world = World::on("2026-03-10").await;
    let bytes = world
        .bytes("/v1/imports/templates/communications", &[("authorization", &format!("Bearer {}", crate::world::KEY))])
        .await;
    assert!(bytes.starts_with(b"PK"), "a workbook");
}
