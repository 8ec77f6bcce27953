//! The running service: killed at random moments and started again, and asked to stop while it works.

use crate::built::cauce;
use crate::world::{KEY, World, ask, day, folder};
use cauce_domain::contact::interaction::State;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// A service and where it listens.
struct Service {
    child: Child,
    output: BufReader<ChildStdout>,
    address: String,
}

impl Service {
    fn start(data: &Path, now: &str) -> Self {
        let mut child = Command::new(cauce())
            .args(["serve", "--listen", "127.0.0.1:0", "--project", "lima", "--now", now, "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the service starts");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(output.read_line(&mut line).expect("a line") > 0, "the service ended");
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split(['/', ' ']).next().unwrap_or_default().to_owned();
            }
        };
        Self { child, output, address }
    }

    /// Asks it to move its clock; answers whether it said that it did.
    fn advance(&self, to: &str) -> bool {
        let body = format!("{{\"to\":\"{to}\"}}");
        let url = format!("http://{}/sandbox/advance", self.address);
        let bearer = format!("Bearer {KEY}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        ask("POST", &url, &headers, body.as_bytes()).is_ok_and(|(status, _)| status == 200)
    }
}

/// A project with a dropped portfolio of 200 customers, all due on the day.
async fn prepared(data: &Path) {
    drop(World::at(data, day("2026-03-10"), |house| house).await);
    let mut customers = String::from("Tipo de documento,Número de documento,Nombre,Celular_1,Correo_1\n");
    let mut orders =
        String::from("Tipo de documento,Número de documento,Código de pago,Fecha de vencimiento,Moneda,Monto\n");
    for n in 0..200 {
        customers.push_str(&format!("DNI,{},Cliente {n},98765{n:04},c{n}@x.com\n", 1000 + n));
        orders.push_str(&format!("DNI,{},F-{n},2026-03-10,PEN,100.00\n", 1000 + n));
    }
    for (kind, text) in [("customers", customers), ("orders", orders)] {
        let folder = data.join("drop/lima").join(kind);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("cartera.csv"), text).expect("written");
    }
}

/// Loaded before midnight; then the plan, the hour of the step, and until its reports have come.
const MOMENTS: [&str; 5] = [
    "2026-03-10T04:50:00Z",
    "2026-03-10T05:20:00Z",
    "2026-03-10T14:00:00Z",
    "2026-03-10T14:20:00Z",
    "2026-03-12T04:00:00Z",
];

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_the_service_goes_on_where_it_was() {
    let folder = folder();
    let data = folder.path().join("data");
    prepared(&data).await;
    let (mut now, mut wait) = ("2026-03-10T04:30:00Z", 30);
    for to in MOMENTS {
        loop {
            let mut service = Service::start(&data, now);
            let killer = service.child.id();
            let strike = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(wait));
                let _ = Command::new("kill").args(["-9", &killer.to_string()]).status();
            });
            let moved = service.advance(to);
            strike.join().expect("struck");
            let _ = service.child.wait();
            if moved {
                break;
            }
            wait += 40;
        }
        now = to;
        wait /= 4;
    }
    let world = World::open(&data, crate::world::utc(now), day("2026-03-10"), |house| house).await;
    world.runner.resume().await.expect("resumed");
    world.until("2026-03-13T04:00:00Z").await;
    let mut sent: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    world.outbox().into_iter().for_each(|taken| *sent.entry(taken.reference).or_default() += 1);
    assert!(sent.values().all(|n| *n == 1), "nothing is sent twice");
    let messages = world.messages("2026-03-10").await;
    assert_eq!(messages.len(), 200, "each customer is decided on");
    assert!(
        messages.iter().all(|m| !matches!(m.state, State::Scheduled { .. } | State::Sending { .. })),
        "{messages:?}"
    );
    assert!(world.broken().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_stop_the_service_finishes_what_is_in_hand() {
    let folder = folder();
    let data = folder.path().join("data");
    prepared(&data).await;
    let mut service = Service::start(&data, "2026-03-10T05:05:00Z");
    let asked = service.child.id();
    let stop = std::thread::spawn(move || {
        // Long enough for the request to be in hand on a busy machine; one that is done already is answered all the same.
        std::thread::sleep(Duration::from_millis(500));
        let _ = Command::new("kill").args(["-INT", &asked.to_string()]).status();
    });
    assert!(service.advance("2026-03-12T04:00:00Z"), "the request in hand is answered");
    stop.join().expect("asked");
    assert!(service.child.wait().expect("it ends").success());
    let mut rest = String::new();
    service.output.read_to_string(&mut rest).expect("its last words");
    assert!(rest.contains("terminó lo que tenía en curso"), "{rest}");
}
