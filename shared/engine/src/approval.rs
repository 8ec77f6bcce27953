//! Templates and the provider that approves them: what keeps one of ours from leaving, asking for its approval, and keeping
//! what the provider says of each.

use crate::Ports;
use crate::connect;
use crate::error::Error;
use crate::store::edits::By;
use crate::store::settings::{self, Setup, Versioned, place};
use cauce_domain::contact::channel::Channel;
use cauce_domain::ids::TemplateId;
use cauce_domain::strategy::approval::Approval;
use cauce_domain::strategy::registered::{Registered, Standing, places_of};
use cauce_domain::strategy::template::Template;

/// What the provider knows of an approved template's name and language.
pub fn registered<'a>(setup: &'a Setup, approval: &Approval) -> Option<&'a Versioned<Registered>> {
    setup.registered.iter().find(|r| r.value.name == approval.name && r.value.language == approval.language)
}

/// Why a template of ours would not be taken, where the project's provider approves templates.
pub fn refused(setup: &Setup, template: &Template) -> Option<String> {
    if !connect::approves(setup, template.channel) {
        return None;
    }
    let Some(approval) = &template.approval else {
        return Some("no tiene una plantilla aprobada: envíela a aprobar o indique cuál es".to_owned());
    };
    match registered(setup, approval) {
        Some(known) => known.value.refuses(approval, &template.files),
        None => Some(format!("el proveedor no tiene la plantilla «{}» en {}", approval.name, approval.language)),
    }
}

fn place_of(setup: &Setup, known: &Registered) -> crate::ports::table::Key {
    place(setup.id(), format!("registered#{}#{}", known.name, known.language))
}

/// Keeps what the provider says of a template; answers whether that is news.
pub(crate) async fn keep(ports: &Ports, setup: &Setup, known: &Registered, by: &By) -> Result<bool, Error> {
    let same = |r: &&Versioned<Registered>| r.value.name == known.name && r.value.language == known.language;
    let before = setup.registered.iter().find(same);
    if before.is_some_and(|before| before.value == *known) {
        return Ok(false);
    }
    settings::save(ports, by, place_of(setup, known), before, known).await.map(|_| true)
}

/// Asks the provider for every template of the account and keeps what changed; answers how many did.
pub async fn refresh(ports: &Ports, setup: &Setup, channel: Channel, by: &By) -> Result<usize, Error> {
    let (provider, account) = connect::account(ports, setup, channel).await?;
    let failed = |why: String| Error::refused("provider_failed", None, format!("el proveedor no respondió: {why}"));
    let all = provider.templates(&account).await.map_err(failed)?;
    let mut changed = 0;
    for known in &all {
        changed += usize::from(keep(ports, setup, known, by).await?);
    }
    for gone in setup.registered.iter().filter(|r| r.value.standing != Standing::Disabled) {
        let listed = all.iter().any(|known| known.name == gone.value.name && known.language == gone.value.language);
        if !listed {
            let disabled = Registered { standing: Standing::Disabled, ..gone.value.clone() };
            changed += usize::from(keep(ports, setup, &disabled, by).await?);
        }
    }
    Ok(changed)
}

/// Asks for the approval of a template of ours as `UTILITY`, each tag a place, and has it leave as that from then on.
pub async fn submit(
    ports: &Ports,
    setup: &Setup,
    id: &TemplateId,
    language: &str,
    by: &By,
) -> Result<Registered, Error> {
    let before = setup.template(id).ok_or(Error::NotFound("la plantilla"))?;
    let (provider, account) = connect::account(ports, setup, before.value.channel).await?;
    let bad = |why: String| Error::refused("bad_template", "body", why);
    if !before.value.files.is_empty() {
        let why = "una plantilla con archivo se crea y aprueba en Meta; después indique aquí su nombre y su idioma";
        return Err(Error::refused("bad_template", "files", why));
    }
    let (_, body) = before.value.compile().map_err(|e| bad(e.to_string()))?;
    let (text, places) = body.numbered();
    // The provider knows a name for ever, with what it was approved for: each version of ours has its own.
    let name = format!("cauce_{}_{}", slug(&before.value.name), before.version);
    let asked = Registered {
        name: name.clone(),
        language: language.to_owned(),
        category: "UTILITY".to_owned(),
        standing: Standing::Pending,
        heading: None,
        buttons: Vec::new(),
        places: places_of(&text),
        body: text,
        reason: None,
    };
    let failed = |why: String| Error::refused("not_submitted", None, format!("el proveedor no la recibió: {why}"));
    let known = provider.submit(&account, &asked).await.map_err(failed)?;
    keep(ports, setup, &known, by).await?;
    let approval = Some(Approval { name, language: language.to_owned(), heading: None, places, buttons: Vec::new() });
    let after = Template { approval, ..before.value.clone() };
    settings::save(ports, by, place(setup.id(), format!("template#{id}")), Some(before), &after).await?;
    Ok(known)
}

/// A name as the provider takes it: small letters, digits and underscores.
fn slug(name: &str) -> String {
    let folded = cauce_domain::contact::silence::fold(name);
    let plain: String = folded.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    plain.chars().take(60).collect()
}
