//! What may be written freely, in the day after a person wrote: text, pictures, documents and answers to tap, as Meta takes them.

use crate::fakes::{self, Memory, meta};
use bytes::Bytes;
use cauce_channels::network::{Addresses, providers};
use cauce_domain::contact::file::FileKind;
use cauce_domain::contact::point::{Destination, Recipients};
use cauce_engine::ports::channel::{Answer, Outgoing, OutgoingFile};
use cauce_engine::ports::provider::Account;
use cauce_engine::ports::secrets::Secret;
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test]
async fn text_pictures_documents_and_choices_leave_as_meta_takes_them() {
    let memory = Memory::taking();
    let whatsapp = fakes::serve(meta::router(Arc::clone(&memory))).await;
    let all = providers(&Addresses { whatsapp, ..Addresses::default() });
    let settings = [("phone_number_id", meta::NUMBER), ("waba_id", meta::WABA), ("api_version", "v25.0")];
    let account = Arc::new(Account {
        settings: settings.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        credentials: [("token".to_owned(), Secret::new(meta::TOKEN))].into(),
        callback: String::new(),
    });
    let plain = |reference: &str, text: &str| {
        let to = vec![Destination { address: "+51987650000".into(), shared: false }];
        let (recipients, words) = (Recipients { to, cc: vec![] }, (None, text.to_owned()));
        let now = "2026-03-10T14:00:00Z".parse().expect("an instant");
        Outgoing::plain("lima".into(), reference.to_owned(), recipients, words, now, Some(Arc::clone(&account)))
    };
    let file = |name: &str, kind| OutgoingFile {
        name: name.to_owned(),
        kind,
        bytes: Bytes::from_static(b"contenido"),
        place: name.to_owned(),
    };
    let choices = [("si", "Sí, pago hoy"), ("no", "No puedo")].map(|(id, title)| (id.to_owned(), title.to_owned()));
    let messages = [
        plain("texto", "Con gusto: debe S/ 100."),
        Outgoing { files: vec![file("voucher.png", FileKind::Png)], ..plain("imagen", "Su comprobante") },
        Outgoing { files: vec![file("estado.pdf", FileKind::Pdf)], ..plain("documento", "") },
        Outgoing { choices: choices.to_vec(), ..plain("botones", "¿Paga hoy?") },
    ];
    for message in &messages {
        let answer = all["whatsapp"].send(message).await;
        assert!(matches!(answer, Answer::Accepted(_)), "{}: {answer:?}", message.reference);
    }
    let long = all["whatsapp"].send(&plain("largo", &"a".repeat(4097))).await;
    assert!(matches!(long, Answer::Refused(_)), "what Meta would refuse does not leave: {long:?}");
    assert_eq!((memory.wrong(), memory.files()), (vec![], vec!["voucher.png".to_owned(), "estado.pdf".to_owned()]));
    let said: Vec<Value> = memory.taken().iter().map(|t| serde_json::from_str(&t.asked.text).expect("json")).collect();
    assert_eq!(said[0], json!({ "body": "Con gusto: debe S/ 100.", "preview_url": true }));
    assert_eq!(said[1], json!({ "id": "up-1", "caption": "Su comprobante" }));
    assert_eq!(said[2], json!({ "id": "up-2", "filename": "estado.pdf" }));
    assert_eq!(said[3]["action"]["buttons"][1]["reply"], json!({ "id": "no", "title": "No puedo" }));
}
