//! Which addresses a foreign URL may lead to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::LazyLock;

use chandlery_core::{Error, Result};
use ipnet::IpNet;

/// Why an address is not one of the public internet's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// `0.0.0.0/8` and `::`, which reach this machine.
    Unspecified,
    /// This machine.
    Loopback,
    /// The network segment, where clouds put their metadata services.
    LinkLocal,
    /// A service that hands out the credentials of the machine.
    Metadata,
    /// A group of receivers.
    Multicast,
    /// All of the network segment.
    Broadcast,
    /// Reserved for examples (RFC 5737, RFC 3849, RFC 9637).
    Documentation,
    /// Carrier-grade NAT (RFC 6598), often a cluster's network.
    Shared,
    /// RFC 1918, unique local (RFC 4193), and local translation (RFC 8215).
    Private,
    /// Set aside by IANA for something else.
    Reserved,
}

use AddressKind::{
    Broadcast, Documentation, LinkLocal, Loopback, Metadata, Multicast, Private, Reserved, Shared,
    Unspecified,
};

/// The special ranges; the first that matches names the kind, so that the narrow ones stand first. Sources: IANA's
/// special-purpose registries for IPv4 and IPv6, and the documentation of the clouds for their metadata services.
const RANGES: [(&str, AddressKind); 41] = [
    // AWS, Azure, Google, OpenStack and most others; AWS container credentials; EKS pod identity.
    ("169.254.169.254/32", Metadata),
    ("169.254.170.2/32", Metadata),
    ("169.254.170.23/32", Metadata),
    // Alibaba; Azure's wire server; Oracle; all outside the link-local range.
    ("100.100.100.200/32", Metadata),
    ("168.63.129.16/32", Metadata),
    ("192.0.0.192/32", Metadata),
    // AWS twice, Google, Scaleway: inside the private range.
    ("fd00:ec2::254/128", Metadata),
    ("fd00:ec2::23/128", Metadata),
    ("fd20:ce::254/128", Metadata),
    ("fd00:42::42/128", Metadata),
    ("0.0.0.0/8", Unspecified),
    ("10.0.0.0/8", Private),
    ("100.64.0.0/10", Shared),
    ("127.0.0.0/8", Loopback),
    ("169.254.0.0/16", LinkLocal),
    ("172.16.0.0/12", Private),
    ("192.0.0.0/24", Reserved),
    ("192.0.2.0/24", Documentation),
    ("192.88.99.0/24", Reserved),
    ("192.168.0.0/16", Private),
    ("198.18.0.0/15", Reserved),
    ("198.51.100.0/24", Documentation),
    ("203.0.113.0/24", Documentation),
    ("224.0.0.0/4", Multicast),
    ("255.255.255.255/32", Broadcast),
    ("240.0.0.0/4", Reserved),
    ("::/128", Unspecified),
    ("::1/128", Loopback),
    ("64:ff9b:1::/48", Private),
    ("100::/64", Reserved),
    // Teredo, benchmarking, ORCHID: nothing that serves HTTP.
    ("2001::/23", Reserved),
    ("2001:db8::/32", Documentation),
    ("3fff::/20", Documentation),
    ("fc00::/7", Private),
    ("fe80::/10", LinkLocal),
    ("fec0::/10", Reserved),
    ("ff00::/8", Multicast),
    // What remains outside of the one block that IANA hands out from, but for forms that hold an IPv4 address.
    ("::/3", Reserved),
    ("4000::/2", Reserved),
    ("8000::/2", Reserved),
    ("c000::/2", Reserved),
];

static SPECIAL: LazyLock<Vec<(IpNet, AddressKind)>> = LazyLock::new(|| {
    let parse = |(range, kind): &(&str, AddressKind)| (range.parse().expect("the table holds ranges"), *kind);
    RANGES.iter().map(parse).collect()
});

impl AddressKind {
    /// The kind of `address`, `None` for one of the public internet. An IPv6 address that carries an IPv4 address is
    /// of the latter's kind.
    #[must_use]
    pub fn of(address: IpAddr) -> Option<Self> {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::by_table(address.into()),
            IpAddr::V6(address) => match embedded(address) {
                Some(Carried::Translated(inner)) => Self::by_table(inner.into()),
                Some(Carried::Tunnelled(inner)) => {
                    Self::by_table(address.into()).or_else(|| Self::by_table(inner.into()))
                }
                None => Self::by_table(address.into()),
            },
        }
    }

    fn by_table(address: IpAddr) -> Option<Self> {
        SPECIAL.iter().find(|(range, _)| range.contains(&address)).map(|(_, kind)| *kind)
    }

    /// Whether an operator may open such addresses. The others have no server that anybody means to name in a URL.
    fn may_be_opened(self) -> bool {
        matches!(self, Loopback | Documentation | Shared | Private | Reserved)
    }

    /// What a refusal adds for whoever can change it.
    pub(super) fn advice(self) -> &'static str {
        if self.may_be_opened() { "; an operator can allow its range" } else { "" }
    }
}

impl fmt::Display for AddressKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Unspecified => "an unspecified address",
            Loopback => "a loopback address",
            LinkLocal => "a link-local address",
            Metadata => "the address of a metadata service",
            Multicast => "a multicast address",
            Broadcast => "a broadcast address",
            Documentation => "an address for documentation",
            Shared => "an address of a shared (carrier-grade NAT) range",
            Private => "a private address",
            Reserved => "a reserved address",
        })
    }
}

/// An IPv4 address inside an IPv6 address.
enum Carried {
    /// NAT64: the IPv4 address is where the packets go, and nothing else matters.
    Translated(Ipv4Addr),
    /// 6to4 and ISATAP: a relay unpacks them, and the IPv6 address counts too.
    Tunnelled(Ipv4Addr),
}

/// RFC 6052 (`64:ff9b::/96`), RFC 3056 (`2002::/16`), RFC 5214 (`…:0:5efe:` before the IPv4 address). The mapped form
/// is canonical IPv4 already; the compatible and the SIIT forms lie in reserved space.
fn embedded(address: Ipv6Addr) -> Option<Carried> {
    let last = || Ipv4Addr::from_bits(u32::try_from(address.to_bits() & 0xffff_ffff).expect("it is masked"));
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(Carried::Translated(last())),
        [0x2002, high, low, ..] => {
            Some(Carried::Tunnelled(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))))
        }
        [_, _, _, _, 0 | 0x200, 0x5efe, ..] => Some(Carried::Tunnelled(last())),
        _ => None,
    }
}

/// Ranges of addresses that foreign URLs may lead to although they are not public, as the operator lists them.
///
/// Written as `10.20.0.0/16, fd12:3456::/32, 192.168.1.7`. A range must lie inside one of the special ranges, so that
/// `0.0.0.0/0` cannot open everything at once; link-local, metadata, multicast, broadcast and unspecified addresses
/// cannot be opened at all, and a metadata address inside a listed range stays closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(Vec<(IpNet, AddressKind)>);

impl AllowList {
    /// Every range that may be opened: for a program that reaches no more than whoever runs it.
    #[must_use]
    pub fn everything() -> Self {
        Self(SPECIAL.iter().filter(|(_, kind)| kind.may_be_opened()).copied().collect())
    }

    /// Refuses `address` unless it is public or listed.
    ///
    /// # Errors
    ///
    /// The kind of the address.
    pub fn check(&self, address: IpAddr) -> Result<(), AddressKind> {
        match AddressKind::of(address) {
            None => Ok(()),
            Some(kind) if kind.may_be_opened() && self.names(address, kind) => Ok(()),
            Some(kind) => Err(kind),
        }
    }

    /// A range opens addresses of its own kind only, not those of a narrower range inside it.
    fn names(&self, address: IpAddr, kind: AddressKind) -> bool {
        self.0.iter().any(|(range, opened)| *opened == kind && range.contains(&address.to_canonical()))
    }
}

impl FromStr for AllowList {
    type Err = Error;

    /// Reads ranges or single addresses, separated by commas or white space.
    fn from_str(text: &str) -> Result<Self> {
        let entries = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
        entries.map(parse_range).collect::<Result<_>>().map(Self)
    }
}

impl fmt::Display for AllowList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges: Vec<String> = self.0.iter().map(|(range, _)| range.to_string()).collect();
        formatter.write_str(&ranges.join(","))
    }
}

fn parse_range(entry: &str) -> Result<(IpNet, AddressKind)> {
    let refuse = |reason: String| Err(Error::invalid("allowed address ranges", reason));
    let range = entry.parse::<IpNet>().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from));
    let Ok(range) = range else {
        return refuse(format!(
            "{entry:?} is not a range of addresses; write it as 10.20.0.0/16 or fd12:3456::/32"
        ));
    };
    if range.addr() != range.network() {
        return refuse(format!("{entry} is not the start of its range; did you mean {}?", range.trunc()));
    }
    let around = SPECIAL.iter().find(|(special, _)| special.contains(&range));
    match around {
        Some((_, kind)) if kind.may_be_opened() => Ok((range, *kind)),
        Some((_, kind)) => refuse(format!("{entry} cannot be allowed: it is {kind}")),
        None if SPECIAL.iter().any(|(special, _)| range.contains(special)) => refuse(format!(
            "{entry} is too wide: name the private ranges that are needed, such as 10.20.0.0/16"
        )),
        None => refuse(format!("{entry} is public and needs no entry")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_may_be_opened() {
        let cases = [
            ("127.0.0.1", Ok(())),
            ("10.1.2.3", Ok(())),
            ("fd12::1", Ok(())),
            ("8.8.8.8", Ok(())),
            ("169.254.169.254", Err(Metadata)),
            ("fd00:ec2::254", Err(Metadata)),
            ("0.0.0.0", Err(Unspecified)),
        ];
        for (address, expected) in cases {
            assert_eq!(AllowList::everything().check(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn kinds() {
        let cases = [
            ("8.8.8.8", None),
            ("2606:4700::1111", None),
            ("172.15.255.255", None),
            ("172.32.0.0", None),
            ("100.128.0.0", None),
            ("0.0.0.0", Some(Unspecified)),
            ("0.1.2.3", Some(Unspecified)),
            ("127.0.0.1", Some(Loopback)),
            ("127.255.0.1", Some(Loopback)),
            ("10.0.0.1", Some(Private)),
            ("172.16.0.1", Some(Private)),
            ("172.31.255.255", Some(Private)),
            ("192.168.255.1", Some(Private)),
            ("100.64.0.1", Some(Shared)),
            ("100.100.100.200", Some(Metadata)),
            ("168.63.129.16", Some(Metadata)),
            ("169.254.169.254", Some(Metadata)),
            ("169.254.1.1", Some(LinkLocal)),
            ("192.0.2.1", Some(Documentation)),
            ("198.19.0.1", Some(Reserved)),
            ("224.0.0.1", Some(Multicast)),
            ("239.255.255.250", Some(Multicast)),
            ("240.0.0.1", Some(Reserved)),
            ("255.255.255.255", Some(Broadcast)),
            ("::", Some(Unspecified)),
            ("::1", Some(Loopback)),
            ("fd00:ec2::254", Some(Metadata)),
            ("fd00:ec2::255", Some(Private)),
            ("fc00::1", Some(Private)),
            ("fe80::1", Some(LinkLocal)),
            ("fec0::1", Some(Reserved)),
            ("ff02::1", Some(Multicast)),
            ("2001:db8::1", Some(Documentation)),
            ("2001:0:1234::1", Some(Reserved)),
            ("1::1", Some(Reserved)),
            ("5f00::1", Some(Reserved)),
            ("9000::1", Some(Reserved)),
            ("e000::1", Some(Reserved)),
            // Mapped, compatible, SIIT, NAT64, local NAT64, 6to4, ISATAP.
            ("::ffff:127.0.0.1", Some(Loopback)),
            ("::ffff:a9fe:a9fe", Some(Metadata)),
            ("::ffff:8.8.8.8", None),
            ("::127.0.0.1", Some(Reserved)),
            ("::ffff:0:10.0.0.1", Some(Reserved)),
            ("64:ff9b::10.0.0.1", Some(Private)),
            ("64:ff9b::169.254.169.254", Some(Metadata)),
            ("64:ff9b::8.8.8.8", None),
            ("64:ff9b:1::8.8.8.8", Some(Private)),
            ("2002:7f00:1::1", Some(Loopback)),
            ("2002:a9fe:a9fe::", Some(Metadata)),
            ("2002:808:808::1", None),
            ("2a00::5efe:192.168.0.1", Some(Private)),
            ("2a00::200:5efe:127.0.0.1", Some(Loopback)),
            ("fe80::5efe:8.8.8.8", Some(LinkLocal)),
        ];
        for (address, kind) in cases {
            assert_eq!(AddressKind::of(address.parse().unwrap()), kind, "{address}");
        }
    }

    #[test]
    fn lists() {
        let list: AllowList = "10.20.0.0/16, fd00::/8 127.0.0.1,100.64.0.0/10".parse().unwrap();
        assert_eq!(list.to_string(), "10.20.0.0/16,fd00::/8,127.0.0.1/32,100.64.0.0/10");
        assert_eq!(list, list.to_string().parse().unwrap());
        let open = ["8.8.8.8", "10.20.255.1", "::ffff:10.20.0.1", "fd12::1", "127.0.0.1", "100.64.0.1"];
        for address in open {
            assert_eq!(list.check(address.parse().unwrap()), Ok(()), "{address}");
        }
        let closed = [
            ("10.21.0.1", Private),
            ("127.0.0.2", Loopback),
            ("::1", Loopback),
            // Inside listed ranges.
            ("fd00:ec2::254", Metadata),
            ("100.100.100.200", Metadata),
            // The listed address by a gateway is not the listed address.
            ("64:ff9b::10.20.0.1", Private),
            ("2002:a14:1::1", Private),
        ];
        for (address, kind) in closed {
            assert_eq!(list.check(address.parse().unwrap()), Err(kind), "{address}");
        }
        assert_eq!("".parse::<AllowList>().unwrap(), AllowList::default());
    }

    #[test]
    fn entries_that_are_refused() {
        let cases = [
            ("10.0.0.0/33", "is not a range"),
            ("internal.example.org", "is not a range"),
            ("10.1.2.3/8", "did you mean 10.0.0.0/8?"),
            ("0.0.0.0/0", "too wide"),
            ("::/0", "too wide"),
            ("128.0.0.0/1", "too wide"),
            ("169.254.0.0/16", "is a link-local address"),
            ("169.254.169.254", "metadata service"),
            ("fd00:ec2::254", "metadata service"),
            ("224.0.0.0/4", "is a multicast address"),
            ("0.0.0.0/8", "an unspecified address"),
            ("8.8.8.0/24", "is public"),
            ("10.0.0.0/8, 1.1.1.1", "1.1.1.1 is public"),
        ];
        for (text, reason) in cases {
            let error = text.parse::<AllowList>().unwrap_err();
            assert_eq!(error.code(), "invalid");
            assert!(error.to_string().contains(reason), "{text}: {error}");
        }
    }
}
