//! E-mail by SMTP, against servers that take, refuse, stall and are not there.

use cauce_channels::smtp::{Security, Settings, Smtp};
use cauce_domain::contact::point::{Destination, Recipients};
use cauce_engine::ports::channel::{Answer, Outgoing, Sender};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// What a server answers to RCPT and to the end of DATA; `None` hangs up.
async fn server(recipient: &'static str, end: Option<&'static str>) -> (u16, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 prueba\r\n").await.expect("written");
        let (mut data, mut text) = (false, String::new());
        while let Ok(Some(line)) = lines.next_line().await {
            let answer = match (data, line.as_str()) {
                (true, ".") => {
                    data = false;
                    match end {
                        Some(answer) => answer,
                        None => return text,
                    }
                }
                (true, line) => {
                    text.push_str(line);
                    text.push('\n');
                    continue;
                }
                (false, line) if line.starts_with("RCPT") => recipient,
                (false, "DATA") => {
                    data = true;
                    "354 adelante"
                }
                (false, "QUIT") => "221 adios",
                (false, line) if line.starts_with("EHLO") => "250-prueba\r\n250 AUTH PLAIN",
                (false, line) if line.starts_with("AUTH") => "535 usuario o clave incorrectos",
                _ => "250 bien",
            };
            if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                break;
            }
        }
        text
    });
    (port, serving)
}

async fn send(port: u16) -> Answer {
    send_as(port, None).await
}

async fn send_as(port: u16, credentials: Option<(String, String)>) -> Answer {
    let settings = Settings {
        host: "127.0.0.1".into(),
        port,
        security: Security::None,
        credentials,
        from: "Andes <cobros@andes.example.com>".into(),
    };
    let recipients = Recipients { to: vec![Destination { address: "ana@x.com".into(), shared: false }], cc: vec![] };
    let words = (Some("Su pago vence mañana".into()), "Hola <Ana> & familia".into());
    let at = crate::world::utc("2026-03-10T14:00:00Z");
    let message = Outgoing::plain("lima".into(), "c.2026-03-10.s".into(), recipients, words, at, None);
    Smtp::new(settings).expect("settings").send(&message).await
}

#[tokio::test]
async fn a_message_is_taken_with_our_reference_as_its_id() {
    let (port, serving) = server("250 bien", Some("250 tomado")).await;
    let answer = send(port).await;
    assert_eq!(answer, Answer::Accepted("<c.2026-03-10.s@andes.example.com>".into()));
    drop(answer);
    serving.abort();
}

#[tokio::test]
async fn each_answer_of_a_server_means_what_it_means() {
    let (port, _serving) = server("550 no existe", Some("250 tomado")).await;
    assert!(matches!(send(port).await, Answer::Refused(_)));
    let (port, _serving) = server("451 espere", Some("250 tomado")).await;
    assert!(matches!(send(port).await, Answer::NotNow { .. }));
    let (port, _serving) = server("250 bien", None).await;
    assert!(matches!(send(port).await, Answer::Unknown(_)), "it hung up after the message left");
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").port();
    assert!(matches!(send(closed).await, Answer::NotNow { .. }), "nobody listens: nothing left");
    let (port, _serving) = server("250 bien", Some("250 tomado")).await;
    let wrong = Some(("cobros".to_owned(), "clave vieja".to_owned()));
    assert!(matches!(send_as(port, wrong).await, Answer::Disconnected { .. }), "the account, not the message");
}
