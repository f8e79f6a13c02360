//! The settings of the relay for mail.

use anyhow::{Context as _, Result, bail};
use chandlery_server::{MailSettings, MailTls, Secret};

use super::{Kind, Setting, read_certificates};

/// The relay for mail, if one is named.
pub(super) fn finish(settings: MailSettings) -> Result<Option<MailSettings>> {
    match (settings.host.is_empty(), settings.from.is_empty()) {
        (true, _) if settings != MailSettings::default() => {
            bail!("there are settings of smtp without smtp-host: name the relay as well")
        }
        (true, _) => Ok(None),
        (false, true) => bail!("smtp-host is set without smtp-from: name the sender as well"),
        (false, false) => Ok(Some(settings)),
    }
}

fn read_mail_tls(text: &str) -> Result<MailTls> {
    match text {
        "tls" => Ok(MailTls::Tls),
        "starttls" => Ok(MailTls::StartTls),
        "none" => Ok(MailTls::None),
        _ => bail!("{text:?} is not one of starttls, tls, none"),
    }
}

/// The settings of the relay, in the order of the help.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "smtp-host",
        kind: Kind::Text("HOST"),
        default: "no mail is sent",
        help: "The relay for mail, on whichever network",
        apply: |draft, text| {
            draft.mail.host = text.to_owned();
            Ok(())
        },
    },
    Setting {
        name: "smtp-port",
        kind: Kind::Text("PORT"),
        default: "587, 465 or 25, as smtp-tls has it",
        help: "The port of the relay",
        apply: |draft, text| {
            draft.mail.port = Some(text.parse().with_context(|| format!("{text:?} is not a port"))?);
            Ok(())
        },
    },
    Setting {
        name: "smtp-tls",
        kind: Kind::Text("HOW"),
        default: "starttls",
        help: "How the way to the relay is encrypted: starttls, tls or none",
        apply: |draft, text| {
            draft.mail.tls = read_mail_tls(text)?;
            Ok(())
        },
    },
    Setting {
        name: "smtp-ca",
        kind: Kind::Text("FILE"),
        default: "the system's authorities only",
        help: "Certificate authorities to trust as well when the relay shows its certificate, PEM",
        apply: |draft, text| {
            draft.mail.authorities = Some(read_certificates(text)?);
            Ok(())
        },
    },
    Setting {
        name: "smtp-user",
        kind: Kind::Text("NAME"),
        default: "none",
        help: "The user name at the relay",
        apply: |draft, text| {
            draft.mail.user = Some(text.to_owned());
            Ok(())
        },
    },
    Setting {
        name: "smtp-password",
        kind: Kind::Secret("smtp-password-file"),
        default: "none",
        help: "The password at the relay",
        apply: |draft, text| {
            draft.mail.password = Some(Secret::new(text.to_owned()));
            Ok(())
        },
    },
    Setting {
        name: "smtp-from",
        kind: Kind::Text("ADDRESS"),
        default: "none",
        help: "The sender of mails, such as Chandlery <chandlery@example.org>",
        apply: |draft, text| {
            draft.mail.from = text.to_owned();
            Ok(())
        },
    },
];
