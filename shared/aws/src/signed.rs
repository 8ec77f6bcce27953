//! One signed call to a service of AWS's whose SDK would be built for that call alone: SMS, a topic's subscription, a model.

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

/// What came back.
#[derive(Debug, Clone)]
pub struct Heard {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Vec<u8>,
}

/// How long a service that answers at once is waited for.
pub const AT_ONCE: Duration = Duration::from_secs(5);

/// Why nothing came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The call did not leave.
    NotSent,
    /// It left, and whether it was heeded nobody knows.
    Unknown,
}

/// A call to be signed.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The name it is signed for.
    pub service: &'a str,
    /// The first part of the service's host.
    pub host: &'a str,
    /// Headers besides the signature's.
    pub headers: &'a [(&'a str, &'a str)],
    /// The path, after the host.
    pub path: &'a str,
    /// How long an answer is waited for.
    pub patience: Duration,
    /// Body.
    pub body: &'a str,
}

/// Calls services with the function's own role.
pub struct Signed {
    config: SdkConfig,
    client: OnceLock<reqwest::Client>,
    /// Where the services are instead, for trials.
    endpoint: Option<String>,
}

impl Signed {
    /// With the role and region of the configuration.
    pub fn new(config: &SdkConfig) -> Self {
        Self { config: config.clone(), client: OnceLock::new(), endpoint: config.endpoint_url().map(str::to_owned) }
    }

    fn client(&self) -> &reqwest::Client {
        self.client.get_or_init(|| {
            let client = reqwest::Client::builder().connect_timeout(Duration::from_secs(2));
            client.build().unwrap_or_default()
        })
    }

    /// Makes one call, once.
    pub async fn post(&self, call: Call<'_>) -> Result<Heard, Silence> {
        let region = self.config.region().map_or("us-east-1", |region| region.as_ref());
        let usual = || format!("https://{}.{region}.amazonaws.com", call.host);
        let url = format!("{}{}", self.endpoint.clone().unwrap_or_else(usual), call.path);
        let mut headers = call.headers.to_vec();
        let signed = self.sign(call, &url, region, &headers).await.ok_or(Silence::NotSent)?;
        headers.extend(signed.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let mut request = self.client().post(&url).timeout(call.patience).body(call.body.to_owned());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.map_err(|error| match error.is_connect() || error.is_builder() {
            true => Silence::NotSent,
            false => Silence::Unknown,
        })?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(|_| Silence::Unknown)?.to_vec();
        Ok(Heard { status, body })
    }

    /// The signature's headers.
    async fn sign(
        &self,
        call: Call<'_>,
        url: &str,
        region: &str,
        headers: &[(&str, &str)],
    ) -> Option<Vec<(String, String)>> {
        let identity = self.config.credentials_provider()?.provide_credentials().await.ok()?.into();
        let params = v4::SigningParams::builder().identity(&identity).region(region).name(call.service);
        let params = params.time(SystemTime::now()).settings(SigningSettings::default()).build().ok()?.into();
        let body = SignableBody::Bytes(call.body.as_bytes());
        let request = SignableRequest::new("POST", url, headers.iter().copied(), body).ok()?;
        let (instructions, _) = sign(request, &params).ok()?.into_parts();
        Some(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}
