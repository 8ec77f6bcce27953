//! Sending by the Cloud API, and asking Meta how a number and its templates stand.

use super::answer;
use super::codes::disposition;
use super::hook::PROVIDER;
use super::media::{self, Uploaded};
use super::request::{Receiver, message, read_receipt};
use super::{content, registry};
use crate::http::{self, Heard, Http, Silence};
use crate::json::{number, text};
use async_trait::async_trait;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::disposition::Disposition;
use cauce_domain::strategy::registered::Registered;
use cauce_engine::ports::channel::{Answer, Outgoing, Sender};
use cauce_engine::ports::provider::{Account, Field, Provider, Signs, Standing, Unfit};
use cauce_engine::ports::secrets::Secret;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What a number at Meta needs.
const FIELDS: [Field; 7] = [
    Field::setting("phone_number_id", "el identificador del número en Meta"),
    Field::setting("waba_id", "el identificador de la cuenta de WhatsApp Business"),
    Field::credential("token", "el token del usuario de sistema"),
    Field::credential("app_secret", "la clave secreta de la app"),
    Field::credential("verify_token", "la palabra con que Meta comprueba la dirección del webhook"),
    Field::setting("api_version", "la versión de la API").or("v25.0"),
    Field::setting("rate", "los mensajes por segundo del número").or("80"),
];

/// WhatsApp by the Cloud API.
pub struct Whatsapp {
    /// What calls are made with.
    pub http: Arc<Http>,
    /// Where the API is; never a project's to say.
    pub base: String,
    /// Files that lie with Meta already.
    pub uploaded: Uploaded,
}

/// Where the files people send lie.
const MEDIA: &str = "lookaside.fbsbx.com";

/// Where Meta's API is.
pub const BASE: &str = "https://graph.facebook.com";

impl Whatsapp {
    /// The address of something under an account's version of the API.
    pub(super) fn address(&self, account: &Account, path: &str) -> String {
        format!("{}/{}/{path}", self.base, account.setting("api_version"))
    }

    async fn ask(&self, account: &Account, path: &str) -> Result<Value, Unfit> {
        Ok(self.heard(account, path).await.map(|heard| read(&heard))??)
    }

    async fn heard(&self, account: &Account, path: &str) -> Result<Heard, Unfit> {
        let request = self.http.client().get(self.address(account, path)).bearer_auth(account.credential("token"));
        http::call(request).await.map_err(silent)
    }
}

/// Whether what is set can be part of an address and lead nowhere else.
fn plain(account: &Account) -> Result<(), Unfit> {
    let wrong = |why: &str| Unfit::Refused(why.to_owned());
    let digits = |name: &str| {
        let text = account.setting(name);
        !text.is_empty() && text.len() <= 32 && text.bytes().all(|b| b.is_ascii_digit())
    };
    let version = account.setting("api_version").strip_prefix('v').and_then(|v| v.split_once('.'));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits("phone_number_id") || !digits("waba_id") {
        return Err(wrong("los identificadores de Meta son solo dígitos"));
    }
    version.filter(|(a, b)| number(a) && number(b)).map(drop).ok_or_else(|| wrong("la versión se escribe v25.0"))
}

/// What Meta has against a question.
struct Objection {
    status: u16,
    code: Option<i64>,
    subcode: Option<i64>,
    words: String,
}

impl Objection {
    /// Whether what was asked for is not there. With its subcode the code may mean that a permission is missing.
    fn is_gone(&self) -> bool {
        self.status == 404 || self.code == Some(100) && self.subcode != Some(33)
    }
}

impl From<Objection> for Unfit {
    /// The code decides: the HTTP status of one code has changed over the years.
    fn from(Objection { status, code, subcode, words }: Objection) -> Self {
        use Disposition::{Ambiguous, Retry};
        match code.map(|code| disposition(code, subcode)) {
            Some(Retry | Ambiguous) => Self::Silent(words),
            Some(Disposition::Unknown) | None => Self::by_status(status, words),
            Some(_) => Self::Refused(words),
        }
    }
}

/// An answer that is no send's: its body, or what Meta has against it.
fn read(heard: &Heard) -> Result<Value, Objection> {
    let body: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
    if (200..300).contains(&heard.status) {
        return Ok(body);
    }
    let (code, subcode) = (number(&body, "error/code"), number(&body, "error/error_subcode"));
    let why = text(&body, "error/message").unwrap_or_else(|| format!("HTTP {}", heard.status));
    Err(Objection { status: heard.status, code, subcode, words: format!("{why} ({})", code.unwrap_or_default()) })
}

fn silent(_: Silence) -> Unfit {
    Unfit::Silent("Meta no respondió".to_owned())
}

#[async_trait]
impl Sender for Whatsapp {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    async fn send(&self, outgoing: &Outgoing) -> Answer {
        let Some(account) = &outgoing.account else { return Answer::disconnected("falta la cuenta de WhatsApp") };
        let to = outgoing.recipients.to.first().map(|to| to.address.as_str());
        // As WhatsApp itself wrote the number, where the person has written to us.
        let receiver = Receiver { phone: outgoing.wa_id.as_deref().or(to), user: None };
        let media = match outgoing.files.first() {
            Some(file) => match media::upload(self, account, file, outgoing.at).await {
                Ok(media) => Some((media, file)),
                Err(answer) => return answer,
            },
            None => None,
        };
        let content = content::of(outgoing, media);
        let body = match message(receiver, &outgoing.reference, &content) {
            Ok(body) => body,
            Err(why) => return Answer::refused(why.to_string()),
        };
        let path = format!("{}/messages", account.setting("phone_number_id"));
        let request = self.http.client().post(self.address(account, &path)).bearer_auth(account.credential("token"));
        let request = request.header("content-type", "application/json").body(body.to_string());
        let heard = http::call(request).await;
        http::answer("WhatsApp", heard.map(|h| answer::read(h.status, h.retry_after, &h.body, 0)))
    }
}

#[async_trait]
impl Provider for Whatsapp {
    fn channels(&self) -> &'static [Channel] {
        &[Channel::Whatsapp]
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn account_id(&self, account: &Account) -> String {
        account.setting("phone_number_id").to_owned()
    }

    fn signs(&self, account: &Account) -> Option<Signs> {
        Some(Signs {
            webhook: PROVIDER,
            key: Some(Secret::new(account.credential("app_secret"))),
            handshake: Some(account.credential("verify_token").to_owned()),
            ..Signs::default()
        })
    }

    async fn check(&self, account: &Account) -> Result<Standing, Unfit> {
        plain(account)?;
        let path = format!(
            "{}?fields=display_phone_number,verified_name,quality_rating,throughput,whatsapp_business_manager_messaging_limit",
            account.setting("phone_number_id")
        );
        let number = self.ask(account, &path).await?;
        let shown = ["display_phone_number", "verified_name", "quality_rating"].map(|name| text(&number, name));
        Ok(Standing {
            rate: account.setting("rate").parse().ok().filter(|rate| *rate > 0.0),
            people_a_day: text(&number, "whatsapp_business_manager_messaging_limit")
                .and_then(|tier| registry::tier(&tier)),
            notes: shown.into_iter().flatten().collect(),
        })
    }

    /// Two steps: where the file lies for five minutes, and the file; only Meta's own address is followed, since the token goes
    /// along.
    async fn fetch(&self, account: &Account, source: &str) -> Result<Option<Vec<u8>>, String> {
        if source.is_empty() || !source.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            return Ok(None);
        }
        let path = format!("{source}?phone_number_id={}", account.setting("phone_number_id"));
        let known = match read(&self.heard(account, &path).await?) {
            Ok(known) => known,
            Err(objection) if objection.is_gone() => return Ok(None),
            // The token is being changed, or too much was asked: the file is there all the same.
            Err(objection) => return Err(objection.words),
        };
        let url = text(&known, "url").ok_or("Meta no dijo dónde está el archivo")?;
        let usual = self.base == BASE;
        let ours = if usual {
            http::host(&url) == MEDIA && url.starts_with("https://")
        } else {
            http::host(&url) == http::host(&self.base)
        };
        if !ours {
            return Err("Meta indicó una dirección que no es suya".to_owned());
        }
        let request = self.http.client().get(&url).bearer_auth(account.credential("token"));
        let http::File::Here(bytes) = http::file(request).await? else { return Ok(None) };
        let digest = hex::encode(Sha256::digest(&bytes));
        match text(&known, "sha256").is_none_or(|named| named.eq_ignore_ascii_case(&digest)) {
            true => Ok(Some(bytes)),
            false => Err("el archivo llegó distinto".to_owned()),
        }
    }

    async fn mark_read(&self, account: &Account, id: &str) -> Result<(), String> {
        let path = format!("{}/messages", account.setting("phone_number_id"));
        let request = self.http.client().post(self.address(account, &path)).bearer_auth(account.credential("token"));
        let request = request.header("content-type", "application/json").body(read_receipt(id).to_string());
        read(&http::call(request).await.map_err(silent)?).map_err(Unfit::from)?;
        Ok(())
    }

    fn approves(&self) -> bool {
        true
    }

    async fn templates(&self, account: &Account) -> Result<Vec<Registered>, String> {
        let fields = "name,language,status,category,components,parameter_format,rejected_reason&limit=100";
        let (waba, mut all) = (account.setting("waba_id"), Vec::new());
        let mut path = format!("{waba}/message_templates?fields={fields}");
        // As many pages as the most templates an account may have.
        for _ in 0..70 {
            let page = self.ask(account, &path).await?;
            all.extend(registry::read(&page));
            match text(&page, "paging/cursors/after").filter(|_| text(&page, "paging/next").is_some()) {
                Some(after) => path = format!("{waba}/message_templates?fields={fields}&after={after}"),
                None => break,
            }
        }
        Ok(all)
    }

    async fn submit(&self, account: &Account, template: &Registered) -> Result<Registered, String> {
        let path = format!("{}/message_templates", account.setting("waba_id"));
        let request = self.http.client().post(self.address(account, &path)).bearer_auth(account.credential("token"));
        let body = registry::submission(template).to_string();
        let request = request.header("content-type", "application/json").body(body);
        let heard = http::call(request).await.map_err(silent)?;
        Ok(registry::submitted(template, &read(&heard).map_err(Unfit::from)?))
    }
}
