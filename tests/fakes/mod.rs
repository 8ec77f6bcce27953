//! The providers' APIs played over HTTP on this machine: each request held against the documented shape, answered as the
//! script says, and what was taken remembered.

pub(crate) mod aws_sms;
pub(crate) mod meta;
pub(crate) mod ses;
pub(crate) mod signature;
pub(crate) mod twilio;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::{Arc, Mutex};

/// A message as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Our reference.
    pub(crate) reference: String,
    /// Where it goes.
    pub(crate) to: String,
    /// What it says, where that is a text.
    pub(crate) text: String,
    /// How often this reference was asked for before.
    pub(crate) before: usize,
}

/// What a provider does with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Script {
    /// Takes it.
    Take,
    /// Takes it, and tells its states before it answers.
    TakeAndTellFirst,
    /// Takes it and hangs up.
    TakeAndHangUp,
    /// Takes it, and something in between answers with a page.
    TakeBehindProxy,
    /// Takes it and answers with half of its answer.
    TakeAndStutter,
    /// Does not take it.
    Error {
        /// HTTP status.
        status: u16,
        /// Body.
        body: String,
        /// Seconds it asks to wait.
        retry_after: Option<u32>,
    },
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The provider's id.
    pub(crate) id: String,
    /// As it was asked for.
    pub(crate) asked: Asked,
    /// Where its states are told, where the message says so.
    pub(crate) callback: Option<String>,
}

type Deciding = Box<dyn Fn(&Asked) -> Script + Send + Sync>;
type Telling = Box<dyn Fn(&Taken) + Send + Sync>;

/// What a played provider remembers.
pub(crate) struct Memory {
    decide: Deciding,
    tell: Telling,
    taken: Mutex<Vec<Taken>>,
    asked: Mutex<Vec<String>>,
    wrong: Mutex<Vec<String>>,
    /// Files it was given, by their names.
    files: Mutex<Vec<String>>,
    /// What it answers whatever it is asked besides messages, while it is out of order.
    out_of_order: Mutex<Option<StatusCode>>,
}

impl Memory {
    /// With a script for each message, and what is done where states are told before the answer.
    pub(crate) fn new(
        decide: impl Fn(&Asked) -> Script + Send + Sync + 'static,
        tell: impl Fn(&Taken) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let (taken, asked, wrong, files, out_of_order) = Default::default();
        Arc::new(Self { decide: Box::new(decide), tell: Box::new(tell), taken, asked, wrong, files, out_of_order })
    }

    /// One that takes everything.
    pub(crate) fn taking() -> Arc<Self> {
        Self::new(|_| Script::Take, |_| {})
    }

    /// What was taken, in order.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().expect("it").clone()
    }

    /// What was wrong with requests.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().expect("it").clone()
    }

    /// The files it was given.
    pub(crate) fn files(&self) -> Vec<String> {
        self.files.lock().expect("it").clone()
    }

    /// Puts it out of order, or in order again.
    pub(crate) fn put_out_of_order(&self, answers: Option<StatusCode>) {
        *self.out_of_order.lock().expect("it") = answers;
    }

    fn out_of_order(&self) -> Option<Response> {
        self.out_of_order.lock().expect("it").map(|status| (status, "<html></html>").into_response())
    }

    fn object(&self, what: impl Into<String>) -> bool {
        self.wrong.lock().expect("it").push(what.into());
        true
    }

    /// Plays the script of a message; `ids` begins the id of a taken one, `answer` writes what it is answered with.
    fn play(
        &self,
        ids: &str,
        (reference, to, text, callback): (String, String, String, Option<String>),
        answer: impl Fn(&Taken) -> (StatusCode, String),
    ) -> Response {
        let before = {
            let mut asked = self.asked.lock().expect("it");
            let before = asked.iter().filter(|known| **known == reference).count();
            asked.push(reference.clone());
            before
        };
        let asked = Asked { reference, to, text, before };
        let script = (self.decide)(&asked);
        if let Script::Error { status, body, retry_after } = script {
            let status = StatusCode::from_u16(status).expect("a status");
            let mut headers = HeaderMap::new();
            if let Some(after) = retry_after {
                headers.insert("retry-after", after.into());
            }
            // AWS names the kind of an error in a heading too; some of its services there alone.
            let kind = serde_json::from_str(&body)
                .ok()
                .and_then(|body: serde_json::Value| body["__type"].as_str()?.parse().ok());
            if let Some(kind) = kind {
                headers.insert("x-amzn-errortype", kind);
            }
            return (status, headers, body).into_response();
        }
        let taken = {
            let mut all = self.taken.lock().expect("it");
            let taken = Taken { id: format!("{ids}-{}", all.len() + 1), asked, callback };
            all.push(taken.clone());
            taken
        };
        let (status, body) = answer(&taken);
        match script {
            Script::TakeAndTellFirst => {
                (self.tell)(&taken);
                (status, body).into_response()
            }
            Script::TakeAndHangUp => {
                let cut = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("colgó"))]);
                (status, Body::from_stream(cut)).into_response()
            }
            Script::TakeBehindProxy => {
                (StatusCode::BAD_GATEWAY, "<html><h1>502 Bad Gateway</h1></html>").into_response()
            }
            Script::TakeAndStutter => (status, body[..body.len() / 2].to_owned()).into_response(),
            _ => (status, body).into_response(),
        }
    }
}

/// Serves a played provider on a free port; answers its address.
pub(crate) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}
