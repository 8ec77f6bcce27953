//! Internal notes: written from any conversation, kept in the customer's thread.

use crate::Ports;
use crate::dossier::{AtHand, Desk, change};
use crate::error::Error;
use crate::limits;
use crate::ports::table::{Change, Expect};
use crate::store::codec::encode;
use crate::store::edits::By;
use crate::store::interactions::aside_item;
use crate::store::settings::Setup;
use crate::webhook::announce;
use cauce_domain::contact::file::MessageFile;
use cauce_domain::contact::note::{ManagementKind, Note, Origin};
use cauce_domain::ids::CustomerId;

/// Most characters of a note.
const MOST_TEXT: usize = 5000;

/// What somebody writes.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What it comes from.
    pub origin: Origin,
    /// What kind of management it tells of.
    pub kind: Option<ManagementKind>,
    /// The payment, order or invoice it is about.
    pub code: Option<String>,
    /// What happened.
    pub comment: String,
    /// Files.
    pub files: Vec<MessageFile>,
}

/// Keeps a note.
pub async fn write(
    ports: &Ports,
    setup: &Setup,
    customer: &CustomerId,
    asked: &Asked,
    (by, request): (&By, Option<String>),
) -> Result<Note, Error> {
    let comment = limits::text("comment", &asked.comment, MOST_TEXT)?;
    let code = limits::some("code", asked.code.as_deref(), limits::SHORT)?;
    limits::most("files", asked.files.len(), limits::FILES)?;
    let note = Note {
        id: ports.new_id().simple().to_string(),
        customer: customer.clone(),
        day: setup.today(by.at),
        by: by.clone(),
        origin: asked.origin,
        kind: asked.kind,
        code,
        comment,
        files: asked.files.clone(),
    };
    let body = encode(&note)?;
    let desk = Desk::of(ports, setup, by).await?.asked(request);
    change(&desk, customer, &AtHand::default(), |dossier| {
        let item = aside_item(setup.id(), customer, note.day, &note.id, body.clone());
        dossier.also(Change::Put(item, Expect::Absent));
        dossier.announce(|ports, setup| announce::of_note(ports, setup, &note))?;
        Ok(note.clone())
    })
    .await
}
