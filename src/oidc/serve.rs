//! One question of the broker, on the socket that systemd passes as standard input.

use std::{
    env, fs,
    io::{self, ErrorKind},
    os::{fd::AsFd, unix::net::UnixStream},
    path::PathBuf,
    time::Duration,
};

use tokio::{runtime, time::timeout};
use zeroize::Zeroizing;

use super::{Error, discovery::Description, https::Https, identity, token};
use crate::{
    broker::message::{
        FrameError,
        provider::{Answer, ProviderFault, Question},
        read_frame, write_frame,
    },
    config::settings::OpenIdConnectSettings,
    domain::{entropy::Entropy, secret::Secret},
};

/// How long the broker may take to ask, and to take the answer.
const FRAME_TIMEOUT: Duration = Duration::from_secs(10);
/// How long all requests for one answer may take together.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// What systemd calls the client's secret.
const CREDENTIAL: &str = "client-secret";
/// The longest secret, in bytes.
const MAX_SECRET_BYTES: usize = 4096;

/// Answers the question on standard input.
pub fn serve(settings: &OpenIdConnectSettings) -> Result<(), FrameError> {
    let stream: UnixStream = io::stdin().as_fd().try_clone_to_owned()?.into();
    stream.set_read_timeout(Some(FRAME_TIMEOUT))?;
    stream.set_write_timeout(Some(FRAME_TIMEOUT))?;
    let question = read_frame(&stream)?;
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let found = runtime.block_on(in_time(settings, question));
    let answer = found.unwrap_or_else(|error| {
        let fault = ProviderFault::from(&error);
        tracing::warn!("{}", fault.reason);
        Answer::Fault(fault)
    });
    write_frame(&stream, &answer)
}

/// Asks the provider what it says about itself, for whoever looks the machine over.
pub async fn reach(settings: &OpenIdConnectSettings) -> Result<(), Error> {
    let https = Https::trusting(&settings.ca_file)?;
    Description::fetch(&https, settings).await.map(drop)
}

async fn in_time(settings: &OpenIdConnectSettings, question: Question) -> Result<Answer, Error> {
    let answer = timeout(ANSWER_TIMEOUT, answer(settings, question)).await;
    answer.unwrap_or_else(|_| {
        Err(Error::Deadline {
            host: settings.issuer.clone(),
            after: ANSWER_TIMEOUT,
        })
    })
}

async fn answer(settings: &OpenIdConnectSettings, question: Question) -> Result<Answer, Error> {
    let https = Https::trusting(&settings.ca_file)?;
    let provider = Description::fetch(&https, settings).await?;
    let arrival = match question {
        Question::Depart => {
            let departure = provider.depart(settings, &Entropy::System);
            return Ok(Answer::Departure(departure));
        }
        Question::Arrive(arrival) => arrival,
    };
    let client = token::Client {
        settings,
        secret: secret()?,
    };
    let claims = token::claims(&https, &provider, &client, &arrival).await?;
    identity::account_name(&claims, settings).map(Answer::Person)
}

/// Reads the secret that systemd passes on (systemd.exec(5), LoadCredential=); an empty file is a
/// public client's.
fn secret() -> Result<Option<Secret<String>>, Error> {
    let folder = env::var_os("CREDENTIALS_DIRECTORY").map_or_else(PathBuf::new, PathBuf::from);
    let path = folder.join(CREDENTIAL);
    let unusable = |source| Error::File {
        path: path.clone(),
        source,
    };
    let text = Zeroizing::new(fs::read_to_string(&path).map_err(unusable)?);
    let secret = text.trim();
    if secret.len() > MAX_SECRET_BYTES {
        return Err(unusable(ErrorKind::FileTooLarge.into()));
    }
    Ok((!secret.is_empty()).then(|| Secret::new(secret.to_owned())))
}
