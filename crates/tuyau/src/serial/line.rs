//! Which serial line, and how it is set up.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use serial2_tokio::{CharSize, Settings, StopBits};
use tuyau_core::{Address, EndpointError};

use crate::path_endpoint;

/// A serial line and how both ends have agreed to use it.
///
/// Its textual form is `serial:///dev/ttyUSB0?baud=115200&bits=8&parity=none&stop=1&flow=none`,
/// where what is left out has the value shown here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    path: PathBuf,
    baud: u32,
    bits: u8,
    parity: Parity,
    stop: u8,
    flow: FlowControl,
}

/// How an error in a single bit is noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parity {
    /// It is not.
    #[default]
    None,
    /// The ones of each character and its parity bit are odd in number.
    Odd,
    /// They are even in number.
    Even,
}

/// How a side tells the other to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowControl {
    /// It cannot.
    #[default]
    None,
    /// By the bytes XON and XOFF, which payload must not contain then.
    Software,
    /// By the wires RTS and CTS.
    Hardware,
}

const PARITIES: [(&str, Parity); 3] = [
    ("none", Parity::None),
    ("odd", Parity::Odd),
    ("even", Parity::Even),
];

const CONTROLS: [(&str, FlowControl); 3] = [
    ("none", FlowControl::None),
    ("software", FlowControl::Software),
    ("hardware", FlowControl::Hardware),
];

impl Line {
    /// A line at 115,200 baud with eight bits, no parity, one stop bit and no flow control.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            baud: 115_200,
            bits: 8,
            parity: Parity::None,
            stop: 1,
            flow: FlowControl::None,
        }
    }

    /// Sets the speed, in baud, at least 1.
    pub fn baud(mut self, baud: u32) -> Self {
        self.baud = baud.max(1);
        self
    }

    /// Sets the number of bits in a character, 5 to 8; what is outside is brought inside.
    pub fn bits(mut self, bits: u8) -> Self {
        self.bits = bits.clamp(5, 8);
        self
    }

    /// Sets the parity.
    pub fn parity(mut self, parity: Parity) -> Self {
        self.parity = parity;
        self
    }

    /// Sets the number of stop bits, 1 or 2; what is outside is brought inside.
    pub fn stop_bits(mut self, stop: u8) -> Self {
        self.stop = stop.clamp(1, 2);
        self
    }

    /// Sets the flow control.
    pub fn flow_control(mut self, flow: FlowControl) -> Self {
        self.flow = flow;
        self
    }

    /// The device's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn read(address: &Address) -> Result<Self, EndpointError> {
        let example = "as in `serial:///dev/ttyUSB0?baud=115200`";
        let Some(path) = path_endpoint::read(address) else {
            let expected = format!("the path of a device, {example}");
            return Err(EndpointError::new(address, expected));
        };
        address
            .queries()
            .try_fold(Self::new(path), |line, (name, value)| {
                line.set(name, value).map_err(|expected| {
                    EndpointError::new(address, format!("{expected}, {example}"))
                })
            })
    }

    fn set(mut self, name: &str, value: &str) -> Result<Self, &'static str> {
        let number = value.parse::<u32>().ok();
        match (name, number) {
            ("baud", Some(baud @ 1..)) => self.baud = baud,
            ("baud", _) => return Err("`baud` to be a number above zero"),
            ("bits", Some(bits @ 5..=8)) => self.bits = bits as u8,
            ("bits", _) => return Err("`bits` to be 5 to 8"),
            ("stop", Some(stop @ 1..=2)) => self.stop = stop as u8,
            ("stop", _) => return Err("`stop` to be 1 or 2"),
            ("parity", _) => {
                self.parity = named(&PARITIES, value).ok_or("`parity` to be none, odd or even")?;
            }
            ("flow", _) => {
                let expected = "`flow` to be none, software or hardware";
                self.flow = named(&CONTROLS, value).ok_or(expected)?;
            }
            _ => return Err("`baud`, `bits`, `parity`, `stop` and `flow` only"),
        }
        Ok(self)
    }

    pub(super) fn apply(&self, mut settings: Settings) -> io::Result<Settings> {
        let (size, parity, stop, flow) = self.wanted();
        settings.set_raw();
        settings.set_baud_rate(self.baud)?;
        settings.set_char_size(size);
        settings.set_parity(parity);
        settings.set_stop_bits(stop);
        settings.set_flow_control(flow);
        Ok(settings)
    }

    /// Which of these settings a device did not take, given those that it has: as an address says them.
    pub(super) fn refused_by(&self, kept: &Settings) -> Vec<String> {
        let (size, parity, stop, flow) = self.wanted();
        // A divided clock hits few speeds exactly, and serial2 lets one pass that is 2.5 % off.
        let near = |kept: u32| kept.abs_diff(self.baud) <= self.baud / 40;
        let mut refused = Vec::new();
        let mut check = |taken: bool, name: &str, value: &dyn fmt::Display| {
            if !taken {
                refused.push(format!("{name}={value}"));
            }
        };
        check(kept.get_baud_rate().is_ok_and(near), "baud", &self.baud);
        check(
            kept.get_char_size().is_ok_and(|it| it == size),
            "bits",
            &self.bits,
        );
        let name = name_of(&PARITIES, &self.parity);
        check(
            kept.get_parity().is_ok_and(|it| it == parity),
            "parity",
            &name,
        );
        check(
            kept.get_stop_bits().is_ok_and(|it| it == stop),
            "stop",
            &self.stop,
        );
        let name = name_of(&CONTROLS, &self.flow);
        check(
            kept.get_flow_control().is_ok_and(|it| it == flow),
            "flow",
            &name,
        );
        refused
    }

    fn wanted(
        &self,
    ) -> (
        CharSize,
        serial2_tokio::Parity,
        StopBits,
        serial2_tokio::FlowControl,
    ) {
        let size = match self.bits {
            5 => CharSize::Bits5,
            6 => CharSize::Bits6,
            7 => CharSize::Bits7,
            _ => CharSize::Bits8,
        };
        let parity = match self.parity {
            Parity::None => serial2_tokio::Parity::None,
            Parity::Odd => serial2_tokio::Parity::Odd,
            Parity::Even => serial2_tokio::Parity::Even,
        };
        let stop = match self.stop {
            1 => StopBits::One,
            _ => StopBits::Two,
        };
        let flow = match self.flow {
            FlowControl::None => serial2_tokio::FlowControl::None,
            FlowControl::Software => serial2_tokio::FlowControl::XonXoff,
            FlowControl::Hardware => serial2_tokio::FlowControl::RtsCts,
        };
        (size, parity, stop, flow)
    }
}

fn named<T: Copy>(names: &[(&str, T)], wanted: &str) -> Option<T> {
    let mut names = names.iter();
    names.find_map(|(name, value)| (*name == wanted).then_some(*value))
}

fn name_of<T: PartialEq>(names: &[(&'static str, T)], wanted: &T) -> &'static str {
    let mut names = names.iter();
    names
        .find_map(|(name, value)| (value == wanted).then_some(*name))
        .unwrap_or_default()
}

/// What stands after `serial://`; what has its usual value is left out. A path with a `?` is one that no
/// address says.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        path_endpoint::show(&self.path, f)?;
        let usual = Self::new("");
        let mut separator = '?';
        let mut show = |differs: bool, name: &str, value: &dyn fmt::Display| {
            if !differs {
                return Ok(());
            }
            write!(f, "{separator}{name}={value}")?;
            separator = '&';
            Ok(())
        };
        show(self.baud != usual.baud, "baud", &self.baud)?;
        show(self.bits != usual.bits, "bits", &self.bits)?;
        let parity = name_of(&PARITIES, &self.parity);
        show(self.parity != usual.parity, "parity", &parity)?;
        show(self.stop != usual.stop, "stop", &self.stop)?;
        let control = name_of(&CONTROLS, &self.flow);
        show(self.flow != usual.flow, "flow", &control)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serial::SerialKey;

    fn read(text: &str) -> Result<Line, EndpointError> {
        Line::read(&text.parse().unwrap())
    }

    #[test]
    fn reads_what_it_prints() {
        let full = "/dev/ttyS0?baud=9600&bits=7&parity=odd&stop=2&flow=hardware";
        for text in ["/dev/ttyS0", "/dev/ttyS0?parity=even", full] {
            let line = read(&format!("serial://{text}")).unwrap();
            assert_eq!(line.to_string(), text);
        }
        let line = Line::new("/dev/ttyS0").baud(9600).bits(7).stop_bits(2);
        let line = line.parity(Parity::Odd).flow_control(FlowControl::Hardware);
        assert_eq!(line.to_string(), full);
    }

    #[test]
    fn no_address_stands_for_another_line() {
        for path in ["/dev/a?baud=300", "/dev/a?", "/dev/a#"] {
            let address = Address::of::<SerialKey>("serial", &Line::new(path));
            assert!(address.is_err(), "{address:?}");
        }
    }

    #[test]
    fn refuses_what_no_line_has_and_says_what_is_expected() {
        for (text, expected) in [
            ("serial://host/dev/x", "the path of a device"),
            ("serial:///x?baud=0", "`baud` to be a number above zero"),
            ("serial:///x?baud=fast", "`baud` to be a number above zero"),
            ("serial:///x?bits=9", "`bits` to be 5 to 8"),
            ("serial:///x?stop=3", "`stop` to be 1 or 2"),
            (
                "serial:///x?parity=some",
                "`parity` to be none, odd or even",
            ),
            (
                "serial:///x?flow",
                "`flow` to be none, software or hardware",
            ),
            (
                "serial:///x?speed=1",
                "`baud`, `bits`, `parity`, `stop` and `flow` only",
            ),
        ] {
            let error = read(text).unwrap_err().to_string();
            let expected =
                format!("expected {expected}, as in `serial:///dev/ttyUSB0?baud=115200`");
            assert!(error.ends_with(&expected), "{error}");
        }
    }
}
