//! Mail by SMTP through the operator's relay.
//!
//! The relay is the one host that the operator configured, on whichever network: the address rules of
//! [`crate::outbound`] are for URLs of other people and do not hold here.

use std::time::Duration;

use chandlery_core::Secret;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

/// How long one command and its answer may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a mail may take from the connection to its acceptance.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(60);
/// The most that is kept of a relay's answer, in characters.
const KEPT_OF_ANSWER: usize = 300;
/// The longest subject in bytes.
const MAX_SUBJECT: usize = 500;

/// How to reach the relay and who we are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailSettings {
    /// Its name or address.
    pub host: String,
    /// Its port; the usual one of [`MailTls`] unless set: 465, 587 or 25.
    pub port: Option<u16>,
    /// How the connection is encrypted.
    pub tls: MailTls,
    /// Certificate authorities to trust besides the system's, PEM.
    pub authorities: Option<Vec<u8>>,
    /// The user name, if the relay asks for one.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// The sender: `chandlery@example.org` or `Chandlery <chandlery@example.org>`.
    pub from: String,
    /// The name of this machine for the greeting; the domain of the sender unless set.
    pub hello: Option<String>,
}

/// How a connection to the relay is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailTls {
    /// From the first byte (port 465).
    Tls,
    /// By `STARTTLS`, without which nothing is sent (port 587).
    #[default]
    StartTls,
    /// Not at all (port 25); no password is sent over such a connection.
    None,
}

impl MailTls {
    fn usual_port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// A mail to one person.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The receiver's address, with a name or without.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text; lines may end in `\n`.
    pub text: String,
}

/// Why a mail was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// A setting cannot be used.
    #[error("the mail setting {setting} cannot be used: {reason}")]
    Settings {
        /// Which one.
        setting: &'static str,
        /// The rule that it breaks.
        reason: String,
    },
    /// A part of the mail cannot be used; the same mail will never go.
    #[error("the {part} of the mail cannot be used: {reason}")]
    Mail {
        /// `receiver` or `subject`.
        part: &'static str,
        /// The rule that it breaks.
        reason: String,
    },
    /// The relay was not reached, or not trusted.
    #[error("cannot talk to the mail relay: {0}")]
    Connect(String),
    /// The relay did not answer in time.
    #[error("the mail relay did not answer in time")]
    TooSlow,
    /// The relay said no.
    #[error("the mail relay refuses with {code}: {answer}")]
    Refused {
        /// Its code: 4xx for now, 5xx for good.
        code: u16,
        /// The beginning of its answer.
        answer: String,
    },
}

impl MailError {
    /// Whether the same mail would fail again however often it is sent.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Mail { .. } => true,
            // RFC 4954: the relay does not like who we say we are, which is for the operator to mend.
            Self::Refused { code: 530..=538, .. } => false,
            Self::Refused { code, .. } => *code >= 500,
            Self::Settings { .. } | Self::Connect(_) | Self::TooSlow => false,
        }
    }

    /// The stable name of what failed: `settings`, `mail`, `connect`, `too_slow` or `refused`.
    #[must_use]
    pub fn stage(&self) -> &'static str {
        match self {
            Self::Settings { .. } => "settings",
            Self::Mail { .. } => "mail",
            Self::Connect(_) => "connect",
            Self::TooSlow => "too_slow",
            Self::Refused { .. } => "refused",
        }
    }
}

/// Sends mails through one relay. Each goes over a connection of its own.
#[derive(Clone, Debug)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// A mailer. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`MailError::Settings`].
    pub fn new(settings: &MailSettings) -> Result<Self, MailError> {
        let from = mailbox(&settings.from)
            .map_err(|reason| MailError::Settings { setting: "from", reason: reason.to_owned() })?;
        let hello = settings.hello.clone().unwrap_or_else(|| from.email.domain().to_owned());
        let hello = one_line(&hello)
            .map_err(|reason| MailError::Settings { setting: "hello", reason: reason.to_owned() })?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port.unwrap_or_else(|| settings.tls.usual_port()))
            .tls(tls(settings)?)
            .hello_name(ClientId::Domain(hello.to_owned()))
            .timeout(Some(COMMAND_TIMEOUT));
        if let Some(credentials) = credentials(settings)? {
            builder = builder.credentials(credentials);
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// Sends one mail; the relay has it when this returns.
    ///
    /// # Errors
    ///
    /// Every [`MailError`] but [`MailError::Settings`].
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = self.message(mail)?;
        match tokio::time::timeout(TOTAL_TIMEOUT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(explain(&error)),
            Err(_) => Err(MailError::TooSlow),
        }
    }

    fn message(&self, mail: &Mail) -> Result<Message, MailError> {
        let refuse = |part| move |reason: &str| MailError::Mail { part, reason: reason.to_owned() };
        let to = mailbox(&mail.to).map_err(refuse("receiver"))?;
        let subject = one_line(&mail.subject).map_err(refuse("subject"))?;
        if subject.len() > MAX_SUBJECT {
            return Err(refuse("subject")("it is longer than 500 bytes"));
        }
        let id = format!("<{:032x}@{}>", rand::random::<u128>(), self.from.email.domain());
        // RFC 3834: nobody's out-of-office note answers.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .message_id(Some(id))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| refuse("receiver")(&error.to_string()))
    }
}

/// Reads one address. Whatever could begin a header or a command of its own is refused before it is parsed.
fn mailbox(text: &str) -> Result<Mailbox, &'static str> {
    one_line(text)?.parse().map_err(|_| "it is not one mail address, such as name@example.org")
}

fn one_line(text: &str) -> Result<&str, &'static str> {
    // U+2028 and U+2029 end lines too, for some.
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.contains(breaks) { Err("it holds line breaks or control characters") } else { Ok(text) }
}

fn tls(settings: &MailSettings) -> Result<Tls, MailError> {
    let refuse = |setting| move |error| MailError::Settings { setting, reason: format!("{error}") };
    if settings.tls == MailTls::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.authorities {
        let authorities = Certificate::from_pem(pem).map_err(refuse("authorities"))?;
        parameters = parameters.add_root_certificate(authorities);
    }
    let parameters = parameters.build_rustls().map_err(refuse("host"))?;
    Ok(if settings.tls == MailTls::Tls { Tls::Wrapper(parameters) } else { Tls::Required(parameters) })
}

fn credentials(settings: &MailSettings) -> Result<Option<Credentials>, MailError> {
    let refuse = |reason: &str| Err(MailError::Settings { setting: "password", reason: reason.to_owned() });
    match (&settings.user, &settings.password) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) if settings.tls == MailTls::None => {
            refuse("it would go over the network unencrypted; use TLS or STARTTLS")
        }
        (Some(user), Some(password)) => {
            Ok(Some(Credentials::new(user.clone(), password.expose().to_owned())))
        }
        (Some(_), None) => refuse("there is a user name without a password"),
        (None, Some(_)) => refuse("there is a password without a user name"),
    }
}

fn explain(error: &lettre::transport::smtp::Error) -> MailError {
    let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    match error.status() {
        Some(code) => {
            let answer = cause.chars().take(KEPT_OF_ANSWER).collect();
            MailError::Refused { code: u16::from(code), answer }
        }
        None if error.is_timeout() => MailError::TooSlow,
        None => MailError::Connect(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> MailSettings {
        MailSettings {
            host: "relay.example.org".to_owned(),
            port: None,
            tls: MailTls::None,
            authorities: None,
            user: None,
            password: None,
            from: "Chandlery <chandlery@example.org>".to_owned(),
            hello: None,
        }
    }

    #[test]
    fn settings_that_are_refused() {
        let secret = || Some(Secret::new("hunter2".to_owned()));
        let user = || Some("user".to_owned());
        let cases = [
            (MailSettings { from: "nobody".to_owned(), ..settings() }, "from"),
            (MailSettings { from: "a@b.c\r\nBcc: d@e.f".to_owned(), ..settings() }, "from"),
            (MailSettings { hello: Some("a\r\nb".to_owned()), ..settings() }, "hello"),
            (MailSettings { user: user(), password: secret(), ..settings() }, "password"),
            (MailSettings { user: user(), tls: MailTls::Tls, ..settings() }, "password"),
            (MailSettings { password: secret(), tls: MailTls::Tls, ..settings() }, "password"),
            (
                MailSettings {
                    authorities: Some(b"-----BEGIN CERTIFICATE-----".to_vec()),
                    tls: MailTls::Tls,
                    ..settings()
                },
                "authorities",
            ),
        ];
        for (settings, setting) in cases {
            let error = Mailer::new(&settings).unwrap_err();
            assert!(
                matches!(error, MailError::Settings { setting: found, .. } if found == setting),
                "{error}"
            );
            assert!(!format!("{error:?} {settings:?}").contains("hunter2"));
        }
    }

    #[tokio::test]
    async fn header_injection_is_refused() {
        let mailer = Mailer::new(&settings()).unwrap();
        let cases = [
            ("a@example.org\r\nBcc: b@example.org", "subject", "receiver"),
            ("a@example.org, b@example.org", "subject", "receiver"),
            ("a@example.org>\r\nRCPT TO:<b@example.org", "subject", "receiver"),
            ("a\u{0}@example.org", "subject", "receiver"),
            ("\"a\nb\" <a@example.org>", "subject", "receiver"),
            ("", "subject", "receiver"),
            ("a@example.org", "sub\r\nBcc: b@example.org", "subject"),
            ("a@example.org", "sub\nject", "subject"),
            ("a@example.org", "sub\rject", "subject"),
            ("a@example.org", "sub\u{2028}ject", "subject"),
            ("a@example.org", &"x".repeat(501), "subject"),
        ];
        for (to, subject, part) in cases {
            let mail = Mail { to: to.to_owned(), subject: subject.to_owned(), text: "text".to_owned() };
            let error = mailer.send(&mail).await.unwrap_err();
            assert!(matches!(error, MailError::Mail { part: found, .. } if found == part), "{to:?}: {error}");
            assert!(error.is_permanent());
        }
    }
}
