//! `Secrets` on SSM: one SecureString a secret, under the stage's path. What was read is kept for a few minutes: every
//! invocation asks for the project's key, and SSM answers few a second.

use crate::environment::{self, Misplaced};
use crate::error::classify;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::ParameterType;
use cauce_engine::ports::PortError;
use cauce_engine::ports::secrets::{Secret, Secrets};
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

const SERVICE: &str = "SSM";
/// How long a secret that was read is believed.
const KEPT: Duration = Duration::from_secs(300);

/// The secrets of a stage.
pub struct SsmSecrets {
    config: SdkConfig,
    client: OnceLock<Client>,
    path: String,
    known: Mutex<HashMap<String, (Instant, Secret)>>,
}

impl SsmSecrets {
    /// Under the path that the environment names.
    pub fn from_environment(config: &SdkConfig) -> Result<Self, Misplaced> {
        Ok(Self::new(config, environment::read(environment::SECRETS)?))
    }

    /// Under a path.
    pub fn new(config: &SdkConfig, path: String) -> Self {
        Self { config: config.clone(), client: OnceLock::new(), path, known: Mutex::new(HashMap::new()) }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| Client::new(&self.config))
    }

    fn name(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    fn remember(&self, name: &str, secret: &Secret) {
        if let Ok(mut known) = self.known.lock() {
            known.insert(name.to_owned(), (Instant::now(), secret.clone()));
        }
    }

    fn remembered(&self, name: &str, within: Duration) -> Option<Secret> {
        let known = self.known.lock().ok()?;
        known.get(name).filter(|(at, _)| at.elapsed() < within).map(|(_, secret)| secret.clone())
    }

    /// Asks for a secret to be written; whether one was already there.
    async fn write(&self, name: &str, secret: &Secret, overwrite: bool) -> Result<bool, PortError> {
        let asked = self.client().put_parameter().name(self.name(name)).value(secret.expose());
        let asked = asked.r#type(ParameterType::SecureString).overwrite(overwrite);
        match asked.send().await {
            Ok(_) => Ok(false),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_parameter_already_exists()) => Ok(true),
            Err(error) => Err(classify(SERVICE, error).into()),
        }
    }
}

#[async_trait]
impl Secrets for SsmSecrets {
    async fn get(&self, name: &str) -> Result<Option<Secret>, PortError> {
        self.get_within(name, KEPT).await
    }

    async fn get_within(&self, name: &str, within: Duration) -> Result<Option<Secret>, PortError> {
        if let Some(secret) = self.remembered(name, within) {
            return Ok(Some(secret));
        }
        let answer = self.client().get_parameter().name(self.name(name)).with_decryption(true).send().await;
        let found = match answer {
            Ok(found) => found.parameter.and_then(|p| p.value).map(Secret::new),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_parameter_not_found()) => None,
            Err(error) => return Err(classify(SERVICE, error).into()),
        };
        found.iter().for_each(|secret| self.remember(name, secret));
        Ok(found)
    }

    async fn put(&self, name: &str, secret: &Secret) -> Result<(), PortError> {
        self.write(name, secret, true).await?;
        self.remember(name, secret);
        Ok(())
    }

    async fn claim(&self, name: &str, secret: &Secret) -> Result<Secret, PortError> {
        if !self.write(name, secret, false).await? {
            self.remember(name, secret);
            return Ok(secret.clone());
        }
        let kept = self.get_within(name, Duration::ZERO).await?;
        kept.ok_or(PortError::Unavailable(SERVICE, None))
    }
}
