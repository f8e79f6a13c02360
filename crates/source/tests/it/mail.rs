//! Mail against a relay: a server of the test that speaks its side of SMTP and keeps what it hears.

use std::sync::{Arc, Mutex};

use chandlery_core::Secret;
use chandlery_source::mail::{Mail, MailSettings, MailTls, Mailer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use chandlery_source::testing::Certificate;

/// What a relay is like.
#[derive(Clone, Default)]
struct Manner {
    /// Encrypts from the first byte.
    wrapped: Option<TlsAcceptor>,
    /// Encrypts after `STARTTLS`.
    start_tls: Option<TlsAcceptor>,
    /// Its answer to `RCPT TO`, if not yes.
    receivers: Option<&'static str>,
    /// Its answer to `AUTH`, if not yes.
    login: Option<&'static str>,
}

struct Relay {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = heard.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, log) = (manner.clone(), log.clone());
                tokio::spawn(async move {
                    match &manner.wrapped {
                        Some(acceptor) => {
                            let stream = acceptor.accept(stream).await.ok()?;
                            converse(stream, &manner, &log, true, false).await;
                        }
                        None => {
                            let plain =
                                converse(stream, &manner, &log, true, manner.start_tls.is_some()).await?;
                            let stream = manner.start_tls.as_ref()?.accept(plain).await.ok()?;
                            converse(stream, &manner, &log, false, false).await;
                        }
                    }
                    Some(())
                });
            }
        });
        Self { port, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    fn settings(&self, tls: MailTls) -> MailSettings {
        MailSettings {
            host: "127.0.0.1".to_owned(),
            port: Some(self.port),
            tls,
            authorities: None,
            user: None,
            password: None,
            from: "Chandlery <chandlery@example.org>".to_owned(),
            hello: None,
        }
    }
}

/// The relay's side of one connection; gives it back when the client wants TLS on it.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    manner: &Manner,
    log: &Mutex<Vec<String>>,
    greet: bool,
    offer_tls: bool,
) -> Option<S> {
    let mut stream = BufReader::new(stream);
    if greet {
        stream.write_all(b"220 relay.test ESMTP\r\n").await.ok()?;
    }
    let mut in_data = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        log.lock().unwrap().push(line.clone());
        let line = line.trim_end();
        let answer = match line.split([' ', ':']).next().unwrap_or_default() {
            _ if in_data && line == "." => {
                in_data = false;
                "250 kept"
            }
            _ if in_data => continue,
            "EHLO" if offer_tls => "250-relay.test\r\n250 STARTTLS",
            "EHLO" => "250-relay.test\r\n250 AUTH PLAIN",
            "STARTTLS" => {
                stream.write_all(b"220 go ahead\r\n").await.ok()?;
                return Some(stream.into_inner());
            }
            "AUTH" => manner.login.unwrap_or("235 welcome"),
            "RCPT" => manner.receivers.unwrap_or("250 ok"),
            "DATA" => {
                in_data = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
}

fn mail() -> Mail {
    Mail {
        to: "Reviewer <reviewer@example.org>".to_owned(),
        subject: "应用审核: emqx 1.0.0".to_owned(),
        text: "Hello,\n.\nQUIT\nMAIL FROM:<x@example.org>\ngood bye.\n".to_owned(),
    }
}

#[tokio::test]
async fn a_mail() {
    let relay = Relay::start(Manner::default()).await;
    Mailer::new(&relay.settings(MailTls::None)).unwrap().send(&mail()).await.unwrap();
    let heard = relay.heard();
    let count = |beginning: &str| heard.iter().filter(|line| line.starts_with(beginning)).count();
    assert_eq!(heard[0], "EHLO example.org\r\n");
    assert_eq!(count("MAIL FROM:<chandlery@example.org>"), 1);
    assert_eq!(count("RCPT TO:<reviewer@example.org>"), 1);
    // A dot alone in the text does not end the mail.
    assert_eq!((count("DATA"), count(".\r\n"), count("..\r\n")), (1, 1, 1));
    assert_eq!(
        count("From: \"Chandlery\" <chandlery@example.org>")
            + count("From: Chandlery <chandlery@example.org>"),
        1
    );
    assert_eq!((count("Subject: =?utf-8?b?"), count("Auto-Submitted: auto-generated")), (1, 1));
    assert_eq!((count("Message-ID: <"), count("Date: ")), (1, 1));
    assert!(heard.iter().all(|line| line.ends_with("\r\n")));
}

/// By either kind of TLS, with a password; and not without TLS or by a certificate that nobody knows.
#[tokio::test]
async fn encrypted_mail() {
    let keys = tempfile::tempdir().unwrap();
    let certificate = Certificate::new(keys.path(), "relay");
    let acceptor = || Some(certificate.acceptor(None));
    let relays = [
        (MailTls::Tls, Manner { wrapped: acceptor(), ..Manner::default() }),
        (MailTls::StartTls, Manner { start_tls: acceptor(), ..Manner::default() }),
    ];
    for (tls, manner) in relays {
        let relay = Relay::start(manner).await;
        let settings = MailSettings {
            authorities: Some(certificate.pem()),
            user: Some("user".to_owned()),
            password: Some(Secret::new("pass".to_owned())),
            ..relay.settings(tls)
        };
        Mailer::new(&settings).unwrap().send(&mail()).await.unwrap();
        let heard = relay.heard();
        assert!(heard.contains(&"AUTH PLAIN AHVzZXIAcGFzcw==\r\n".to_owned()), "{heard:?}");
        assert!(heard.contains(&"DATA\r\n".to_owned()));

        let strangers = MailSettings { authorities: None, ..settings };
        let error = Mailer::new(&strangers).unwrap().send(&mail()).await.unwrap_err();
        assert_eq!((error.stage(), error.is_permanent()), ("connect", false), "{error}");
        let mails = relay.heard().iter().filter(|line| *line == "DATA\r\n").count();
        assert_eq!(mails, 1);
    }
    let plain = Relay::start(Manner::default()).await;
    let error = Mailer::new(&plain.settings(MailTls::StartTls)).unwrap().send(&mail()).await.unwrap_err();
    assert_eq!(error.stage(), "connect", "{error}");
    assert!(!plain.heard().iter().any(|line| line.starts_with("MAIL")));
}

#[tokio::test]
async fn refusals() {
    let keys = tempfile::tempdir().unwrap();
    let certificate = Certificate::new(keys.path(), "relay");
    let cases = [
        (Manner { receivers: Some("550 nobody of that name"), ..Manner::default() }, 550, true),
        (Manner { receivers: Some("451 later"), ..Manner::default() }, 451, false),
        (Manner { login: Some("535 wrong password"), ..Manner::default() }, 535, false),
    ];
    for (manner, code, permanent) in cases {
        let relay = Relay::start(Manner { wrapped: Some(certificate.acceptor(None)), ..manner }).await;
        let settings = MailSettings {
            authorities: Some(certificate.pem()),
            user: Some("user".to_owned()),
            password: Some(Secret::new("hunter2".to_owned())),
            ..relay.settings(MailTls::Tls)
        };
        let error = Mailer::new(&settings).unwrap().send(&mail()).await.unwrap_err();
        assert_eq!((error.stage(), error.is_permanent()), ("refused", permanent), "{error}");
        assert!(
            error.to_string().contains(&code.to_string()) && !error.to_string().contains("hunter2"),
            "{error}"
        );
    }
    let nowhere =
        MailSettings { port: Some(1), ..Relay::start(Manner::default()).await.settings(MailTls::None) };
    let error = Mailer::new(&nowhere).unwrap().send(&mail()).await.unwrap_err();
    assert_eq!(error.stage(), "connect", "{error}");
}
